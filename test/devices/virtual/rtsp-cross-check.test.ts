// Programs we did not write can play and record a virtual device: over either transport, with either login, with every codec,
// across the loop's seam.

import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BEEP_MS } from '../../../devices/virtual/tone.ts';
import { assertOnceInOrder, compareStrips, readFrames } from '../../oracle/frames.ts';
import { assertTonesComplete, readTones } from '../../oracle/tones.ts';
import {
  probe,
  record,
  TINY_AUDIO_LOOP_S,
  TINY_LOOP_FRAMES,
  TINY_VIDEO,
  testCamera,
  testFolder,
  testSite,
  tinyCamera,
} from './test-site.ts';

test.each([
  ['no login', 'tcp', []],
  ['Basic', 'tcp', ['basic']],
  ['Basic', 'udp', ['basic']],
  ['Digest MD5', 'tcp', ['digest-md5']],
  ['Digest MD5', 'udp', ['digest-md5']],
  ['Digest and Basic', 'tcp', ['digest-md5', 'basic']],
  ['Basic and Digest', 'tcp', ['basic', 'digest-md5']],
  // ffmpeg takes the last challenge, so MD5 has to come last.
  ['Digest SHA-256 and MD5', 'tcp', ['digest-sha256', 'digest-md5']],
] as const)('ffprobe plays with %s over %s', async (_, transport, rtspAuth) => {
  const camera = await testCamera({ rtspAuth });
  const [video, audio] = await probe(camera.rtspUrlWithLogin, transport);
  expect(video).toMatchObject({ codec_name: 'h264', width: 320, height: 180, has_b_frames: 0 });
  expect(audio).toMatchObject({ codec_name: 'aac', profile: 'LC', sample_rate: '48000', channels: 1 });
});

test.each([
  ['tcp', TINY_AUDIO_LOOP_S + 1.5],
  ['udp', 4],
] as const)(
  'over %s ffmpeg records every frame once, and every second of sound, across the seam of the loop',
  async (transport, seconds) => {
    const camera = await testCamera();
    const file = join(await testFolder(), 'seam.mp4');
    await record({ url: camera.rtspUrlWithLogin, file, seconds, transport });
    const frames = await readFrames([file]);
    assertOnceInOrder(frames);
    expect(frames.length).toBeGreaterThan(1.5 * TINY_LOOP_FRAMES);
    expect(frames[0]?.isKey).toBe(true);
    const strips = await compareStrips([file], TINY_LOOP_FRAMES);
    expect(strips).toEqual({ compared: frames.length, mismatches: [] });
    const tones = await readTones([file], TINY_AUDIO_LOOP_S);
    assertTonesComplete(tones, TINY_AUDIO_LOOP_S);
    expect(tones.runs.length).toBeGreaterThanOrEqual(Math.floor(seconds));
    expect(tones.unknownS / tones.durationS).toBeLessThan(0.04);
    // The timeline in the file is the camera's: 40 ms a frame, also at the seam.
    const [first, last] = [frames[1], frames.at(-1)];
    const spanS = (last?.decodeTimeS ?? 0) - (first?.decodeTimeS ?? 0);
    expect(spanS).toBeCloseTo((frames.length - 2) * 0.04, 2);
  },
);

test.each([
  ['pcma', 'pcm_alaw'],
  ['pcmu', 'pcm_mulaw'],
] as const)('ffmpeg records G.711 as %s', async (audio, codec) => {
  const camera = await testCamera({ audio });
  expect((await probe(camera.rtspUrlWithLogin))[1]).toMatchObject({ codec_name: codec, sample_rate: '8000' });
  const file = join(await testFolder(), 'g711.mkv');
  await record({ url: camera.rtspUrlWithLogin, file, seconds: 3 });
  const tones = await readTones([file], TINY_AUDIO_LOOP_S);
  assertTonesComplete(tones, TINY_AUDIO_LOOP_S);
  expect(tones.durationS).toBeGreaterThan(2.5);
});

test('picture and sound agree: every second of sound begins with a whole second of pictures', async () => {
  const camera = await testCamera();
  const file = join(await testFolder(), 'together.mp4');
  await record({ url: camera.rtspUrlWithLogin, file, seconds: 4 });
  const frames = await readFrames([file]);
  const { runs } = await readTones([file], TINY_AUDIO_LOOP_S);
  const beeps = runs.filter((one) => one.hasBeep).map((one) => one.startS - BEEP_MS / 1000);
  expect(beeps.length).toBeGreaterThanOrEqual(3);
  for (const beepS of beeps) {
    const shown = frames.findLast((frame) => frame.decodeTimeS <= beepS + 0.03);
    const cameraS = (shown?.number ?? 0) / TINY_VIDEO.fps + beepS - (shown?.decodeTimeS ?? 0);
    expect(Math.abs(cameraS - Math.round(cameraS))).toBeLessThan(0.04);
  }
});

test('AAC at 16 kHz is announced and decoded as such', async () => {
  const camera = await testCamera({ audioRateHz: 16_000 });
  expect((await probe(camera.rtspUrlWithLogin))[1]).toMatchObject({ codec_name: 'aac', sample_rate: '16000' });
  const file = join(await testFolder(), 'aac16.mp4');
  await record({ url: camera.rtspUrlWithLogin, file, seconds: 3 });
  assertTonesComplete(await readTones([file], TINY_AUDIO_LOOP_S), TINY_AUDIO_LOOP_S);
});

test('a camera without sound offers picture only', async () => {
  const camera = await testCamera({ audio: 'none' });
  expect((await probe(camera.rtspUrlWithLogin)).map((stream) => stream.codec_type)).toEqual(['video']);
});

test('a microphone offers sound only, and ffmpeg records it', async () => {
  const microphone = {
    id: 'mic-1',
    kind: 'microphone',
    room: '第一听证室',
    name: '主席台话筒',
    audio: 'pcma',
    audioLoopS: 8,
  } as const;
  const device = (await testSite(microphone)).device('mic-1');
  expect((await probe(device.rtspUrlWithLogin)).map((stream) => stream.codec_name)).toEqual(['pcm_alaw']);
  const file = join(await testFolder(), 'microphone.mkv');
  await record({ url: device.rtspUrlWithLogin, file, seconds: 3 });
  assertTonesComplete(await readTones([file], TINY_AUDIO_LOOP_S), TINY_AUDIO_LOOP_S);
  expect(device.onvifAddress).toBeUndefined();
});

test('a wrong password is refused with 401', async () => {
  const camera = await testCamera();
  await expect(probe(camera.rtspUrl.replace('rtsp://', 'rtsp://admin:wrong@'))).rejects.toThrow(/401|ended with/);
  expect(camera.state().wrongTries).toBeGreaterThan(0);
});

test('several cameras of one site play at once, each its own frames', async () => {
  const site = await testSite(tinyCamera(), tinyCamera({ id: 'cam-2' }));
  const folder = await testFolder();
  const files = await Promise.all(
    site.devices.map(async (device) => {
      const file = join(folder, `${device.id}.mp4`);
      await record({ url: device.rtspUrlWithLogin, file, seconds: 2 });
      return file;
    }),
  );
  const marks = await Promise.all(files.map((file) => readFrames([file])));
  for (const frames of marks) assertOnceInOrder(frames);
  expect(marks[0]?.[0]?.device).not.toBe(marks[1]?.[0]?.device);
});

test('what was sent is what was recorded', async () => {
  const camera = await testCamera();
  const file = join(await testFolder(), 'sent.mp4');
  await record({ url: camera.rtspUrlWithLogin, file, seconds: 3 });
  const frames = await readFrames([file]);
  const stream = camera.sent().at(-1);
  expect(stream).toMatchObject({ transport: 'tcp', boot: 0, endReason: 'TEARDOWN' });
  expect(stream?.frames.length).toBe(1);
  expect(stream?.frames[0]?.from).toBe(frames[0]?.number);
  // ffmpeg stops by its own clock; at most the frames on the way are sent and not kept.
  expect((stream?.frames[0]?.to ?? 0) - (frames.at(-1)?.number ?? 0)).toBeLessThan(15);
});
