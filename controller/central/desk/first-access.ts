/**
 * Every look at what is held is written down (invariant 10). A player asks for one file in many pieces, so the first access of each
 * object by each login is, and again when it goes on after {@link AGAIN_MS}.
 */
import { between, type Clock, type Instant } from '../../core/time.ts';

const AGAIN_MS = 10 * 60_000;
/** Past this the oldest are forgotten, which writes them down once more, never once less. */
const REMEMBERED_MAX = 10_000;

export class FirstAccess {
  readonly #clock: Clock;
  readonly #seen = new Map<string, { readonly at: Instant; readonly written: Promise<void> }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves when the access is written down; nothing is shown before. */
  async record(key: string, write: () => Promise<void>): Promise<void> {
    const now = this.#clock.now();
    const before = this.#seen.get(key);
    if (before !== undefined && between(before.at, now) < AGAIN_MS) {
      await before.written;
      return;
    }
    const written = write();
    this.#seen.delete(key);
    this.#seen.set(key, { at: now, written });
    if (this.#seen.size > REMEMBERED_MAX) this.#seen.delete(this.#seen.keys().next().value ?? key);
    try {
      await written;
    } catch (error) {
      this.#seen.delete(key);
      throw error;
    }
  }
}
