/**
 * What a sign may say of a room, from what is known of its session (pure). "Recording" only while it is proven (invariant 1); what
 * it is about never stands on a wall.
 */
import type { DisplayFace } from './display-facts.ts';

/** A wording with the version that it is, and its SHA-256 (hex) as rules/notices.ts works it out. */
export interface Wording {
  readonly notice: string;
  readonly version: number;
  readonly textSha256: string;
  readonly zh: string;
  readonly en: string;
}

/** The next matter of a room: when, and what kind of matter. */
export interface NextMatter {
  /** UTC milliseconds. */
  readonly at: number;
  readonly kind: { readonly zh: string; readonly en: string };
}

/** What a face needs to know of the session that goes on, if one does. */
export interface FacedSession {
  readonly id: string;
  /** People mean it to record: asked to open, not asked to close. */
  readonly isRunning: boolean;
  readonly isConfirmedNow: boolean;
  /** UTC ms of its first proof, or null. */
  readonly confirmedAt: number | null;
  readonly isTold: boolean;
  readonly wording: Wording;
}

export interface SignFace {
  readonly face: DisplayFace;
  readonly session: string | null;
  readonly since: number | null;
  readonly notice: Wording | null;
  readonly next: NextMatter | null;
}

/** A next matter hangs on the wall from this long before its time. */
export const NEXT_SHOWN_MS = 60 * 60_000;
/** One that nobody opened is taken down this long after its time: it is late, and perhaps it will not come. */
export const NEXT_OVERDUE_MS = 30 * 60_000;

/** The face of a room's sign at `nowMs`. */
export function signFaceOf(session: FacedSession | null, next: NextMatter | null, nowMs: number): SignFace {
  if (session === null || (!session.isRunning && !session.isConfirmedNow)) {
    // During the post-roll nobody is promised anything any more, unless it still is proven.
    const near = next !== null && next.at - nowMs <= NEXT_SHOWN_MS && nowMs - next.at <= NEXT_OVERDUE_MS ? next : null;
    return { face: near === null ? 'idle' : 'next', session: null, since: null, notice: null, next: near };
  }
  const base = { session: session.id, notice: session.wording, next: null };
  const { confirmedAt } = session;
  if (session.isConfirmedNow) {
    const face = session.isTold || !session.isRunning ? 'recording' : 'notice';
    return { ...base, face, since: confirmedAt ?? nowMs };
  }
  return { ...base, face: confirmedAt === null ? 'starting' : 'fault', since: confirmedAt };
}
