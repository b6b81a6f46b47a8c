/**
 * Every look at what was kept is audited (invariant 10). A player asks for one file in many pieces, so the first access of each
 * object by each login is journaled, and again when it goes on after {@link AGAIN_MS}.
 */
import type { Caller } from '../core/desk.ts';
import type { SiteJournal } from '../core/ports.ts';
import { between, type Clock, type Instant } from '../core/time.ts';

const AGAIN_MS = 10 * 60_000;
/** Somebody who looked so lately is still looking. */
const WATCHED_MS = 10 * 60_000;
/** Past this the oldest are forgotten, which journals them once more, never once less. */
const REMEMBERED_MAX = 10_000;

export class MediaAudit {
  readonly #journal: SiteJournal;
  readonly #clock: Clock;
  readonly #seen = new Map<string, { readonly at: Instant; readonly written: Promise<unknown> }>();
  /** When each object was looked at last, by whomever. */
  readonly #looks = new Map<string, Instant>();

  constructor(journal: SiteJournal, clock: Clock) {
    this.#journal = journal;
    this.#clock = clock;
  }

  /** Somebody is looking at one of these objects, as far as this process saw. */
  isWatched(objects: readonly string[]): boolean {
    const now = this.#clock.now();
    return objects.some((object) => {
      const at = this.#looks.get(object);
      return at !== undefined && between(at, now) < WATCHED_MS;
    });
  }

  /** Resolves when the access stands in the journal; nothing is shown before. */
  async record(
    caller: Caller,
    did: 'review' | 'play' | 'recall' | 'glance',
    object: string,
    room: string,
  ): Promise<void> {
    const key = `${caller.login} ${did} ${object}`;
    const now = this.#clock.now();
    this.#looks.delete(object);
    this.#looks.set(object, now);
    if (this.#looks.size > REMEMBERED_MAX) this.#looks.delete(this.#looks.keys().next().value ?? object);
    const before = this.#seen.get(key);
    if (before !== undefined && between(before.at, now) < AGAIN_MS) {
      await before.written;
      return;
    }
    const written = this.#journal.append({ type: 'audit', who: caller.person.id, did, object, room });
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
