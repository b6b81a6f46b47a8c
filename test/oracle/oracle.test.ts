// The oracle says no when a recording is not right: a lost, doubled or swapped frame, a picture that is not what its mark says, a
// missing second of sound.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { startVirtualSite } from '../../devices/virtual/site.ts';
import { paintTones } from '../../devices/virtual/tone.ts';
import { MEDIA_CACHE_DIR, record, TINY_LOOP_FRAMES, tinyCamera } from '../devices/virtual/test-site.ts';
import {
  assertOnceInOrder,
  compareStrips,
  type FrameMark,
  lostFrames,
  missingFrames,
  readFrames,
  run,
} from './frames.ts';
import { assertTonesComplete, findTones, readTones } from './tones.ts';

let folder = '';
let file = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quancheng-oracle-'));
  file = join(folder, 'whole.mp4');
  const site = await startVirtualSite({ cacheDir: MEDIA_CACHE_DIR, devices: [tinyCamera()] });
  await record({ url: site.device('cam-1').rtspUrlWithLogin, file, seconds: 5 });
  await site.close();
  return () => rm(folder, { recursive: true, force: true });
});

const frame = (number: number, boot = 0, device = 1): FrameMark => ({
  ...{
    number,
    boot,
    device,
    captureTimeUs: 0,
    hostTimeUs: 0,
    file: 'a.mp4',
    index: number,
    codec: 'h264',
    isKey: false,
    decodeTimeS: 0,
    showTimeS: 0,
  },
});

describe('frames', () => {
  test('a whole recording passes, with times that go with the numbers', async () => {
    const frames = await readFrames([file]);
    assertOnceInOrder(frames);
    expect(missingFrames(frames)).toEqual([]);
    const [first, last] = [frames[0], frames.at(-1)];
    const spanUs = (last?.hostTimeUs ?? 0) - (first?.hostTimeUs ?? 0);
    expect(Math.abs(spanUs - (frames.length - 1) * 40_000)).toBeLessThan(5_000);
    expect((await compareStrips([file], TINY_LOOP_FRAMES)).mismatches).toEqual([]);
  });

  test('the same file twice is a repeat', async () => {
    const frames = await readFrames([file, file]);
    expect(() => assertOnceInOrder(frames)).toThrow('does not follow');
  });

  test.each([
    ['a lost frame', [1, 2, 4], false],
    ['a doubled frame', [1, 2, 2], true],
    ['swapped frames', [1, 3, 2], true],
    ['nothing', [], true],
  ])('%s is found', (_, numbers, allowGaps) => {
    expect(() =>
      assertOnceInOrder(
        numbers.map((number) => frame(number)),
        { allowGaps },
      ),
    ).toThrow();
  });

  test('gaps are accepted when asked for, and named', () => {
    const frames = [frame(1), frame(2), frame(6), frame(7), frame(0, 1), frame(1, 1)];
    assertOnceInOrder(frames, { allowGaps: true });
    expect(() => assertOnceInOrder(frames)).toThrow('0/6');
    expect(missingFrames(frames)).toEqual([{ boot: 0, from: 3, to: 5 }]);
  });

  test('frames that were sent and are not kept are named', () => {
    const stream = {
      session: 'A',
      stream: 'main',
      transport: 'tcp',
      startedAtUs: 0,
      endedAtUs: 1,
      endReason: 'x',
      audioPackets: [],
    } as const;
    const sent = [
      {
        ...stream,
        boot: 0,
        frames: [
          { from: 1, to: 4 },
          { from: 8, to: 9 },
        ],
      },
      { ...stream, boot: 1, frames: [{ from: 0, to: 1 }] },
    ];
    expect(lostFrames(sent, [frame(1), frame(4), frame(8), frame(9), frame(0, 1), frame(1, 1)])).toEqual([
      { boot: 0, from: 2, to: 3 },
    ]);
    expect(lostFrames(sent, [])).toHaveLength(3);
  });

  test('frames of another camera or an earlier boot do not follow', () => {
    expect(() => assertOnceInOrder([frame(1), frame(2, 0, 9)])).toThrow('does not follow');
    expect(() => assertOnceInOrder([frame(1, 1), frame(2, 0)])).toThrow('does not follow');
  });

  test('a picture that is not what its mark says is found', async () => {
    // Told a wrong length of the loop, the oracle expects other pictures after the first seam.
    const { mismatches } = await compareStrips([file], TINY_LOOP_FRAMES - 1);
    expect(mismatches.length).toBeGreaterThan(0);
  });

  test('damaged pictures are found by decoding', async () => {
    const damaged = join(folder, 'damaged.mp4');
    const noise = ['-bsf:v', 'noise=amount=400'];
    await run('ffmpeg', [
      '-nostdin',
      '-v',
      'fatal',
      '-i',
      file,
      '-c',
      'copy',
      ...noise,
      '-movflags',
      'frag_keyframe+empty_moov+default_base_moof',
      damaged,
    ]);
    await expect(compareStrips([damaged], TINY_LOOP_FRAMES)).rejects.toThrow();
  });

  test('a recording without marks is refused', async () => {
    const foreign = join(folder, 'foreign.mp4');
    const source = ['-f', 'lavfi', '-i', 'testsrc=size=160x120:rate=10:duration=1'];
    await run('ffmpeg', [
      '-nostdin',
      '-v',
      'error',
      ...source,
      '-c:v',
      'libx264',
      '-movflags',
      'empty_moov+frag_keyframe',
      foreign,
    ]);
    await expect(readFrames([foreign])).rejects.toThrow('has no mark');
  });
});

describe('tones', () => {
  const second = (pcm: Buffer, from: number, to: number) => pcm.subarray(from * 16_000, to * 16_000);
  const loop = paintTones(8_000, 8);

  test('a whole recording passes', async () => {
    const tones = await readTones([file], 8);
    assertTonesComplete(tones, 8);
    expect(tones.runs.length).toBeGreaterThanOrEqual(4);
  });

  test('the loop is whole over its seam', () => {
    const tones = findTones(Buffer.concat([loop, loop]), 8);
    assertTonesComplete(tones, 8);
    expect(tones.runs.map((one) => one.slot)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7]);
    expect(tones.unknownS / tones.durationS).toBeLessThan(0.03);
  });

  test.each([
    ['a missing second', [second(loop, 0, 3), second(loop, 4, 8)]],
    ['half a missing second', [second(loop, 0, 3.2), second(loop, 3.7, 8)]],
    ['a doubled second', [second(loop, 0, 4), second(loop, 3, 8)]],
    ['a second of silence', [second(loop, 0, 3), Buffer.alloc(16_000), second(loop, 4, 8)]],
    ['silence', [Buffer.alloc(64_000)]],
  ])('%s is found', (_, parts) => {
    expect(() => assertTonesComplete(findTones(Buffer.concat(parts), 8), 8)).toThrow();
  });
});
