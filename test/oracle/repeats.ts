// Pictures that a recorder says it recorded twice: a camera connected anew may begin with what it sent before, because the first
// new picture needs them. They are taken out here, and only they.

import type { SegmentFact } from '../../controller/core/facts.ts';
import { type FrameMark, readFrames } from './frames.ts';

/** A declared repetition may be this much longer than said: it is measured in whole fragments. */
const TOLERANCE_MS = 300;

/**
 * Marks of all pictures of these segments, in order, without those that repeat what came before.
 * @throws Error when a segment repeats pictures and does not say so, or more than it says.
 */
export async function framesOnce(
  segments: readonly SegmentFact[],
  pathOf: (segment: SegmentFact) => string,
): Promise<FrameMark[]> {
  const frames: FrameMark[] = [];
  for (const segment of segments) {
    const own = await readFrames([pathOf(segment)]);
    const last = frames.at(-1);
    const repeated =
      last === undefined ? [] : own.filter((frame) => frame.boot === last.boot && frame.number <= last.number);
    const first = own[0];
    const end = repeated.at(-1);
    const lengthMs = first === undefined || end === undefined ? 0 : (end.hostTimeUs - first.hostTimeUs) / 1_000;
    if (repeated.length > 0 && lengthMs > (segment.repeatsMs ?? 0) + TOLERANCE_MS) {
      throw new Error(
        `Segment ${segment.run}/${segment.sequence} repeats ${repeated.length} pictures (${lengthMs} ms) and says ${segment.repeatsMs ?? 0} ms.`,
      );
    }
    frames.push(...own.slice(repeated.length));
  }
  return frames;
}
