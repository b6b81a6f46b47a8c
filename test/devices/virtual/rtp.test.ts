// RTP as the RFCs have it: fragments, markers, counters; and a client far behind the live edge catches up without being dropped.

import { connect, createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { type HostClock, VirtualClock } from '../../../devices/virtual/clock.ts';
import type { VideoSet } from '../../../devices/virtual/media-set.ts';
import { Playout } from '../../../devices/virtual/playout.ts';
import { HEADROOM_BYTES, RtpStream } from '../../../devices/virtual/rtp.ts';
import { InterleavedTransport } from '../../../devices/virtual/rtp-transport.ts';
import { RtspSession } from '../../../devices/virtual/rtsp-session.ts';
import { SentLedger } from '../../../devices/virtual/sent-ledger.ts';

interface Sent {
  readonly marker: boolean;
  readonly sequence: number;
  readonly timestamp: number;
  readonly payload: Buffer;
}

function collect(): { sink: (head: Buffer, body: Buffer) => void; sent: Sent[] } {
  const sent: Sent[] = [];
  const sink = (head: Buffer, body: Buffer) => {
    const packet = Buffer.concat([head.subarray(HEADROOM_BYTES), body]);
    expect(packet.length).toBeLessThanOrEqual(1_412);
    sent.push({
      marker: ((packet[1] ?? 0) & 0x80) !== 0,
      sequence: packet.readUInt16BE(2),
      timestamp: packet.readUInt32BE(4),
      payload: packet.subarray(12),
    });
  };
  return { sink, sent };
}

test('a large NAL unit goes out in fragments that make it whole again, the marker on the last packet of the picture', () => {
  const stream = new RtpStream(96, 90_000);
  stream.sequence = 0xfffe;
  const { sink, sent } = collect();
  const slice = Buffer.from(Array.from({ length: 5_000 }, (_, at) => (at === 0 ? 0x65 : at & 0xff)));
  stream.sendPicture('h264', [Buffer.from([0x67, 1]), Buffer.from([0x68, 2]), slice], 3_600, sink);
  expect(sent.map((packet) => packet.marker)).toEqual([false, false, false, false, false, true]);
  expect(sent.map((packet) => packet.sequence)).toEqual([0xfffe, 0xffff, 0, 1, 2, 3]);
  expect(new Set(sent.map((packet) => packet.timestamp)).size).toBe(1);
  const fragments = sent.slice(2).map((packet) => packet.payload);
  expect(fragments.map((one) => one[0])).toEqual([0x7c, 0x7c, 0x7c, 0x7c]);
  expect(fragments.map((one) => one[1])).toEqual([0x85, 0x05, 0x05, 0x45]);
  expect(Buffer.concat([Buffer.from([0x65]), ...fragments.map((one) => one.subarray(2))]).equals(slice)).toBe(true);
  expect(stream.packetCount).toBe(6);
});

test('H.265 is fragmented behind its two-byte header, and a small NAL unit goes out as it is', () => {
  const { sink, sent } = collect();
  const small = Buffer.from([32 << 1, 1, 7]);
  // Type 20 with the low bits of layer and temporal number, which a fragment has to keep.
  const slice = Buffer.from(Array.from({ length: 3_000 }, (_, at) => [(20 << 1) | 1, 0x0a][at] ?? at & 0xff));
  new RtpStream(96, 90_000).sendPicture('h265', [small, slice], 0, sink);
  expect(sent.map((packet) => packet.marker)).toEqual([false, false, false, true]);
  expect(sent[0]?.payload.equals(small)).toBe(true);
  const fragments = sent.slice(1).map((packet) => packet.payload);
  expect(fragments.map((one) => one.readUInt16BE(0))).toEqual(new Array(3).fill((((49 << 1) | 1) << 8) | 0x0a));
  expect(fragments.map((one) => one[2])).toEqual([0x80 | 20, 20, 0x40 | 20]);
  expect(Buffer.concat([slice.subarray(0, 2), ...fragments.map((one) => one.subarray(3))]).equals(slice)).toBe(true);
});

test('an AAC frame stands behind its access unit header', () => {
  const { sink, sent } = collect();
  new RtpStream(97, 48_000).sendAac(Buffer.alloc(300, 7), 1_024, sink);
  expect(sent[0]?.marker).toBe(true);
  expect(sent[0]?.payload.subarray(0, 4)).toEqual(Buffer.from([0, 16, (300 << 3) >> 8, (300 << 3) & 0xff]));
});

test('timestamps wrap, and a negative shift is no negative timestamp', () => {
  const stream = new RtpStream(96, 90_000);
  const step = (stream.timestamp(2 ** 33 + 3_600) - stream.timestamp(2 ** 33) + 2 ** 32) % 2 ** 32;
  expect(step).toBe(3_600);
  expect(stream.timestamp(-9_000_000_000)).toBeGreaterThanOrEqual(0);
});

/** A camera with a ten-second GOP of 20 kB pictures, and a connection to it; its clock moves only when told. */
async function heavyCamera() {
  const host: HostClock & { mono: number } = { mono: 0, monoMs: () => host.mono, wallMs: () => 1.8e12 + host.mono };
  const frames = Array.from({ length: 250 }, (_, at) => ({
    isKey: at === 0,
    shown: at,
    slices: [Buffer.alloc(20_000, at === 0 ? 0x65 : 0x41)],
  }));
  const [sps, pps] = [Buffer.from([0x67, 0x4d, 0, 0x1e]), Buffer.from([0x68, 1])];
  const video: VideoSet = {
    codec: 'h264',
    fps: 25,
    gopFrames: 250,
    bFrames: 0,
    parameterSets: [sps, pps],
    frames,
    still: frames,
    snapshots: [],
  };
  const clock = new VirtualClock({ offsetMs: 0, driftPpm: 0, ntp: false, timeZone: '', survivesReboot: true }, host);
  const playout = new Playout({ video, audio: undefined }, clock, 'cam-1', host);
  const ledger = new SentLedger();
  const server = createServer();
  const taken = new Promise<Socket>((resolve) => server.once('connection', resolve));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const client = connect(typeof address === 'object' ? (address?.port ?? 0) : 0, '127.0.0.1');
  const socket = await taken;
  let isDropped = false;
  const session = new RtspSession('A', { playout, clock, ledger, isAway: () => false }, socket, () => {
    isDropped = true;
    session.close('dropped');
  });
  onTestFinished(() => {
    session.close('the test ended');
    client.destroy();
    socket.destroy();
    server.close();
  });
  session.addTrack(0, 'video', new InterleavedTransport(socket, 0));
  host.mono = 9_900;
  session.prepare('keyframe-now');
  return { host, session, client, ledger, isDropped: () => isDropped };
}

test('a client that reads gets the whole GOP, however large, and is not dropped', async () => {
  const { session, client, ledger, isDropped } = await heavyCamera();
  client.resume();
  session.play();
  await expect.poll(() => ledger.list()[0]?.frames, { timeout: 5_000 }).toEqual([{ from: 0, to: 247 }]);
  expect(isDropped()).toBe(false);
});

test('a client that does not read is dropped while it should catch up', async () => {
  const { host, session, client, ledger, isDropped } = await heavyCamera();
  client.pause();
  session.play();
  const sent = ledger.list()[0]?.frames[0]?.to ?? 0;
  expect(sent).toBeLessThan(247);
  host.mono += 16_000;
  await expect.poll(isDropped).toBe(true);
});
