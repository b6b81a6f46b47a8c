// Sound as linear PCM and as Opus: announced as the RFCs have it, played and recorded whole by ffmpeg, across the seam of the loop.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { prepareAudio } from '../../../devices/virtual/media-files.ts';
import { opusPackets } from '../../../devices/virtual/ogg.ts';
import { assertTonesComplete, readTones } from '../../oracle/tones.ts';
import { RtspClient, readRtp } from './rtsp-client.ts';
import { MEDIA_CACHE_DIR, probe, record, TINY_AUDIO_LOOP_S, testCamera, testFolder, testSite } from './test-site.ts';

test.each([
  ['l16', 'L16/16000/1', 320, 'pcm_s16be', '16000', 'mkv'],
  ['opus', 'opus/48000/2', 960, 'opus', '48000', 'mp4'],
] as const)('%s is announced, paced and recorded', async (audio, rtpmap, ticks, codecName, rate, container) => {
  const camera = await testCamera({ rtspAuth: [], audio });
  const client = await RtspClient.open(camera.rtspUrl);
  expect((await client.request('DESCRIBE')).body).toContain(rtpmap);
  await client.play([0, 1]);
  const sound = () => client.packets.filter(({ channel }) => channel === 2).map(({ data }) => readRtp(data));
  await client.until(() => sound().length > 50, 'sound');
  const steps = sound()
    .slice(1)
    .map(({ timestamp }, at) => (timestamp - (sound()[at]?.timestamp ?? 0)) | 0);
  expect(new Set(steps)).toEqual(new Set([ticks]));
  expect((await probe(camera.rtspUrlWithLogin))[1]).toMatchObject({ codec_name: codecName, sample_rate: rate });
  const file = join(await testFolder(), `sound.${container}`);
  await record({ url: camera.rtspUrlWithLogin, file, seconds: TINY_AUDIO_LOOP_S + 1.5 });
  const tones = await readTones([file], TINY_AUDIO_LOOP_S);
  assertTonesComplete(tones, TINY_AUDIO_LOOP_S);
  expect(tones.runs.length).toBeGreaterThanOrEqual(TINY_AUDIO_LOOP_S + 1);
});

test('a running camera changes to Opus and back', async () => {
  const camera = await testCamera();
  await camera.setAudio('opus');
  expect((await probe(camera.rtspUrlWithLogin))[1]?.codec_name).toBe('opus');
  await camera.setAudio('l16');
  expect((await probe(camera.rtspUrlWithLogin, 'udp'))[1]?.codec_name).toBe('pcm_s16be');
});

test('a microphone may speak Opus alone', async () => {
  const site = await testSite({
    id: 'mic-1',
    kind: 'microphone',
    room: '第一听证室',
    name: '主席台话筒',
    audio: 'opus',
    audioLoopS: TINY_AUDIO_LOOP_S,
  });
  expect((await probe(site.device('mic-1').rtspUrlWithLogin)).map((one) => one.codec_name)).toEqual(['opus']);
});

test('the Ogg reader finds every packet of 20 ms, and says where a file is none', async () => {
  const bytes = await readFile(await prepareAudio({ cacheDir: MEDIA_CACHE_DIR }, 'opus', 48_000, TINY_AUDIO_LOOP_S));
  const packets = opusPackets(bytes);
  // Three loops, and one more packet that holds the end the encoder is late by.
  expect(packets.length).toBe(3 * 50 * TINY_AUDIO_LOOP_S + 1);
  // The highest five bits of the first byte are the configuration: CELT or hybrid with frames of 20 ms (RFC 6716, 3.1).
  expect(packets.every((packet) => packet.length > 1 && packet.length < 1_275)).toBe(true);
  expect(() => opusPackets(bytes.subarray(1))).toThrow('No Ogg page at byte 0');
});
