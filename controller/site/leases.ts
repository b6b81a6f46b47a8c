/** How long each room stays awake after its panel was last touched. Kept in the index too, so that a restart puts nothing to sleep. */
import type { SiteIndex } from '../core/site-index.ts';
import { between, type Clock, type Instant, shift } from '../core/time.ts';

/** A panel wakes its room every few seconds; a lease is written down only when it moved by this much. */
const WRITE_STEP_MS = 10_000;

export class Leases {
  readonly #index: Pick<SiteIndex, 'leases' | 'keepLease'>;
  readonly #clock: Clock;
  readonly #armedForMs: number;
  readonly #until = new Map<string, Instant>();
  readonly #written = new Map<string, number>();

  constructor(index: Pick<SiteIndex, 'leases' | 'keepLease'>, clock: Clock, armedForMs: number) {
    this.#index = index;
    this.#clock = clock;
    this.#armedForMs = armedForMs;
  }

  start(): void {
    const now = this.#clock.now();
    for (const [room, untilMs] of this.#index.leases()) {
      // A clock that was stepped meanwhile must not keep a room awake for ever.
      const leftMs = Math.min(untilMs - now.wallMs, this.#armedForMs);
      if (leftMs > 0) this.#until.set(room, shift(now, leftMs));
    }
  }

  /** True when the room was asleep before. */
  wake(room: string): boolean {
    const now = this.#clock.now();
    const wasAsleep = !this.#isAwake(room, now);
    const until = shift(now, this.#armedForMs);
    this.#until.set(room, until);
    if (wasAsleep || Math.abs(until.wallMs - (this.#written.get(room) ?? 0)) >= WRITE_STEP_MS) {
      this.#index.keepLease(room, until.wallMs);
      this.#written.set(room, until.wallMs);
    }
    return wasAsleep;
  }

  awake(): ReadonlySet<string> {
    const now = this.#clock.now();
    return new Set([...this.#until.keys()].filter((room) => this.#isAwake(room, now)));
  }

  #isAwake(room: string, now: Instant): boolean {
    const until = this.#until.get(room);
    return until !== undefined && between(now, until) > 0;
  }
}
