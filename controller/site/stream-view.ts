/** What a stream is shown as, from the recorder's newest word and from what is known about its source (pure). */
import type { Complaint, StreamNow } from '../core/desk.ts';
import { claimStateOf, isFresh, isProven, isYoung } from '../core/proof.ts';
import type { Cause, RecorderStatus } from '../core/recording.ts';
import type { Instant } from '../core/time.ts';

export interface StreamInputs {
  readonly stream: string;
  /** The room's panel is in use or a session runs there. */
  readonly isAwake: boolean;
  /** The session whose claim on this stream matters most, or null. */
  readonly claim: string | null;
  readonly isSourceKnown: boolean;
  /** Why the source is not known, once somebody tried. */
  readonly sourceTrouble: Complaint | null;
  readonly status: RecorderStatus | null;
  readonly now: Instant;
}

/** The state to show, and why it is lost or refused or what is missing although it records. Never `recording` without proof (invariant 1). */
export function streamNow(inputs: StreamInputs): { readonly state: StreamNow; readonly trouble: Complaint | null } {
  const { stream, claim, status, now } = inputs;
  if (!inputs.isAwake && claim === null) return { state: 'off', trouble: null };
  if (!inputs.isSourceKnown) return withoutSource(inputs.sourceTrouble);
  if (!isFresh(status, now)) {
    return { state: 'lost', trouble: { code: 'recorder-away', message: 'the recorder does not answer' } };
  }
  const seen = status.streams[stream];
  if (seen === undefined) return { state: claim === null ? 'connecting' : 'starting', trouble: null };
  const warning = seen.warnings[0];
  const missing = warning === undefined ? null : complaint(warning);
  if (seen.phase === 'refused') return { state: 'refused', trouble: causeOr(seen.cause, 'camera-refused-login') };
  if (claim !== null) {
    if (isProven(status, stream, claim, now)) return { state: 'recording', trouble: missing };
    if (seen.phase === 'lost') return { state: 'lost', trouble: causeOr(seen.cause, 'camera-unreachable') };
    const wasKept = claimStateOf(seen, claim) === 'keeping';
    if (!wasKept) return { state: 'starting', trouble: missing };
    // Bytes come in and do not get to the disk, or none come in.
    const arrives = seen.lastBytesAt !== null && isYoung(seen.lastBytesAt, now);
    return { state: 'lost', trouble: causeOr(seen.cause, arrives ? 'disk-slow' : 'camera-stalled') };
  }
  if (seen.phase === 'lost') return { state: 'lost', trouble: causeOr(seen.cause, 'camera-unreachable') };
  if (seen.phase === 'off' || seen.phase === 'connecting') return { state: 'connecting', trouble: null };
  return { state: 'armed', trouble: missing };
}

function withoutSource(trouble: Complaint | null): { state: StreamNow; trouble: Complaint | null } {
  if (trouble === null) return { state: 'connecting', trouble: null };
  const needsPerson = trouble.code === 'camera-refused-login' || trouble.code === 'camera-locked-out';
  return { state: needsPerson ? 'refused' : 'lost', trouble };
}

function causeOr(cause: Cause | null, code: Complaint['code']): Complaint {
  return cause === null ? { code, message: `the recorder gives no reason (${code})` } : complaint(cause);
}

function complaint({ code, detail }: Cause): Complaint {
  return { code, message: detail };
}
