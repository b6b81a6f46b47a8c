/** One bounded queue: what comes in is done in order, one at a time, so that two panels and a status never act on half a change. */
import type { AppError } from './errors.ts';

export class Lane {
  readonly #limit: number;
  readonly #full: () => AppError;
  #tail: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** `full` is what an act is refused with while `limit` acts wait already. */
  constructor(limit: number, full: () => AppError) {
    this.#limit = limit;
    this.#full = full;
  }

  /** Does `act` after everything before it; answers what it answers. */
  run<T>(act: () => Promise<T>): Promise<T> {
    if (this.#waiting >= this.#limit) {
      return Promise.reject(this.#full());
    }
    this.#waiting += 1;
    const done = this.#tail.then(act).finally(() => {
      this.#waiting -= 1;
    });
    this.#tail = done.catch(() => undefined);
    return done;
  }

  /** Resolves when everything asked for so far is done. */
  async idle(): Promise<void> {
    await this.#tail;
  }
}
