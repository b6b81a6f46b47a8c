// The RTSP server keeps the rules of RFC 2326 and says no in the ways real cameras do.

import { expect, test } from 'vitest';
import { readSei } from '../../../devices/virtual/sei.ts';
import { type Packet, RtspClient, readRtp, readSenderReport } from './rtsp-client.ts';
import { testCamera } from './test-site.ts';

const open = { rtspAuth: [] } as const;

test('OPTIONS needs no login and names the methods', async () => {
  const client = await RtspClient.open((await testCamera()).rtspUrl);
  const answer = await client.request('OPTIONS');
  expect(answer.status).toBe(200);
  expect(answer.headers.get('public')?.[0]).toContain('GET_PARAMETER');
});

test('two challenges come in the order the device was given, with its realm', async () => {
  const realm = 'Login to AMC0007A1B2C3D4';
  const client = await RtspClient.open(
    (await testCamera({ rtspAuth: ['digest-sha256', 'digest-md5'], realm })).rtspUrl,
  );
  const answer = await client.request('DESCRIBE');
  expect(answer.status).toBe(401);
  const challenges = answer.headers.get('www-authenticate') ?? [];
  expect(challenges.map((one) => one.includes('algorithm=SHA-256'))).toEqual([true, false]);
  for (const challenge of challenges) expect(challenge).toContain(`realm="${realm}"`);
});

test.each(['digest-md5', 'digest-sha256'] as const)('%s alone lets the right password in', async (kind) => {
  const camera = await testCamera({ rtspAuth: [kind] });
  const client = await RtspClient.open(camera.rtspUrl);
  const challenge = (await client.request('DESCRIBE')).headers.get('www-authenticate')?.[0] ?? '';
  const { user, password } = camera.account;
  const right = client.digest(challenge, 'DESCRIBE', user, password);
  expect((await client.request('DESCRIBE', { Authorization: right })).status).toBe(200);
  const wrong = client.digest(challenge, 'DESCRIBE', user, 'wrong');
  expect((await client.request('DESCRIBE', { Authorization: wrong })).status).toBe(401);
});

test('an old nonce is answered with a new one and stale=TRUE, and is no wrong password', async () => {
  const camera = await testCamera({ nonceLifeS: 0.1 });
  const client = await RtspClient.open(camera.rtspUrl);
  const challenge = (await client.request('DESCRIBE')).headers.get('www-authenticate')?.[0] ?? '';
  const login = client.digest(challenge, 'DESCRIBE', camera.account.user, camera.account.password);
  const answered = async () => (await client.request('DESCRIBE', { Authorization: login })).status === 401;
  await expect.poll(answered).toBe(true);
  const refusal = await client.request('DESCRIBE', { Authorization: login });
  expect(refusal.headers.get('www-authenticate')?.[0]).toContain('stale=TRUE');
  expect(camera.state().wrongTries).toBe(0);
});

test('PLAY starts with a sender report and a keyframe at once, and tells its place in RTP-Info', async () => {
  const camera = await testCamera(open);
  const client = await RtspClient.open(camera.rtspUrl);
  const before = Date.now();
  const play = await client.play([0, 1]);
  expect(play.status).toBe(200);
  await client.until(
    () => client.packets.filter((packet) => packet.channel === 0).length > 4,
    'the first pictures',
    1_000,
  );
  expect(client.packets[0]?.channel).toBe(1);
  const video = client.packets.filter((packet) => packet.channel === 0).map((packet) => readRtp(packet.data));
  expect(video.slice(0, 3).map((packet) => (packet.payload[0] ?? 0) & 0x1f)).toEqual([7, 8, 6]);
  const [first] = video;
  expect(play.headers.get('rtp-info')?.[0]).toContain(`trackID=0;seq=${first?.sequence};rtptime=${first?.timestamp}`);
  const report = readSenderReport(client.packets[0]?.data ?? Buffer.alloc(0));
  expect(report.ssrc).toBe(first?.ssrc);
  expect(Math.abs(report.wallMs - before)).toBeLessThan(2_000);
});

test('sender reports go on every five seconds and agree with the media', async () => {
  const camera = await testCamera({ ...open, audio: 'pcma' });
  const client = await RtspClient.open(camera.rtspUrl);
  await client.play([0, 1]);
  const reports = (channel: number) =>
    client.packets.filter((packet) => packet.channel === channel).map((packet) => readSenderReport(packet.data));
  await client.until(() => reports(1).length >= 2 && reports(3).length >= 2, 'two reports of each stream', 12_000);
  for (const [channel, clockRate] of [
    [1, 90_000],
    [3, 8_000],
  ] as const) {
    const [one, two] = reports(channel);
    if (one === undefined || two === undefined) throw new Error('Two reports are needed.');
    expect(Math.abs(two.wallMs - one.wallMs - 5_000)).toBeLessThan(200);
    const ticks = (two.rtpTimestamp - one.rtpTimestamp + 2 ** 32) % 2 ** 32;
    expect(Math.abs(ticks / clockRate - (two.wallMs - one.wallMs) / 1000)).toBeLessThan(0.01);
    expect(two.packets).toBeGreaterThan(one.packets);
  }
});

test('every session has its own SSRC, first sequence number and timestamp offset', async () => {
  const camera = await testCamera(open);
  const firsts = await Promise.all(
    [1, 2].map(async () => {
      const client = await RtspClient.open(camera.rtspUrl);
      await client.play();
      await client.until(() => client.packets.length > 1, 'a packet');
      return readRtp(client.packets.find((packet) => packet.channel === 0)?.data ?? Buffer.alloc(12));
    }),
  );
  expect(firsts[0]?.ssrc).not.toBe(firsts[1]?.ssrc);
  expect(firsts[0]?.timestamp).not.toBe(firsts[1]?.timestamp);
});

test('a client may start at the next keyframe instead', async () => {
  const camera = await testCamera({ ...open, startAt: 'next-keyframe' });
  const client = await RtspClient.open(camera.rtspUrl);
  await client.play();
  await client.until(() => frames(client.packets).length > 30, 'more than one GOP');
  const [sent] = camera.sent();
  expect((sent?.frames[0]?.from ?? 1) % 25).toBe(0);
  const numbers = frames(client.packets);
  expect(numbers).toEqual(numbers.map((_, at) => (numbers[0] ?? 0) + at));
});

test('PAUSE stops the packets and PLAY goes on', async () => {
  const camera = await testCamera(open);
  const client = await RtspClient.open(camera.rtspUrl);
  await client.play();
  await client.until(() => client.packets.length > 10, 'packets');
  expect((await client.request('PAUSE')).status).toBe(200);
  const paused = client.packets.length;
  await client.request('GET_PARAMETER');
  expect((await client.request('GET_PARAMETER')).status).toBe(200);
  expect(client.packets.length).toBe(paused);
  expect((await client.request('PLAY')).status).toBe(200);
  await client.until(() => client.packets.length > paused + 10, 'packets again');
  expect(camera.sent().map((stream) => stream.endReason)).toEqual(['PAUSE', undefined]);
  const numbers = frames(client.packets);
  expect(numbers).toEqual([...new Set(numbers)].sort((one, two) => one - two));
});

test('TEARDOWN ends the session and frees its place', async () => {
  const camera = await testCamera(open);
  const client = await RtspClient.open(camera.rtspUrl);
  await client.play();
  expect(camera.state().sessions).toBe(1);
  expect((await client.request('TEARDOWN')).status).toBe(200);
  expect(camera.state().sessions).toBe(0);
  expect((await client.request('GET_PARAMETER')).status).toBe(454);
});

test('a client without a sign of life is dropped after the session timeout, one with keep-alives is not', async () => {
  const camera = await testCamera({ ...open, sessionTimeoutS: 1 });
  const silent = await RtspClient.open(camera.rtspUrl);
  const setup = await silent.request(
    'SETUP',
    { Transport: 'RTP/AVP/TCP;unicast;interleaved=0-1' },
    `${silent.url}/trackID=0`,
  );
  expect(setup.headers.get('session')?.[0]).toMatch(/;timeout=1$/);
  const lively = await RtspClient.open(camera.rtspUrl);
  await lively.play();
  const reporting = await RtspClient.open(camera.rtspUrl);
  await reporting.play();
  const receiverReport = Buffer.from([0x24, 1, 0, 8, 0x80, 201, 0, 1, 0, 0, 0, 1]);
  for (let beat = 0; beat < 8; beat++) {
    const seen = lively.packets.length;
    await lively.until(() => lively.packets.length > seen + 10, 'packets');
    expect((await lively.request('SET_PARAMETER')).status).toBe(200);
    reporting.send(receiverReport);
  }
  await silent.untilClosed(3_000);
  expect(camera.state().sessions).toBe(2);
  expect([lively.isClosed, reporting.isClosed]).toEqual([false, false]);
  await reporting.untilClosed(4_000); // it has stopped reporting
});

test('a client that does not read is dropped', async () => {
  const camera = await testCamera({
    ...open,
    video: { width: 640, height: 360, bitrateKbps: 8_000, fps: 25, gopS: 1, loopS: 4 },
  });
  const client = await RtspClient.open(camera.rtspUrl);
  await client.play();
  client.pauseReading();
  await expect.poll(() => camera.sent()[0]?.endReason, { timeout: 30_000 }).toBe('the client does not read');
});

test.each([
  ['an unknown path', 'DESCRIBE', '/nothing', {}, 404],
  ['an unknown track', 'SETUP', '/live/main/trackID=9', { Transport: 'RTP/AVP/TCP;unicast;interleaved=0-1' }, 404],
  ['an unknown session', 'PLAY', '/live/main', { Session: '12345678' }, 454],
  ['PLAY before SETUP', 'PLAY', '/live/main', {}, 454],
  [
    'a transport nobody knows',
    'SETUP',
    '/live/main/trackID=0',
    { Transport: 'RTP/SAVP;unicast;client_port=5000-5001' },
    461,
  ],
  ['multicast', 'SETUP', '/live/main/trackID=0', { Transport: 'RTP/AVP;multicast;client_port=5000-5001' }, 461],
  ['an unknown method', 'ANNOUNCE', '/live/main', {}, 405],
] as const)('%s is refused', async (_, method, path, headers, status) => {
  const camera = await testCamera(open);
  const client = await RtspClient.open(camera.rtspUrl);
  expect((await client.request(method, headers, camera.rtspUrl.replace('/live/main', path))).status).toBe(status);
});

test('bytes that are no RTSP end the connection and nothing else', async () => {
  const camera = await testCamera(open);
  const good = await RtspClient.open(camera.rtspUrl);
  await good.play();
  const bad = await RtspClient.open(camera.rtspUrl);
  bad.send(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
  await bad.untilClosed();
  const seen = good.packets.length;
  await good.until(() => good.packets.length > seen + 5, 'packets');
});

test('closing the site leaves no open port, no session and no timer', async () => {
  const camera = await testCamera(open);
  const client = await RtspClient.open(camera.rtspUrl);
  await client.play();
  await camera.close();
  await camera.close();
  await client.untilClosed();
  expect(camera.state().sessions).toBe(0);
  await expect(RtspClient.open(camera.rtspUrl)).rejects.toThrow('ECONNREFUSED');
});

/** Absolute frame numbers in the packets of channel 0, read from the marks. */
function frames(packets: readonly Packet[]): number[] {
  return packets
    .filter((packet) => packet.channel === 0)
    .map((packet) => readSei(readRtp(packet.data).payload)?.number)
    .filter((number) => number !== undefined);
}
