/**
 * May a segment be deleted on this machine now? The rule of the only deletion there is (invariant 3), as a pure function: it answers
 * with what stands against it, and with a yes only when everything that has to hold was shown to hold just now. What is not known
 * stands against it.
 */
import type { SegmentFact } from './facts.ts';
import type { Receipt } from './hrc.ts';
import { between, type ClockState, type Instant } from './time.ts';

const SECOND_MS = 1_000;
export const DAY_MS = 86_400_000;
/** So long nobody may have stepped the wall clock: it says how old everything is that was recorded before the machine was started. */
export const CLOCK_STEADY_MS = 3_600_000;

/** What a segment was kept for. */
export type PurgeClaim =
  | {
      readonly kind: 'session';
      readonly id: string;
      /** Null while the centre has not signed for all of it. */
      readonly handedOverAt: Instant | null;
      /** An interruption of it is not explained yet, and who explains it may have to hear it. */
      readonly owesExplanation: boolean;
    }
  /** `doneAt` is null while it goes on. */
  | { readonly kind: 'check'; readonly id: string; readonly doneAt: Instant | null }
  /** Neither a session nor a check of this site. */
  | { readonly kind: 'unknown'; readonly id: string };

/** Everything that is asked about one segment, looked up at the moment of the decision. */
export interface PurgeCase {
  readonly segment: SegmentFact;
  /** The receipt, checked again just now: signature under a pinned key, site, segment, size, hash, durability. Or why it does not hold. */
  readonly receipt: Receipt | string;
  readonly receiptedAt: Instant;
  readonly claims: readonly PurgeClaim[];
  /** The centre forbade deleting it. */
  readonly isHeld: boolean;
  /** Why whoever brings segments to the centre still needs it, or speaks of a conflict about it; null when nothing is. */
  readonly forwarding: string | null;
  /** It, or a session it belongs to, is being looked at. */
  readonly isWatched: boolean;
}

export interface PurgeTime {
  readonly now: Instant;
  readonly clock: ClockState;
  /** Since when the wall clock was not stepped, as far as is known. */
  readonly steadySince: Instant | null;
}

export type PurgeObstacle =
  | 'no-rule'
  | 'clock'
  | 'receipt'
  | 'permit'
  | 'young'
  | 'session'
  | 'explanation'
  | 'held'
  | 'forwarding'
  | 'watched'
  | 'unexplained';

export type PurgeVerdict =
  /** `sinceMs` (UTC): what the days are counted from. */
  | { readonly may: true; readonly sinceMs: number }
  | { readonly may: false; readonly why: PurgeObstacle; readonly detail: string };

/** Why nothing at all may be deleted now; null when segments may be looked at. */
export function purgeBar(keepDays: number | null, { now, clock, steadySince }: PurgeTime): PurgeVerdict | null {
  if (keepDays === null)
    return not('no-rule', 'no rule says after how many days (storage.keepDays), or there is no centre');
  if (clock.source !== 'ntp') return not('clock', 'nobody says that the wall clock is synchronised');
  if (steadySince !== null && !(between(steadySince, now) >= CLOCK_STEADY_MS))
    return not('clock', 'the wall clock was stepped within the last hour');
  return null;
}

/** The verdict on one segment: with `keepDays` of the configuration (null deletes nothing), at this time. */
export function purgeVerdict(keepDays: number | null, one: PurgeCase, time: PurgeTime): PurgeVerdict {
  const bar = purgeBar(keepDays, time);
  if (keepDays === null || bar !== null) return bar ?? not('no-rule', '');
  const { now } = time;
  const { receipt, claims } = one;
  if (typeof receipt === 'string') return not('receipt', receipt);
  if (receipt.seg !== one.segment.seg || receipt.sha256 !== one.segment.sha256 || receipt.size !== one.segment.bytes)
    return not('receipt', 'the receipt is for something else');
  if (!receipt.permit.delete) return not('permit', 'the centre does not permit it');
  const after = receipt.permit.deleteAfter ?? 0;
  if (!(now.wallMs >= after * SECOND_MS)) return not('permit', 'the centre does not permit it yet');
  if (one.isHeld) return not('held', 'the centre holds it');
  if (one.forwarding !== null) return not('forwarding', one.forwarding);
  if (one.isWatched) return not('watched', 'somebody is looking at it');
  if (claims.length === 0) return not('unexplained', 'nobody says what it was kept for');
  const moments = [one.segment.to, one.receiptedAt];
  for (const claim of claims) {
    if (claim.kind === 'unknown') return not('unexplained', `nobody knows what ${claim.id} is`);
    if (claim.kind === 'session' && claim.owesExplanation)
      return not('explanation', `an interruption of session ${claim.id} is not explained`);
    const end = claim.kind === 'session' ? claim.handedOverAt : claim.doneAt;
    if (end === null) return not('session', `${claim.kind} ${claim.id} is not at its end`);
    moments.push(end);
  }
  // By the monotonic clock within one boot, so that no step makes anything older; and by the centre's own clock.
  const ages = [...moments.map((moment) => between(moment, now)), now.wallMs - receipt.iat * SECOND_MS];
  const ageMs = Math.min(...ages);
  if (!(ageMs >= keepDays * DAY_MS)) return not('young', `${keepDays} days have not passed`);
  return { may: true, sinceMs: Math.round(now.wallMs - ageMs) };
}

function not(why: PurgeObstacle, detail: string): PurgeVerdict {
  return { may: false, why, detail };
}
