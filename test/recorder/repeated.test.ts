/** A segment that the disk would not answer for was written again: what of it lies on disk twice is counted, and nothing else. */
import { expect, test } from 'vitest';
import { repeatedMs } from '../../controller/recorder/repeated.ts';

const segment = (sequence: number, mediaFromMs: number, mediaToMs: number, run = 'a') => ({
  run,
  sequence,
  mediaFromMs,
  mediaToMs,
});

test.each([
  ['nothing was written again', [], 0],
  ['it was, whole and more', [segment(5, 4_000, 6_000)], 600],
  ['it was, in two', [segment(5, 4_300, 6_000), segment(4, 4_000, 4_300.4)], 600],
  ['only its beginning was', [segment(4, 4_000, 4_250)], 250],
  ['what follows it is no repetition', [segment(4, 4_600, 6_000)], 0],
  ['an earlier segment is not why it is there', [segment(1, 2_000, 4_600)], 0],
  ['another run has other times', [segment(5, 4_000, 6_000, 'b')], 0],
] as const)('%s', (_name, others, expected) => {
  const own = segment(2, 4_000, 4_600);
  expect(repeatedMs(own, [own, ...others])).toBe(expected);
});
