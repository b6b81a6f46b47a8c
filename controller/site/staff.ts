/** The staff room: panels and people are looked after here. Each method checks the caller's authority first and is audited. */
import { hasRoom, mayAtSite } from '../core/authority.ts';
import type { Caller } from '../core/desk.ts';
import { AppError } from '../core/errors.ts';
import type {
  CodeSnapshot,
  LoginSnapshot,
  PanelSnapshot,
  PanelUseSnapshot,
  Staff,
  StaffSnapshot,
  TrailSnapshot,
} from '../core/people-desk.ts';
import type { PanelRow, PeopleIndex } from '../core/people-index.ts';
import type { SiteJournal } from '../core/ports.ts';
import type { SiteAct } from '../core/roles.ts';
import type { PersonPlan, RoomPlan } from '../core/site-plan.ts';
import { panelKey, personKey, type TryBook } from '../core/try-book.ts';
import { NOBODY, type SiteDoor } from './door.ts';
import type { Logins, NamedLogin } from './logins.ts';
import type { Panels } from './panels.ts';
import type { People } from './people.ts';

export interface StaffOptions {
  readonly everybody: readonly PersonPlan[];
  readonly rooms: readonly RoomPlan[];
  readonly people: People;
  readonly panels: Panels;
  readonly logins: Logins;
  readonly tries: TryBook;
  readonly index: PeopleIndex;
  readonly door: SiteDoor;
  readonly journal: SiteJournal;
}

export class SiteStaff implements Staff {
  readonly #options: StaffOptions;

  constructor(options: StaffOptions) {
    this.#options = options;
  }

  may({ person, how }: Caller) {
    const people = mayAtSite(person, 'people');
    return {
      panels: mayAtSite(person, 'panels'),
      people,
      give: people && how === 'secret',
      trail: mayAtSite(person, 'trail'),
    };
  }

  panelOf({ panel }: Caller): PanelSnapshot | null {
    return this.#snapshotOf(panel);
  }

  panels(caller: Caller): readonly PanelUseSnapshot[] {
    this.#check(caller, 'panels');
    const { panels, logins, tries } = this.#options;
    const all = logins.all();
    return panels
      .all()
      .filter(({ room }) => hasRoom(caller.person, room))
      .map((row) => {
        const use = panels.lastUse(row.id);
        const people = all.filter(({ panel }) => panel === row.id).map(({ person }) => this.#nameOf(person));
        return {
          ...panels.snapshot(row),
          pairedBy: this.#nameOf(row.pairedBy),
          pairedAt: row.pairedAt.wallMs,
          lastUseAt: use?.at.wallMs ?? null,
          address: use?.address ?? null,
          people: [...new Set(people)],
          lockedForMs: tries.leftMs(panelKey(row.id)),
          isHere: row.id === caller.panel,
        };
      });
  }

  async makeCode(caller: Caller, id: string, name: string): Promise<CodeSnapshot> {
    this.#check(caller, 'panels');
    const room = this.#options.rooms.find((one) => one.id === id);
    if (room === undefined) throw new AppError('room-unknown', `there is no room ${id}`);
    this.#checkRoom(caller, room.id);
    await this.#audit(caller, 'pairing-code-made', name, room.id);
    return { ...this.#options.panels.makeCode(caller.person.id, room.id, name), room, name };
  }

  async revokePanel(caller: Caller, id: string): Promise<void> {
    const { panels, logins } = this.#options;
    const panel = this.#panel(caller, id);
    await panels.revoke(panel.id, caller.person.id);
    logins.endWhere((login) => login.panel === panel.id);
  }

  async unlockPanel(caller: Caller, id: string): Promise<void> {
    this.#check(caller, 'people');
    const panel = this.#panel(caller, id);
    await this.#audit(caller, 'unlocked', panelKey(panel.id), panel.room);
    this.#options.tries.clear(panelKey(panel.id));
  }

  people(caller: Caller): readonly StaffSnapshot[] {
    this.#check(caller, 'people');
    const { everybody, people, tries, rooms, logins } = this.#options;
    const all = logins.all();
    return everybody.map(({ id, name, role, rooms: own }) => ({
      ...{ id, name, role },
      rooms: own === 'all' ? null : rooms.filter((room) => own.includes(room.id)),
      hasSecret: people.hasSecret(id),
      lockedForMs: tries.leftMs(personKey(id)),
      logins: all.filter((login) => login.person === id).map((login) => this.#loginSnapshot(caller, login)),
    }));
  }

  async givePin(caller: Caller, id: string): Promise<string> {
    const person = this.#giveable(caller, id);
    const pin = await this.#options.people.givePin(person.id);
    await this.#given(caller, 'pin-given', person.id);
    return pin;
  }

  async giveSecret(caller: Caller, id: string): Promise<string> {
    const person = this.#giveable(caller, id);
    const secret = await this.#options.people.giveSecret(person.id, caller.person.id);
    await this.#given(caller, 'secret-given', person.id);
    return secret;
  }

  async unlockPerson(caller: Caller, id: string): Promise<void> {
    this.#check(caller, 'people');
    const person = this.#person(id);
    await this.#audit(caller, 'unlocked', personKey(person.id), null);
    this.#options.tries.clear(personKey(person.id));
  }

  async endLoginsOf(caller: Caller, id: string): Promise<void> {
    this.#check(caller, 'people');
    const person = this.#person(id);
    await this.#audit(caller, 'logins-ended', person.id, null);
    this.#options.logins.endWhere((login) => login.person === person.id);
  }

  trail(caller: Caller, limit: number, beforeSeq: number | null): readonly TrailSnapshot[] {
    this.#check(caller, 'trail');
    const { index, rooms } = this.#options;
    // Panels that were revoked since have a name all the same.
    const names = new Map(index.everyPanel().map(({ id, name }) => [id, name]));
    return index.trail(limit, beforeSeq).map(({ seq, at, who, did, object, room, source }) => ({
      ...{ seq, at: at.wallMs, did },
      // Whose login was tried is known, and not who tried it.
      who: who === NOBODY || did === 'login-refused' || did === 'locked' ? null : this.#nameOf(who),
      object: this.#objectOf(object, names),
      room: rooms.find(({ id }) => id === room) ?? null,
      where: source === null ? null : (names.get(source) ?? source),
    }));
  }

  async endLogin(caller: Caller, id: string): Promise<void> {
    const found = this.#options.logins.all().find(({ login }) => login === id);
    const isOwn = found?.person === caller.person.id;
    if (!isOwn) this.#check(caller, 'people');
    if (found === undefined) throw new AppError('not-found', 'this login has ended');
    await this.#audit(caller, 'login-ended', found.person, null);
    this.#options.logins.end(found.login);
  }

  ownLogins(caller: Caller): readonly LoginSnapshot[] {
    return this.#options.logins
      .all()
      .filter(({ person }) => person === caller.person.id)
      .map((login) => this.#loginSnapshot(caller, login));
  }

  async endOwnLogins(caller: Caller): Promise<void> {
    await this.#audit(caller, 'logins-ended', caller.person.id, null);
    this.#options.logins.endWhere(({ person }) => person === caller.person.id);
  }

  changePin(caller: Caller, pin: string, newPin: string): Promise<void> {
    return this.#options.door.changePin(caller, pin, newPin);
  }

  #check({ person }: Caller, act: SiteAct): void {
    if (!mayAtSite(person, act)) {
      throw new AppError('not-your-role', `${person.id} (${person.role}) does not look after ${act}`);
    }
  }

  #checkRoom({ person }: Caller, room: string): void {
    if (!hasRoom(person, room)) throw new AppError('not-your-room', `${person.id} has no authority over room ${room}`);
  }

  #panel(caller: Caller, id: string): PanelRow {
    this.#check(caller, 'panels');
    const panel = this.#options.panels.byId(id);
    if (panel === null) throw new AppError('not-found', `there is no panel ${id}`);
    this.#checkRoom(caller, panel.room);
    return panel;
  }

  #person(id: string): PersonPlan {
    const person = this.#options.people.find(id);
    if (person === null) throw new AppError('not-found', `nobody here is called ${id}`);
    return person;
  }

  /** Who stood behind somebody at the pad knows a PIN; that must not be enough to get everybody's. */
  #giveable(caller: Caller, id: string): PersonPlan {
    this.#check(caller, 'people');
    if (caller.how !== 'secret') throw new AppError('secret-needed', `${caller.person.id} logged in with a PIN`);
    return this.#person(id);
  }

  /** What was got with the old PIN or secret ends with it. */
  async #given(caller: Caller, did: string, person: string): Promise<void> {
    const { logins, tries } = this.#options;
    logins.endWhere((login) => login.person === person && login.login !== caller.login);
    tries.clear(personKey(person));
    await this.#audit(caller, did, person, null);
  }

  async #audit(caller: Caller, did: string, object: string, room: string | null): Promise<void> {
    const who = caller.person.id;
    const source = caller.panel ?? this.#options.logins.addressOf(caller.login);
    await this.#options.journal.append({
      ...{ type: 'audit', who, did, object, room },
      ...(source === null ? {} : { source }),
    });
  }

  #loginSnapshot(caller: Caller, row: NamedLogin): LoginSnapshot {
    return {
      id: row.login,
      how: row.how,
      panel: this.#snapshotOf(row.panel),
      address: row.address,
      agent: row.agent,
      since: row.created.wallMs,
      lastUseAt: row.lastUse.wallMs,
      isMine: row.login === caller.login,
    };
  }

  #snapshotOf(panel: string | null): PanelSnapshot | null {
    const row = panel === null ? null : this.#options.panels.byId(panel);
    return row === null ? null : this.#options.panels.snapshot(row);
  }

  /** What was done to whom or what, in names: a person, a panel, or what a lock is held against. */
  #objectOf(object: string, panels: ReadonlyMap<string, string>): string | null {
    const [kind = '', id = ''] = object.split(' ', 2);
    if (object === NOBODY || object === 'secret' || object === 'code') return null;
    if (kind === 'person' && id !== '') return this.#nameOf(id);
    if (kind === 'panel' && id !== '') return panels.get(id) ?? id;
    if (kind === 'address' && id !== '') return id;
    return this.#nameOf(object);
  }

  #nameOf(person: string): string {
    return this.#options.people.find(person)?.name ?? person;
  }
}
