/** How long a login lives, at a site and at the centre alike. Pure. */
import { between, type Instant } from './time.ts';

/** A login that nobody used for half a day ends, and so does each after a day: a page left open overnight asks again. */
const LOGIN_IDLE_MS = 12 * 3_600_000;
const LOGIN_MS_MAX = 24 * 3_600_000;
/** The last use is written down no more often than this. */
export const USE_STEP_MS = 60_000;
/** Of one person at once; the oldest ends. */
export const LOGINS_MAX = 20;
export const AGENT_CHARS_MAX = 160;

export function isLoginOver(
  { created, lastUse }: { readonly created: Instant; readonly lastUse: Instant },
  now: Instant,
): boolean {
  return between(lastUse, now) > LOGIN_IDLE_MS || between(created, now) > LOGIN_MS_MAX;
}
