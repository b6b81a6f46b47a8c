// A connection can end in a reset, hang half-open, or deliver late; and the RTP source can begin anew in the middle of a session.

import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { assertOnceInOrder, lostFrames, readFrames } from '../../oracle/frames.ts';
import { type Packet, RtspClient, readRtp, readSenderReport } from './rtsp-client.ts';
import { record, testCamera, testFolder } from './test-site.ts';

const open = { rtspAuth: [] } as const;
const VIDEO = 0;
const VIDEO_REPORTS = 1;
const AUDIO = 2;

async function playing(url: string): Promise<RtspClient> {
  const client = await RtspClient.open(url);
  expect((await client.play([0, 1])).status).toBe(200);
  await client.until(() => on(client, VIDEO).length > 10 && on(client, AUDIO).length > 0, 'pictures and sound');
  return client;
}

function on(client: RtspClient, channel: number): Packet[] {
  return client.packets.filter((packet) => packet.channel === channel);
}

function rtp(client: RtspClient, channel: number) {
  return on(client, channel).map((packet) => readRtp(packet.data));
}

test('Q01 a reset is seen as ECONNRESET, a drop is not, and both leave the port open', async () => {
  const camera = await testCamera(open);
  const dropped = await playing(camera.rtspUrl);
  camera.drop();
  await dropped.untilClosed();
  const client = await playing(camera.rtspUrl);
  camera.reset();
  await client.untilClosed();
  expect([dropped.errorCode, client.errorCode]).toEqual([undefined, 'ECONNRESET']);
  await playing(camera.rtspUrl);
  expect(camera.sent().map((stream) => stream.endReason)).toEqual(['dropped', 'reset', undefined]);
});

test('Q01 a deaf server keeps its connections and answers none, ONVIF goes on; then it resets them and answers new ones', async () => {
  const camera = await testCamera(open);
  const client = await playing(camera.rtspUrl);
  camera.goDeaf();
  expect(camera.sent()[0]?.endReason).toBe('half-open');
  const knocking = await RtspClient.open(camera.rtspUrl);
  const answers = Promise.race([client, knocking].map((one) => one.request('OPTIONS').then(() => 'answered')));
  // Nothing is even read: these would be answered with 400 and an end.
  for (const one of [client, knocking]) one.send(Buffer.from('no RTSP at all\r\n\r\n'));
  const seen = client.packets.length;
  const web = connect(camera.onvifAddress?.port ?? 0, camera.onvifAddress?.host);
  onTestFinished(() => {
    web.destroy();
  });
  web.write('GET /onvif-http/snapshot HTTP/1.1\r\nHost: camera\r\n\r\n');
  await new Promise((resolve) => web.once('data', resolve));
  const pause = new Promise((resolve) => setTimeout(() => resolve('silence'), 400));
  expect(await Promise.race([answers.catch(() => 'closed'), pause])).toBe('silence');
  expect(client.packets.length - seen).toBeLessThan(5); // what was on its way
  expect([client.isClosed, knocking.isClosed]).toEqual([false, false]);
  camera.hearAgain();
  await client.untilClosed();
  expect(client.errorCode).toBe('ECONNRESET');
  await playing(camera.rtspUrl);
});

test('Q02 what is held back comes in one burst, whole, with the timestamps it would have had', async () => {
  const camera = await testCamera(open);
  const client = await playing(camera.rtspUrl);
  camera.holdBack(1_000);
  const before = client.packets.length;
  expect((await client.request('GET_PARAMETER')).status).toBe(200);
  const sinceMs = performance.now();
  await client.until(() => client.packets.length > before + 2, 'the burst');
  expect(performance.now() - sinceMs).toBeGreaterThan(900);
  // 25 pictures and some 47 packets of sound were due meanwhile; they come within a moment.
  await client.until(() => client.packets.length >= before + 70, 'all of the burst', 200);
  const stamps = [...new Set(rtp(client, VIDEO).map(({ timestamp }) => timestamp))];
  expect(new Set(stamps.slice(1).map((stamp, at) => (stamp - (stamps[at] ?? 0) + 2 ** 32) % 2 ** 32))).toEqual(
    new Set([3_600]),
  );
  expect(camera.sent()[0]?.frames.length).toBe(1);
});

test.each(['tcp', 'udp'] as const)('Q02 over %s ffmpeg records every frame of a burst', async (transport) => {
  const camera = await testCamera();
  const file = join(await testFolder(), 'burst.mp4');
  const recording = record({ url: camera.rtspUrlWithLogin, file, seconds: 4, transport });
  await expect.poll(() => camera.sent()[0]?.frames[0]?.to ?? 0, { timeout: 5_000 }).toBeGreaterThan(10);
  camera.holdBack(1_500);
  await recording;
  const frames = await readFrames([file]);
  assertOnceInOrder(frames);
  expect(frames.length).toBeGreaterThan(80);
  // ffmpeg ends by the clock of the stream: only what was on the way then is not kept.
  const lost = lostFrames(camera.sent(), frames);
  expect(lost.every(({ from }) => from > (frames.at(-1)?.number ?? 0))).toBe(true);
});

test('Q04 timestamps begin again at 0, SSRC and sequence go on, picture and sound stay together', async () => {
  const camera = await testCamera(open);
  const client = await playing(camera.rtspUrl);
  const [ssrc] = rtp(client, VIDEO).map((packet) => packet.ssrc);
  const counts = [on(client, VIDEO).length, on(client, AUDIO).length] as const;
  camera.restartTimestamps();
  await client.until(() => on(client, VIDEO).length > counts[0] + 20, 'more pictures');
  const isEarly = ({ timestamp }: { timestamp: number }) => timestamp < 90_000;
  const video = rtp(client, VIDEO);
  const audio = rtp(client, AUDIO);
  const [firstPicture, firstSound] = [video.find(isEarly), audio.find(isEarly)];
  expect(Math.min(firstPicture?.timestamp ?? 1, firstSound?.timestamp ?? 1)).toBe(0);
  const [pictureS, soundS] = [(firstPicture?.timestamp ?? 0) / 90_000, (firstSound?.timestamp ?? 0) / 48_000];
  expect(Math.abs(pictureS - soundS)).toBeLessThan(0.08);
  expect(new Set(video.map((packet) => packet.ssrc))).toEqual(new Set([ssrc]));
  const steps = video.slice(1).map(({ sequence }, at) => (sequence - (video[at]?.sequence ?? 0) + 0x10000) % 0x10000);
  expect(new Set(steps)).toEqual(new Set([1]));
});

test('Q04 a new source takes over in the middle of a session, and its sender report comes first', async () => {
  const camera = await testCamera(open);
  const client = await playing(camera.rtspUrl);
  const first = rtp(client, VIDEO)[0]?.ssrc;
  camera.newSsrc('video');
  await client.until(() => rtp(client, VIDEO).at(-1)?.ssrc !== first, 'the new source');
  const at = client.packets.findIndex(
    ({ channel, data }) => channel === VIDEO_REPORTS && readSenderReport(data).ssrc !== first,
  );
  const next = client.packets.findIndex(({ channel, data }) => channel === VIDEO && readRtp(data).ssrc !== first);
  expect(at).toBeGreaterThan(-1);
  expect(at).toBeLessThan(next);
  expect(new Set(rtp(client, VIDEO).map((packet) => packet.ssrc)).size).toBe(2);
  expect(new Set(rtp(client, AUDIO).map((packet) => packet.ssrc)).size).toBe(1);
  expect(camera.sent()[0]?.frames.length).toBe(1);
});
