/** Every stream has its share of memory: never more than a minute, never too little to record, and all together what was given. */
import { expect, test } from 'vitest';
import { memoryFor, RING_BYTES_MAX, ringShare } from '../../controller/recorder/memory.ts';

const MIB = 1024 * 1024;

test('a minute of a stalled disk at 8 Mbit/s fits, with its sound and its boxes', () => {
  const minuteBytes = (60 * (8_000_000 + 64_000)) / 8;
  expect(RING_BYTES_MAX).toBeGreaterThan(minuteBytes * 1.05);
});

test('memory is shared out', () => {
  expect(ringShare(2_048 * MIB, 4)).toBe(RING_BYTES_MAX);
  expect(ringShare(1_024 * MIB, 32)).toBe(32 * MIB);
  expect(32 * ringShare(memoryFor(4_096 * MIB), 32)).toBeLessThanOrEqual(1_024 * MIB);
  expect(ringShare(1, 100)).toBe(4 * MIB);
  expect(ringShare(Number.POSITIVE_INFINITY, 0)).toBe(RING_BYTES_MAX);
});
