/** Which line of the docket a clerk means when nobody has chosen one, and what is said about each. Pure. */
import type { DocketEntry } from '../../controller/api/contract-docket.ts';

/** So long after its planned time an entry that nobody opened is still the one that is meant. */
const LATE_FOR_MS = 2 * 60 * 60_000;

/** True while the entry was neither opened nor cancelled. */
export function isAwaited(entry: DocketEntry): boolean {
  return entry.state === 'scheduled' || entry.state === 'checking' || entry.state === 'ready';
}

/** The one that is due, or else the next to come; null when there is none. Entries come in the order of their times. */
export function nextEntry(docket: readonly DocketEntry[], nowMs: number): DocketEntry | null {
  const awaited = docket.filter((entry) => isAwaited(entry) && entry.planned !== null);
  const isInTime = ({ planned }: DocketEntry) =>
    planned !== null && nowMs < Math.max(planned.to ?? 0, planned.from + LATE_FOR_MS);
  return awaited.find(isInTime) ?? null;
}

/** The entry somebody chose, while it can still be opened; otherwise the next one. `chosen` null: nobody chose. */
export function meantEntry(docket: readonly DocketEntry[], chosen: string | null, nowMs: number): DocketEntry | null {
  const found = docket.find((entry) => entry.id === chosen && isAwaited(entry));
  return found ?? nextEntry(docket, nowMs);
}

/** How late a start is, or null before its time. */
export function lateMs(entry: DocketEntry, nowMs: number): number | null {
  if (!isAwaited(entry) || entry.planned === null || nowMs <= entry.planned.from) return null;
  return nowMs - entry.planned.from;
}
