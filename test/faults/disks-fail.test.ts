/** Disks that are full, slow, read-only, broken or gone: memory carries what it can, the rest is in the ledger, nothing crashes. */
import { rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BALLAST_BYTES } from '../../controller/ledger/ballast.ts';
import { layoutOf } from '../../controller/ledger/layout.ts';
import { tinyCamera } from '../devices/virtual/test-site.ts';
import { until } from '../recorder/rig.ts';
import { Scenario } from './scenario.ts';

const CAMERAS = [tinyCamera({ id: 'one', audio: 'aac' }), tinyCamera({ id: 'two', audio: 'none' })];
/** So long the disk refuses in these tests; memory is said to hold a minute. */
const HARM_MS = 2_500;
/** A file has grown and been synced, and is not yet due to be closed. */
const MID_FILE_MS = 1_300;
const SMALL_DISK_MIB = 24;

async function disturbed(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

/** Warnings that the recorder shows of its streams just now. */
function diskWarnings(scenario: Scenario): string[] {
  return scenario.ids.flatMap((id) => scenario.rig.stream(id)?.warnings.map(({ code }) => code) ?? []);
}

test('a full disk: said so at once, not a frame lost while memory holds, and recording again when there is room', async () => {
  const scenario = await Scenario.begin(CAMERAS, { smallDiskMiB: SMALL_DISK_MIB });
  await scenario.open();
  await scenario.grown(1);
  const ballast = join(scenario.rig.folder, '..', 'filler');
  const { bavail, bsize } = await statfs(scenario.rig.folder);
  await writeFile(ballast, Buffer.alloc(bavail * bsize)).catch(() => undefined);
  await until(() => diskWarnings(scenario).includes('disk-full'));
  await disturbed(HARM_MS);
  expect(scenario.rig.pid, 'it did not crash').toBeGreaterThan(0);
  await rm(ballast);
  await scenario.growing();
  await scenario.grown(1);
  await scenario.close();
  // Files that could only be begun lie there until the next start sets them aside: nothing is unlinked here.
  const verdict = await scenario.verdict({ expected: ({ level }) => level === 'note' });
  expect(verdict.faults).toEqual([]);
  for (const one of verdict.streams) expect(one, one.stream).toMatchObject({ framesMissing: 0, gapsMs: 0 });
});

test.each([
  ['a read-only disk, at the beginning of a file', { call: 'all', fail: 'EROFS' }, 0],
  ['a disk whose syncs fail, in the middle of a file', { call: 'sync', fail: 'EIO' }, MID_FILE_MS],
  ['a disk whose writes fail, in the middle of a file', { call: 'write', fail: 'EIO' }, MID_FILE_MS],
] as const)(
  '%s, for a few seconds: said so, not a frame lost, every file afterwards whole',
  async (_, rule, pauseMs) => {
    const scenario = await Scenario.begin(CAMERAS, { shim: true, segmentMs: 2_000 });
    await scenario.open();
    await scenario.grown(1);
    await disturbed(pauseMs);
    scenario.rig.shim?.rules(rule);
    await until(() => diskWarnings(scenario).includes('disk-failed'));
    await disturbed(HARM_MS);
    scenario.rig.shim?.rules();
    await scenario.growing();
    await scenario.grown(1);
    await scenario.close();
    const verdict = await scenario.verdict({ expected: ({ level }) => level === 'note' });
    expect(verdict.faults).toEqual([]);
    for (const one of verdict.streams) expect(one.framesMissing, one.stream).toBe(0);
    // What the disk refused to answer for is taken in, or set aside, by the next start; nothing is told twice then either.
    await scenario.rig.kill('SIGTERM');
    await scenario.rig.start();
    await until(() => scenario.rig.facts('recorder-started').length === 2);
    expect((await scenario.verdict()).faults).toEqual([]);
  },
);

test('only the disk of one stream fails: the other loses no frame and is proven all the while', async () => {
  const scenario = await Scenario.begin(CAMERAS, { shim: true });
  await scenario.open();
  await scenario.grown(1);
  scenario.rig.shim?.rules({ call: 'all', fail: 'EIO', on: '/media/one/' });
  await until(() => diskWarnings(scenario).length > 0);
  await disturbed(HARM_MS);
  const { syncedAt } = scenario.rig.stream('two') ?? {};
  expect(scenario.rig.now().monoMs - (syncedAt?.monoMs ?? 0)).toBeLessThan(2_500);
  scenario.rig.shim?.rules();
  await scenario.growing();
  await scenario.close();
  const verdict = await scenario.verdict({ expected: ({ level }) => level === 'note' });
  expect(verdict.faults).toEqual([]);
  expect(verdict.of('two')).toMatchObject({ framesMissing: 0, gapsMs: 0 });
});

test('a disk that takes its time for every sync: not a frame lost', async () => {
  const scenario = await Scenario.begin(CAMERAS, { shim: true });
  await scenario.open();
  scenario.rig.shim?.rules({ call: 'sync', delayMs: 600 });
  await scenario.grown(2);
  scenario.rig.shim?.rules();
  await scenario.close();
  const verdict = await scenario.verdict();
  expect(verdict.faults).toEqual([]);
  for (const one of verdict.streams) expect(one, one.stream).toMatchObject({ framesMissing: 0, gapsMs: 0 });
});

test('somebody removes the folder of a stream under the recorder: what is gone is named, what comes next is kept', async () => {
  const scenario = await Scenario.begin(CAMERAS);
  await scenario.open();
  await scenario.grown(2);
  const { media } = layoutOf(scenario.rig.folder);
  const gone = scenario.rig.segments('one').length;
  await rename(join(media, 'one'), join(scenario.rig.folder, '..', 'taken-away'));
  await scenario.grown(3);
  await scenario.close();
  const kept = scenario.rig.segments('one').slice(gone);
  const present = await Promise.all(
    kept.map((segment) =>
      stat(scenario.rig.path(segment)).then(
        ({ size }) => size === segment.bytes,
        () => false,
      ),
    ),
  );
  // The file that was open went with its folder; everything after it is there.
  expect(present.slice(1)).toEqual(present.slice(1).map(() => true));
  const { findings } = await scenario.rig.verify();
  const missing = findings.filter(({ what }) => what === 'file-missing');
  expect(missing.length).toBeGreaterThanOrEqual(gone);
  expect(missing.length).toBeLessThanOrEqual(gone + 1);
  expect(findings.filter(({ what }) => what !== 'file-missing')).toEqual([]);
});

test('the recorder dies on a disk that is full to the last byte: it starts again, and the gap line is written all the same', async () => {
  // A camera that begins with what it sent before could fill the very hole this is about.
  const cameras = CAMERAS.map((camera) => ({ ...camera, startAt: 'next-keyframe' as const }));
  const scenario = await Scenario.begin(cameras, { smallDiskMiB: SMALL_DISK_MIB });
  if (!scenario.rig.areMounted) return;
  await scenario.open();
  await scenario.grown(1);
  const filler = join(scenario.rig.folder, '..', 'filler');
  const { bavail, bsize } = await statfs(scenario.rig.folder);
  await writeFile(filler, Buffer.alloc(bavail * bsize)).catch(() => undefined);
  await until(() => diskWarnings(scenario).includes('disk-full'));
  await scenario.rig.killAll();
  await scenario.rig.start();
  const gaps = () => scenario.rig.facts('gap').filter(({ cause }) => cause.code === 'recorder-killed');
  await until(() => scenario.ids.every((id) => gaps().some(({ stream }) => stream === id)));
  // Room that the journal's reserve gave is not for pictures.
  await until(() => diskWarnings(scenario).includes('disk-full'));
  expect((await statfs(scenario.rig.folder)).bavail * bsize).toBeGreaterThan(BALLAST_BYTES / 2);
  await rm(filler);
  await scenario.growing();
  await scenario.grown(1);
  await scenario.close();
  const verdict = await scenario.verdict({ expected: ({ level }) => level === 'note' });
  expect(verdict.faults).toEqual([]);
});
