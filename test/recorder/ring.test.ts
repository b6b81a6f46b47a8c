/** What is in memory: the pre-roll by whole groups of pictures, bounded by bytes, and the right place for a claim to begin. */
import { expect, test } from 'vitest';
import type { Header, Track } from '../../controller/core/mp4.ts';
import { type Fragment, fragmentEnd, fragmentStart, Ring } from '../../controller/recorder/ring.ts';
import { Run } from '../../controller/recorder/run.ts';
import { seeded } from '../oracle/fragmented.ts';

const FRAGMENT_MS = 500;
const MEGA = 1_000_000;
const TRACK: Track = {
  ...{ id: 1, kind: 'video', timescale: 90_000, codec: 'avc1', width: 160, height: 96 },
  ...{ sampleRate: 0, defaultDuration: 0, defaultFlags: 0 },
};
const HEADER: Header = { tracks: [TRACK], lead: TRACK };

/** A run whose media time 0 is at monotonic `zeroMs`. */
function runAt(zeroMs: number): Run {
  const run = new Run('01M7ZNP7P5G36CXJ4SJ8420NC8', Buffer.alloc(0), HEADER, { video: null, audio: null });
  run.clock.observe(0, zeroMs);
  return run;
}

/** The n-th fragment of a run; every fourth begins with a keyframe. */
function fragment(run: Run, n: number, bytes = 1_000): Fragment {
  return {
    run,
    index: n,
    bytes: Buffer.alloc(bytes),
    lostPackets: 0,
    info: {
      startMs: n * FRAGMENT_MS,
      endMs: (n + 1) * FRAGMENT_MS,
      videoFrames: 12,
      audioFrames: 0,
      ...{ leadSamples: 12, stepMs: FRAGMENT_MS / 12, firstStepMs: FRAGMENT_MS / 12 },
      startsWithKeyframe: n % 4 === 0,
    },
  };
}

function filled(run: Run, from: number, to: number, bytesMax = MEGA): Ring {
  const ring = new Ring(bytesMax);
  for (let n = from; n < to; n++) ring.push(fragment(run, n));
  return ring;
}

const numbers = (ring: Ring): number[] => {
  const found: number[] = [];
  for (let one = ring.shift(); one !== undefined; one = ring.shift()) found.push(one.info.startMs / FRAGMENT_MS);
  return found;
};
const never = () => false;

test('first in, first out; bytes, length and span follow', () => {
  const run = runAt(10_000);
  const ring = new Ring(MEGA);
  expect([ring.bytes, ring.length, ring.spanMs, ring.first, ring.shift()]).toEqual([0, 0, 0, undefined, undefined]);
  for (let n = 0; n < 6; n++) expect(ring.push(fragment(run, n, 100 + n))).toBe(0);
  expect([ring.bytes, ring.length, ring.spanMs]).toEqual([615, 6, 3_000]);
  expect(ring.first === undefined ? 0 : fragmentStart(ring.first)).toBe(10_000);
  expect(ring.first === undefined ? 0 : fragmentEnd(ring.first)).toBe(10_500);
  ring.shift();
  expect([ring.bytes, ring.length, ring.spanMs]).toEqual([515, 5, 2_500]);
  expect(numbers(ring)).toEqual([1, 2, 3, 4, 5]);
  expect([ring.bytes, ring.length]).toEqual([0, 0]);
});

test('full: the oldest go and are counted, the newest always stays', () => {
  const run = runAt(0);
  const ring = filled(run, 0, 5, 5_000);
  expect(ring.push(fragment(run, 5))).toBe(1);
  expect(ring.push(fragment(run, 6, 3_000))).toBe(3);
  expect(ring.bytes).toBeLessThanOrEqual(5_000);
  expect(ring.push(fragment(run, 7, 9_000)), 'one that is larger than all the memory').toBe(3);
  expect(numbers(ring)).toEqual([7]);
});

test('armed: what lies wholly before the pre-roll goes, by whole groups of pictures', () => {
  const run = runAt(10_000);
  const ring = filled(run, 0, 12);
  ring.forgetBefore(11_900);
  expect(ring.length, 'the first group still reaches into it').toBe(12);
  ring.forgetBefore(12_000);
  expect(ring.first?.info.startMs).toBe(2_000);
  ring.forgetBefore(15_999);
  expect(numbers(ring)).toEqual([8, 9, 10, 11]);
});

test('armed without a keyframe for long: nothing is forgotten but what memory cannot hold', () => {
  const run = runAt(10_000);
  const ring = filled(run, 1, 4);
  ring.forgetBefore(1_000_000);
  expect(numbers(ring)).toEqual([1, 2, 3]);
});

test.each([
  { name: 'with the last keyframe at or before it', from: 0, at: 15_300, begins: true, first: 8 },
  { name: 'exactly with a keyframe', from: 0, at: 14_000, begins: true, first: 8 },
  { name: 'before all there is, which begins with a keyframe', from: 4, at: 10_000, begins: true, first: 4 },
  { name: 'before all there is, which begins between keyframes', from: 5, at: 10_000, begins: true, first: 8 },
  { name: 'behind all there is', from: 0, at: 99_000, begins: true, first: 8 },
])('a claim begins $name', ({ from, at, begins, first }) => {
  const ring = filled(runAt(10_000), from, 12);
  expect(ring.beginAt(at, never)).toBe(begins);
  expect(ring.first?.info.startMs).toBe(first * FRAGMENT_MS);
});

test('a claim where no keyframe is yet waits, unless the first fragment follows what is on disk', () => {
  const waiting = filled(runAt(10_000), 1, 4);
  expect(waiting.beginAt(10_900, never)).toBe(false);
  expect(waiting.length).toBe(0);
  const going = filled(runAt(10_000), 1, 4);
  expect(going.beginAt(10_900, ({ info }) => info.startMs === FRAGMENT_MS)).toBe(true);
  expect(numbers(going)).toEqual([1, 2, 3]);
  expect(
    new Ring(MEGA).beginAt(0, () => true),
    'nothing there',
  ).toBe(false);
});

test('a claim that follows another goes on in the middle of a group of pictures, not at the keyframe before', () => {
  const ring = filled(runAt(10_000), 6, 12);
  expect(ring.beginAt(12_500, ({ info }) => info.startMs === 6 * FRAGMENT_MS)).toBe(true);
  expect(ring.first?.info.startMs).toBe(6 * FRAGMENT_MS);
});

test('fragments of two runs are each on their own clock', () => {
  const ring = filled(runAt(10_000), 0, 4);
  const second = runAt(20_000);
  for (let n = 0; n < 4; n++) ring.push(fragment(second, n));
  expect(ring.spanMs).toBe(12_000);
  ring.forgetBefore(20_000);
  expect(ring.length).toBe(4);
  expect(ring.first?.run).toBe(second);
});

test('random use: bytes are the sum of what is held, order is kept, memory is bounded', () => {
  const random = seeded(9);
  const run = runAt(0);
  const ring = new Ring(20_000);
  const model: Fragment[] = [];
  for (let n = 0; n < 3_000; n++) {
    const one = fragment(run, n, Math.floor(random() * 2_000));
    model.push(one);
    model.splice(0, ring.push(one));
    if (random() < 0.3) expect(ring.shift()).toBe(model.shift());
    if (random() < 0.05) {
      ring.forgetBefore((n - random() * 20) * FRAGMENT_MS);
      model.splice(0, model.length - ring.length);
    }
    expect(ring.first).toBe(model[0]);
    expect(ring.bytes).toBe(model.reduce((sum, { bytes }) => sum + bytes.length, 0));
    expect(ring.bytes).toBeLessThanOrEqual(20_000);
  }
  ring.clear();
  expect([ring.bytes, ring.length, ring.first]).toEqual([0, 0, undefined]);
});
