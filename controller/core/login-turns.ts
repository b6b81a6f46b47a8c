/**
 * Logins one after the other, so that what was counted of one is known before the next is looked at. Hashing takes tens of
 * milliseconds of a core and 19 MiB each: more waiting at once is refused, and sooner for one place.
 */
import { AppError } from './errors.ts';
import { Lane } from './lane.ts';

const WAITING_MAX = 20;
const WAITING_MAX_AT_A_PLACE = 4;
const RETRY_WHEN_FULL_MS = 2_000;

export class LoginTurns {
  readonly #lane = new Lane(WAITING_MAX, () => tooManyAtOnce());
  readonly #waiting = new Map<string, number>();

  /** Does `act` when it is its turn; answers what it answers. Rejects with `too-many-tries` when too many wait. */
  async take<T>(place: string, act: () => Promise<T>): Promise<T> {
    const waiting = this.#waiting.get(place) ?? 0;
    if (waiting >= WAITING_MAX_AT_A_PLACE) throw tooManyAtOnce();
    this.#waiting.set(place, waiting + 1);
    try {
      return await this.#lane.run(act);
    } finally {
      const left = (this.#waiting.get(place) ?? 1) - 1;
      if (left === 0) this.#waiting.delete(place);
      else this.#waiting.set(place, left);
    }
  }
}

function tooManyAtOnce(): AppError {
  return new AppError('too-many-tries', 'too many people log in at once', { retryAfterMs: RETRY_WHEN_FULL_MS });
}
