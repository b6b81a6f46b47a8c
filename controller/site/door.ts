/**
 * The door: who comes in, and with what. A PIN is short, so it is taken only at a panel that was paired, and wrong tries are
 * counted for the person and for the place. A secret is long enough to be taken anywhere. Everything is audited with its place.
 */
import { hasRoom } from '../core/authority.ts';
import type { Caller } from '../core/desk.ts';
import { AppError } from '../core/errors.ts';
import type { SiteFact } from '../core/facts.ts';
import { LoginTurns } from '../core/login-turns.ts';
import type { Origin } from '../core/origin.ts';
import type { Door, Entered, HereSnapshot, PersonAtDoorSnapshot } from '../core/people-desk.ts';
import type { PanelRow } from '../core/people-index.ts';
import type { SiteJournal } from '../core/ports.ts';
import type { PersonPlan } from '../core/site-plan.ts';
import { addressKey, panelKey, personKey, type TryBook } from '../core/try-book.ts';
import type { Logins } from './logins.ts';
import type { Panels } from './panels.ts';
import type { People } from './people.ts';

/** In the audit trail, when it is not known who it was. */
export const NOBODY = 'nobody';

export interface DoorOptions {
  readonly people: People;
  readonly everybody: readonly PersonPlan[];
  readonly panels: Panels;
  readonly logins: Logins;
  readonly tries: TryBook;
  readonly journal: SiteJournal;
  /** Whether a browser on this machine that is no panel may log in with a PIN. */
  readonly unpaired: 'secret' | 'pin';
}

type Audit = Omit<Extract<SiteFact, { type: 'audit' }>, 'type' | 'source' | 'room'>;

export class SiteDoor implements Door {
  readonly #options: DoorOptions;
  readonly #turns = new LoginTurns();

  constructor(options: DoorOptions) {
    this.#options = options;
  }

  here(from: Origin): HereSnapshot {
    const { panels, tries } = this.#options;
    const panel = panels.byToken(from.panelToken);
    if (panel !== null) panels.used(panel.id, from.address);
    return {
      panel: panel === null ? null : panels.snapshot(panel),
      pins: this.#takesPins(panel, from),
      lockedForMs: tries.leftMs(placeKey(panel, from)),
    };
  }

  people(from: Origin): readonly PersonAtDoorSnapshot[] {
    const { everybody, tries, panels } = this.#options;
    const panel = panels.byToken(from.panelToken);
    if (!this.#takesPins(panel, from)) return [];
    return everybody
      .filter((person) => panel === null || hasRoom(person, panel.room))
      .map(({ id, name, role }) => ({ id, name, role, lockedForMs: tries.leftMs(personKey(id)) }));
  }

  login(id: string, pin: string, from: Origin): Promise<Entered> {
    const panel = this.#options.panels.byToken(from.panelToken);
    if (!this.#takesPins(panel, from)) {
      return Promise.reject(new AppError('panel-not-paired', 'no PIN is taken from this browser'));
    }
    return this.#turns.take(placeKey(panel, from), async () => {
      const { people, logins } = this.#options;
      const person = people.find(id);
      await this.#checkPin(id, pin, panel, from, 'login-refused');
      if (person === null) throw new AppError('wrong-pin', 'person and PIN do not fit');
      if (panel !== null && !hasRoom(person, panel.room)) {
        throw new AppError('not-your-room', `${id} has no authority over room ${panel.room}`);
      }
      await this.#audit({ who: id, did: 'login', object: id }, panel, from);
      if (panel !== null) this.#options.panels.used(panel.id, from.address);
      return logins.begin(person, 'pin', panel, from);
    });
  }

  async loginBySecret(secret: string, from: Origin): Promise<Entered> {
    const { people, panels, logins, tries } = this.#options;
    const panel = panels.byToken(from.panelToken);
    const person = people.bySecret(secret);
    if (person === null) {
      const place = placeKey(panel, from);
      tries.refuseLocked(place);
      await this.#wrong([place], { who: NOBODY, did: 'login-refused', object: 'secret' }, panel, from);
      throw new AppError('wrong-secret', 'this is nobody’s secret');
    }
    await this.#audit({ who: person.id, did: 'login', object: person.id }, panel, from);
    return logins.begin(person, 'secret', panel, from);
  }

  callerOf(token: string, panelToken: string | null): Caller | null {
    const { logins, panels, unpaired } = this.#options;
    return logins.callerOf(token, panels.byToken(panelToken), unpaired === 'pin');
  }

  async logout(caller: Caller): Promise<void> {
    const { login, person } = caller;
    const { panel, from } = this.#placeOf(caller);
    this.#options.logins.end(login);
    await this.#audit({ who: person.id, did: 'logout', object: person.id }, panel, from);
  }

  onLoginEnded(listener: (login: string) => void): void {
    this.#options.logins.onEnded(listener);
  }

  async pair(code: string, from: Origin) {
    const { panels, tries } = this.#options;
    const before = panels.byToken(from.panelToken);
    const place = placeKey(before, from);
    tries.refuseLocked(place);
    try {
      const paired = await panels.pair(code, before);
      if (before !== null) this.#options.logins.endWhere((login) => login.panel === before.id);
      panels.used(paired.panel.id, from.address);
      return paired;
    } catch (error) {
      if (error instanceof AppError && error.code === 'wrong-code') {
        await this.#wrong([place], { who: NOBODY, did: 'pairing-refused', object: 'code' }, before, from);
      }
      throw error;
    }
  }

  /** A PIN of one's own, in the same turn and under the same locks as logins. */
  changePin(caller: Caller, pin: string, newPin: string): Promise<void> {
    const { people, logins } = this.#options;
    const { id } = caller.person;
    const { panel, from } = this.#placeOf(caller);
    return this.#turns.take(placeKey(panel, from), async () => {
      await this.#checkPin(id, pin, panel, from, 'pin-change-refused');
      await people.choosePin(id, newPin);
      await this.#audit({ who: id, did: 'pin-changed', object: id }, panel, from);
      logins.endWhere(({ person, login }) => person === id && login !== caller.login);
    });
  }

  /** Resolves when the PIN is this person's. Rejects with `too-many-tries` or `wrong-pin`, and counts what was wrong. */
  async #checkPin(
    id: string,
    pin: string,
    panel: PanelRow | null,
    from: Pick<Origin, 'address'>,
    did: string,
  ): Promise<void> {
    const { people, tries } = this.#options;
    const place = placeKey(panel, from);
    const keys = people.find(id) === null ? [place] : [place, personKey(id)];
    tries.refuseLocked(...keys);
    if (await people.pinFits(id, pin)) {
      tries.clear(personKey(id));
      return;
    }
    const who = people.find(id) === null ? NOBODY : id;
    await this.#wrong(keys, { who, did, object: who }, panel, from);
    throw new AppError('wrong-pin', 'person and PIN do not fit');
  }

  async #wrong(
    keys: readonly string[],
    audit: Audit,
    panel: PanelRow | null,
    from: Pick<Origin, 'address'>,
  ): Promise<void> {
    // Counted before it is written down: a disk that stands still must not make guessing free.
    const locked = keys.filter((key) => this.#options.tries.wrong(key));
    await this.#audit(audit, panel, from);
    for (const object of locked) await this.#audit({ who: audit.who, did: 'locked', object }, panel, from);
  }

  async #audit(audit: Audit, panel: PanelRow | null, { address }: Pick<Origin, 'address'>): Promise<void> {
    const source = panel?.id ?? address;
    await this.#options.journal.append({ type: 'audit', ...audit, room: panel?.room ?? null, source });
  }

  /** Where a login was made. */
  #placeOf({ login, panel }: Caller): { readonly panel: PanelRow | null; readonly from: Pick<Origin, 'address'> } {
    const { panels, logins } = this.#options;
    return {
      panel: panel === null ? null : panels.byId(panel),
      from: { address: logins.addressOf(login) ?? 'unknown' },
    };
  }

  #takesPins(panel: PanelRow | null, from: Origin): boolean {
    return panel !== null || (this.#options.unpaired === 'pin' && from.isLocal);
  }
}

function placeKey(panel: PanelRow | null, { address }: Pick<Origin, 'address'>): string {
  return panel === null ? addressKey(address) : panelKey(panel.id);
}
