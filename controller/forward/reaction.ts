/**
 * What the site does after an attempt to deliver a segment: the table of reactions to the centre's codes, as a pure function.
 * Nothing here ever gives a segment up; the worst is that it waits long and people are told.
 */
import { ATTEMPTS_MAX, backoffMs, type HrcCode, type RouteName } from '../core/hrc.ts';

const RETRY_FIRST_MS = 1_000;
const RETRY_MAX_MS = 5 * 60_000;
const STORE_FIRST_MS = 60_000;
const STORE_MAX_MS = 30 * 60_000;
const QUOTA_MS = 60_000;
const RECEIPT_QUERY_MS = 10 * 60_000;
/** What needs a person is looked at again after this. */
const PARKED_MS = 10 * 60_000;
/** The centre may ask for no longer rest than this. */
const ASKED_REST_MAX_S = 3_600;
/** Tries under one id before the next one is taken. */
const ROUNDS_PER_ATTEMPT = 3;
/** A transfer that fails this often for missing parts has a reason that people should look for. */
const FAILURES_BEFORE_ALARM = 2 * ROUNDS_PER_ATTEMPT;
const JITTER_SHARE = 0.25;

/** What is known about a segment that is not delivered yet. */
export interface Track {
  /** Number of the id in use, from 1. */
  readonly attempt: number;
  /** Failed tries under this id. */
  readonly rounds: number;
  readonly failures: number;
  /** The centre may already have it: ask before sending. */
  readonly askFirst: boolean;
  /** Acknowledged chunks count no longer: all of them are sent again. */
  readonly fromTheStart: boolean;
  /** Monotonic ms before which it rests. */
  readonly restUntilMs: number;
  /** The alarm that was raised for it, so that it is raised once. */
  readonly alarmed: string | null;
}

export const NEW_TRACK: Track = {
  attempt: 1,
  rounds: 0,
  failures: 0,
  askFirst: false,
  fromTheStart: false,
  restUntilMs: 0,
  alarmed: null,
};

/** How an attempt ended, when it did not end with a receipt. */
export type Outcome =
  /** The connection went, or the centre was restarted. */
  | { readonly kind: 'lost' }
  /** Everything was sent, or asked, and nobody answered. */
  | { readonly kind: 'silent' }
  /** The way the bytes went does not work; the next one goes on with the same segment. */
  | { readonly kind: 'route-failed'; readonly route: RouteName; readonly message: string }
  /** The other side says it has it, and the receipt did not come; where who signs is not who took the bytes, that may take long. */
  | { readonly kind: 'unreceipted'; readonly signerIsApart?: boolean }
  | { readonly kind: 'refused'; readonly code: HrcCode; readonly retryS: number | null }
  /** The local file is not what was sealed. */
  | { readonly kind: 'damaged'; readonly message: string }
  /** The broker's packets are too small for it. */
  | { readonly kind: 'unfit'; readonly message: string }
  /** The broker refused a message: rights or a quota. */
  | { readonly kind: 'turned-away'; readonly message: string };

export interface Reaction {
  readonly track: Track;
  /** Every segment rests this long, not only this one. */
  readonly pauseMs: number;
  /** To be raised now; null when nobody needs to hear, or was told already. */
  readonly alarm: { readonly code: AlarmCode; readonly message: string } | null;
}

export type AlarmCode = 'verify-failed' | 'centre-away' | 'broker-away' | 'receipt-refused';

/** The reaction at `nowMs` (monotonic). `random` in [0, 1) spreads the tries of many sites. */
export function react(track: Track, outcome: Outcome, nowMs: number, random: number): Reaction {
  const failures = track.failures + 1;
  const retryMs = spread(backoffMs(failures, RETRY_FIRST_MS, RETRY_MAX_MS, 1), random);
  const failed: Track = { ...track, failures, restUntilMs: nowMs + retryMs };
  const quiet = (next: Track, pauseMs = 0): Reaction => ({ track: next, pauseMs, alarm: null });
  const loud = (next: Track, code: AlarmCode, message: string, pauseMs = 0): Reaction => ({
    track: { ...next, alarmed: message },
    pauseMs,
    alarm: track.alarmed === message ? null : { code, message },
  });
  const parked: Track = { ...failed, restUntilMs: nowMs + spread(PARKED_MS, random) };
  switch (outcome.kind) {
    case 'lost':
      // The connection has its own back-off; the segment goes on as soon as there is one.
      return quiet({ ...track, askFirst: true, restUntilMs: nowMs });
    case 'silent':
      return quiet({ ...failed, askFirst: true, restUntilMs: nowMs }, retryMs);
    case 'unreceipted': {
      const restUntilMs = nowMs + (outcome.signerIsApart === true ? spread(RECEIPT_QUERY_MS, random) : retryMs);
      const again = { ...failed, askFirst: true, restUntilMs };
      return quiet(track.rounds + 1 < ROUNDS_PER_ATTEMPT ? { ...again, rounds: track.rounds + 1 } : nextId(again));
    }
    case 'route-failed':
      // The route has a rest of its own; the bytes it carried do not count for another one.
      return quiet({ ...track, askFirst: true, fromTheStart: true, restUntilMs: nowMs });
    case 'damaged':
      return loud(parked, 'verify-failed', `the file on disk is not what was sealed: ${outcome.message}`);
    case 'unfit':
      return loud(parked, 'broker-away', outcome.message);
    case 'turned-away':
      return loud({ ...failed, askFirst: true }, 'broker-away', outcome.message, retryMs);
    case 'refused':
      break;
  }
  const { code } = outcome;
  const retryS = outcome.retryS === null ? null : Math.min(outcome.retryS, ASKED_REST_MAX_S);
  switch (code) {
    case 'HRC-INCOMPLETE':
    case 'HRC-CHUNK': {
      // First only the end is said again, for a centre that was busy putting the parts together; then everything.
      const again = { ...failed, fromTheStart: code === 'HRC-CHUNK' || track.rounds > 0 };
      const next = track.rounds + 1 < ROUNDS_PER_ATTEMPT ? { ...again, rounds: track.rounds + 1 } : nextId(again);
      return failures < FAILURES_BEFORE_ALARM
        ? quiet(next)
        : loud(next, 'centre-away', `the centre keeps missing parts of a transfer (${code})`);
    }
    case 'HRC-FILEHASH':
      return quiet(nextId(failed));
    case 'HRC-META':
      return track.rounds === 0 && track.attempt === 1
        ? quiet(nextId(failed))
        : loud(parked, 'centre-away', 'the centre refuses how the transfer is opened (HRC-META)');
    case 'HRC-BUSY':
    case 'HRC-QUOTA':
      return quiet(failed, retryS === null ? spread(QUOTA_MS, random) : retryS * 1_000);
    case 'HRC-STORE': {
      const waitMs = retryS === null ? backoffMs(failures, STORE_FIRST_MS, STORE_MAX_MS, 1) : retryS * 1_000;
      return loud({ ...failed, askFirst: true }, 'centre-away', 'the centre cannot store (HRC-STORE)', waitMs);
    }
    case 'HRC-CONFLICT':
      return loud(parked, 'verify-failed', 'the centre holds other bytes under the same segment id (HRC-CONFLICT)');
    case 'HRC-SIG':
      return loud(parked, 'centre-away', 'the centre does not accept the signing key of this site (HRC-SIG)');
    case 'HRC-AUTH':
      return loud(parked, 'centre-away', 'the centre does not allow this site to send (HRC-AUTH)');
    case 'HRC-NOROUTE':
      return loud(failed, 'centre-away', 'there is no way for the bytes to the centre (HRC-NOROUTE)', retryMs);
    case 'HRC-OPEN':
      return quiet(failed, 0);
    case 'HRC-EXP':
    case 'HRC-REPLAY':
    case 'HRC-NOSEG':
    case 'HRC-PURGED':
    case 'HRC-LOST':
    // Words about commands: said about a transfer they mean nothing that is known here.
    case 'HRC-BAD':
      return loud(parked, 'centre-away', 'the centre does not understand this site (HRC-BAD)');
  }
}

function nextId(track: Track): Track {
  return { ...track, attempt: (track.attempt % ATTEMPTS_MAX) + 1, rounds: 0, fromTheStart: true };
}

function spread(ms: number, random: number): number {
  return Math.round(ms * (1 - JITTER_SHARE * random));
}
