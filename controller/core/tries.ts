/**
 * Wrong tries and the locks they lead to. Pure: what is counted for one key (a person, a panel, an address) and what it means now.
 * All lengths come from the monotonic scale, so that a stepped wall clock neither opens a lock nor keeps it shut.
 */
import { between, type Instant } from './time.ts';

export interface Tries {
  /** Wrong tries since the last lock, less those that time forgave. */
  readonly wrong: number;
  /** Locks in a row; each is twice as long as the one before. */
  readonly locks: number;
  /** The last wrong try. */
  readonly lastAt: Instant;
  readonly lock: { readonly at: Instant; readonly ms: number } | null;
}

export interface TryLimit {
  /** Wrong tries that lock. */
  readonly tries: number;
  readonly firstLockMs: number;
  readonly lockMsMax: number;
  /** After each stretch of this length without a wrong try one is forgiven. */
  readonly forgiveMs: number;
  /** And after each of this length the next lock is half as long. */
  readonly calmMs: number;
}

const MINUTE_MS = 60_000;

/** For one person, wherever it is tried: 480 tries of a million a day at the most. */
export const PERSON_LIMIT: TryLimit = {
  tries: 5,
  firstLockMs: MINUTE_MS,
  lockMsMax: 15 * MINUTE_MS,
  forgiveMs: 10 * MINUTE_MS,
  calmMs: 24 * 60 * MINUTE_MS,
};
/**
 * For one panel or address, whoever is tried, so that guessing over many names is bounded too. A right PIN does not clear it,
 * because somebody who has a PIN of their own could clear it between guesses at the others.
 */
export const PLACE_LIMIT: TryLimit = {
  tries: 12,
  firstLockMs: MINUTE_MS,
  lockMsMax: 15 * MINUTE_MS,
  forgiveMs: 5 * MINUTE_MS,
  calmMs: 24 * 60 * MINUTE_MS,
};

/** Milliseconds until the lock ends; 0 when there is none. */
export function lockLeftMs(tries: Tries | null, now: Instant): number {
  if (tries?.lock == null) return 0;
  return Math.max(0, Math.ceil(tries.lock.ms - between(tries.lock.at, now)));
}

/** What is counted after one more wrong try. One that was already under way when the lock fell neither ends nor lengthens it. */
export function afterWrong(before: Tries | null, limit: TryLimit, now: Instant): Tries {
  if (before !== null && lockLeftMs(before, now) > 0) return { ...before, lastAt: now };
  const calm = before === null ? 0 : Math.max(0, between(before.lastAt, now));
  const wrong = Math.max(0, (before?.wrong ?? 0) - Math.floor(calm / limit.forgiveMs)) + 1;
  const locks = Math.max(0, (before?.locks ?? 0) - Math.floor(calm / limit.calmMs));
  if (wrong < limit.tries) return { wrong, locks, lastAt: now, lock: null };
  const ms = Math.min(limit.lockMsMax, limit.firstLockMs * 2 ** locks);
  return { wrong: 0, locks: locks + 1, lastAt: now, lock: { at: now, ms } };
}

/** True when nothing of it is left to remember. */
export function isForgotten(tries: Tries, limit: TryLimit, now: Instant): boolean {
  const calm = between(tries.lastAt, now);
  return (
    lockLeftMs(tries, now) === 0 &&
    tries.wrong <= Math.floor(calm / limit.forgiveMs) &&
    tries.locks <= Math.floor(calm / limit.calmMs)
  );
}

/**
 * What another boot left behind, as this one takes it over. Between boots only wall clocks are left to go by, and those can be
 * set; so a lock begins anew. Switching the machine off and on shortens none.
 */
export function takenOver(tries: Tries, now: Instant): Tries {
  const isOf = (instant: Instant) => instant.boot === now.boot;
  return {
    ...tries,
    lastAt: isOf(tries.lastAt) ? tries.lastAt : now,
    lock: tries.lock === null || isOf(tries.lock.at) ? tries.lock : { ...tries.lock, at: now },
  };
}
