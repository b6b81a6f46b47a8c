/**
 * The centre's door: who comes in, and who looks after people. Nobody has a password that somebody thought of: a secret is made here, told
 * once, and kept as an argon2id hash. Wrong tries are counted for the person and for the address, and everything is in the journal.
 */
import { randomBytes } from 'node:crypto';
import type {
  CentreCaller,
  CentreDoor,
  CentreLoginSnapshot,
  CentrePersonSnapshot,
  CentreRole,
  CentreTrailSnapshot,
} from '../../core/centre-desk.ts';
import { sha256 } from '../../core/chain.ts';
import { AppError } from '../../core/errors.ts';
import { Lane } from '../../core/lane.ts';
import { AGENT_CHARS_MAX, isLoginOver, LOGINS_MAX, USE_STEP_MS } from '../../core/login-life.ts';
import { LoginTurns } from '../../core/login-turns.ts';
import type { Origin } from '../../core/origin.ts';
import type { Log, PinHasher } from '../../core/ports.ts';
import { SECRET_CHARS, secretOf, secretText } from '../../core/secret-text.ts';
import { between, type Clock } from '../../core/time.ts';
import { addressKey, personKey, TryBook } from '../../core/try-book.ts';
import { ULID_RANDOM_BYTES, ulid } from '../../core/ulid.ts';
import type { DoorFact } from './door-facts.ts';
import type { DoorRows, KnownPerson, LoginRow } from './door-rows.ts';

const TOKEN_BYTES = 32;
/** Changes of people that wait for each other. */
const CHANGES_MAX = 20;
const FIRST_NAME = 'admin';
const NOBODY = 'nobody';

export interface DoorOptions {
  readonly rows: DoorRows;
  /** Resolves when the fact is in the journal and in the rows. */
  readonly keep: (fact: DoorFact) => Promise<void>;
  readonly secrets: PinHasher;
  readonly clock: Clock;
  readonly log: Log;
}

export class Door implements CentreDoor {
  readonly #options: DoorOptions;
  readonly #tries: TryBook;
  readonly #turns = new LoginTurns();
  /** One change of people after the other, so that no two give away one name, or the last administrator. */
  readonly #changes = new Lane(CHANGES_MAX, () => new AppError('too-many-tries', 'too many changes of people at once'));
  readonly #listeners: ((login: string) => void)[] = [];
  /** What a name that nobody has is compared with, so that the time taken does not tell which names exist. */
  #nobodysHash = '';

  constructor(options: DoorOptions) {
    this.#options = options;
    this.#tries = new TryBook(options.rows, options.clock, options.log);
  }

  /**
   * Makes the first administrator when there is nobody; answers what is to be told this once, or null. `renewed` is an administrator who
   * gets a new secret, or is added: whoever starts this program may do that, so that a lost secret locks nobody out for good.
   */
  async start(renewed: string | null = null): Promise<{ readonly name: string; readonly secret: string } | null> {
    const { rows, secrets } = this.#options;
    this.#tries.start();
    this.#nobodysHash = await secrets.hash(newSecret());
    const name = renewed === null ? FIRST_NAME : plain(renewed);
    const known = rows.people().find((one) => one.name === name);
    if (renewed === null && rows.people().length > 0) return null;
    if (known === undefined) return { name, secret: (await this.#add(name, 'administrator', null)).secret };
    if (known.role !== 'administrator') throw new AppError('name-taken', `${name} is no administrator`);
    return { name, secret: await this.#renew(known.id, known.id) };
  }

  login(name: string, typed: string, from: Origin) {
    const address = addressKey(from.address);
    return this.#turns.take(address, async () => {
      const { rows, secrets } = this.#options;
      const person = rows.people().find((one) => one.name === plain(name)) ?? null;
      const keys = person === null ? [address] : [address, personKey(person.id)];
      this.#tries.refuseLocked(...keys);
      const fits = await secrets.verify(person?.secretHash ?? this.#nobodysHash, secretOf(typed) ?? '');
      if (person === null || !fits) {
        // Counted before it is written down: a disk that stands still must not make guessing free.
        const locked = keys.filter((key) => this.#tries.wrong(key));
        const who = person?.id ?? NOBODY;
        await this.#audit(who, 'login-refused', who, from);
        for (const key of locked) await this.#audit(who, 'locked', key, from);
        throw new AppError('wrong-secret', 'name and secret do not fit');
      }
      this.#tries.clear(personKey(person.id));
      await this.#audit(person.id, 'login', person.id, from);
      return this.#begin(person, from);
    });
  }

  callerOf(token: string): CentreCaller | null {
    const { rows, clock } = this.#options;
    const login = sha256(token);
    const row = rows.login(login);
    if (row === null) return null;
    const person = rows.person(row.person);
    if (person === null || this.#isOver(row)) {
      this.#end(login);
      return null;
    }
    const now = clock.now();
    if (Math.abs(between(row.lastUse, now)) > USE_STEP_MS) rows.useLogin(login, now);
    return { login, person: { id: person.id, name: person.name, role: person.role } };
  }

  async logout({ login, person }: CentreCaller, from: Origin): Promise<void> {
    this.#end(login);
    await this.#audit(person.id, 'logout', person.id, from);
  }

  onLoginEnded(listener: (login: string) => void): void {
    this.#listeners.push(listener);
  }

  people(caller: CentreCaller): readonly CentrePersonSnapshot[] {
    administratorOnly(caller);
    const logins = this.#options.rows.logins().filter((row) => !this.#isOver(row));
    return this.#options.rows.people().map(({ id, name, role }) => ({
      ...{ id, name, role },
      lockedForMs: this.#tries.leftMs(personKey(id)),
      logins: logins.filter(({ person }) => person === id).map((row) => snapshotOf(row, caller)),
    }));
  }

  async add(caller: CentreCaller, name: string, role: CentreRole) {
    administratorOnly(caller);
    return this.#changes.run(() => this.#add(plain(name), role, caller.person.id));
  }

  async giveSecret(caller: CentreCaller, id: string): Promise<string> {
    administratorOnly(caller);
    return this.#renew(this.#demand(id).id, caller.person.id);
  }

  remove(caller: CentreCaller, id: string): Promise<void> {
    return this.#changes.run(async () => {
      administratorOnly(caller);
      const { role } = this.#demand(id);
      const administrators = this.#options.rows.people().filter((one) => one.role === 'administrator');
      if (role === 'administrator' && administrators.length === 1)
        throw new AppError('last-administrator', 'nobody else could look after people');
      await this.#options.keep({ type: 'person-removed', person: id, by: caller.person.id });
      this.#endAllOf(id);
    });
  }

  async unlock(caller: CentreCaller, id: string): Promise<void> {
    administratorOnly(caller);
    this.#demand(id);
    await this.#options.keep(auditOf(caller.person.id, 'unlocked', id, null));
    this.#tries.clear(personKey(id));
  }

  async endLogin(caller: CentreCaller, login: string): Promise<void> {
    const row = this.#options.rows.login(login);
    if (row === null || row.person !== caller.person.id) administratorOnly(caller);
    if (row === null) throw new AppError('not-found', 'there is no such login');
    this.#end(login);
    await this.#options.keep(auditOf(caller.person.id, 'login-ended', row.person, row.address));
  }

  trail(caller: CentreCaller, limit: number, beforeSeq: number | null): readonly CentreTrailSnapshot[] {
    administratorOnly(caller);
    const { rows } = this.#options;
    return rows.trail(limit, beforeSeq).map((row) => ({
      ...row,
      who: rows.nameOf(row.who),
      object: rows.nameOf(row.object) ?? row.object,
    }));
  }

  async #add(name: string, role: CentreRole, by: string | null) {
    const { rows, keep, clock } = this.#options;
    const secret = newSecret();
    const secretHash = await this.#hash(secret);
    if (rows.people().some((one) => one.name === name)) throw new AppError('name-taken', `somebody is called ${name}`);
    const person = ulid(clock.now().wallMs, randomBytes(ULID_RANDOM_BYTES));
    await keep({ type: 'person-added', person, name, role, secretHash, by });
    return { person, secret };
  }

  async #renew(person: string, by: string): Promise<string> {
    const secret = newSecret();
    const secretHash = await this.#hash(secret);
    await this.#options.keep({ type: 'secret-given', person, secretHash, by });
    this.#endAllOf(person);
    this.#tries.clear(personKey(person));
    return secret;
  }

  #hash(secret: string): Promise<string> {
    return this.#options.secrets.hash(secretOf(secret) ?? secret);
  }

  #begin(person: KnownPerson, from: Origin): { readonly token: string; readonly caller: CentreCaller } {
    const { rows, clock } = this.#options;
    for (const row of rows.logins()) if (this.#isOver(row)) this.#end(row.login);
    const before = rows.logins().filter((row) => row.person === person.id);
    for (const { login } of before.slice(0, Math.max(0, before.length - LOGINS_MAX + 1))) this.#end(login);
    const token = randomBytes(TOKEN_BYTES).toString('base64url');
    const login = sha256(token);
    const now = clock.now();
    const agent = from.agent.slice(0, AGENT_CHARS_MAX);
    rows.addLogin({ login, person: person.id, address: from.address, agent, created: now, lastUse: now });
    return { token, caller: { login, person: { id: person.id, name: person.name, role: person.role } } };
  }

  #demand(id: string): KnownPerson {
    const person = this.#options.rows.person(id);
    if (person === null) throw new AppError('not-found', 'there is no such person');
    return person;
  }

  #endAllOf(person: string): void {
    for (const row of this.#options.rows.logins()) if (row.person === person) this.#end(row.login);
  }

  #end(login: string): void {
    this.#options.rows.endLogin(login);
    for (const listener of this.#listeners) listener(login);
  }

  #isOver(row: LoginRow): boolean {
    return isLoginOver(row, this.#options.clock.now());
  }

  #audit(who: string, did: string, object: string, { address }: Origin): Promise<void> {
    return this.#options.keep(auditOf(who, did, object, address));
  }
}

function administratorOnly({ person }: CentreCaller): void {
  if (person.role !== 'administrator') throw new AppError('not-your-role', `${person.name} is no administrator`);
}

function auditOf(who: string, did: string, object: string, source: string | null): DoorFact {
  return { type: 'audit', who, did, object, site: null, source };
}

/** As it is compared: names are typed on many keyboards. */
function plain(name: string): string {
  return name.normalize('NFKC').trim();
}

function newSecret(): string {
  return secretText(randomBytes(SECRET_CHARS));
}

function snapshotOf(row: LoginRow, caller: CentreCaller): CentreLoginSnapshot {
  const { login, address, agent, created, lastUse } = row;
  return {
    ...{ id: login, address, agent },
    since: created.wallMs,
    lastUseAt: lastUse.wallMs,
    isMine: login === caller.login,
  };
}
