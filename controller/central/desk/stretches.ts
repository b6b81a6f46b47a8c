/** From rows to what is drawn: of each stream what was announced, what of it is held, and what was never recorded. Pure. */
import type { CentreStreamSnapshot, CentreStretch } from '../../core/centre-desk.ts';
import type { GapRow, SegmentRow } from './desk-rows.ts';
import { hasPicture } from './segment-header.ts';

/** Segments that join within this are one stretch: eight hours are thousands of segments. */
const JOIN_TOLERANCE_MS = 100;

/** `segments` in the order of time. Pictures first, then by name. */
export function streamsOf(segments: readonly SegmentRow[], gaps: readonly GapRow[]): readonly CentreStreamSnapshot[] {
  const byStream = new Map<string, SegmentRow[]>();
  for (const segment of segments) {
    const mine = byStream.get(segment.stream);
    if (mine === undefined) byStream.set(segment.stream, [segment]);
    else mine.push(segment);
  }
  // A stream that never recorded anything has its gaps all the same.
  for (const { stream } of gaps) if (!byStream.has(stream)) byStream.set(stream, []);
  return [...byStream]
    .map(([stream, mine]) => streamOf(stream, mine, gaps))
    .sort((a, b) => Number(b.hasPicture) - Number(a.hasPicture) || a.stream.localeCompare(b.stream));
}

function streamOf(stream: string, mine: readonly SegmentRow[], gaps: readonly GapRow[]): CentreStreamSnapshot {
  const held = mine.filter(({ path }) => path !== null);
  const bytes = (of: readonly SegmentRow[]) => of.reduce((sum, { size }) => sum + size, 0);
  const [first] = mine;
  return {
    stream,
    hasPicture: first !== undefined && hasPicture(first.jws),
    held: { segments: held.length, bytes: bytes(held) },
    expected: { segments: mine.length, bytes: bytes(mine) },
    stretches: joined(mine),
    gaps: gaps
      .filter((gap) => gap.stream === stream)
      .map(({ from_ms, to_ms, cause }) => ({ stream, from: from_ms, to: to_ms, cause })),
  };
}

function joined(mine: readonly SegmentRow[]): readonly CentreStretch[] {
  const stretches: { from: number; to: number; isHeld: boolean }[] = [];
  for (const { t0, t1, path } of mine) {
    const isHeld = path !== null;
    const last = stretches.at(-1);
    if (last !== undefined && last.isHeld === isHeld && t0 - last.to <= JOIN_TOLERANCE_MS)
      last.to = Math.max(last.to, t1);
    else stretches.push({ from: t0, to: t1, isHeld });
  }
  return stretches;
}
