/**
 * Invariant 2 as arithmetic: a claim is covered by segments, ledgered by gaps, and nothing of it is left unexplained. All moments
 * are laid on one axis: within a boot by the monotonic scale, so that a stepped wall clock stretches nothing; from one boot to
 * the next by the wall labels of the last moment known before and the first known after, for nothing else is left to go by.
 */
import type { Instant } from './time.ts';

/** Rounding of media timelines to milliseconds; smaller holes and overlaps are not counted. */
export const TOLERANCE_MS = 5;

/** A stretch of time; segments and gaps are such. */
export interface Stretch {
  readonly from: Instant;
  readonly to: Instant;
}

export interface Coverage {
  /** Length of the claim. */
  readonly lengthMs: number;
  /** Of it, on disk. */
  readonly coveredMs: number;
  /** Of it, not on disk and explained by a gap. */
  readonly ledgeredMs: number;
  /** What no segment and no gap accounts for: always empty when invariant 2 holds. */
  readonly unexplained: readonly Stretch[];
  /** Time told twice: by two segments, two gaps, or a gap over what is on disk. */
  readonly overlapMs: number;
}

/** Two segments of one run that do not join exactly. */
export interface Break {
  readonly run: string;
  readonly sequence: number;
  /** Positive: a hole; negative: an overlap. */
  readonly byMs: number;
}

interface Span {
  readonly from: number;
  readonly to: number;
  readonly stretch: Stretch;
}

/** How much of `claim` is on disk (`segments`) or explained (`gaps`), both of the claim's own stream, in any order. */
export function coverage(claim: Stretch, segments: readonly Stretch[], gaps: readonly Stretch[]): Coverage {
  const place = axis(claim, [...segments, ...gaps]);
  const start = place(claim.from);
  const end = Math.max(start, place(claim.to));
  const lay = (stretches: readonly Stretch[]): Span[] =>
    stretches
      .map((stretch) => ({
        from: Math.max(start, place(stretch.from)),
        to: Math.min(end, place(stretch.to)),
        stretch,
      }))
      .filter((span) => span.to > span.from)
      .sort((a, b) => a.from - b.from);
  const kept = lay(segments);
  const explained = lay(gaps);
  const all = [...kept, ...explained].sort((a, b) => a.from - b.from);
  const coveredMs = unionMs(kept);
  const toldMs = unionMs(all);
  const summedMs = all.reduce((sum, span) => sum + span.to - span.from, 0);
  const overlapMs = summedMs - toldMs;
  return {
    lengthMs: end - start,
    coveredMs,
    ledgeredMs: toldMs - coveredMs,
    unexplained: holes(claim, start, end, all),
    overlapMs: overlapMs > TOLERANCE_MS ? overlapMs : 0,
  };
}

/** Where neighbours of one run do not join: within a run each segment begins exactly where the one before it ended. */
export function breaksWithinRuns(
  segments: readonly (Stretch & { readonly run: string; readonly sequence: number })[],
): readonly Break[] {
  const last = new Map<string, { sequence: number; to: Instant }>();
  const found: Break[] = [];
  for (const segment of [...segments].sort((a, b) => a.sequence - b.sequence)) {
    const before = last.get(segment.run);
    if (before !== undefined && segment.sequence === before.sequence + 1) {
      const byMs = segment.from.monoMs - before.to.monoMs;
      if (Math.abs(byMs) > TOLERANCE_MS) found.push({ run: segment.run, sequence: segment.sequence, byMs });
    }
    last.set(segment.run, { sequence: segment.sequence, to: segment.to });
  }
  return found;
}

function unionMs(spans: readonly Span[]): number {
  let total = 0;
  let reached = Number.NEGATIVE_INFINITY;
  for (const span of spans) {
    if (span.to <= reached) continue;
    total += span.to - Math.max(span.from, reached);
    reached = span.to;
  }
  return total;
}

function holes(claim: Stretch, start: number, end: number, spans: readonly Span[]): Stretch[] {
  const found: Stretch[] = [];
  let reached = start;
  let reachedAt = claim.from;
  for (const span of spans) {
    if (span.from - reached > TOLERANCE_MS) found.push({ from: reachedAt, to: span.stretch.from });
    if (span.to <= reached) continue;
    reached = span.to;
    reachedAt = span.stretch.to;
  }
  if (end - reached > TOLERANCE_MS) found.push({ from: reachedAt, to: claim.to });
  return found;
}

/** Places moments on one axis that runs through all boots in their order. */
function axis(claim: Stretch, stretches: readonly Stretch[]): (moment: Instant) => number {
  const boots = new Map<string, { first: Instant; last: Instant }>();
  // Stretches from one boot into the next come last: of two labels of one moment theirs is the one that spans the power cut.
  const reaches = (one: Stretch): boolean => one.from.boot !== one.to.boot;
  const everything = [claim, ...stretches].sort((a, b) => Number(reaches(a)) - Number(reaches(b)));
  for (const moment of everything.flatMap((one) => [one.from, one.to])) {
    const known = boots.get(moment.boot);
    if (known === undefined) boots.set(moment.boot, { first: moment, last: moment });
    else {
      if (moment.monoMs <= known.first.monoMs) known.first = moment;
      if (moment.monoMs >= known.last.monoMs) known.last = moment;
    }
  }
  const offsets = new Map<string, number>();
  let before: { last: Instant; offset: number } | null = null;
  for (const boot of inOrder(boots, everything)) {
    const { first, last } = boots.get(boot) ?? { first: claim.from, last: claim.from };
    // A clock that was wrong at power-up may label the new boot earlier than the old one ended; time still never ran backwards.
    const offset: number =
      before === null
        ? -first.monoMs
        : before.offset + before.last.monoMs + Math.max(0, first.wallMs - before.last.wallMs) - first.monoMs;
    offsets.set(boot, offset);
    before = { last, offset };
  }
  return (moment) => (offsets.get(moment.boot) ?? 0) + moment.monoMs;
}

/** Boots in the order they happened: first as stretches that reach from one into the next say, then by their wall labels. */
function inOrder(
  boots: ReadonlyMap<string, { readonly first: Instant }>,
  stretches: readonly Stretch[],
): readonly string[] {
  const before = new Map<string, Set<string>>([...boots.keys()].map((boot) => [boot, new Set<string>()]));
  for (const { from, to } of stretches) if (from.boot !== to.boot) before.get(to.boot)?.add(from.boot);
  const left = [...boots.entries()].sort((a, b) => a[1].first.wallMs - b[1].first.wallMs).map(([boot]) => boot);
  const ordered: string[] = [];
  while (left.length > 0) {
    const free = left.findIndex((boot) => [...(before.get(boot) ?? [])].every((one) => !left.includes(one)));
    // Stretches that contradict each other leave nothing free; the wall labels decide then.
    ordered.push(...left.splice(Math.max(0, free), 1));
  }
  return ordered;
}
