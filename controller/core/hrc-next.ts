/**
 * What is sent next: what the centre ordered, then what is due first, then sessions before everything else; and after an outage oldest
 * and newest in turn, so that the centre is current soon and nothing is left lying.
 */

/** A segment that waits, as much of it as the choice needs. */
export interface Waiting {
  readonly seg: string;
  readonly siteSeq: number;
  /** 0 when nobody ordered it; a command's priority plus one. */
  readonly ordered: number;
  /** UTC ms by which it has to be at the centre; null when no deadline is set. */
  readonly dueMs: number | null;
  /** Kept for a session; otherwise for something that runs all the time, such as a hall. */
  readonly isSession: boolean;
}

/** Only what is due within this time goes before everything that is newer. */
const DUE_SOON_MS = 24 * 60 * 60_000;

/** The next of `waiting` at `nowMs` (UTC), or null. `newestsTurn`: among equals the newest instead of the oldest. */
export function nextOf<T extends Waiting>(waiting: readonly T[], nowMs: number, newestsTurn: boolean): T | null {
  let best: T | null = null;
  for (const one of waiting) if (best === null || goesBefore(one, best, nowMs, newestsTurn)) best = one;
  return best;
}

function goesBefore(a: Waiting, b: Waiting, nowMs: number, newestsTurn: boolean): boolean {
  if (a.ordered !== b.ordered) return a.ordered > b.ordered;
  const [aDue, bDue] = [dueSoon(a, nowMs), dueSoon(b, nowMs)];
  if (aDue !== bDue) return aDue < bDue;
  if (a.isSession !== b.isSession) return a.isSession;
  return newestsTurn && a.ordered === 0 ? a.siteSeq > b.siteSeq : a.siteSeq < b.siteSeq;
}

/** When it is due, if that is soon; what is due later waits like everything else. */
function dueSoon({ dueMs }: Waiting, nowMs: number): number {
  return dueMs !== null && dueMs - nowMs <= DUE_SOON_MS ? dueMs : Number.POSITIVE_INFINITY;
}

/** Whether oldest and newest take turns: only where more waits than is made while one file is sent. */
export function sharesTheLine(backlogSegments: number): boolean {
  return backlogSegments > BACKLOG_AFTER_OUTAGE;
}

const BACKLOG_AFTER_OUTAGE = 20;
