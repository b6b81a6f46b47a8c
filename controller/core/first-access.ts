/**
 * Every look at what was kept is written down (invariant 10), at a site and at the centre alike. A player asks for one file in many
 * pieces, so the first access of each object by each login is, and again when it goes on after {@link AGAIN_MS}.
 */
import { between, type Clock, type Instant } from './time.ts';

const AGAIN_MS = 10 * 60_000;
/** Past this the oldest are forgotten, which writes them down once more, never once less. */
const REMEMBERED_MAX = 10_000;

export class FirstAccess {
  readonly #clock: Clock;
  readonly #seen = new Map<string, { readonly at: Instant; readonly written: Promise<unknown> }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `key` names who did what to which object. Resolves when it is written down; nothing is shown before. */
  async record(key: string, write: () => Promise<unknown>): Promise<void> {
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
