/** A source that was lost is tried again: at once after a good run, ever more rarely when nothing comes, every second while something is to be kept. */
import { expect, test } from 'vitest';
import { Retry } from '../../controller/recorder/retry.ts';

const REFUSED = { mediaMs: null, tookMs: 3 };
const HUNG = { mediaMs: null, tookMs: 5_000 };
const GOOD = { mediaMs: 60_000, tookMs: 61_000 };

test('nobody wants to keep anything: 1, 2, 4 and then 5 s for ever', () => {
  const retry = new Retry();
  expect(Array.from({ length: 6 }, () => retry.pauseAfter(REFUSED, false))).toEqual([
    1_000, 2_000, 4_000, 5_000, 5_000, 5_000,
  ]);
});

test.each([true, false])('after a run with media at once, then from the beginning again (keeping: %s)', (keeping) => {
  const retry = new Retry();
  for (let i = 0; i < 4; i++) retry.pauseAfter(REFUSED, keeping);
  expect(retry.pauseAfter(GOOD, keeping)).toBe(200);
  expect(retry.pauseAfter({ mediaMs: null, tookMs: 0 }, keeping)).toBe(1_000);
});

test('a camera that gives a moment of media and dies is not hammered', () => {
  const retry = new Retry();
  const dies = { mediaMs: 300, tookMs: 600 };
  expect(Array.from({ length: 5 }, () => retry.pauseAfter(dies, false))).toEqual([1_000, 2_000, 4_000, 5_000, 5_000]);
  expect(Array.from({ length: 5 }, () => retry.pauseAfter(dies, true) + dies.tookMs)).toEqual(Array(5).fill(1_000));
});

test('while something is to be kept, attempts begin a second apart, and never without a breath between them', () => {
  const retry = new Retry();
  for (let i = 0; i < 10; i++) expect(retry.pauseAfter(REFUSED, true) + REFUSED.tookMs).toBe(1_000);
  for (let i = 0; i < 10; i++) expect(retry.pauseAfter(HUNG, true)).toBe(200);
});
