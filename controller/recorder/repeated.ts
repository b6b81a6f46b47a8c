/** What of a segment is on disk a second time: a disk that refused made the recorder write it again, in a later segment of the run. */
import type { SegmentFact } from '../core/facts.ts';

type Place = Pick<SegmentFact, 'run' | 'sequence' | 'mediaFromMs' | 'mediaToMs'>;

/** Rounding of media times. */
const TOUCH_MS = 1;

/** How many of the first milliseconds of `segment` lie in later segments of its run too. */
export function repeatedMs(segment: Place, others: readonly Place[]): number {
  let reachedMs = segment.mediaFromMs;
  const later = others.filter(({ run, sequence }) => run === segment.run && sequence > segment.sequence);
  for (const { mediaFromMs, mediaToMs } of later.sort((a, b) => a.mediaFromMs - b.mediaFromMs))
    if (mediaFromMs <= reachedMs + TOUCH_MS) reachedMs = Math.max(reachedMs, mediaToMs);
  return Math.min(reachedMs, segment.mediaToMs) - segment.mediaFromMs;
}
