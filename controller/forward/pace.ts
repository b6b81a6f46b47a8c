/** Holds bytes back to the rate that is allowed now, over all routes together. */

import type { Clock } from '../core/time.ts';
import { type Bucket, EMPTY_BUCKET, spend } from '../core/token-bucket.ts';
import { pause } from './flight.ts';

export class Pace {
  readonly #clock: Clock;
  readonly #bytesPerS: () => number | null;
  readonly #stop: AbortSignal;
  #bucket: Bucket = EMPTY_BUCKET;

  /** `bytesPerS` is asked for each piece: the rate while a session runs is another one than at night. Null is no limit. */
  constructor(clock: Clock, bytesPerS: () => number | null, stop: AbortSignal) {
    this.#clock = clock;
    this.#bytesPerS = bytesPerS;
    this.#stop = stop;
  }

  /** Resolves when `bytes` more may leave. */
  async pass(bytes: number): Promise<void> {
    const { bucket, waitMs } = spend(this.#bucket, bytes, this.#bytesPerS(), this.#clock.now().monoMs);
    this.#bucket = bucket;
    if (waitMs > 0) await pause(waitMs, this.#stop);
  }
}
