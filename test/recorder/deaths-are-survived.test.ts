/** Killed processes: the controller costs nothing, the recorder one ledgered gap. */

import { spawnSync } from 'node:child_process';
import { appendFile, mkdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { shift } from '../../controller/core/time.ts';
import { layoutOf } from '../../controller/ledger/layout.ts';
import { testSite, tinyCamera } from '../devices/virtual/test-site.ts';
import { assertOnceInOrder, missingFrames } from '../oracle/frames.ts';
import { PROGRAM, Rig, sourceOf, until } from './rig.ts';

test('the controller dies: recording goes on, and the next one hears of everything', async () => {
  const site = await testSite(tinyCamera());
  const rig = await Rig.begin();
  const sources = { 'cam-1': sourceOf(site.device('cam-1')) };
  const claim = await rig.keepProven(sources);
  const known = rig.entries.length;
  await rig.disconnect();
  const journal = join(layoutOf(rig.folder).recorderJournal, '000001.ndjson');
  await until(async () => (await readFile(journal, 'utf8')).trim().split('\n').length >= known + 3);
  await rig.connect();
  await until(() => rig.entries.length >= known + 3);
  rig.keep(sources, [{ ...claim, to: rig.clock.now() }]);
  await rig.ended(claim.id, 'cam-1');
  expect(rig.entries.map(({ seq }) => seq)).toEqual(rig.entries.map((_, i) => i + 1));
  assertOnceInOrder(await rig.frames('cam-1'));
  expect(rig.facts('run-begun')).toHaveLength(1);
  expect((await rig.verify()).findings).toEqual([]);
});

test('kill -9 of the recorder: it takes the claim up again by itself, with one gap in the ledger', async () => {
  // A camera that begins with what it sent before could fill the very hole this is about.
  const site = await testSite(tinyCamera({ audio: 'aac', startAt: 'next-keyframe' }));
  const rig = await Rig.begin();
  const sources = { 'cam-1': sourceOf(site.device('cam-1')) };
  const claim = await rig.keepProven(sources);
  await until(() => rig.segments('cam-1').length >= 2);
  await rig.kill('SIGKILL');
  await rig.start();
  // Nobody tells it anything: the wish that it kept is enough.
  await until(() => rig.facts('gap').length > 0 && rig.stream('cam-1')?.phase === 'keeping');
  await until(() => rig.segments('cam-1').length >= 5);
  rig.keep(sources, [{ ...claim, to: rig.clock.now() }]);
  await rig.ended(claim.id, 'cam-1');
  const gaps = rig.facts('gap').filter(({ cause }) => cause.code !== 'not-armed');
  expect(gaps.map(({ cause }) => cause.code)).toEqual(['recorder-killed']);
  expect(rig.segments('cam-1').filter(({ adopted }) => adopted)).toHaveLength(1);
  const frames = await rig.frames('cam-1');
  assertOnceInOrder(frames, { allowGaps: true });
  expect(missingFrames(frames), 'one hole, and it is the ledgered one').toHaveLength(1);
  expect((await rig.verify()).findings).toEqual([]);
});

test('stopped on purpose and started again: the segment is closed, the gap says so', async () => {
  const site = await testSite(tinyCamera({ startAt: 'next-keyframe' }));
  const rig = await Rig.begin();
  const sources = { 'cam-1': sourceOf(site.device('cam-1')) };
  const claim = await rig.keepProven(sources);
  expect(await rig.kill('SIGTERM')).toBe(0);
  await rig.start();
  await until(() => rig.facts('gap').some(({ cause }) => cause.code === 'recorder-stopped'));
  rig.keep(sources, [{ ...claim, to: shift(rig.clock.now(), 500) }]);
  await rig.ended(claim.id, 'cam-1');
  expect(rig.segments('cam-1').every(({ adopted }) => !adopted)).toBe(true);
  expect((await rig.verify()).findings).toEqual([]);
});

test('what a crash left is taken in up to its last whole fragment; what nobody can explain is set aside; nothing is deleted', async () => {
  const site = await testSite(tinyCamera());
  const rig = await Rig.begin();
  const sources = { 'cam-1': sourceOf(site.device('cam-1')) };
  const claim = rig.claim(0);
  rig.keep(sources, [claim], { segmentMs: 60_000 });
  await rig.proven(claim.id, 'cam-1');
  await until(
    () =>
      (rig.stream('cam-1')?.claims[0]?.state ?? '') === 'keeping' &&
      (rig.status?.at.monoMs ?? 0) - claim.from.monoMs > 3_000,
  );
  const run = rig.facts('run-begun')[0]?.run ?? '';
  const open = rig.path({ stream: 'cam-1', run, sequence: 0 });
  await rig.kill('SIGKILL');
  const whole = (await readFile(open)).length;
  await appendFile(open, Buffer.from('000000206d6f6f66', 'hex'));
  const foreign = join(layoutOf(rig.folder).media, 'cam-1', 'somebody', 'holiday.mp4');
  await mkdir(dirname(foreign), { recursive: true });
  await writeFile(foreign, 'not one of ours');
  const journal = join(layoutOf(rig.folder).recorderJournal, '000001.ndjson');
  await appendFile(journal, '{"seq":99,"prev":"torn');

  await rig.start();
  await until(() => rig.facts('recorder-started').length === 2);
  const adopted = rig.segments('cam-1').find((segment) => segment.adopted);
  expect(adopted?.bytes).toBeLessThanOrEqual(whole);
  expect(adopted?.bytes).toBeGreaterThan(whole * 0.5);
  expect(rig.facts('recorder-started')[1]).toMatchObject({ before: 'killed', adopted: 1, quarantined: 1 });
  const [aside] = rig.facts('quarantined');
  expect(aside?.path).toBe('cam-1/somebody/holiday.mp4');
  expect(await readFile(join(rig.folder, aside?.movedTo ?? ''), 'utf8')).toBe('not one of ours');
  expect(await readFile(`${journal}.torn`, 'utf8')).toContain('torn');
  rig.keep(sources, [{ ...claim, to: rig.clock.now() }]);
  await rig.ended(claim.id, 'cam-1');
  assertOnceInOrder(await rig.frames('cam-1'), { allowGaps: true });
  expect((await rig.verify()).findings).toEqual([]);
});

test('a wish on disk that cannot be read is kept for people to look at, and the controller sends it again', async () => {
  const rig = await Rig.begin();
  await rig.kill('SIGTERM');
  await writeFile(layoutOf(rig.folder).desired, '{"revision":');
  await rig.start();
  await until(() => rig.log.includes('set aside'));
  await until(() => rig.status !== null);
});

test('two recorders on one folder, a folder that refuses, no ffmpeg: one sentence each, and exit code 2', async () => {
  const rig = await Rig.begin();
  const run = (args: readonly string[]) =>
    spawnSync(process.execPath, [PROGRAM, 'recorder', ...args], { encoding: 'utf8', timeout: 20_000 });
  const second = run(['--data', rig.folder]);
  expect(second.status).toBe(2);
  expect(second.stderr).toContain('[recorder-already-runs]');
  const file = join(rig.folder, 'a-file');
  await writeFile(file, '');
  await truncate(file, 0);
  const refused = run(['--data', join(file, 'data')]);
  expect(refused.status).toBe(2);
  expect(refused.stderr).toContain('[data-not-writable]');
  const missing = run(['--data', join(rig.folder, 'other'), '--ffmpeg', 'ffmpeg-that-is-not-there']);
  expect(missing.status).toBe(2);
  expect(missing.stderr).toContain('[ffmpeg-missing]');
});
