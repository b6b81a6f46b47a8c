/** The audit of every look at what was kept (invariant 10), and who is looking just now. */
import type { Caller } from '../core/desk.ts';
import { FirstAccess } from '../core/first-access.ts';
import type { SiteJournal } from '../core/ports.ts';
import { between, type Clock, type Instant } from '../core/time.ts';

/** Somebody who looked so lately is still looking. */
const WATCHED_MS = 10 * 60_000;
/** Past this the oldest are forgotten. */
const REMEMBERED_MAX = 10_000;

export class MediaAudit {
  readonly #journal: SiteJournal;
  readonly #clock: Clock;
  readonly #accesses: FirstAccess;
  /** When each object was looked at last, by whomever. */
  readonly #looks = new Map<string, Instant>();

  constructor(journal: SiteJournal, clock: Clock) {
    this.#journal = journal;
    this.#clock = clock;
    this.#accesses = new FirstAccess(clock);
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
    this.#looks.delete(object);
    this.#looks.set(object, this.#clock.now());
    if (this.#looks.size > REMEMBERED_MAX) this.#looks.delete(this.#looks.keys().next().value ?? object);
    await this.#accesses.record(`${caller.login} ${did} ${object}`, () =>
      this.#journal.append({ type: 'audit', who: caller.person.id, did, object, room }),
    );
  }
}
