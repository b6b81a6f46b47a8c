/** A user name and a password that cannot slip into a log: printing, JSON and inspection show only that there is one. */
import { inspect } from 'node:util';

const HIDDEN = '(hidden)';

export class Login {
  readonly user: string;
  readonly #password: string;

  constructor(user: string, password: string) {
    this.user = user;
    this.#password = password;
  }

  /** The password itself; ask for it only where it is used. */
  get password(): string {
    return this.#password;
  }

  toJSON(): { user: string; password: string } {
    return { user: this.user, password: HIDDEN };
  }

  toString(): string {
    return `${this.user}:${HIDDEN}`;
  }

  [inspect.custom](): string {
    return `Login ${this.toString()}`;
  }
}
