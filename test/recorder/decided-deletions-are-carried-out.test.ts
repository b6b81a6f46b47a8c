/**
 * Deletions that the site decided, in a real recorder: written down first, taken off every disk that is there and off the others when
 * they come back, finished after a kill -9 at whatever moment; and what was not decided never goes.
 */
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, expect, onTestFinished, test } from 'vitest';
import type { Entry } from '../../controller/core/chain.ts';
import type { PurgedFact, RecorderFact, SegmentFact, SiteFact } from '../../controller/core/facts.ts';
import { jwsHash, publicKeyOf, signJws } from '../../controller/core/jws.ts';
import type { RecorderStatus, Removal } from '../../controller/core/recording.ts';
import { type Instant, shift } from '../../controller/core/time.ts';
import { ulid } from '../../controller/core/ulid.ts';
import { Disk } from '../../controller/ledger/disk.ts';
import { Disks } from '../../controller/ledger/disks.ts';
import { Journal } from '../../controller/ledger/journal.ts';
import { followJournal } from '../../controller/ledger/journal-files.ts';
import { layoutOf, segmentPath } from '../../controller/ledger/layout.ts';
import { SystemClock } from '../../controller/ledger/system-clock.ts';
import { volumeFileOf } from '../../controller/ledger/volume.ts';
import { RecorderLink } from '../../controller/recorder/link.ts';
import { RecorderProcess } from '../../controller/recorder/process.ts';
import { Remover } from '../../controller/recorder/remover.ts';
import { verifyFolder } from '../../controller/site/verify.ts';
import { Rig, until } from './rig.ts';

const SILENT = { info() {}, warn() {}, error() {} };
const SECOND_MS = 1_000;
/** What all of it was kept for. */
const CLAIM = ulid(1, randomBytes(10));
const clock = new SystemClock();
const centre = generateKeyPairSync('ed25519');
const centreKey = publicKeyOf(centre.publicKey);

interface House {
  /** The data folders, one or two. */
  readonly roots: readonly string[];
  readonly segments: readonly SegmentFact[];
  readonly removals: readonly Removal[];
}

/** What a recorder and a site left behind: so many segments on each disk, receipted, and the first `decided` of them to be deleted. */
async function house(disksCount: 1 | 2, count: number, decided: number): Promise<House> {
  const folder = await mkdtemp(join(tmpdir(), 'quancheng-deletions-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const roots = ['first', 'second'].slice(0, disksCount).map((name) => join(folder, name));
  const [main = '', mirror = null] = roots;
  const disks = new Disks({ main, mirror, volume: null, threads: 4, clock, log: SILENT });
  await disks.open();
  const places = (name: 'recorderJournal' | 'siteJournal') => disks.journalPlaces(({ layout }) => layout[name], true);
  const recorder = new Journal<RecorderFact>(places('recorderJournal'), clock);
  const site = new Journal<SiteFact>(places('siteJournal'), clock);
  await Promise.all([recorder.open(), site.open()]);
  const start = shift(clock.now(), -3_600_000);
  const segments: SegmentFact[] = [];
  const removals: Removal[] = [];
  for (let at = 1; at <= count; at++) {
    const segment = segmentOf(at, shift(start, at * SECOND_MS));
    for (const root of roots) {
      const path = fileOf(root, segment);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, bytesOf(at));
    }
    const { seq } = await recorder.append(segment);
    segments.push(segment);
    const receipt = receiptFor(segment);
    await site.append({ type: 'receipted', seg: segment.seg, receipt });
    if (at > decided) continue;
    const { seg, stream, run, sequence, sha256 } = segment;
    const decision: PurgedFact = {
      ...{ type: 'purged', seg, stream, run, sequence, sha256, receipt: jwsHash(receipt), keepDays: 0, sinceMs: 1 },
    };
    removals.push({ decision: (await site.append(decision)) as Entry<PurgedFact>, segmentSeq: seq });
  }
  await recorder.append({ type: 'recorder-stopped' });
  // Both copies reach as far before they are let go of.
  await Promise.all([recorder.close(), site.close()]);
  disks.close();
  return { roots, segments, removals };
}

const bytesOf = (at: number) => Buffer.from(`segment ${at} ${'x'.repeat(100)}`);
const fileOf = (root: string, { stream, run, sequence }: SegmentFact) =>
  join(layoutOf(root).media, segmentPath(stream, run, sequence));

function segmentOf(at: number, from: SegmentFact['from']): SegmentFact {
  const bytes = bytesOf(at);
  return {
    ...{ type: 'segment', seg: ulid(from.wallMs, randomBytes(10)), stream: 'cam', run: 'RUN', sequence: at },
    ...{ from, to: shift(from, SECOND_MS), mediaFromMs: at * SECOND_MS, mediaToMs: (at + 1) * SECOND_MS },
    ...{ videoFrames: 25, audioFrames: 0, bytes: bytes.length, headerBytes: 8 },
    ...{ sha256: createHash('sha256').update(bytes).digest('hex'), media: { video: null, audio: null } },
    ...{ clock: { source: 'ntp' }, claims: [CLAIM], startsWithKeyframe: true, gapBefore: null, adopted: false },
  };
}

function receiptFor({ seg, sha256, bytes }: SegmentFact): string {
  const receipt = {
    ...{ v: 1, site: 'site', seg, sha256, size: bytes, durability: 'stored', verified: 'read-back', iat: 1 },
    permit: { delete: true },
  };
  return signJws('hrc-receipt', centreKey.kid, receipt, centre.privateKey);
}

const here = ({ roots, segments }: House) =>
  roots.map((root) => segments.filter((segment) => existsSync(fileOf(root, segment))).length);

function verdictOf({ roots: [main = '', mirror] }: House) {
  return verifyFolder(main, { recorderRuns: false, siteKeys: [], centreKeys: [centreKey], mirror: mirror ?? null });
}

let closings: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closings.reverse()) await close();
  closings = [];
});

interface Live {
  readonly link: RecorderLink;
  readonly entries: Entry<RecorderFact>[];
  /** Why it refused, each time that it did. */
  readonly refused: string[];
  status(): RecorderStatus | null;
  close(): Promise<void>;
}

/** A recorder in this process, with a controller's end of its socket. */
async function live({ roots: [main = '', mirror] }: House): Promise<Live> {
  const refused: string[] = [];
  const error = (said: object, message: string) => {
    if (message === 'a deletion was refused') refused.push((said as { why: string }).why);
  };
  const recorder = new RecorderProcess({
    ...{ dataFolder: main, mirrorFolder: mirror ?? null, ffmpeg: 'none', version: 'test' },
    log: { ...SILENT, error },
  });
  await recorder.start();
  const entries: Entry<RecorderFact>[] = [];
  let status: RecorderStatus | null = null;
  const link = new RecorderLink({
    socketPath: layoutOf(main).recorderSocket,
    afterSeq: () => entries.at(-1)?.seq ?? 0,
    log: SILENT,
  });
  link.onEntry((entry) => entries.push(entry));
  link.onStatus((next) => {
    status = next;
  });
  link.start();
  const close = async () => {
    await link.close();
    await recorder.close();
  };
  closings.push(close);
  await until(() => status !== null);
  return { link, entries, refused, status: () => status, close };
}

const removed = ({ entries }: Live) => entries.filter(({ fact }) => fact.type === 'removed').length;

/** Asks until the recorder has written all of it down: while it compares disks it does nothing. */
async function remove(one: Live, removals: readonly Removal[]): Promise<void> {
  await until(async () => {
    if (removed(one) < removals.length) one.link.remove(removals);
    await new Promise((resolve) => setTimeout(resolve, 100));
    return removed(one) >= removals.length;
  });
}

test('what was decided goes and nothing else; the status says that it can be asked for', async () => {
  const one = await house(1, 6, 4);
  const recorder = await live(one);
  expect(recorder.status()?.removes).toBe(true);
  await remove(recorder, one.removals);
  await until(() => here(one)[0] === 2);
  await recorder.close();
  expect(await verdictOf(one)).toMatchObject({ ok: true, segments: 6, purged: 4, findings: [] });
});

test('what is kept for something that goes on is refused, as long as it does', async () => {
  const one = await house(1, 2, 2);
  const recorder = await live(one);
  const source = { url: 'rtsp://127.0.0.1:9/nobody', transport: 'tcp', audio: 'none' } as const;
  const wish = (to: Instant | null) =>
    recorder.link.desire({
      revision: 1,
      streams: {
        cam: {
          ...{ source, mode: 'keep', preRollMs: 0, segmentMs: 2_000, after: 'off' },
          claims: [{ id: CLAIM, from: clock.now(), to }],
        },
      },
    });
  wish(null);
  await until(() => recorder.status()?.streams['cam'] !== undefined);
  recorder.link.remove(one.removals);
  await until(() => recorder.refused.length === 2);
  expect(recorder.refused[0]).toBe('what it is kept for goes on');
  expect(here(one)).toEqual([2]);
  wish(clock.now());
  await until(() => recorder.entries.some(({ fact }) => fact.type === 'claim-ended'));
  await remove(recorder, one.removals);
  await until(() => here(one)[0] === 0);
});

test('no file goes before its line is on a disk, and none at all when that cannot be written', async () => {
  const one = await house(1, 3, 3);
  const [main = ''] = one.roots;
  const journal = new Journal<RecorderFact>(layoutOf(main).recorderJournal, clock);
  await journal.open();
  closings.push(() => journal.close());
  const disk = new Disk('main', main, Number.POSITIVE_INFINITY, clock.now());
  const seen: number[] = [];
  let isRefused = true;
  const remover = new Remover({
    disks: { all: [disk], usable: [disk], refused: () => undefined },
    append: async (fact) => {
      if (isRefused) throw new Error('the disk refuses');
      await journal.append(fact);
      seen.push(here(one)[0] ?? 0);
    },
    read: (afterSeq) => journal.read(afterSeq),
    isOpen: () => false,
    isWished: () => false,
    whileIdle: async (doing) => doing().then(() => true),
    log: SILENT,
  });
  await expect(remover.remove(one.removals)).rejects.toThrow('the disk refuses');
  expect(here(one)).toEqual([3]);
  isRefused = false;
  await remover.remove(one.removals);
  expect([seen, here(one)]).toEqual([[3, 3, 3], [0]]);
});

test('written down and not done when everything ended: the next start finishes it, whatever was done on which disk', async () => {
  const one = await house(2, 5, 3);
  const [main = '', mirror = ''] = one.roots;
  const disks = new Disks({ main, mirror, volume: null, threads: 4, clock, log: SILENT });
  await disks.open();
  const journal = new Journal<RecorderFact>(
    disks.journalPlaces(({ layout }) => layout.recorderJournal, true),
    clock,
  );
  await journal.open();
  for (const { decision } of one.removals) {
    const { seg, stream, run, sequence, sha256 } = decision.fact;
    const line = { seq: decision.seq, hash: createHash('sha256').update(JSON.stringify(decision)).digest('hex') };
    await journal.append({ type: 'removed', seg, stream, run, sequence, sha256, decision: line });
  }
  await journal.close();
  disks.close();
  const [first] = one.segments as [SegmentFact];
  await rm(fileOf(main, first));
  const before = await verdictOf(one);
  expect(before.ok).toBe(true);
  expect(before.findings.filter(({ what }) => what === 'file-left')).toHaveLength(5);
  const recorder = await live(one);
  expect(here(one)).toEqual([2, 2]);
  const started = () => recorder.entries.find(({ fact }) => fact.type === 'recorder-started')?.fact;
  await until(() => started() !== undefined);
  expect(started()).toMatchObject({ adopted: 0, quarantined: 0 });
  await recorder.close();
  expect(await verdictOf(one)).toMatchObject({ ok: true, purged: 3, findings: [] });
});

test('a disk that is away is cleaned when it is back, and what was deleted is neither copied back nor called missing', async () => {
  const one = await house(2, 6, 4);
  const [, mirror = ''] = one.roots;
  const recorder = await live(one);
  const diskOf = (role: string) => recorder.status()?.disks?.find(({ disk }) => disk === role);
  await until(() => diskOf('mirror')?.state === 'well');
  // What says which disk it is is gone: nothing is written to it any more.
  const identity = volumeFileOf(mirror);
  await rename(identity, `${identity}.gone`);
  await until(() => diskOf('mirror')?.state === 'away');
  await remove(recorder, one.removals);
  await until(() => here(one)[0] === 2);
  expect(here(one)).toEqual([2, 6]);
  await rename(`${identity}.gone`, identity);
  await until(() => recorder.entries.some(({ fact }) => fact.type === 'disk-back'));
  expect(here(one)).toEqual([2, 2]);
  const back = recorder.entries.find(({ fact }) => fact.type === 'disk-back')?.fact;
  expect(back).toMatchObject({ copiedSegments: 0, missing: 0 });
  await recorder.close();
  expect(await verdictOf(one)).toMatchObject({ ok: true, purged: 4, findings: [] });
  const again = await live(one);
  const disks = () => again.status()?.disks ?? [];
  await until(() => disks().length === 2 && disks().every(({ state }) => state === 'well'));
  expect(disks().map(({ lackingSegments }) => lackingSegments)).toEqual([0, 0]);
});

test('what was beyond help, because no disk held it as recorded, goes too and leaves nothing to be done for ever', async () => {
  const one = await house(2, 2, 1);
  const [main = '', mirror = ''] = one.roots;
  const [damaged] = one.segments as [SegmentFact];
  await writeFile(fileOf(main, damaged), bytesOf(1).fill('y'));
  await rm(fileOf(mirror, damaged));
  const recorder = await live(one);
  const diskOf = (role: string) => recorder.status()?.disks?.find(({ disk }) => disk === role);
  await until(() => diskOf('mirror')?.state === 'well' && diskOf('mirror')?.lackingSegments === 1);
  await remove(recorder, one.removals);
  await until(() => diskOf('mirror')?.lackingSegments === 0);
  const identity = volumeFileOf(main);
  await rename(identity, `${identity}.gone`);
  await until(() => diskOf('main')?.state === 'away');
  await rename(`${identity}.gone`, identity);
  await until(() => diskOf('main')?.state === 'well');
  await recorder.close();
  expect(await verdictOf(one)).toMatchObject({ ok: true, purged: 1, findings: [] });
});

test('kill -9 again and again while it deletes: nothing is gone that is not written down, and in the end all of it is', async () => {
  const one = await house(1, 60, 50);
  const [main = ''] = one.roots;
  const rig = new Rig(main);
  closings.push(async () => {
    await rig.disconnect();
    await rig.kill();
  });
  let kills = 0;
  for (let most = 10; ; most += 10) {
    await rig.start();
    await rig.connect();
    const due = one.removals.slice(0, most);
    rig.remove(due);
    if (kills === 3) break;
    // At the first sign of a line: some are written, some done, some neither.
    await until(() => rig.facts('removed').length > 0 || here(one)[0] !== 60);
    await rig.kill('SIGKILL');
    await rig.disconnect();
    kills += 1;
    const said = new Set<string>();
    const journal = followJournal<RecorderFact>(layoutOf(main).recorderJournal);
    for await (const { entry } of journal) if (entry?.fact.type === 'removed') said.add(entry.fact.seg);
    const gone = one.segments.filter((segment) => !existsSync(fileOf(main, segment)));
    expect(gone.filter(({ seg }) => !said.has(seg))).toEqual([]);
    expect((await verdictOf(one)).findings.filter(({ level }) => level === 'fault')).toEqual([]);
  }
  await until(async () => {
    rig.remove(one.removals);
    await new Promise((resolve) => setTimeout(resolve, 100));
    return here(one)[0] === 10;
  });
  await rig.kill('SIGTERM');
  expect(await verdictOf(one)).toMatchObject({ ok: true, segments: 60, purged: 50, findings: [] });
});

test('what is gone without a decision is a fault, and so is a deletion that rests on nothing', async () => {
  const one = await house(1, 3, 1);
  const [main = ''] = one.roots;
  const [first, second] = one.segments as [SegmentFact, SegmentFact];
  await rm(fileOf(main, second));
  const faults = async () => (await verdictOf(one)).findings.filter(({ level }) => level === 'fault');
  expect(await faults()).toMatchObject([{ what: 'file-missing' }]);
  const journal = new Journal<RecorderFact>(layoutOf(main).recorderJournal, clock);
  await journal.open();
  const { seg, stream, run, sequence, sha256 } = second;
  await journal.append({ type: 'removed', seg, stream, run, sequence, sha256, decision: { seq: 3, hash: '0' } });
  await journal.close();
  expect(await faults()).toMatchObject([{ what: 'purge', subject: `segment ${seg}` }]);
  // Decided, and then the key of the centre turns out to be nobody's.
  const stranger = publicKeyOf(generateKeyPairSync('ed25519').publicKey);
  const { findings } = await verifyFolder(main, { recorderRuns: false, siteKeys: [], centreKeys: [stranger] });
  expect(findings.filter(({ what }) => what === 'purge').map(({ subject }) => subject)).toContain(
    `segment ${first.seg}`,
  );
});
