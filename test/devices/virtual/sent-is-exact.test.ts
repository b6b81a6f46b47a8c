// Whatever is switched in the middle of a session, the list of what was sent names exactly the pictures and sounds that came.

import { expect, test } from 'vitest';
import { deviceMark, readSei } from '../../../devices/virtual/sei.ts';
import type { NumberRange } from '../../../devices/virtual/sent-ledger.ts';
import { RtspClient, readRtp } from './rtsp-client.ts';
import { testCamera } from './test-site.ts';

test.each([
  ['h264', 0],
  ['h264', 2],
  ['h265', 1],
] as const)('%s with %i B-frames', async (codec, bFrames) => {
  const camera = await testCamera({ rtspAuth: [], video: { codec, bFrames } });
  const client = await RtspClient.open(camera.rtspUrl);
  await client.play([0, 1]);
  const marks = () =>
    client.packets.flatMap(({ channel, data }) => (channel === 0 ? (readSei(readRtp(data).payload, codec) ?? []) : []));
  const more = async (count: number) => {
    const before = marks().length;
    await client.until(() => marks().length >= before + count, `${count} more pictures`);
  };
  await more(10);
  camera.holdBack(300);
  await more(15);
  camera.restartTimestamps();
  await more(5);
  camera.freeze('packets');
  await client.request('GET_PARAMETER');
  camera.freeze('off');
  await more(5);
  camera.newSsrc();
  camera.setFpsJitter(30);
  camera.setDrift(20_000);
  await more(10);
  camera.leave();
  camera.comeBack();
  await camera.changeVideo({ width: 256, height: 144 });
  await more(30);
  camera.freeze('picture');
  await more(30);
  expect((await client.request('PAUSE')).status).toBe(200);
  const [stream] = camera.sent();
  const numbers = marks().map((mark) => mark.number);
  expect(new Set(numbers).size).toBe(numbers.length);
  expect(expand(stream?.frames)).toEqual([...numbers].sort((one, other) => one - other));
  expect(new Set(marks().map((mark) => mark.device))).toEqual(new Set([deviceMark('cam-1')]));
  const soundPackets = client.packets.filter(({ channel }) => channel === 2).length;
  expect(expand(stream?.audioPackets).length).toBe(soundPackets);
  // In ascending order and not touching each other, so that holes can be read from it.
  const ranges = stream?.frames ?? [];
  ranges.forEach(({ from, to }, at) => {
    expect(to).toBeGreaterThanOrEqual(from);
    if (at > 0) expect(from).toBeGreaterThan((ranges[at - 1]?.to ?? 0) + 1);
  });
});

function expand(ranges: readonly NumberRange[] = []): number[] {
  return ranges.flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, at) => from + at));
}
