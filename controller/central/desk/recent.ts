/** The last few answers to a question that is asked every second by whoever looks, and is dear to answer. */
import { between, type Clock, type Instant } from '../../core/time.ts';

const KEPT_MAX = 8;
/** What has changed is worked out again no more often than this. */
const FRESH_MS = 3_000;

export class Recent<T> {
  readonly #clock: Clock;
  readonly #kept = new Map<string, { readonly stamp: string; readonly at: Instant; readonly value: T }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The answer kept under `key` if it was worked out for this stamp or a moment ago, or what `work` answers. */
  get(key: string, stamp: string, work: () => T): T {
    const now = this.#clock.now();
    const before = this.#kept.get(key);
    if (before !== undefined && (before.stamp === stamp || between(before.at, now) < FRESH_MS)) return before.value;
    const value = work();
    this.#kept.delete(key);
    this.#kept.set(key, { stamp, at: now, value });
    if (this.#kept.size > KEPT_MAX) this.#kept.delete(this.#kept.keys().next().value ?? key);
    return value;
  }
}
