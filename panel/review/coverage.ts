/** What the timeline draws, worked out from segments and times. Pure. */

export interface Part {
  readonly from: number;
  readonly to: number;
  readonly place: 'here' | 'centre';
}

/** Segments that join within this are drawn as one bar: eight hours are thousands of segments. */
const JOIN_TOLERANCE_MS = 100;

/** Joins segments (UTC ms, in order) into the stretches that were recorded without a break and lie in one place. */
export function coverage(segments: readonly Part[]): readonly Part[] {
  const parts: { from: number; to: number; place: Part['place'] }[] = [];
  for (const { from, to, place } of segments) {
    const last = parts.at(-1);
    if (last !== undefined && last.place === place && from - last.to <= JOIN_TOLERANCE_MS)
      last.to = Math.max(last.to, to);
    else parts.push({ from, to, place });
  }
  return parts;
}

const MARK_STEPS_S = [5, 10, 30, 60, 300, 600, 1_800, 3_600, 7_200] as const;
const MOST_MARKS = 8;

/** Round wall times between `from` and `to` (UTC ms), eight at most. Asia/Shanghai is whole hours from UTC, so they are round there. */
export function rulerMarks(from: number, to: number): readonly number[] {
  const stepMs = (MARK_STEPS_S.find((step) => (to - from) / 1000 / step <= MOST_MARKS) ?? 14_400) * 1000;
  const marks: number[] = [];
  for (let mark = Math.ceil(from / stepMs) * stepMs; mark <= to; mark += stepMs) marks.push(mark);
  return marks;
}
