/** A clock that goes on by itself with the machine's monotonic clock, and can be pushed forward or stepped. */
import type { Clock, ClockState, Instant } from '../../controller/core/time.ts';

export class TestClock implements Clock {
  #ahead = 0;
  #stepped = 0;
  readonly #startMs = performance.now();

  now(): Instant {
    const monoMs = 1_000_000 + (performance.now() - this.#startMs) + this.#ahead;
    return { wallMs: Math.round(1_795_000_000_000 + monoMs + this.#stepped), monoMs, boot: 'boot-a' };
  }

  state(): ClockState {
    return { source: 'ntp' };
  }

  /** Time passes. */
  advance(ms: number): void {
    this.#ahead += ms;
  }

  /** Somebody sets the wall clock. */
  stepWall(ms: number): void {
    this.#stepped += ms;
  }
}
