// Every fault switch does what its name says. The numbers are the cases of devices/virtual/README.md.

import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { decodeStrips, readFrames } from '../../oracle/frames.ts';
import { RtspClient, readRtp, readSenderReport } from './rtsp-client.ts';
import { probe, record, testCamera, testFolder } from './test-site.ts';

const open = { rtspAuth: [] } as const;
const videoPackets = (client: RtspClient) => client.packets.filter((packet) => packet.channel === 0);
const audioPackets = (client: RtspClient) => client.packets.filter((packet) => packet.channel === 2);
const timestamps = (client: RtspClient) => videoPackets(client).map((packet) => readRtp(packet.data).timestamp);

async function playing(url: string, tracks: readonly number[] = [0, 1]): Promise<RtspClient> {
  const client = await RtspClient.open(url);
  expect((await client.play(tracks)).status).toBe(200);
  await client.until(() => videoPackets(client).length > 10, 'pictures');
  return client;
}

describe('Q01 the camera vanishes', () => {
  test('drop cuts the connections, and a client may come back at once', async () => {
    const camera = await testCamera(open);
    const client = await playing(camera.rtspUrl);
    camera.drop();
    await client.untilClosed();
    await playing(camera.rtspUrl);
    expect(camera.sent().map((stream) => stream.endReason)).toEqual(['dropped', undefined]);
  });

  test('reboot refuses connections meanwhile, and comes back on its port with numbers from zero', async () => {
    const camera = await testCamera({ ...open, clockSurvivesReboot: false });
    const client = await playing(camera.rtspUrl);
    const back = camera.reboot(500);
    await client.untilClosed();
    await expect(RtspClient.open(camera.rtspUrl)).rejects.toThrow('ECONNREFUSED');
    await back;
    await playing(camera.rtspUrl);
    const [before, after] = camera.sent();
    expect([before?.boot, after?.boot]).toEqual([0, 1]);
    expect(after?.frames[0]?.from).toBe(0);
    expect(new Date(camera.clock.wallMs()).getUTCFullYear()).toBe(1970);
  });

  test('leave answers nothing and cuts nothing; comeBack goes on with a keyframe', async () => {
    const camera = await testCamera(open);
    const client = await playing(camera.rtspUrl);
    camera.leave();
    const seen = client.packets.length;
    const knocking = await RtspClient.open(camera.rtspUrl); // the kernel takes the connection, nobody answers
    const answer = knocking.request('OPTIONS').then(() => 'answered');
    const address = camera.onvifAddress;
    const web = connect(address?.port ?? 0, address?.host);
    web.write('GET /onvif-http/snapshot HTTP/1.1\r\nHost: camera\r\n\r\n');
    const webAnswer = new Promise((resolve) => web.once('data', () => resolve('answered')));
    const pause = new Promise((resolve) => setTimeout(() => resolve('silence'), 400));
    expect(await Promise.race([answer, webAnswer, pause])).toBe('silence');
    expect(client.packets.length).toBe(seen);
    expect(client.isClosed).toBe(false);
    camera.comeBack();
    expect(await answer).toBe('answered');
    expect(await webAnswer).toBe('answered');
    web.destroy();
    const pictures = videoPackets(client).length;
    await client.until(() => videoPackets(client).length > pictures + 10, 'pictures again');
    const ranges = camera.sent()[0]?.frames ?? [];
    expect(ranges.length).toBe(2);
    expect((ranges[1]?.from ?? 1) % 25).toBe(0);
  });
});

describe('Q02 the stream freezes', () => {
  test('packets stop while the connection lives and answers', async () => {
    const camera = await testCamera(open);
    const client = await playing(camera.rtspUrl);
    camera.freeze('packets');
    await client.request('GET_PARAMETER'); // whatever was on its way has arrived
    const seen = client.packets.length;
    for (let beat = 0; beat < 20; beat++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect((await client.request('GET_PARAMETER')).status).toBe(200);
    }
    expect(client.packets.length).toBe(seen);
    camera.freeze('off');
    await client.until(() => client.packets.length > seen + 10, 'packets again');
  });

  test('a client that comes to a frozen stream gets not one packet, not even a sender report', async () => {
    const camera = await testCamera(open);
    camera.freeze('packets');
    const client = await RtspClient.open(camera.rtspUrl);
    expect((await client.play([0, 1])).status).toBe(200);
    const pauseMs = performance.now() + 300;
    while (performance.now() < pauseMs) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect((await client.request('OPTIONS')).status).toBe(200);
    }
    expect(client.packets).toEqual([]);
  });

  test.each([
    ['video', videoPackets, audioPackets],
    ['audio', audioPackets, videoPackets],
  ] as const)('only %s stops', async (what, stopped, running) => {
    const camera = await testCamera(open);
    const client = await playing(camera.rtspUrl);
    camera.freeze(what);
    await client.request('GET_PARAMETER');
    const [quiet, lively] = [stopped(client).length, running(client).length];
    await client.until(() => running(client).length > lively + 15, 'the other stream');
    expect(stopped(client).length).toBe(quiet);
  });

  test('the same picture is sent again and again, with fresh numbers', async () => {
    const camera = await testCamera();
    camera.freeze('picture');
    const file = join(await testFolder(), 'frozen.mp4');
    await record({ url: camera.rtspUrlWithLogin, file, seconds: 3 });
    const frames = await readFrames([file]);
    const strips = await decodeStrips(file);
    // It begins with the next keyframe, one second on at most.
    expect(new Set(strips.slice(26))).toEqual(new Set([0]));
    expect(frames.at(-1)?.number).toBe((frames[0]?.number ?? 0) + frames.length - 1);
  });
});

test('Q03 a clock offset is in the sender reports', async () => {
  const camera = await testCamera(open);
  camera.setClockOffset(-3_600_000);
  const client = await playing(camera.rtspUrl);
  const report = client.packets.find((packet) => packet.channel === 1);
  const wallMs = readSenderReport(report?.data ?? Buffer.alloc(28)).wallMs;
  expect(Math.abs(wallMs - (Date.now() - 3_600_000))).toBeLessThan(2_000);
});

describe('Q04 clocks jump during a recording', () => {
  test('a step of the clock shows in the next sender report, and RTP goes on', async () => {
    const camera = await testCamera(open);
    const client = await playing(camera.rtspUrl);
    camera.stepClock(3_600_000);
    const reports = () =>
      client.packets.filter((packet) => packet.channel === 1).map((packet) => readSenderReport(packet.data));
    await client.until(() => reports().length >= 2, 'the second report', 8_000);
    const [one, two] = reports();
    expect(Math.abs((two?.wallMs ?? 0) - (one?.wallMs ?? 0) - 3_605_000)).toBeLessThan(500);
    expect(largestStep(timestamps(client))).toBeLessThanOrEqual(3_600);
  });

  test.each([
    ['both', 100_000, 9_000_000],
    ['video', 100_000, 9_000_000],
    ['audio', 100_000, 0],
    ['both', -100_000, 9_000_000],
  ] as const)('jump of %s by %i ms moves the RTP timestamps', async (stream, byMs, videoTicks) => {
    const camera = await testCamera(open);
    const client = await playing(camera.rtspUrl);
    camera.jumpTimestamps(byMs, stream);
    const seen = videoPackets(client).length;
    await client.until(() => videoPackets(client).length > seen + 10, 'more pictures');
    expect(Math.abs(largestStep(timestamps(client)) - videoTicks)).toBeLessThanOrEqual(
      3_600 + (videoTicks === 0 ? 0 : 3_600),
    );
  });
});

test('Q05 the sound changes to G.711, and running sessions end', async () => {
  const camera = await testCamera();
  const url = camera.rtspUrlWithLogin;
  expect((await probe(url))[1]?.codec_name).toBe('aac');
  await camera.setAudio('pcma');
  expect((await probe(url))[1]?.codec_name).toBe('pcm_alaw');
  // Copied into MP4 it gives nothing: the trap the recorder has to know.
  const file = join(await testFolder(), 'alaw.mp4');
  await expect(record({ url, file, seconds: 1 })).rejects.toThrow();
});

test.each([['a@b:c/d#e%f&g h'], ['密码 听证 2026'], ['"quoted" \'and\' <tagged>']])(
  'Q07 the password %s works over RTSP',
  async (password) => {
    const camera = await testCamera({ rtspAuth: ['digest-md5', 'basic'] });
    camera.setAccount('管理员', password);
    expect((await probe(camera.rtspUrlWithLogin)).length).toBe(2);
  },
);

test('Q08 too many wrong passwords lock even the right one out, for a while', async () => {
  const camera = await testCamera();
  camera.setLockAfter(3, 1);
  const client = await RtspClient.open(camera.rtspUrl);
  const attempt = async (password: string) => {
    const challenge = (await client.request('DESCRIBE')).headers.get('www-authenticate')?.[0] ?? '';
    const login = client.digest(challenge, 'DESCRIBE', camera.account.user, password);
    return (await client.request('DESCRIBE', { Authorization: login })).status;
  };
  expect(await attempt('wrong')).toBe(401);
  expect(await attempt(camera.account.password)).toBe(200); // a right one starts the count anew
  for (let tries = 0; tries < 3; tries++) expect(await attempt('wrong')).toBe(401);
  expect(camera.state().isLocked).toBe(true);
  expect(await attempt(camera.account.password)).toBe(401);
  await expect.poll(() => attempt(camera.account.password), { timeout: 3_000 }).toBe(200);
});

describe('Q09 few sessions', () => {
  test.each([453, 503] as const)('one too many hears %i', async (status) => {
    const camera = await testCamera(open);
    camera.setMaxSessions(1, status);
    const first = await playing(camera.rtspUrl);
    const second = await RtspClient.open(camera.rtspUrl);
    expect((await second.play()).status).toBe(status);
    await first.request('TEARDOWN');
    expect((await second.play()).status).toBe(200);
  });

  test('a client that vanished keeps its place for the lingering time', async () => {
    const camera = await testCamera(open);
    camera.setMaxSessions(1);
    camera.setLinger(0.8);
    (await playing(camera.rtspUrl)).close();
    await expect.poll(() => camera.sent()[0]?.endReason).toBe('the connection closed');
    const next = await RtspClient.open(camera.rtspUrl);
    expect((await next.play()).status).toBe(453);
    await expect.poll(async () => (await next.play()).status, { timeout: 3_000 }).toBe(200);
  });
});

test.each([
  ['tcp-only', 'udp', 'tcp'],
  ['udp-only', 'tcp', 'udp'],
] as const)('Q10 a %s camera refuses %s and serves %s', async (choice, refused, served) => {
  const camera = await testCamera();
  camera.setTransport(choice);
  await expect(probe(camera.rtspUrlWithLogin, refused)).rejects.toThrow();
  expect((await probe(camera.rtspUrlWithLogin, served)).length).toBe(2);
});

test('Q28 every n-th packet is lost', async () => {
  const camera = await testCamera(open);
  camera.setLoss(10);
  const client = await playing(camera.rtspUrl, [0]);
  await client.until(() => videoPackets(client).length > 60, 'packets');
  const sequences = videoPackets(client).map((packet) => readRtp(packet.data).sequence);
  const spanned = ((sequences.at(-1) ?? 0) - (sequences[0] ?? 0) + 0x10000) % 0x10000;
  expect(spanned / (sequences.length - 1)).toBeCloseTo(10 / 9, 1);
});

/** The largest step between neighbours, forwards or back, in ticks of a 32-bit clock. */
function largestStep(stamps: readonly number[]): number {
  const steps = stamps.slice(1).map((stamp, at) => {
    const ahead = (stamp - (stamps[at] ?? 0) + 2 ** 32) % 2 ** 32;
    return Math.min(ahead, 2 ** 32 - ahead);
  });
  return Math.max(...steps);
}
