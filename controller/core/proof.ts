/** Invariant 1: what counts as proof that a session records, seen from the newest word of the recorder. */

import { PROOF_AGE_MS, type RecorderStatus, type StreamStatus } from './recording.ts';
import type { SessionStream } from './session-facts.ts';
import { between, type Instant } from './time.ts';

/** True while the recorder's last word is young enough to say anything about now. */
export function isFresh(status: RecorderStatus | null, now: Instant): status is RecorderStatus {
  return status !== null && isYoung(status.at, now);
}

/** True when bytes of this claim on this stream reached the disk within the last {@link PROOF_AGE_MS}. */
export function isProven(status: RecorderStatus | null, stream: string, claim: string, now: Instant): boolean {
  if (!isFresh(status, now)) return false;
  const seen = status.streams[stream];
  if (seen === undefined) return false;
  return claimStateOf(seen, claim) === 'keeping' && seen.syncedAt !== null && isYoung(seen.syncedAt, now);
}

/** True when every mandatory stream is proven now. */
export function isConfirmed(
  session: { readonly id: string; readonly streams: readonly SessionStream[] },
  status: RecorderStatus | null,
  now: Instant,
): boolean {
  return session.streams.every((one) => !one.mandatory || isProven(status, one.stream, session.id, now));
}

/** What the recorder says of one claim on a stream; null when it does not know it. */
export function claimStateOf(seen: StreamStatus, claim: string): 'waiting' | 'keeping' | 'ended' | null {
  return seen.claims.find((one) => one.id === claim)?.state ?? null;
}

/** A moment of another boot proves nothing about this one. */
export function isYoung(moment: Instant, now: Instant): boolean {
  return moment.boot === now.boot && between(moment, now) <= PROOF_AGE_MS;
}
