/** A clock that goes on by itself with the machine's monotonic clock, and can be pushed forward or stepped. */
import type { Clock, ClockState, Instant } from '../../controller/core/time.ts';

export class TestClock implements Clock {
  #ahead = 0;
  #stepped = 0;
  #boots = 0;
  #bootedMs = 0;
  readonly #startMs = performance.now();

  now(): Instant {
    const passedMs = 1_000_000 + (performance.now() - this.#startMs) + this.#ahead;
    return {
      wallMs: Math.round(1_795_000_000_000 + passedMs + this.#stepped),
      monoMs: passedMs - this.#bootedMs,
      boot: `boot-${'abcdefgh'.charAt(this.#boots)}`,
    };
  }

  state(): ClockState {
    return { source: 'ntp' };
  }

  /** Time passes. */
  advance(ms: number): void {
    this.#ahead += ms;
  }

  /** The machine starts anew: another boot, whose monotonic clock begins at nothing. */
  reboot(): void {
    this.#boots += 1;
    this.#bootedMs = 1_000_000 + (performance.now() - this.#startMs) + this.#ahead;
  }

  /** Somebody sets the wall clock. */
  stepWall(ms: number): void {
    this.#stepped += ms;
  }
}
