/** What a claim asks for is on disk, every frame once and in order, and nothing else is. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { shift } from '../../controller/core/time.ts';
import { layoutOf } from '../../controller/ledger/layout.ts';
import { mediaFiles } from '../../controller/ledger/media-files.ts';
import { readSegmentFile } from '../../controller/ledger/segment-file.ts';
import { TINY_VIDEO, testSite, tinyCamera } from '../devices/virtual/test-site.ts';
import { assertOnceInOrder, readFrames } from '../oracle/frames.ts';
import { Rig, sourceOf, until, wallUs } from './rig.ts';

const FRAME_US = 40_000;

test('from press minus pre-roll to close plus post-roll, picture and sound, and the journal agrees with the files', async () => {
  const site = await testSite(tinyCamera({ id: 'cam-1', audio: 'pcma' }), {
    id: 'mic-1',
    kind: 'microphone',
    room: '第一听证室',
    name: '话筒',
    audio: 'aac',
  });
  const rig = await Rig.begin();
  const sources = { 'cam-1': sourceOf(site.device('cam-1')), 'mic-1': sourceOf(site.device('mic-1')) };
  rig.arm(sources);
  await until(() => (rig.stream('cam-1')?.ringMs ?? 0) > 4_100 && (rig.stream('mic-1')?.ringMs ?? 0) > 4_000);
  expect(await mediaFiles(layoutOf(rig.folder).media), 'an armed room leaves no media on disk (invariant 6)').toEqual(
    [],
  );

  const claim = rig.claim();
  rig.keep(sources, [claim]);
  await rig.proven(claim.id, 'cam-1', 'mic-1');
  let growing: string | undefined;
  await until(() => {
    growing = rig.stream('cam-1')?.writing?.seg;
    return growing !== undefined;
  });
  await until(() => rig.segments('cam-1').length >= 4);
  const to = shift(rig.clock.now(), 1_000);
  rig.keep(sources, [{ ...claim, to }]);
  await rig.ended(claim.id, 'cam-1', 'mic-1');
  await until(() => rig.stream('cam-1')?.phase === 'armed');
  expect(rig.stream('cam-1')?.writing, 'nothing grows any more').toBeNull();
  expect(
    rig.segments('cam-1').map(({ seg }) => seg),
    'what was said to grow became a segment',
  ).toContain(growing);

  const frames = await rig.frames('cam-1');
  assertOnceInOrder(frames);
  expect(frames[0]?.hostTimeUs).toBeLessThanOrEqual(wallUs(claim.from));
  expect(frames.at(-1)?.hostTimeUs).toBeGreaterThanOrEqual(wallUs(to) - FRAME_US);
  expect(frames.length, 'frames in the files are those in the journal').toBe(
    rig.segments('cam-1').reduce((sum, one) => sum + one.videoFrames, 0),
  );

  for (const segment of [...rig.segments('cam-1'), ...rig.segments('mic-1')]) {
    const contents = await readSegmentFile(rig.path(segment));
    expect(contents.wholeBytes).toBe(segment.bytes);
    expect(contents.identity.seg).toBe(segment.seg);
    expect((await stat(rig.path(segment))).size).toBe(segment.bytes);
    expect(segment.claims).toEqual([claim.id]);
    expect(segment.startsWithKeyframe).toBe(true);
  }
  const verdict = await rig.verify();
  expect(verdict.findings).toEqual([]);
  expect(verdict).toMatchObject({ ok: true, claims: 2, openClaims: 0, ledgeredMs: 0 });
});

test('a claim on a sleeping stream is proven too, and what came too late for it is in the gap ledger', async () => {
  const site = await testSite(tinyCamera());
  const rig = await Rig.begin();
  const sources = { 'cam-1': sourceOf(site.device('cam-1')) };
  const claim = rig.claim(4_000);
  rig.keep(sources, [claim]);
  await rig.proven(claim.id, 'cam-1');
  rig.keep(sources, [{ ...claim, to: shift(rig.clock.now(), 500) }]);
  await rig.ended(claim.id, 'cam-1');
  const [gap] = rig.facts('gap');
  expect(gap?.cause.code).toBe('not-armed');
  expect(gap?.from).toEqual(claim.from);
  expect((await rig.verify()).findings).toEqual([]);
});

test('the same wish twice, claims that follow each other closely and claims that overlap: no frame is written twice', async () => {
  const site = await testSite(tinyCamera());
  const rig = await Rig.begin();
  const sources = { 'cam-1': sourceOf(site.device('cam-1')) };
  rig.arm(sources);
  await until(() => (rig.stream('cam-1')?.ringMs ?? 0) > 4_000);
  const first = rig.claim();
  rig.keep(sources, [first]);
  rig.keep(sources, [first]);
  await rig.proven(first.id, 'cam-1');
  const second = rig.claim();
  rig.keep(sources, [first, second]);
  await rig.proven(second.id, 'cam-1');
  rig.keep(sources, [{ ...first, to: rig.clock.now() }, second]);
  await rig.ended(first.id, 'cam-1');
  rig.keep(sources, [{ ...second, to: rig.clock.now() }]);
  await rig.ended(second.id, 'cam-1');
  // Begins in the pre-roll of what was just closed, in the middle of a group of pictures.
  const third = rig.claim(2_000);
  rig.keep(sources, [third]);
  await rig.proven(third.id, 'cam-1');
  rig.keep(sources, [{ ...third, to: shift(rig.clock.now(), 1_000) }]);
  await rig.ended(third.id, 'cam-1');
  assertOnceInOrder(await rig.frames('cam-1'));
  expect((await rig.verify()).findings).toEqual([]);
});

test('a claim that begins between two keyframes goes on where the one before it ended, and every file says when it was taken', async () => {
  const site = await testSite(tinyCamera({ video: { ...TINY_VIDEO, gopS: 4, loopS: 4 } }));
  const rig = await Rig.begin();
  const sources = { 'cam-1': sourceOf(site.device('cam-1')) };
  for (let claims = 0; claims < 3; claims++) {
    const claim = await rig.keepProven(sources);
    rig.keep(sources, [{ ...claim, to: rig.clock.now() }]);
    await rig.ended(claim.id, 'cam-1');
  }
  const segments = rig.segments('cam-1');
  const goingOn = segments.filter(({ startsWithKeyframe }) => !startsWithKeyframe);
  expect(goingOn.length, 'at least one of three claims within a few seconds began so').toBeGreaterThan(0);
  for (const segment of segments) {
    const [first] = await readFrames([rig.path(segment)]);
    expect(Math.abs((first?.hostTimeUs ?? 0) - wallUs(segment.from)), `segment ${segment.sequence}`).toBeLessThan(
      300_000,
    );
  }
  expect((await rig.verify()).findings).toEqual([]);
});

test('a claim that a wish forgets goes on; only its own end ends it', async () => {
  const site = await testSite(tinyCamera());
  const rig = await Rig.begin();
  const sources = { 'cam-1': sourceOf(site.device('cam-1')) };
  const claim = await rig.keepProven(sources);
  rig.wish({});
  const before = rig.segments('cam-1').length;
  await until(() => rig.segments('cam-1').length >= before + 2);
  expect(rig.facts('claim-ended')).toEqual([]);
  rig.keep(sources, [{ ...claim, to: rig.clock.now() }]);
  await rig.ended(claim.id, 'cam-1');
});

test('logins show neither in the process list nor in the log, and are readable by the owner only', async () => {
  const password = 'p@ss:w/rd#%& 中文\'"';
  const site = await testSite(tinyCamera({ user: 'adm in', password }));
  const rig = await Rig.begin();
  const sources = { 'cam-1': sourceOf(site.device('cam-1')) };
  rig.arm(sources);
  await until(() => rig.stream('cam-1')?.phase === 'armed');
  const secrets = [password, encodeURIComponent(password)];
  let seen = 0;
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const line = await readFile(join('/proc', pid, 'cmdline'), 'utf8').catch(() => '');
    if (line.startsWith('ffmpeg')) seen += 1;
    for (const secret of secrets) expect(line.includes(secret)).toBe(false);
  }
  expect(seen, 'the look was at a running ffmpeg').toBeGreaterThan(0);
  for (const secret of secrets) expect(rig.log.includes(secret)).toBe(false);
  expect((await stat(layoutOf(rig.folder).desired)).mode & 0o077).toBe(0);
});
