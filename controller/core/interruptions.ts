/**
 * Interruptions of a hearing as people speak of them: gaps of several streams at one time are one, and what lay before the recording
 * was confirmed or after the press to close is none. Each that hit a mandatory stream is owed an explanation, spoken and typed.
 */
import { confirmedAtOf, isEnding, type OpenedSession } from './session.ts';
import type { ExplanationRow } from './session-index.ts';
import type { GapRow } from './site-index.ts';
import { between, earlier, type Instant, later } from './time.ts';

/** Shorter holes stand in the ledger too, but nobody noticed them. */
const NOTICED_MS = 1_000;
/** Streams that went and came back within this of each other were hit by the same thing. */
const TOGETHER_MS = 2_000;

/** A hole that goes on, so that it stands in no ledger yet. */
export interface OpenGap {
  readonly stream: string;
  readonly from: Instant;
  readonly cause: string;
}

export interface Interruption {
  /** Ids of the gaps that it is made of; the first names it. */
  readonly gaps: readonly string[];
  readonly from: Instant;
  /** Null while it goes on. */
  readonly to: Instant | null;
  readonly streams: readonly string[];
  readonly causes: readonly string[];
  readonly isMandatory: boolean;
  readonly spokenAt: Instant | null;
  readonly reason: string | null;
  readonly owed: readonly ('spoken' | 'typed')[];
}

interface Piece {
  readonly id: string | null;
  readonly stream: string;
  readonly from: Instant;
  readonly to: Instant | null;
  readonly cause: string;
}

/** In the order in which they began. */
export function interruptionsOf(
  session: OpenedSession,
  gaps: readonly GapRow[],
  open: readonly OpenGap[],
  explanations: readonly ExplanationRow[],
): readonly Interruption[] {
  const begins = confirmedAtOf(session) ?? session.openedAt;
  const pieces: Piece[] = [
    ...gaps.map(({ id, stream, from, to, cause }) => ({ id, stream, from, to, cause: cause.code })),
    ...open.map(({ stream, from, cause }) => ({ id: null, stream, from, to: null, cause })),
  ]
    .filter(({ from, to }) => isWithin(session, begins, from, to))
    .sort((a, b) => a.from.wallMs - b.from.wallMs);
  const groups: Piece[][] = [];
  for (const piece of pieces) {
    const last = groups.at(-1);
    if (last !== undefined && touches(last, piece)) last.push(piece);
    else groups.push([piece]);
  }
  return groups
    .map((group) => interruption(session, group, explanations))
    .filter(({ from, to }) => to === null || between(later(from, begins), lastOf(session, to)) >= NOTICED_MS);
}

function isWithin(session: OpenedSession, begins: Instant, from: Instant, to: Instant | null): boolean {
  if (isEnding(session) && between(from, session.closedAt) <= 0) return false;
  if (to === null) return true;
  return between(later(from, begins), lastOf(session, to)) > 0;
}

/** Where a stretch ends as far as the hearing goes. */
function lastOf(session: OpenedSession, to: Instant): Instant {
  return isEnding(session) ? earlier(to, session.closedAt) : to;
}

function touches(group: readonly Piece[], piece: Piece): boolean {
  return group.some(({ to }) => to === null || between(to, piece.from) <= TOGETHER_MS);
}

function interruption(
  session: OpenedSession,
  group: readonly Piece[],
  explanations: readonly ExplanationRow[],
): Interruption {
  const [first, ...rest] = group;
  if (first === undefined) throw new Error('an interruption is made of gaps');
  const gaps = group.flatMap(({ id }) => (id === null ? [] : [id]));
  const to = rest.reduce((end, piece) => (end === null || piece.to === null ? null : later(end, piece.to)), first.to);
  const streams = [...new Set(group.map(({ stream }) => stream))];
  const isMandatory = session.streams.some((one) => one.mandatory && streams.includes(one.stream));
  // Who explained a part of it explained it: its streams rarely come back at the same moment.
  const said = explanations.filter((one) => one.gaps.some((gap) => gaps.includes(gap)));
  const spokenAt = said.find((one) => one.spokenAt !== null)?.spokenAt ?? null;
  const reason = said.findLast((one) => one.reason !== null)?.reason ?? null;
  const isOwing = isMandatory && to !== null;
  const owed: ('spoken' | 'typed')[] = [];
  // Once it is closed nothing can be spoken into the recording any more; what is missing stays missing and is seen.
  if (isOwing && spokenAt === null) owed.push('spoken');
  if (isOwing && reason === null) owed.push('typed');
  return {
    ...{ gaps, from: first.from, to, streams, isMandatory, spokenAt, reason, owed },
    causes: [...new Set(group.map(({ cause }) => cause))],
  };
}
