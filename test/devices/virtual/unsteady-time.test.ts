// A camera whose pictures come at uneven times, one whose seconds are not ours, and one whose keyframes are ten seconds apart: the
// marks, the timestamps and the pace agree in each, and nothing is lost.

import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type HostClock, VirtualClock } from '../../../devices/virtual/clock.ts';
import { LockOut, Login } from '../../../devices/virtual/login.ts';
import { loadMedia } from '../../../devices/virtual/media-set.ts';
import { Playout } from '../../../devices/virtual/playout.ts';
import { RtspServer } from '../../../devices/virtual/rtsp-server.ts';
import { readSei } from '../../../devices/virtual/sei.ts';
import { SentLedger } from '../../../devices/virtual/sent-ledger.ts';
import { resolveDevice } from '../../../devices/virtual/spec.ts';
import { Steps, Timeline } from '../../../devices/virtual/timeline.ts';
import { assertOnceInOrder, compareStrips, lostFrames, readFrames } from '../../oracle/frames.ts';
import { assertTonesComplete, readTones } from '../../oracle/tones.ts';
import { RtspClient, readRtp } from './rtsp-client.ts';
import {
  MEDIA_CACHE_DIR,
  record,
  TINY_AUDIO_LOOP_S,
  TINY_LOOP_FRAMES,
  testCamera,
  testFolder,
  tinyCamera,
} from './test-site.ts';

const open = { rtspAuth: [] } as const;
const FRAME_TICKS = 3_600;
const on = (client: RtspClient, channel: number) =>
  client.packets.filter((packet) => packet.channel === channel).map((packet) => readRtp(packet.data));
const marks = (client: RtspClient) => on(client, 0).flatMap(({ payload }) => readSei(payload) ?? []);

async function playing(url: string): Promise<RtspClient> {
  const client = await RtspClient.open(url);
  expect((await client.play([0, 1])).status).toBe(200);
  return client;
}

/** Steps between the timestamps of neighbouring pictures, in ticks. */
function pictureSteps(client: RtspClient): number[] {
  const stamps = [...new Set(on(client, 0).map(({ timestamp }) => timestamp))];
  return stamps.slice(1).map((stamp, at) => (stamp - (stamps[at] ?? 0)) | 0);
}

describe('the timeline', () => {
  const host: HostClock & { mono: number } = { mono: 0, monoMs: () => host.mono, wallMs: () => host.mono };

  test.each([0, 1, 15, 39.9])('pictures up to %d ms late never overtake each other', (fpsJitterMs) => {
    host.mono = 500;
    const timeline = new Timeline(25, host, { driftPpm: 0, fpsJitterMs });
    for (let number = 0; number < 5_000; number++) {
      const capturedS = timeline.captureS(number);
      expect(capturedS - number / 25).toBeGreaterThanOrEqual(0);
      expect(capturedS - number / 25).toBeLessThanOrEqual(fpsJitterMs / 1_000);
      expect(timeline.captureS(number + 1)).toBeGreaterThan(capturedS);
      expect(timeline.newest(timeline.hostMs(capturedS))).toBe(number);
      if (number > 0) expect(timeline.newest(timeline.hostMs(capturedS) - 0.1)).toBe(number - 1);
    }
    expect(() => timeline.setJitter(40)).toThrow('fpsJitterMs');
  });

  test('a drift counts from the moment it sets in, and no second is told twice', () => {
    host.mono = 0;
    const timeline = new Timeline(25, host, { driftPpm: 0, fpsJitterMs: 0 });
    host.mono = 10_000;
    timeline.setDrift(1_000);
    expect(timeline.elapsedS(10_000)).toBe(10);
    expect(timeline.elapsedS(20_000)).toBeCloseTo(20.01, 9);
    expect(timeline.hostMs(timeline.elapsedS(20_000))).toBeCloseTo(20_000, 6);
    host.mono = 20_000;
    timeline.setDrift(-1_000);
    expect(timeline.elapsedS(30_000)).toBeCloseTo(30, 9);
  });

  test('a step replaces those that were to come after it', () => {
    const steps = new Steps('a');
    steps.set(50, 'b');
    steps.set(25, 'c');
    expect([0, 24, 25, 99].map((number) => steps.at(number))).toEqual(['a', 'a', 'c', 'c']);
  });
});

describe('Q24 uneven pictures', () => {
  test('timestamps, marks and sending are uneven together, and even again when it ends', async () => {
    const camera = await testCamera({ ...open, fpsJitterMs: 30 });
    const client = await playing(camera.rtspUrl);
    await client.until(() => pictureSteps(client).length > 50, 'pictures');
    const steps = pictureSteps(client);
    expect(Math.min(...steps)).toBeGreaterThanOrEqual(FRAME_TICKS - 30 * 90);
    expect(Math.max(...steps)).toBeLessThanOrEqual(FRAME_TICKS + 30 * 90);
    expect(new Set(steps).size).toBeGreaterThan(20);
    const times = marks(client).map((mark) => mark.hostTimeUs);
    const byMark = times.slice(1).map((time, at) => ((time - (times[at] ?? 0)) * 90) / 1_000);
    byMark.forEach((step, at) => {
      expect(Math.abs(step - (steps[at] ?? 0))).toBeLessThan(450); // 5 ms of clock reading, on a loaded machine
    });
    camera.setFpsJitter(0);
    const count = pictureSteps(client).length;
    await client.until(() => pictureSteps(client).length > count + 10, 'more pictures');
    // More may have come by now.
    expect(pictureSteps(client).slice(count + 2, count + 11)).toEqual(new Array(9).fill(FRAME_TICKS));
    expect(() => camera.setFpsJitter(40)).toThrow('fpsJitterMs');
  });

  test('ffmpeg records every one', async () => {
    const camera = await testCamera({ fpsJitterMs: 35 });
    const file = join(await testFolder(), 'uneven.mp4');
    await record({ url: camera.rtspUrlWithLogin, file, seconds: 3 });
    const frames = await readFrames([file]);
    assertOnceInOrder(frames);
    expect((await compareStrips([file], TINY_LOOP_FRAMES)).mismatches).toEqual([]);
    expect(lostFrames(camera.sent(), frames).every(({ from }) => from > (frames.at(-1)?.number ?? 0))).toBe(true);
  });
});

describe('Q24 seconds that are not ours', () => {
  test('media pass faster than the host, in pace and timestamps, from the moment it is told', async () => {
    const camera = await testCamera(open);
    const client = await playing(camera.rtspUrl);
    await client.until(() => marks(client).length > 20, 'pictures');
    camera.setDrift(50_000);
    const from = marks(client).at(-1);
    await client.until(() => (marks(client).at(-1)?.number ?? 0) > (from?.number ?? 0) + 75, 'three seconds');
    // The newest picture has just come: at the old pace it would be 150 ms late.
    const to = marks(client).at(-1);
    expect(Date.now() - (to?.hostTimeUs ?? 0) / 1_000).toBeLessThan(80);
    const perPictureMs =
      ((to?.hostTimeUs ?? 0) - (from?.hostTimeUs ?? 0)) / 1_000 / ((to?.number ?? 0) - (from?.number ?? 0));
    expect(perPictureMs).toBeCloseTo(40 / 1.05, 0);
    // In its own seconds nothing has changed.
    expect(new Set(pictureSteps(client))).toEqual(new Set([FRAME_TICKS]));
    const sound = on(client, 2);
    expect(new Set(sound.slice(1).map((one, at) => (one.timestamp - (sound[at]?.timestamp ?? 0)) | 0))).toEqual(
      new Set([1_024]),
    );
    // Sound keeps step with the picture.
    const soundS = sound.length * (1_024 / 48_000);
    expect(Math.abs(soundS - pictureSteps(client).length / 25)).toBeLessThan(0.15);
  });

  test('ffmpeg records picture and sound of a slow camera whole', async () => {
    const camera = await testCamera({ driftPpm: -20_000 });
    const file = join(await testFolder(), 'slow.mp4');
    await record({ url: camera.rtspUrlWithLogin, file, seconds: 4 });
    const frames = await readFrames([file]);
    assertOnceInOrder(frames);
    assertTonesComplete(await readTones([file], TINY_AUDIO_LOOP_S), TINY_AUDIO_LOOP_S);
    const [first, last] = [frames[0], frames.at(-1)];
    const hostS = ((last?.hostTimeUs ?? 0) - (first?.hostTimeUs ?? 0)) / 1e6;
    expect(hostS / (((last?.number ?? 0) - (first?.number ?? 0)) / 25)).toBeCloseTo(1 / 0.98, 3);
  });
});

/** A camera that has been running for so long already, with ten seconds between its keyframes. */
async function longGopCamera(ranForMs: number): Promise<{ url: string; ledger: SentLedger }> {
  let aheadMs = 0;
  const host: HostClock = { monoMs: () => performance.now() + aheadMs, wallMs: () => Date.now() };
  const spec = resolveDevice(tinyCamera({ video: { gopS: 10, loopS: 10, bitrateKbps: 1_000 } }));
  const clock = new VirtualClock({ offsetMs: 0, driftPpm: 0, ntp: false, timeZone: '', survivesReboot: true }, host);
  const playout = new Playout(await loadMedia({ cacheDir: MEDIA_CACHE_DIR }, spec), clock, spec.id, host);
  aheadMs = ranForMs;
  const ledger = new SentLedger();
  const server = new RtspServer({
    ...{ host: spec.host, path: spec.rtspPath, title: spec.name, playout, clock, ledger },
    login: new Login([], { realm: '', nonceLifeS: 60, qop: false }, spec, new LockOut(0, 0)),
    settings: { ...spec, overLimitStatus: 453, lingerS: 0 },
  });
  onTestFinished(() => server.close('the test ended'));
  const port = await server.listen(0);
  return { url: `rtsp://${spec.host}:${port}${spec.rtspPath}`, ledger };
}

test.each(['tcp', 'udp'] as const)(
  'Q12 over %s a client late in a long GOP gets all of it at once, then the live edge',
  async (transport) => {
    const { url, ledger } = await longGopCamera(9_600);
    const file = join(await testFolder(), 'long.mp4');
    const beganMs = performance.now();
    await record({ url, file, seconds: 12, transport });
    // Twelve seconds of picture within little more than the two seconds that had to be waited for.
    expect(performance.now() - beganMs).toBeLessThan(6_000);
    const frames = await readFrames([file]);
    assertOnceInOrder(frames);
    expect(frames[0]).toMatchObject({ number: 0, isKey: true });
    expect(frames.filter((frame) => frame.isKey).map((frame) => frame.number)).toEqual([0, 250]);
    expect((await compareStrips([file], 250)).mismatches).toEqual([]);
    assertTonesComplete(await readTones([file], TINY_AUDIO_LOOP_S), TINY_AUDIO_LOOP_S);
    expect(lostFrames(ledger.list(), frames).every(({ from }) => from > (frames.at(-1)?.number ?? 0))).toBe(true);
  },
);
