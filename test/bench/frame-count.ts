/** Which frames should be in a recording, which are, and the holes where one run ended and the next began. */
import type { SegmentFact } from '../../controller/core/facts.ts';
import { type FrameMark, readFrames } from '../oracle/frames.ts';
import { type Cameras, FRAME_MS } from './cameras.ts';

/** Wall times in milliseconds. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface FrameCount {
  /** Frames handed over by the camera within the span, to the sessions that the recording is from. */
  readonly sent: number;
  /** How many of these are in the recording. */
  readonly kept: number;
  /** Frames that are in the recording more than once. */
  readonly doubled: number;
}

/** Compares what a camera sent within a span with the frames of a recording. */
export async function countFrames(
  cameras: Cameras,
  id: string,
  frames: readonly FrameMark[],
  span: Span,
): Promise<FrameCount> {
  const numbers = new Set(frames.map(({ number }) => number));
  const [first] = frames;
  const sessions = (await cameras.sent(id)).filter(({ frames: ranges }) =>
    ranges.some(({ from, to }) => first === undefined || frames.some(({ number }) => from <= number && number <= to)),
  );
  const sent = new Set<number>();
  for (const { from, to } of sessions.flatMap(({ frames: ranges }) => ranges)) {
    for (let number = from; number <= to; number++) {
      // A camera's frames are evenly spaced, so the time of one that is missing is known too.
      const takenMs = first === undefined ? span.from : first.hostTimeUs / 1_000 + (number - first.number) * FRAME_MS;
      // The first and the last frame may lie on either side of the line.
      if (takenMs >= span.from + FRAME_MS && takenMs <= span.to - FRAME_MS) sent.add(number);
    }
  }
  const kept = [...sent].filter((number) => numbers.has(number)).length;
  return { sent: sent.size, kept, doubled: frames.length - numbers.size };
}

/** Where one run of a stream ended and the next began. Times are wall times in milliseconds. */
export interface Hole {
  readonly stream: string;
  /** When the last picture before it was taken. */
  readonly lastBeforeMs: number;
  /** Pictures that are in no file. A camera that sends what it has since its newest keyframe makes a hole smaller. */
  readonly missingMs: number;
  /** From the last picture before it to the PLAY of the session after it: the hole of a camera that sends nothing older. */
  readonly blindMs: number;
}

/** The holes between runs of one stream, oldest first; `segments` as the journal has them. */
export async function holesBetweenRuns(
  cameras: Cameras,
  stream: string,
  segments: readonly SegmentFact[],
  path: (segment: SegmentFact) => string,
): Promise<Hole[]> {
  const sessions = await cameras.sent(stream);
  const holes: Hole[] = [];
  let run: string | null = null;
  let before: FrameMark | undefined;
  for (const segment of segments) {
    const frames = await readFrames([path(segment)]);
    const first = frames[0];
    if (first === undefined) continue;
    if (run !== null && segment.run !== run && before !== undefined) {
      const { number } = first;
      const session = sessions.findLast(({ frames: ranges }) =>
        ranges.some(({ from, to }) => from <= number && number <= to),
      );
      const lastBeforeMs = before.hostTimeUs / 1_000;
      holes.push({
        stream,
        lastBeforeMs,
        missingMs: Math.max(0, number - before.number - 1) * FRAME_MS,
        blindMs: (session?.startedAtUs ?? Number.NaN) / 1_000 - lastBeforeMs,
      });
    }
    run = segment.run;
    before = frames.at(-1);
  }
  return holes;
}

/** The larger of both ways to see a hole. */
export function holeMs({ missingMs, blindMs }: Hole): number {
  return Number.isNaN(blindMs) ? missingMs : Math.max(missingMs, blindMs);
}
