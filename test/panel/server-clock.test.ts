import { expect, test } from 'vitest';
import { ServerClock } from '../../panel/wire/server-clock.ts';

/** A controller whose wall clock reads this when the panel's monotonic clock reads nought. */
const ZERO = Date.UTC(2026, 10, 21);

test('goes on between snapshots from the monotonic clock, whatever this machine believes the time to be', () => {
  const clock = new ServerClock();
  expect(clock.nowMs(0)).toBeNull();
  clock.observe(ZERO + 1_000, 1_010);
  expect(clock.nowMs(1_510)).toBe(ZERO + 1_500);
});

test('a delayed snapshot does not set the time back', () => {
  const clock = new ServerClock();
  clock.observe(ZERO + 1_000, 1_005);
  clock.observe(ZERO + 2_000, 2_900);
  expect(clock.nowMs(2_900)).toBe(ZERO + 2_895);
});

test('is stale three seconds after the last snapshot came', () => {
  const clock = new ServerClock();
  expect(clock.isStale(99_999)).toBe(false);
  clock.observe(ZERO + 1_000, 1_000);
  expect(clock.isStale(4_000)).toBe(false);
  expect(clock.isStale(4_001)).toBe(true);
  clock.observe(ZERO + 5_000, 5_000);
  expect(clock.isStale(5_000)).toBe(false);
});

test('is stale when what arrives was written long ago', () => {
  const clock = new ServerClock();
  clock.observe(ZERO + 1_000, 1_000);
  clock.observe(ZERO + 2_000, 7_000);
  expect(clock.isStale(7_000)).toBe(true);
});

test('follows the controller when its clock is set back, and does not call that stale', () => {
  const clock = new ServerClock();
  clock.observe(ZERO + 100_000, 1_000);
  clock.observe(ZERO + 40_000, 2_000);
  expect(clock.nowMs(2_000)).toBe(ZERO + 40_000);
  expect(clock.isStale(2_500)).toBe(false);
});
