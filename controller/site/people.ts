/**
 * Who may log in. People stand in the configuration; their PINs are made here at the first start, told once and kept only as
 * argon2id hashes. A login is a random token of which only the SHA-256 is kept.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { sha256 } from '../core/chain.ts';
import type { Caller } from '../core/desk.ts';
import { AppError } from '../core/errors.ts';
import type { Log, PinHasher, SiteJournal } from '../core/ports.ts';
import type { SiteIndex } from '../core/site-index.ts';
import type { PersonPlan } from '../core/site-plan.ts';
import { between, type Clock, type Instant } from '../core/time.ts';
import { Lane } from './lane.ts';

const PIN_DIGITS = 6;
const TOKEN_BYTES = 32;
/** Wrong tries before the login is locked, and how long: doubling with each lock in a row. */
const TRIES_MAX = 5;
const LOCK_FIRST_MS = 60_000;
const LOCK_MAX_MS = 15 * 60_000;
/** A login that nobody used for a working day's length ends. */
const LOGIN_IDLE_MS = 12 * 3_600_000;
/** The last use is written down no more often than this. */
const USE_STEP_MS = 60_000;
/** Hashing takes tens of milliseconds of a core and 19 MiB each; more waiting at once is refused. */
const LOGINS_WAITING_MAX = 20;
const RETRY_WHEN_FULL_MS = 2_000;

interface Tries {
  readonly wrong: number;
  readonly locks: number;
  readonly lockedAt: Instant | null;
  readonly lockMs: number;
}
const NO_TRIES: Tries = { wrong: 0, locks: 0, lockedAt: null, lockMs: 0 };

export interface FirstPin {
  readonly person: string;
  readonly name: string;
  readonly role: string;
  readonly pin: string;
}

export interface PeopleOptions {
  readonly people: readonly PersonPlan[];
  readonly index: SiteIndex;
  readonly journal: SiteJournal;
  readonly pins: PinHasher;
  readonly clock: Clock;
  readonly log: Log;
}

export class People {
  readonly #options: PeopleOptions;
  readonly #tries = new Map<string, Tries>();
  readonly #lane = new Lane(
    LOGINS_WAITING_MAX,
    () => new AppError('too-many-tries', 'too many people log in at once', { retryAfterMs: RETRY_WHEN_FULL_MS }),
  );
  readonly #listeners: ((login: string) => void)[] = [];
  #fresh: FirstPin[] = [];
  /** Hash of a PIN that nobody knows: an unknown person takes as long as a known one. */
  #dummyHash = '';

  constructor(options: PeopleOptions) {
    this.#options = options;
  }

  /** Gives a PIN to everybody who has none, and journals changed names, roles and rooms. */
  async start(): Promise<void> {
    this.#dummyHash = await this.#options.pins.hash(randomBytes(TOKEN_BYTES).toString('hex'));
    for (const person of this.#options.people) {
      const known = this.#options.index.person(person.id);
      if (known === null) {
        await this.newPin(person.id);
        continue;
      }
      const rooms = roomsOf(person);
      const isSame =
        known.name === person.name && known.role === person.role && known.rooms.join(' ') === rooms.join(' ');
      if (!isSame) await this.#journal(person, known.pinHash);
    }
  }

  /** PINs made since the last call; each is told once and never again. */
  takeFirstPins(): readonly FirstPin[] {
    const pins = this.#fresh;
    this.#fresh = [];
    return pins;
  }

  /** Gives a person a new PIN, which the old one gives way to, and ends their logins. Rejects with `not-found`. */
  async newPin(id: string): Promise<FirstPin> {
    const { pins, index, clock } = this.#options;
    const person = this.#person(id);
    if (person === null) throw new AppError('not-found', `nobody here is called ${id}`);
    const pin = String(randomInt(10 ** PIN_DIGITS)).padStart(PIN_DIGITS, '0');
    await this.#journal(person, await pins.hash(pin));
    for (const login of index.endLoginsOf(id, clock.now().wallMs)) this.#ended(login);
    const first = { person: id, name: person.name, role: person.role, pin };
    this.#fresh.push(first);
    return first;
  }

  /** Answers a token for the cookie. Rejects with `wrong-pin` or `too-many-tries`. */
  login(id: string, pin: string): Promise<{ token: string; caller: Caller }> {
    return this.#lane.run(async () => {
      this.#checkLock(id);
      const { index, journal, pins, clock } = this.#options;
      const person = this.#person(id);
      const row = person === null ? null : index.person(id);
      const isRight = await pins.verify(row?.pinHash ?? this.#dummyHash, pin);
      if (person === null || row === null || !isRight) {
        this.#countWrong(id);
        if (person !== null)
          await journal.append({ type: 'audit', who: id, did: 'login-refused', object: id, room: null });
        throw new AppError('wrong-pin', 'person and PIN do not fit');
      }
      this.#tries.delete(this.#keyOf(id));
      const token = randomBytes(TOKEN_BYTES).toString('base64url');
      const login = sha256(token);
      const nowMs = clock.now().wallMs;
      await journal.append({ type: 'audit', who: id, did: 'login', object: id, room: null });
      index.addLogin(login, { person: id, createdMs: nowMs, lastUseMs: nowMs });
      return { token, caller: { login, person } };
    });
  }

  /** Who holds this token, or null. People who left the configuration hold nothing. */
  callerOf(token: string): Caller | null {
    const { index, clock } = this.#options;
    const login = sha256(token);
    const row = index.login(login);
    if (row === null) return null;
    const person = this.#person(row.person);
    const nowMs = clock.now().wallMs;
    if (person === null || nowMs - row.lastUseMs > LOGIN_IDLE_MS) {
      index.endLogin(login, nowMs);
      this.#ended(login);
      return null;
    }
    if (Math.abs(nowMs - row.lastUseMs) > USE_STEP_MS) index.useLogin(login, nowMs);
    return { login, person };
  }

  async logout({ login, person }: Caller): Promise<void> {
    const { index, journal, clock } = this.#options;
    index.endLogin(login, clock.now().wallMs);
    this.#ended(login);
    await journal.append({ type: 'audit', who: person.id, did: 'logout', object: person.id, room: null });
  }

  onEnded(listener: (login: string) => void): void {
    this.#listeners.push(listener);
  }

  #ended(login: string): void {
    for (const listener of this.#listeners) listener(login);
  }

  #person(id: string): PersonPlan | null {
    return this.#options.people.find((person) => person.id === id) ?? null;
  }

  async #journal(person: PersonPlan, pinHash: string): Promise<void> {
    const { id, name, role } = person;
    await this.#options.journal.append({
      type: 'person-added',
      person: id,
      name,
      role,
      rooms: roomsOf(person),
      pinHash,
    });
  }

  /** Names that nobody has are counted under one, so that guessing names fills no memory. */
  #keyOf(id: string): string {
    return this.#person(id) === null ? '' : id;
  }

  #checkLock(id: string): void {
    const tries = this.#tries.get(this.#keyOf(id));
    if (tries?.lockedAt == null) return;
    const leftMs = tries.lockMs - between(tries.lockedAt, this.#options.clock.now());
    if (leftMs <= 0) return;
    throw new AppError('too-many-tries', `the login of ${id} is locked for ${Math.ceil(leftMs / 1_000)} s`, {
      retryAfterMs: Math.ceil(leftMs),
    });
  }

  #countWrong(id: string): void {
    const key = this.#keyOf(id);
    const before = this.#tries.get(key) ?? NO_TRIES;
    const wrong = before.wrong + 1;
    if (wrong < TRIES_MAX) {
      this.#tries.set(key, { ...before, wrong, lockedAt: null });
      return;
    }
    const lockMs = Math.min(LOCK_MAX_MS, LOCK_FIRST_MS * 2 ** before.locks);
    this.#tries.set(key, { wrong: 0, locks: before.locks + 1, lockedAt: this.#options.clock.now(), lockMs });
    this.#options.log.warn({ person: key, lockMs }, 'login locked after wrong tries');
  }
}

/** As journaled: `*` for all rooms, which can be no room's id. */
function roomsOf(person: PersonPlan): readonly string[] {
  return person.rooms === 'all' ? ['*'] : person.rooms;
}
