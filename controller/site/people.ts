/**
 * Who may log in. People stand in the configuration; their PINs and the secrets of administrators are made here at the first start
 * and told once. PINs are kept as argon2id hashes, because they are short; secrets as SHA-256, because they are not.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { sha256 } from '../core/chain.ts';
import { AppError } from '../core/errors.ts';
import type { PeopleIndex, PersonRow } from '../core/people-index.ts';
import { PIN_DIGITS_MIN, pinFault } from '../core/pin-rules.ts';
import type { PinHasher, SiteJournal } from '../core/ports.ts';
import { SECRET_CHARS, secretOf, secretText } from '../core/secret-text.ts';
import type { PersonPlan } from '../core/site-plan.ts';

export interface FirstPin {
  readonly person: string;
  readonly name: string;
  readonly role: string;
  readonly pin: string;
}
export type FirstSecret = Omit<FirstPin, 'pin'> & { readonly secret: string };

export interface PeopleOptions {
  readonly people: readonly PersonPlan[];
  readonly index: PeopleIndex;
  readonly journal: SiteJournal;
  readonly pins: PinHasher;
}

/** Who gives PINs and secrets when nobody did: the site at its start, or the command line. */
export const THE_SITE = 'site';

export class People {
  readonly #options: PeopleOptions;
  #firstPins: FirstPin[] = [];
  #firstSecrets: FirstSecret[] = [];
  /** Hash of a PIN that nobody knows: an unknown person takes as long as a known one. */
  #dummyHash = '';

  constructor(options: PeopleOptions) {
    this.#options = options;
  }

  /** Gives a PIN to everybody and a secret to every administrator who has none, and journals changed names, roles and rooms. */
  async start(): Promise<void> {
    const { people, index, pins } = this.#options;
    this.#dummyHash = await pins.hash(randomBytes(16).toString('hex'));
    for (const person of people) {
      const known = index.person(person.id);
      if (known === null) this.#firstPins.push({ ...named(person), pin: await this.givePin(person.id) });
      else if (!isSame(known, person)) await this.#journal(person, known.pinHash);
      if (person.role === 'administrator' && (known?.secretHash ?? null) === null) {
        this.#firstSecrets.push({ ...named(person), secret: await this.giveSecret(person.id, THE_SITE) });
      }
    }
  }

  /** PINs and secrets made at the start; each is told once and never again. */
  takeFirst(): { readonly pins: readonly FirstPin[]; readonly secrets: readonly FirstSecret[] } {
    const first = { pins: this.#firstPins, secrets: this.#firstSecrets };
    this.#firstPins = [];
    this.#firstSecrets = [];
    return first;
  }

  find(id: string): PersonPlan | null {
    return this.#options.people.find((person) => person.id === id) ?? null;
  }

  hasSecret(id: string): boolean {
    return (this.#options.index.person(id)?.secretHash ?? null) !== null;
  }

  /** A new PIN that passes the rules; the old one counts no more. Rejects with `not-found`. */
  async givePin(id: string): Promise<string> {
    const person = this.#known(id);
    let pin: string;
    do pin = String(randomInt(10 ** PIN_DIGITS_MIN)).padStart(PIN_DIGITS_MIN, '0');
    while (pinFault(pin) !== null);
    await this.#journal(person, await this.#options.pins.hash(pin));
    return pin;
  }

  /** A PIN that somebody chose. Rejects with `weak-pin`. */
  async choosePin(id: string, pin: string): Promise<void> {
    const person = this.#known(id);
    const fault = pinFault(pin) ?? ((await this.pinFits(id, pin)) ? 'the old one' : null);
    if (fault !== null) {
      throw new AppError('weak-pin', `this PIN is refused: ${fault}`, {
        fields: [{ field: 'newPin', message: fault }],
      });
    }
    await this.#journal(person, await this.#options.pins.hash(pin));
  }

  /** A new secret; the old one counts no more. Rejects with `not-found`. */
  async giveSecret(id: string, by: string): Promise<string> {
    this.#known(id);
    const secret = secretText(randomBytes(SECRET_CHARS));
    const secretHash = sha256(secretOf(secret) ?? '');
    await this.#options.journal.append({ type: 'person-secret', person: id, secretHash, by });
    return secret;
  }

  /** Takes as long for somebody who does not exist. */
  async pinFits(id: string, pin: string): Promise<boolean> {
    const { pins, index } = this.#options;
    const row = this.find(id) === null ? null : index.person(id);
    return (await pins.verify(row?.pinHash ?? this.#dummyHash, pin)) && row !== null;
  }

  /** Whose secret this is, or null. */
  bySecret(typed: string): PersonPlan | null {
    const secret = secretOf(typed);
    const row = secret === null ? null : this.#options.index.personBySecret(sha256(secret));
    return row === null ? null : this.find(row.id);
  }

  #known(id: string): PersonPlan {
    const person = this.find(id);
    if (person === null) throw new AppError('not-found', `nobody here is called ${id}`);
    return person;
  }

  async #journal(person: PersonPlan, pinHash: string): Promise<void> {
    const { id, name, role } = person;
    const rooms = roomsOf(person);
    await this.#options.journal.append({ type: 'person-added', person: id, name, role, rooms, pinHash });
  }
}

function named({ id, name, role }: PersonPlan) {
  return { person: id, name, role };
}

function isSame(known: PersonRow, person: PersonPlan): boolean {
  return (
    known.name === person.name && known.role === person.role && known.rooms.join(' ') === roomsOf(person).join(' ')
  );
}

/** As journaled: `*` for all rooms, which can be no room's id. */
function roomsOf(person: PersonPlan): readonly string[] {
  return person.rooms === 'all' ? ['*'] : person.rooms;
}
