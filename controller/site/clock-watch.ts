/** Notices that the wall clock was stepped: whatever goes by the age of things waits a while then. */
import type { Clock, Instant } from '../core/time.ts';

/** A clock that is slewed never gets this far within one boot, because the monotonic clock is slewed with it. */
const STEP_MS = 2_000;

export class ClockWatch {
  readonly #clock: Clock;
  #reference: Instant | null;
  #steadySince: Instant | null = null;

  /** `before`: a moment that this machine wrote down earlier, to notice a step while nobody looked. */
  constructor(clock: Clock, before: Instant | null) {
    this.#clock = clock;
    this.#reference = before;
  }

  /** When the last step was noticed; null when there was none. Call it often. */
  look(): Instant | null {
    const now = this.#clock.now();
    const before = this.#reference;
    if (before !== null && before.boot === now.boot && Math.abs(offsetOf(now) - offsetOf(before)) > STEP_MS)
      this.#steadySince = now;
    this.#reference = now;
    return this.#steadySince;
  }
}

function offsetOf({ wallMs, monoMs }: Instant): number {
  return wallMs - monoMs;
}
