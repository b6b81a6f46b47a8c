// Pictures of other kinds: H.265, B-frames, other sizes in mid-session, parameter sets only in the stream. Programs we did not write
// play and record them all.

import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readSei } from '../../../devices/virtual/sei.ts';
import { assertOnceInOrder, compareStrips, lostFrames, readFrames, run } from '../../oracle/frames.ts';
import { RtspClient, readRtp } from './rtsp-client.ts';
import { probe, record, TINY_LOOP_FRAMES, testCamera, testFolder } from './test-site.ts';

const open = { rtspAuth: [] } as const;
const video = (client: RtspClient) => client.packets.filter((one) => one.channel === 0).map((one) => readRtp(one.data));

/** ffmpeg records; then every picture is there once, shows what its mark says, and nothing that was kept is missing. */
async function recordAndCheck(camera: Awaited<ReturnType<typeof testCamera>>, transport: 'tcp' | 'udp' = 'tcp') {
  const file = join(await testFolder(), 'kept.mp4');
  await record({ url: camera.rtspUrlWithLogin, file, seconds: 4, transport });
  const frames = await readFrames([file]);
  assertOnceInOrder(frames);
  expect(frames.length).toBeGreaterThan(85);
  expect(frames[0]?.isKey).toBe(true);
  const strips = await compareStrips([file], TINY_LOOP_FRAMES);
  expect(strips).toEqual({ compared: frames.length, mismatches: [] });
  const [first = 0, last = 0] = [frames[0]?.number, frames.at(-1)?.number];
  const lost = lostFrames(camera.sent().slice(-1), frames);
  expect(lost.every(({ from }) => from >= first && from > last - 3)).toBe(true);
  return { file, frames };
}

test.each(['tcp', 'udp'] as const)('Q11 ffmpeg plays and records H.265 over %s', async (transport) => {
  const camera = await testCamera({ video: { codec: 'h265' } });
  expect((await probe(camera.rtspUrlWithLogin, transport))[0]).toMatchObject({
    codec_name: 'hevc',
    width: 320,
    height: 180,
    has_b_frames: 0,
  });
  const { frames } = await recordAndCheck(camera, transport);
  expect(new Set(frames.map((frame) => frame.codec))).toEqual(new Set(['h265']));
});

test.each([
  ['h264', 2],
  ['h265', 3],
] as const)('Q13 %s with %i B-frames is sent in decoding order with times of showing', async (codec, bFrames) => {
  const camera = await testCamera({ ...open, video: { codec, bFrames } });
  const client = await RtspClient.open(camera.rtspUrl);
  await client.play();
  const marks = (one: RtspClient) => video(one).flatMap(({ payload }) => readSei(payload, codec) ?? []);
  await client.until(() => new Set(video(client).map((one) => one.timestamp)).size > 60, 'pictures');
  const stamps = [...new Set(video(client).map((one) => one.timestamp))];
  const places = stamps.map((stamp) => (((stamp - (stamps[0] ?? 0)) | 0) / 3_600) as number);
  const miniGop = [0, bFrames + 1, ...Array.from({ length: bFrames }, (_, at) => at + 1)];
  expect(places.slice(0, miniGop.length)).toEqual(miniGop);
  expect([...places].sort((one, other) => one - other).slice(0, 50)).toEqual(Array.from({ length: 50 }, (_, at) => at));
  // A picture is sent when it exists, never before its own time, although pictures shown later are sent before it.
  for (let more = 0; more < 12; more++) {
    const count = marks(client).length;
    await client.until(() => marks(client).length > count, 'another picture');
    expect(Math.max(...marks(client).map((mark) => mark.hostTimeUs))).toBeLessThanOrEqual(Date.now() * 1_000 + 2_000);
  }
  const { file } = await recordAndCheck(camera);
  expect((await probe(camera.rtspUrlWithLogin))[0]?.has_b_frames).toBeGreaterThan(0);
  const kinds = (
    await run('ffprobe', [
      '-v',
      'error',
      '-show_entries',
      'frame=pict_type',
      '-of',
      'csv=p=0',
      '-select_streams',
      'v',
      file,
    ])
  )
    .toString()
    .replace(/[^IPB]/g, '');
  expect(kinds).toMatch(new RegExp(`^I(B{${bFrames}}P){3}`));
});

test('Q22 without parameter sets in the description ffmpeg finds them before the keyframes', async () => {
  for (const codec of ['h264', 'h265'] as const) {
    const camera = await testCamera({ ...open, sprop: 'none', video: { codec } });
    const description = await (await RtspClient.open(camera.rtspUrl)).request('DESCRIBE');
    expect(description.body).not.toContain('sprop');
    camera.setSprop('sdp');
    expect((await (await RtspClient.open(camera.rtspUrl)).request('DESCRIBE')).body).toContain('sprop');
    camera.setSprop('none');
    await recordAndCheck(camera);
  }
});

test('Q22 the size changes with a keyframe inside a running session, and frame numbers go on', async () => {
  const camera = await testCamera(open);
  const client = await RtspClient.open(camera.rtspUrl);
  await client.play();
  await client.until(() => video(client).length > 10, 'pictures');
  const parameters = () =>
    video(client).flatMap(({ payload }) => ((payload[0] ?? 0) === 0x67 ? [payload.toString('hex')] : []));
  const [before] = parameters();
  await camera.changeVideo({ width: 256, height: 144 });
  await client.until(() => parameters().at(-1) !== before, 'other parameter sets');
  const count = video(client).length;
  await client.until(() => video(client).length > count + 30, 'pictures of the other size');
  expect(new Set(parameters()).size).toBe(2);
  expect(client.isClosed).toBe(false);
  // The new parameter sets stand in front of a keyframe.
  const packets = video(client);
  const at = packets.findIndex(({ payload }) => payload[0] === 0x67 && payload.toString('hex') !== before);
  expect(packets.slice(at, at + 4).map(({ payload }) => (payload[0] ?? 0) & 0x1f)).toEqual([
    7,
    8,
    6,
    expect.toBeOneOf([5, 28]),
  ]);
  const steps = packets.slice(1).map(({ timestamp }, index) => (timestamp - (packets[index]?.timestamp ?? 0)) | 0);
  expect(new Set(steps)).toEqual(new Set([0, 3_600]));
  expect(camera.sent()).toMatchObject([{ endReason: undefined, frames: [{ from: 0 }] }]);
  expect((await probe(camera.rtspUrlWithLogin))[0]).toMatchObject({ width: 256, height: 144 });
  await recordAndCheck(camera);
  await expect(camera.changeVideo({ width: 255 })).rejects.toThrow('must be even');
});

test.each(['h264', 'h265'] as const)(
  'Q22 %s of two sizes in one stream is decoded without a complaint',
  async (codec) => {
    const camera = await testCamera({ video: { codec } });
    const file = join(await testFolder(), `sizes.${codec}`);
    const recording = record({ url: camera.rtspUrlWithLogin, file, seconds: 4 });
    await expect.poll(() => camera.sent()[0]?.frames[0]?.to ?? 0, { timeout: 5_000 }).toBeGreaterThan(5);
    await camera.changeVideo({ width: 256, height: 144 });
    await recording;
    const fields = ['-show_entries', 'frame=width', '-of', 'csv=p=0', '-select_streams', 'v'];
    const list = (await run('ffprobe', ['-v', 'error', ...fields, file])).toString();
    const widths = list.split('\n').flatMap((line) => (line === '' ? [] : [Number.parseInt(line, 10)]));
    const changeAt = widths.indexOf(256);
    expect(changeAt).toBeGreaterThan(0);
    expect(widths.length - changeAt).toBeGreaterThan(20);
    expect(widths).toEqual(widths.map((_, at) => (at < changeAt ? 320 : 256)));
  },
);

test('Q22 the codec changes with the next session, and frame numbers go on', async () => {
  const camera = await testCamera(open);
  const client = await RtspClient.open(camera.rtspUrl);
  await client.play();
  await client.until(() => video(client).length > 40, 'pictures');
  await camera.changeVideo({ codec: 'h265' });
  await client.untilClosed();
  expect((await probe(camera.rtspUrlWithLogin))[0]?.codec_name).toBe('hevc');
  const { frames } = await recordAndCheck(camera);
  expect(frames[0]?.boot).toBe(0);
  const [first] = camera.sent();
  expect(frames.at(-1)?.number).toBeGreaterThan(first?.frames[0]?.to ?? 0);
});
