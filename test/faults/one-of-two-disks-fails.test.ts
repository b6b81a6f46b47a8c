/**
 * Two disks, and harm to one of them in the middle of a claim: not a frame is lost, people are told, and afterwards both hold the
 * same bytes again.
 */
import { execFileSync } from 'node:child_process';
import { readFile, rename, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { DiskRole, DiskStatus } from '../../controller/core/recording.ts';
import { layoutOf, segmentPath } from '../../controller/ledger/layout.ts';
import { hashFile } from '../../controller/ledger/segment-file.ts';
import { tinyCamera } from '../devices/virtual/test-site.ts';
import { PROGRAM, until } from '../recorder/rig.ts';
import { mountSmall, unmount } from './fault-rig.ts';
import { Scenario, type ScenarioOptions } from './scenario.ts';

const CAMERAS = [tinyCamera({ id: 'one', audio: 'aac' }), tinyCamera({ id: 'two', audio: 'none' })];
/** What a configuration needs beside its disks. */
const SITE = {
  site: { id: 'site-1', name: '一号', nameEn: 'One' },
  rooms: [{ id: 'room-1', name: '一室', nameEn: 'One' }],
  devices: [{ id: 'one', room: 'room-1', name: '全景', kind: 'camera', source: { rtsp: 'rtsp://127.0.0.1:9/none' } }],
  people: [{ id: 'clerk', name: '书记员', role: 'clerk', rooms: 'all' }],
};
const ROLES: readonly DiskRole[] = ['main', 'mirror'];
/** `npm run faults` tries everything on either disk, `npm test` on one of them. */
const IS_FULL = process.env['QUANCHENG_FAULTS_FULL'] === '1';
const rolesOf = (short: DiskRole): readonly DiskRole[] => (IS_FULL ? ROLES : [short]);
const REFUSALS = ROLES.flatMap((role) => (['write', 'sync', 'all'] as const).map((call) => [role, call] as const));
const SHORT_REFUSALS = REFUSALS.filter(([role, call]) => (role === 'main') === (call !== 'sync'));
/** A file has grown and been synced, and is not yet due to be closed. */
const MID_FILE_MS = 700;
const LIMIT_MS = 60_000;

function begin(options: ScenarioOptions = {}, cameras = CAMERAS): Promise<Scenario> {
  return Scenario.begin(cameras, { twoDisks: 'mounted', shim: true, segmentMs: 2_000, ...options });
}

async function disturbed(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

function diskOf(scenario: Scenario, role: DiskRole): DiskStatus | undefined {
  return scenario.rig.status?.disks?.find(({ disk }) => disk === role);
}

function rootOf(scenario: Scenario, role: DiskRole): string {
  return scenario.rig.roots[role === 'main' ? 0 : 1] ?? '';
}

/** What the shim sees of the paths of this disk. */
const PART = { main: '/disk/data', mirror: '/second/data' } as const;

const isAway = (scenario: Scenario, role: DiskRole) => () => diskOf(scenario, role)?.state === 'away';

/** Resolves when every disk is well and lacks nothing, and the journal says that those that were away are back. */
async function allWell(scenario: Scenario): Promise<void> {
  await until(() => {
    const away = new Set<DiskRole>();
    for (const { fact } of scenario.rig.entries) {
      if (fact.type === 'disk-away') away.add(fact.disk);
      if (fact.type === 'disk-back') away.delete(fact.disk);
    }
    return ROLES.every((role) => diskOf(scenario, role)?.state === 'well') && away.size === 0;
  }, LIMIT_MS);
}

/** Nothing was lost on the way, and both disks hold every segment and the whole journal, byte for byte. */
async function bothHoldAll(scenario: Scenario, { framesMissing = 0 }: { framesMissing?: number } = {}): Promise<void> {
  await scenario.close();
  await allWell(scenario);
  const verdict = await scenario.verdict();
  expect(verdict.faults).toEqual([]);
  if (framesMissing === 0)
    for (const one of verdict.streams) expect(one, one.stream).toMatchObject({ framesMissing: 0, gapsMs: 0 });
  await sameOnBoth(scenario);
}

async function sameOnBoth(scenario: Scenario): Promise<void> {
  for (const segment of scenario.ids.flatMap((id) => scenario.rig.segments(id))) {
    const name = segmentPath(segment.stream, segment.run, segment.sequence);
    for (const root of scenario.rig.roots)
      expect(await hashFile(join(layoutOf(root).media, name))).toBe(segment.sha256);
  }
  const journals = () =>
    Promise.all(
      scenario.rig.roots.map((root) => readFile(join(layoutOf(root).recorderJournal, '000001.ndjson'), 'utf8')),
    );
  await until(async () => {
    const [a, b] = await journals();
    return a === b;
  });
}

test('both are well: every segment and every line is on both', async () => {
  const scenario = await begin();
  await scenario.open();
  await scenario.grown(2);
  await bothHoldAll(scenario);
  expect(scenario.rig.facts('disk-away')).toEqual([]);
});

test.each(IS_FULL ? REFUSALS : SHORT_REFUSALS)(
  'the %s disk refuses (%s) in the middle of a file',
  async (role, call) => {
    const scenario = await begin();
    await scenario.open();
    await scenario.grown(1);
    await disturbed(MID_FILE_MS);
    scenario.rig.shim?.rules({ call, fail: call === 'all' ? 'EROFS' : 'EIO', on: PART[role] });
    await until(isAway(scenario, role));
    expect(diskOf(scenario, role)?.cause?.code).toBe('disk-failed');
    await scenario.growing();
    await scenario.grown(1);
    scenario.rig.shim?.rules();
    await scenario.grown(1);
    await bothHoldAll(scenario);
    const [away] = scenario.rig.facts('disk-away');
    expect(away).toMatchObject({ disk: role, cause: { code: 'disk-failed' } });
    const [back] = scenario.rig.facts('disk-back');
    expect(back).toMatchObject({ disk: role, missing: 0 });
    expect(back?.copiedSegments).toBeGreaterThan(0);
    expect(back?.copiedBytes).toBeGreaterThan(0);
  },
);

test.each(rolesOf('main'))('the %s disk is full', async (role) => {
  const scenario = await begin({ smallDiskMiB: 48 });
  if (!scenario.rig.areMounted) return;
  await scenario.open();
  await scenario.grown(1);
  const place = join(rootOf(scenario, role), '..');
  const filler = join(place, 'filler');
  const { bavail, bsize } = await statfs(place);
  await writeFile(filler, Buffer.alloc(bavail * bsize)).catch(() => undefined);
  await until(isAway(scenario, role));
  expect(diskOf(scenario, role)?.cause?.code).toBe('disk-full');
  await scenario.grown(2);
  await rm(filler);
  await bothHoldAll(scenario);
});

test.each(rolesOf('mirror'))(
  'every sync of the %s disk takes 700 ms: the other one goes on as before',
  async (role) => {
    const scenario = await begin();
    await scenario.open();
    scenario.rig.shim?.rules({ call: 'sync', delayMs: 700, on: PART[role] });
    let oldestMs = 0;
    const end = performance.now() + 5_000;
    while (performance.now() < end) {
      const { status } = scenario.rig;
      for (const { syncedAt } of Object.values(status?.streams ?? {}))
        if (syncedAt !== null && status !== null) oldestMs = Math.max(oldestMs, status.at.monoMs - syncedAt.monoMs);
      await disturbed(50);
    }
    // A stream syncs every 800 ms, and a fragment is 250 ms long: waiting for the slow disk would make it two seconds.
    expect(oldestMs).toBeLessThan(1_700);
    scenario.rig.shim?.rules();
    await bothHoldAll(scenario);
  },
);

test('both disks refuse for a few seconds: memory carries it, and both hold everything afterwards', async () => {
  const scenario = await begin();
  await scenario.open();
  await scenario.grown(1);
  await disturbed(MID_FILE_MS);
  scenario.rig.shim?.rules({ call: 'write', fail: 'EIO', on: '/data/media/' });
  await until(() =>
    scenario.ids.every((id) => scenario.rig.stream(id)?.warnings.some(({ code }) => code === 'disk-failed')),
  );
  await disturbed(1_500);
  scenario.rig.shim?.rules();
  await scenario.growing();
  await scenario.grown(1);
  await scenario.close();
  await allWell(scenario);
  // Files that could only be begun lie there until the next start sets them aside.
  const verdict = await scenario.verdict({ expected: ({ level }) => level === 'note' });
  expect(verdict.faults).toEqual([]);
  for (const one of verdict.streams) expect(one.framesMissing, one.stream).toBe(0);
  await sameOnBoth(scenario);
});

test('only the files of one stream are refused on one disk: no stream loses a frame', async () => {
  const scenario = await begin();
  await scenario.open();
  await scenario.grown(1);
  scenario.rig.shim?.rules({ call: 'write', fail: 'EIO', on: '/second/data/media/one/' });
  await until(isAway(scenario, 'mirror'));
  await scenario.grown(2);
  scenario.rig.shim?.rules();
  await bothHoldAll(scenario);
});

test.each(rolesOf('main'))('the %s disk hangs: no act of it comes back for a while', async (role) => {
  const scenario = await begin();
  await scenario.open();
  await scenario.grown(1);
  scenario.rig.shim?.rules({ call: 'all', delayMs: 14_000, on: PART[role] });
  await until(isAway(scenario, role), 30_000);
  scenario.rig.shim?.rules();
  await scenario.growing();
  await scenario.grown(1);
  await bothHoldAll(scenario);
  expect(scenario.rig.facts('disk-away')[0]).toMatchObject({ disk: role, cause: { code: 'disk-slow' } });
});

test.each(rolesOf('mirror'))('somebody takes the data folder of the %s disk away and brings it back', async (role) => {
  const scenario = await begin();
  await scenario.open();
  await scenario.grown(1);
  const root = rootOf(scenario, role);
  await rename(root, `${root}-away`);
  await until(isAway(scenario, role));
  await until(() => ['disk-away', 'wrong-disk'].includes(diskOf(scenario, role)?.cause?.code ?? ''));
  await scenario.grown(2);
  await rename(`${root}-away`, root);
  await bothHoldAll(scenario);
});

test.each(rolesOf('main'))(
  'the %s disk is unmounted, and its empty folder stays: nothing is written into it',
  async (role) => {
    const scenario = await begin();
    if (!scenario.rig.areMounted) return;
    await scenario.open();
    await scenario.grown(1);
    const root = rootOf(scenario, role);
    unmount(join(root, '..'));
    await until(() => diskOf(scenario, role)?.cause?.code === 'wrong-disk');
    await scenario.grown(2);
    expect(await statfs(root).catch(() => null), 'nothing was made there').toBeNull();
    await scenario.close();
    await until(() => scenario.rig.facts('disk-away').length > 0);
    const verdict = await scenario.verdict({ expected: ({ level }) => level === 'note' });
    expect(verdict.faults).toEqual([]);
    for (const one of verdict.streams) expect(one, one.stream).toMatchObject({ framesMissing: 0, gapsMs: 0 });
  },
);

test.each(rolesOf('mirror'))(
  'the %s disk is replaced by a new one: refused until it is accepted, then it gets everything',
  async (role) => {
    const scenario = await begin();
    if (!scenario.rig.areMounted) return;
    await scenario.open();
    await scenario.grown(2);
    const place = join(rootOf(scenario, role), '..');
    unmount(place);
    await until(() => diskOf(scenario, role)?.cause?.code === 'wrong-disk');
    expect(mountSmall(place, 64)).toBe(true);
    await scenario.grown(1);
    expect(diskOf(scenario, role)?.cause?.code).toBe('wrong-disk');
    const [data, mirror] = scenario.rig.roots;
    const site = join(place, '..', 'site.yaml');
    await writeFile(site, stringify({ ...SITE, storage: { data, mirror } }));
    execFileSync(process.execPath, [PROGRAM, 'disk', 'accept', role, '--config', site], { stdio: 'pipe' });
    await until(() => diskOf(scenario, role)?.state !== 'away');
    await scenario.grown(1);
    await bothHoldAll(scenario);
    const again = () =>
      execFileSync(process.execPath, [PROGRAM, 'disk', 'accept', role, '--config', site], { stdio: 'pipe' });
    expect(again, 'a disk that holds something is never taken for an empty one').toThrow('is not empty');
  },
);

test('the main disk goes in the middle, the recorder dies and comes back with the second one alone: one ledgered gap, and all of it on both when the main one is back', async () => {
  // A camera that begins with what it sent before could fill the very hole this is about.
  const cameras = CAMERAS.map((camera) => ({ ...camera, startAt: 'next-keyframe' as const }));
  const scenario = await begin({}, cameras);
  const { rig } = scenario;
  await scenario.open();
  await scenario.grown(1);
  await rename(rig.folder, `${rig.folder}-away`);
  await until(isAway(scenario, 'main'));
  await scenario.grown(1);
  await rig.killAll();
  await rig.start();
  // Nobody tells it anything: the wish on the second disk is enough.
  await scenario.growing();
  await scenario.grown(1);
  await rename(`${rig.folder}-away`, rig.folder);
  await bothHoldAll(scenario, { framesMissing: Number.NaN });
  for (const id of scenario.ids) {
    const gaps = rig.facts('gap').filter(({ stream, cause }) => stream === id && cause.code === 'recorder-killed');
    expect(gaps, id).toHaveLength(1);
  }
});
