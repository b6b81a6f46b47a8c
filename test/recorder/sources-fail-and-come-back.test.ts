/** Cameras that vanish, freeze, refuse or lie: noticed soon, named rightly, ledgered, and the other streams never feel it. */
import { expect, test } from 'vitest';
import { shift } from '../../controller/core/time.ts';
import { type ProbedStream, testSite, tinyCamera } from '../devices/virtual/test-site.ts';
import { assertOnceInOrder, missingFrames, run } from '../oracle/frames.ts';
import { Rig, sourceOf, until } from './rig.ts';

async function probeFile(file: string): Promise<ProbedStream[]> {
  const json = await run('ffprobe', ['-v', 'error', '-show_streams', '-of', 'json', file]);
  return (JSON.parse(json.toString()) as { streams: ProbedStream[] }).streams;
}

test('Q02 a camera freezes and Q01 another reboots: each has its gap with its cause, the third loses no frame', async () => {
  const site = await testSite(tinyCamera({ id: 'frozen' }), tinyCamera({ id: 'reboots' }), tinyCamera({ id: 'good' }));
  const rig = await Rig.begin();
  const sources = Object.fromEntries(['frozen', 'reboots', 'good'].map((id) => [id, sourceOf(site.device(id))]));
  const claim = await rig.keepProven(sources);
  site.device('frozen').freeze('packets');
  const rebooted = site.device('reboots').reboot(1_000);
  await until(() => rig.stream('frozen')?.phase === 'lost');
  expect(rig.stream('frozen')?.cause?.code).toBe('camera-stalled');
  await rebooted;
  site.device('frozen').freeze('off');
  await until(() => rig.stream('frozen')?.phase === 'keeping' && rig.stream('reboots')?.phase === 'keeping');
  await until(
    () =>
      rig.facts('gap').some(({ stream }) => stream === 'frozen') &&
      rig.facts('gap').some(({ stream }) => stream === 'reboots'),
  );
  rig.keep(sources, [{ ...claim, to: shift(rig.clock.now(), 1_000) }]);
  await rig.ended(claim.id, 'frozen', 'reboots', 'good');

  const causes = (stream: string) =>
    rig
      .facts('gap')
      .filter((gap) => gap.stream === stream && gap.cause.code !== 'not-armed')
      .map((gap) => gap.cause.code);
  // It was thawed while its old connection was being ended: what that still gave lies between two gaps.
  expect([...new Set(causes('frozen'))]).toEqual(['camera-stalled']);
  expect(causes('frozen').length).toBeLessThanOrEqual(2);
  expect(causes('reboots')).toHaveLength(1);
  expect(causes('good')).toEqual([]);
  assertOnceInOrder(await rig.frames('good'));
  const frames = await rig.frames('frozen');
  assertOnceInOrder(frames, { allowGaps: true });
  expect(missingFrames(frames)).toHaveLength(causes('frozen').length);
  assertOnceInOrder(await rig.frames('reboots'), { allowGaps: true });
  expect((await rig.verify()).findings).toEqual([]);
});

test('a camera that never comes back: the claim ends all the same, its rest in the ledger', async () => {
  const site = await testSite(tinyCamera());
  const rig = await Rig.begin();
  const sources = { 'cam-1': sourceOf(site.device('cam-1')) };
  const claim = await rig.keepProven(sources);
  site.device('cam-1').leave();
  await until(() => rig.stream('cam-1')?.phase === 'lost');
  rig.keep(sources, [{ ...claim, to: rig.clock.now() }]);
  await rig.ended(claim.id, 'cam-1');
  expect(rig.facts('gap').at(-1)?.to).toEqual(rig.facts('claim-ended')[0]?.to);
  expect((await rig.verify()).findings).toEqual([]);
});

test('Q08 a wrong password is tried once, said plainly, and a right one is used at once', async () => {
  const site = await testSite(tinyCamera());
  const device = site.device('cam-1');
  const rig = await Rig.begin();
  rig.arm({ 'cam-1': sourceOf(device, { password: 'wrong' }) });
  await until(() => rig.stream('cam-1')?.phase === 'refused');
  expect(rig.stream('cam-1')?.cause?.code).toBe('camera-refused-login');
  expect(device.state().wrongTries).toBe(1);
  rig.arm({ 'cam-1': sourceOf(device) });
  await until(() => rig.stream('cam-1')?.phase === 'armed');
});

test('Q09 a camera that serves one viewer only: busy is said, and it is taken when it is free', async () => {
  const site = await testSite(tinyCamera());
  const device = site.device('cam-1');
  device.setMaxSessions(0);
  const rig = await Rig.begin();
  rig.arm({ 'cam-1': sourceOf(device) });
  await until(() => rig.stream('cam-1')?.phase === 'lost');
  expect(rig.stream('cam-1')?.cause?.code).toBe('camera-busy');
  device.setMaxSessions(1);
  await until(() => rig.stream('cam-1')?.phase === 'armed');
});

test('Q10 a camera that speaks UDP only is found out', async () => {
  const site = await testSite(tinyCamera({ transport: 'udp-only', audio: 'aac' }));
  const rig = await Rig.begin();
  const sources = { 'cam-1': sourceOf(site.device('cam-1')) };
  const claim = await rig.keepProven(sources);
  rig.keep(sources, [{ ...claim, to: shift(rig.clock.now(), 1_000) }]);
  await rig.ended(claim.id, 'cam-1');
  assertOnceInOrder(await rig.frames('cam-1'));
});

test.each(['pcma', 'pcmu'] as const)('Q05 %s sound becomes AAC, and the picture stays as it was', async (audio) => {
  const site = await testSite(tinyCamera({ audio }));
  const rig = await Rig.begin();
  const sources = { 'cam-1': sourceOf(site.device('cam-1')) };
  const claim = await rig.keepProven(sources);
  rig.keep(sources, [{ ...claim, to: shift(rig.clock.now(), 1_500) }]);
  await rig.ended(claim.id, 'cam-1');
  const [file = ''] = rig.files('cam-1');
  expect((await probeFile(file)).map(({ codec_name }) => codec_name).sort()).toEqual(['aac', 'h264']);
  expect(rig.segments('cam-1')[0]?.media.audio).toMatchObject({ copied: false });
});

test('no microphone in the camera: the picture is recorded and the lack is said', async () => {
  const site = await testSite(tinyCamera({ audio: 'none' }));
  const rig = await Rig.begin();
  const sources = { 'cam-1': sourceOf(site.device('cam-1')) };
  await rig.keepProven(sources);
  expect(rig.stream('cam-1')?.warnings.map(({ code }) => code)).toEqual(['audio-missing']);
});

test('sound that is announced and never comes does not cost the picture', async () => {
  const site = await testSite(tinyCamera({ audio: 'pcma' }));
  site.device('cam-1').freeze('audio');
  const rig = await Rig.begin();
  const sources = { 'cam-1': sourceOf(site.device('cam-1')) };
  await rig.keepProven(sources);
  await until(() => (rig.segments('cam-1')[0]?.videoFrames ?? 0) > 0);
});

test('sound that dies in mid-run does not hold the picture back', async () => {
  const site = await testSite(tinyCamera({ audio: 'pcma' }));
  const rig = await Rig.begin();
  const sources = { 'cam-1': sourceOf(site.device('cam-1')) };
  const claim = await rig.keepProven(sources);
  site.device('cam-1').freeze('audio');
  const before = rig.segments('cam-1').length;
  await until(() => rig.segments('cam-1').length >= before + 3);
  expect(rig.facts('gap').filter(({ cause }) => cause.code !== 'not-armed')).toEqual([]);
  rig.keep(sources, [{ ...claim, to: rig.clock.now() }]);
  await rig.ended(claim.id, 'cam-1');
  assertOnceInOrder(await rig.frames('cam-1'));
});

test('Q04 the timestamps of a camera jump, and its clock steps: recording goes on, and nothing is left unexplained', async () => {
  const site = await testSite(tinyCamera({ id: 'ahead' }), tinyCamera({ id: 'back' }), tinyCamera({ id: 'clock' }));
  const rig = await Rig.begin();
  const sources = Object.fromEntries(['ahead', 'back', 'clock'].map((id) => [id, sourceOf(site.device(id))]));
  const claim = await rig.keepProven(sources);
  await until(() => rig.segments('ahead').length >= 2);
  site.device('ahead').jumpTimestamps(100_000);
  site.device('back').jumpTimestamps(-100_000);
  site.device('clock').stepClock(3_600_000);
  const before = Object.keys(sources).map((id) => rig.segments(id).length);
  await until(() => Object.keys(sources).every((id, i) => rig.segments(id).length >= (before[i] ?? 0) + 4), 60_000);
  rig.keep(sources, [{ ...claim, to: rig.clock.now() }]);
  await rig.ended(claim.id, ...Object.keys(sources));
  for (const id of Object.keys(sources)) {
    assertOnceInOrder(await rig.frames(id), { allowGaps: true });
    for (const segment of rig.segments(id))
      expect(segment.to.monoMs - segment.from.monoMs, `${id} ${segment.sequence}`).toBeLessThan(10_000);
  }
  expect((await rig.verify()).findings).toEqual([]);
}, 120_000);

test('a hostile or mistaken wish is refused with the field, and the one before goes on', async () => {
  const site = await testSite(tinyCamera());
  const rig = await Rig.begin();
  const source = sourceOf(site.device('cam-1'));
  rig.arm({ 'cam-1': source });
  await until(() => rig.stream('cam-1')?.phase === 'armed');
  for (const [bad, word] of [
    [{ ...source, url: 'file:///etc/passwd' }, 'not rtsp'],
    [{ ...source, url: 'rtsp://a:b@127.0.0.1/x' }, 'holds a login'],
    [{ ...source, url: 'rtsp://127.0.0.1/x\noption protocol_whitelist file' }, 'white space'],
  ] as const) {
    rig.arm({ 'cam-1': bad });
    await until(() => rig.log.includes(word));
  }
  rig.arm({ '../../etc': source });
  await until(() => rig.log.includes('stream name'));
  expect(rig.stream('cam-1')?.phase).toBe('armed');
});

test('a camera that is silent for less than a stall leaves a hole, and the hole is in the ledger', async () => {
  const site = await testSite(tinyCamera());
  const rig = await Rig.begin();
  const sources = { 'cam-1': sourceOf(site.device('cam-1')) };
  const claim = await rig.keepProven(sources);
  const frozenAt = rig.clock.now();
  site.device('cam-1').freeze('packets');
  await until(() => rig.clock.now().monoMs - frozenAt.monoMs > 2_000);
  site.device('cam-1').freeze('off');
  await until(() => rig.facts('gap').some(({ cause }) => cause.code === 'camera-stalled'));
  rig.keep(sources, [{ ...claim, to: shift(rig.clock.now(), 500) }]);
  await rig.ended(claim.id, 'cam-1');
  const [gap] = rig.facts('gap').filter(({ cause }) => cause.code === 'camera-stalled');
  expect((gap?.to.monoMs ?? 0) - (gap?.from.monoMs ?? 0)).toBeGreaterThan(1_500);
  expect(rig.facts('run-begun'), 'the same connection went on').toHaveLength(1);
  const frames = await rig.frames('cam-1');
  assertOnceInOrder(frames, { allowGaps: true });
  expect(missingFrames(frames)).toHaveLength(1);
  expect((await rig.verify()).findings).toEqual([]);
});

test('sound that comes back is recorded again, without anybody doing anything', async () => {
  const site = await testSite(tinyCamera({ audio: 'pcma' }));
  site.device('cam-1').freeze('audio');
  const rig = await Rig.begin();
  const sources = { 'cam-1': sourceOf(site.device('cam-1')) };
  const claim = await rig.keepProven(sources);
  await until(
    () => rig.stream('cam-1')?.phase === 'keeping' && rig.stream('cam-1')?.warnings[0]?.code === 'audio-unusable',
  );
  site.device('cam-1').freeze('off');
  await until(() => rig.stream('cam-1')?.warnings.length === 0 && rig.stream('cam-1')?.media?.audio !== null, 60_000);
  await rig.proven(claim.id, 'cam-1');
  rig.keep(sources, [{ ...claim, to: shift(rig.clock.now(), 1_000) }]);
  await rig.ended(claim.id, 'cam-1');
  expect(rig.segments('cam-1').at(-1)?.audioFrames).toBeGreaterThan(0);
  expect((await rig.verify()).findings).toEqual([]);
}, 120_000);
