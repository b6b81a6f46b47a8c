/** One bounded queue: what comes in is done in order, one at a time, so that two panels and a status never act on half a change. */
import { AppError } from '../core/errors.ts';

export class Lane {
  readonly #name: string;
  readonly #limit: number;
  #tail: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(name: string, limit: number) {
    this.#name = name;
    this.#limit = limit;
  }

  /** Does `act` after everything before it; answers what it answers. Refuses when `limit` acts wait already. */
  run<T>(act: () => Promise<T>): Promise<T> {
    if (this.#waiting >= this.#limit) {
      return Promise.reject(new AppError('internal', `${this.#name}: ${this.#limit} requests wait already`));
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
