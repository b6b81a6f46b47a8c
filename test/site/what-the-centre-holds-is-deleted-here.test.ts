/**
 * The deed of deletion: what the centre signed for goes by the rule, decision first, and nothing else ever goes. A real site with real
 * journals and signatures, the recorder's own remover, and the check of receipts that forwarding uses.
 */
import { generateKeyPairSync } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { SegmentFact } from '../../controller/core/facts.ts';
import { jwsHash, publicKeyOf, signJws } from '../../controller/core/jws.ts';
import { DAY_MS } from '../../controller/core/purge.ts';
import { CentreVoice } from '../../controller/forward/centre-voice.ts';
import { segmentPath } from '../../controller/ledger/layout.ts';
import { verifyFolder } from '../../controller/site/verify.ts';
import { SessionDeadlines } from '../../controller/store/deadlines.ts';
import { StoreOutbox } from '../../controller/store/outbox.ts';
import { StoreArchive } from '../../controller/store/site-archive.ts';
import { Stage } from './stage.ts';

const KEEP_DAYS = 30;
const SECOND_MS = 1_000;
/** Whoever asks waits for the answer. */
const STAYS = new AbortController().signal;
const BY = { command: '01ARZ3NDEKTSV4RRFFQ69G5FAV', actor: 'judge', reason: 'appeal' };

const centreKeys = generateKeyPairSync('ed25519');
const centreKey = publicKeyOf(centreKeys.publicKey);

let stage: Stage;
/** What stands against a segment on the side of forwarding. */
let needed: Map<string, string>;
let trusted = [centreKey];
let keepDays: number | null = KEEP_DAYS;

beforeEach(async () => {
  needed = new Map();
  trusted = [centreKey];
  keepDays = KEEP_DAYS;
  stage = await Stage.open();
  handIn();
});
afterEach(async () => {
  await stage.close();
});

const outbox = () =>
  new StoreOutbox(stage.store, stage.site.journal, new SessionDeadlines(stage.store.sql, stage.plan.rules), pathOf);
const archive = () => new StoreArchive(stage.store, stage.site.journal, { kid: 'k', sign: () => '' });
const clerk = () => stage.caller('clerk');
const pathOf = ({ stream, run, sequence }: SegmentFact) => join(stage.layout.media, segmentPath(stream, run, sequence));

/** The way to the centre, as the program puts it together. */
function handIn(): void {
  stage.handedIn = {
    checked: (jws) => {
      const checked = new CentreVoice({ keys: trusted }).receipt(jws, 'test-site', outbox(), 'stored');
      return checked.ok ? checked.receipt : checked.message;
    },
    isHeld: (seg) => archive().isHeld(seg),
    keepDays: () => keepDays,
    needs: (seg) => needed.get(seg) ?? null,
  };
}

/** The centre's word for a segment, with whatever a test wants otherwise. */
function receiptFor({ seg, sha256, bytes }: SegmentFact, jws: string, more: object = {}, keys = centreKeys): string {
  const iat = Math.floor(stage.clock.now().wallMs / SECOND_MS);
  const receipt = {
    ...{ v: 1, site: 'test-site', seg, sha256, size: bytes, mh: jwsHash(jws) },
    ...{ durability: 'stored', verified: 'read-back', iat, permit: { delete: true }, ...more },
  };
  return signJws('hrc-receipt', publicKeyOf(keys.publicKey).kid, receipt, keys.privateKey);
}

/** A session from press to hand-over; answers its segments. */
async function handedOver(press = 'press-1', more: object = {}): Promise<{ session: string; all: SegmentFact[] }> {
  const { session } = await stage.desk.open(clerk(), 'r1', { press, kind: 'hearing', matter: '' });
  await stage.pass(2_700);
  await stage.desk.close(clerk(), session.id);
  await stage.pass(6_300);
  const items = outbox().pending(0, 1_000);
  for (const { segment, jws } of items) await outbox().receipt(segment.seg, receiptFor(segment, jws, more));
  await stage.site.idle();
  return { session: session.id, all: items.map(({ segment }) => segment) };
}

/** Days go by, and sweeps until nothing more goes. */
async function days(count: number): Promise<void> {
  stage.clock.advance(count * DAY_MS);
  await stage.recorder.beat();
  await sweeps();
}

async function sweeps(): Promise<void> {
  const heads = () => `${stage.journal.head.seq} ${stage.recorder.journal.head.seq}`;
  for (let before = ''; before !== heads(); ) {
    before = heads();
    await stage.site.sweep();
    await stage.recorder.removing;
    await stage.site.idle();
  }
}

const kept = (all: readonly SegmentFact[]) => all.filter((segment) => existsSync(pathOf(segment))).length;

async function recorderFacts() {
  const facts = [];
  for await (const { fact } of stage.recorder.journal.read(0)) facts.push(fact);
  return facts;
}

async function verdict() {
  const siteKeys = [publicKeyOf(stage.keys.publicKey)];
  return verifyFolder(stage.folder, { recorderRuns: false, siteKeys, centreKeys: trusted });
}

test('a session goes when its days are over: each decision in the journal first, with its reason; the folder verifies', async () => {
  const { session, all } = await handedOver();
  await days(KEEP_DAYS - 1);
  expect(kept(all)).toBe(all.length);
  await days(1.1);
  expect(kept(all)).toBe(0);
  const decisions = (await stage.facts()).filter((fact) => fact.type === 'purged');
  expect(decisions.map(({ seg }) => seg).sort()).toEqual(all.map(({ seg }) => seg).sort());
  expect(decisions[0]).toMatchObject({ keepDays: KEEP_DAYS, receipt: expect.stringMatching(/^[0-9a-f]{64}$/) });
  const audits = (await stage.facts()).filter((fact) => fact.type === 'audit' && fact.did === 'purge');
  expect(audits).toMatchObject([{ who: 'site', object: session, room: 'r1' }]);
  expect(await verdict()).toMatchObject({ ok: true, segments: all.length, purged: all.length, findings: [] });
  for (const segment of all) expect(stage.site.whereabouts.whereIs(segment)).toBe('centre');
  await expect(stage.desk.media(stage.caller('custodian'), all[0]?.seg ?? '', STAYS)).rejects.toMatchObject({
    code: 'segment-away',
  });
  const catalog = archive().segments({ ...NOTHING, session }, 0, 1_000);
  expect(catalog.every(({ isPurged }) => isPurged)).toBe(true);
  // An index that is built anew says the same.
  const before = stage.dump();
  await stage.stop();
  await stage.start();
  stage.store.clear();
  await stage.stop();
  await stage.start();
  expect(stage.dump()).toEqual(before);
});

const NOTHING = {
  ...{ session: null, streams: null, fromMs: null, toMs: null, segs: null, siteSeqFrom: null, siteSeqTo: null },
};

test('without a rule, or without a centre, nothing is ever deleted', async () => {
  const { all } = await handedOver();
  stage.handedIn = null;
  await days(10_000);
  expect(kept(all)).toBe(all.length);
  handIn();
  keepDays = null;
  await days(1);
  expect(kept(all)).toBe(all.length);
  expect(stage.recorder.asked).toEqual([]);
});

test('a hold keeps what it names; released, it goes', async () => {
  const { session, all } = await handedOver();
  const [first] = all;
  await archive().hold({ ...NOTHING, segs: [first?.seg ?? ''] }, BY);
  await days(KEEP_DAYS + 1);
  expect(all.filter((segment) => existsSync(pathOf(segment)))).toEqual([first]);
  await archive().hold({ ...NOTHING, session }, { ...BY, command: '01ARZ3NDEKTSV4RRFFQ69G5FB0' });
  await archive().release(BY.command, BY);
  await sweeps();
  expect(kept(all)).toBe(1);
  await archive().release('01ARZ3NDEKTSV4RRFFQ69G5FB0', BY);
  await sweeps();
  expect(kept(all)).toBe(0);
});

test('a hold that comes between the decision and the deed counts', async () => {
  const { session, all } = await handedOver();
  stage.recorder.isListening = false;
  await days(KEEP_DAYS + 1);
  const decided = (await stage.facts()).filter((fact) => fact.type === 'purged').length;
  expect(decided).toBeGreaterThan(0);
  await archive().hold({ ...NOTHING, session }, BY);
  stage.recorder.isListening = true;
  await sweeps();
  expect(kept(all)).toBe(all.length);
  expect(stage.site.whereabouts.whereIs(all[0] as SegmentFact)).toBe('here');
  await archive().release(BY.command, BY);
  await sweeps();
  expect(kept(all)).toBe(0);
  expect((await recorderFacts()).filter(({ type }) => type === 'removed')).toHaveLength(all.length);
});

test('a recorder that is away, or too old to be asked, is asked when it can be; asked twice, it is one deed', async () => {
  const { all } = await handedOver();
  stage.recorder.present(false);
  await days(KEEP_DAYS + 1);
  expect([stage.recorder.asked.length, kept(all)]).toEqual([0, all.length]);
  stage.recorder.removes = false;
  stage.recorder.present(true);
  await days(0);
  expect([stage.recorder.asked.length, kept(all)]).toEqual([0, all.length]);
  stage.recorder.removes = true;
  stage.recorder.isListening = false;
  await days(0);
  expect(kept(all)).toBe(all.length);
  // The controller dies between its decision and the deed, and another one takes it up.
  await stage.stop();
  await stage.start();
  stage.recorder.isListening = true;
  await days(0);
  expect(kept(all)).toBe(0);
  stage.recorder.remove(stage.recorder.asked.slice(0, 100));
  await stage.recorder.removing;
  expect(await verdict()).toMatchObject({ ok: true, purged: all.length });
});

test('a receipt under a key that is pinned no longer releases nothing, nor does one that permits nothing', async () => {
  const { all } = await handedOver();
  const forbidden = await handedOver('press-2', { permit: { delete: false } });
  trusted = [];
  await days(KEEP_DAYS + 1);
  expect(kept(all)).toBe(all.length);
  trusted = [centreKey];
  await sweeps();
  expect(kept(all)).toBe(0);
  expect(kept(forbidden.all)).toBe(forbidden.all.length);
});

test('a clock that was set forward deletes nothing, also when the controller is started anew just then', async () => {
  const { all } = await handedOver();
  stage.clock.stepWall(1_000 * DAY_MS);
  await days(0);
  await stage.stop();
  await stage.start();
  await days(0);
  expect(stage.logged.map(({ object }) => object)).toContainEqual({
    why: 'the wall clock was stepped within the last hour',
  });
  // Also behind that hour nothing is older than it is, as long as the machine runs.
  await days(1);
  expect(kept(all)).toBe(all.length);
});

test('what is being sent, looked at, or belongs to a session that goes on stays', async () => {
  const { all } = await handedOver();
  const [first, second] = all as [SegmentFact, SegmentFact];
  needed.set(first.seg, 'the centre ordered it once more');
  stage.clock.advance((KEEP_DAYS + 1) * DAY_MS);
  await stage.desk.media(stage.caller('custodian'), second.seg, STAYS);
  await days(0);
  expect(all.filter((segment) => existsSync(pathOf(segment)))).toEqual([first, second]);
  needed.clear();
  await days(0.01);
  expect(kept(all)).toBe(0);
});

test('a disk that fills up takes nothing that has no receipt; the alarm says how long it will do and what waits', async () => {
  const { session } = await stage.desk.open(clerk(), 'r1', { press: 'press-1', kind: 'hearing', matter: '' });
  await stage.pass(2_700);
  await stage.desk.close(clerk(), session.id);
  await stage.pass(6_300);
  const all = outbox().pending(0, 1_000);
  stage.recorder.freeBytes = 1024 ** 2;
  keepDays = 0;
  await days(1_000);
  expect(kept(all.map(({ segment }) => segment))).toBe(all.length);
  const alarm = stage.desk.room(clerk(), 'r1').alarms.find(({ code }) => code === 'disk-full');
  expect(alarm).toMatchObject({ level: 'alarm' });
  expect(alarm?.message).toMatch(/^1 MiB are left on the disk, [\d.]+ hours of recording; \d+ segments .* wait for/);
});

test('while a session runs only a little is deleted at a time', async () => {
  const { all } = await handedOver();
  stage.clock.advance((KEEP_DAYS + 1) * DAY_MS);
  await stage.desk.open(clerk(), 'r1', { press: 'press-9', kind: 'hearing', matter: '' });
  await stage.recorder.beat();
  await stage.site.sweep();
  await stage.recorder.removing;
  const gone = all.length - kept(all);
  expect(gone).toBeGreaterThan(0);
  expect(gone).toBeLessThanOrEqual(2);
});

test('the recorder refuses what its own journal knows otherwise, and what it still keeps', async () => {
  const { all } = await handedOver();
  stage.recorder.isListening = false;
  await days(KEEP_DAYS + 1);
  stage.recorder.isListening = true;
  const [asked] = stage.recorder.asked;
  if (asked === undefined) throw new Error('nothing was asked for');
  const { decision, segmentSeq } = asked;
  const changed = (fact: object) => ({ segmentSeq, decision: { ...decision, fact: { ...decision.fact, ...fact } } });
  stage.recorder.remove([
    changed({ sha256: 'b'.repeat(64) }),
    changed({ seg: 'ANOTHER' }),
    changed({ stream: '../../keys', run: '..' }),
    { ...asked, segmentSeq: segmentSeq + 100_000 },
    { ...asked, segmentSeq: 1 },
    { ...asked, segmentSeq: -1 },
    { ...asked, decision: { ...decision, fact: { ...decision.fact, type: 'sealed' } as never } },
    null as never,
  ]);
  await stage.recorder.removing;
  expect(kept(all)).toBe(all.length);
  expect((await recorderFacts()).some(({ type }) => type === 'removed')).toBe(false);
});
