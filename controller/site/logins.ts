/** Logins: random tokens of which only the SHA-256 is kept, each bound to the panel it was made at, until they end. */
import { randomBytes } from 'node:crypto';
import { sha256 } from '../core/chain.ts';
import type { Caller } from '../core/desk.ts';
import { AGENT_CHARS_MAX, isLoginOver, LOGINS_MAX, USE_STEP_MS } from '../core/login-life.ts';
import type { Origin } from '../core/origin.ts';
import type { Entered } from '../core/people-desk.ts';
import type { LoginRow, PanelRow, PeopleIndex } from '../core/people-index.ts';
import type { PersonPlan } from '../core/site-plan.ts';
import { between, type Clock, type Instant } from '../core/time.ts';

const TOKEN_BYTES = 32;
const SWEEP_MS = 10_000;

export type NamedLogin = LoginRow & { readonly login: string };

export class Logins {
  readonly #index: PeopleIndex;
  readonly #clock: Clock;
  readonly #people: readonly PersonPlan[];
  readonly #listeners: ((login: string) => void)[] = [];
  #sweptAt: Instant | null = null;

  constructor(index: PeopleIndex, clock: Clock, people: readonly PersonPlan[]) {
    this.#index = index;
    this.#clock = clock;
    this.#people = people;
  }

  begin(person: PersonPlan, how: LoginRow['how'], panel: PanelRow | null, from: Origin): Entered {
    const before = this.all().filter((one) => one.person === person.id);
    for (const { login } of before.slice(0, Math.max(0, before.length - LOGINS_MAX + 1))) this.end(login);
    const token = randomBytes(TOKEN_BYTES).toString('base64url');
    const login = sha256(token);
    const now = this.#clock.now();
    this.#index.addLogin(login, {
      person: person.id,
      how,
      panel: panel?.id ?? null,
      address: from.address,
      agent: from.agent.slice(0, AGENT_CHARS_MAX),
      created: now,
      lastUse: now,
    });
    return { token, caller: { login, person, how, panel: panel?.id ?? null } };
  }

  /**
   * Who holds this token at this panel, or null. People who left the configuration hold nothing. `takesPins` says whether a login
   * by PIN from a browser that is no panel still counts.
   */
  callerOf(token: string, panel: PanelRow | null, takesPins: boolean): Caller | null {
    const login = sha256(token);
    const row = this.#index.login(login);
    if (row === null) return null;
    const person = this.#people.find(({ id }) => id === row.person);
    if (person === undefined || this.#isOver(row)) {
      this.end(login);
      return null;
    }
    if (row.panel === null ? row.how === 'pin' && !takesPins : row.panel !== panel?.id) return null;
    const now = this.#clock.now();
    if (Math.abs(between(row.lastUse, now)) > USE_STEP_MS) this.#index.useLogin(login, now);
    return { login, person, how: row.how, panel: row.panel };
  }

  /** Those that hold, oldest first. */
  all(): readonly NamedLogin[] {
    return this.#index.logins().filter((one) => !this.#isOver(one));
  }

  /** From where it was made, or null when it has ended. */
  addressOf(login: string): string | null {
    return this.#index.login(login)?.address ?? null;
  }

  end(login: string): void {
    this.#index.endLogin(login);
    for (const listener of this.#listeners) listener(login);
  }

  /** Ends those that are meant; answers how many. */
  endWhere(isMeant: (login: NamedLogin) => boolean): number {
    const meant = this.#index.logins().filter(isMeant);
    for (const { login } of meant) this.end(login);
    return meant.length;
  }

  /** Ends what ended by time alone, so that sockets of it are closed too. Looks no more often than every {@link SWEEP_MS}. */
  sweep(): void {
    const now = this.#clock.now();
    if (this.#sweptAt !== null && between(this.#sweptAt, now) < SWEEP_MS) return;
    this.#sweptAt = now;
    this.endWhere((one) => this.#isOver(one) || !this.#people.some(({ id }) => id === one.person));
  }

  onEnded(listener: (login: string) => void): void {
    this.#listeners.push(listener);
  }

  #isOver(row: LoginRow): boolean {
    return isLoginOver(row, this.#clock.now());
  }
}
