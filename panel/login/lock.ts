/** Locks count down on the monotonic clock of this page: setting its wall clock changes nothing of what is shown. */
import { monoNow } from '../wire/beat.ts';

/** When the controller locks without saying for how long. */
const LOCKED_FALLBACK_MS = 30_000;

/** The monotonic moment at which something that is locked for so long is open again; null when it is open. */
export function openAt(lockedForMs: number | undefined): number | null {
  const ms = lockedForMs ?? LOCKED_FALLBACK_MS;
  return ms > 0 ? monoIn(ms) : null;
}

/** The monotonic moment that is so far ahead, by the beat that everything on the screen goes by: no length looks longer than it is. */
export function monoIn(ms: number): number {
  return monoNow.peek() + ms;
}

/** Milliseconds left; a component that asks follows the clock. */
export function leftUntil(monoMs: number | null): number {
  return monoMs === null ? 0 : Math.max(0, monoMs - monoNow.value);
}

/** The later of two, of which either may be open. */
export function laterOf(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.max(a, b);
}
