/**
 * The two ends of the desk that are about people: the door, where somebody becomes a caller, and the staff room, where panels and
 * people are looked after. Every method of the staff room checks the caller's authority itself. Times are UTC milliseconds;
 * refusals are AppErrors.
 */
import type { Caller } from './desk.ts';
import type { Origin } from './origin.ts';
import type { TrailAct } from './people-index.ts';
import type { Role, RoomPlan } from './site-plan.ts';

export interface PanelSnapshot {
  readonly id: string;
  readonly name: string;
  readonly room: RoomPlan;
}

export interface HereSnapshot {
  readonly panel: PanelSnapshot | null;
  readonly pins: boolean;
  readonly lockedForMs: number;
}

export interface PersonSnapshot {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
}

export interface PersonAtDoorSnapshot extends PersonSnapshot {
  readonly lockedForMs: number;
}

/** The token is for the cookie; it is kept nowhere. */
export interface Entered {
  readonly token: string;
  readonly caller: Caller;
}

export interface Door {
  here(from: Origin): HereSnapshot;
  /** Who may log in with a PIN here; nobody where PINs are not taken. */
  people(from: Origin): readonly PersonAtDoorSnapshot[];
  /** Rejects with `panel-not-paired`, `wrong-pin`, `not-your-room` or `too-many-tries`. */
  login(person: string, pin: string, from: Origin): Promise<Entered>;
  /** Rejects with `wrong-secret` or `too-many-tries`. */
  loginBySecret(secret: string, from: Origin): Promise<Entered>;
  /** Who holds a token, or null. A login made at a panel holds only together with that panel's token. */
  callerOf(token: string, panelToken: string | null): Caller | null;
  logout(caller: Caller): Promise<void>;
  /** Called with the name of each login that ended. */
  onLoginEnded(listener: (login: string) => void): void;
  /** Makes the browser that holds the code a panel. Rejects with `wrong-code` or `too-many-tries`. */
  pair(code: string, from: Origin): Promise<{ readonly token: string; readonly panel: PanelSnapshot }>;
}

export interface PanelUseSnapshot extends PanelSnapshot {
  readonly pairedBy: string;
  readonly pairedAt: number;
  readonly lastUseAt: number | null;
  readonly address: string | null;
  readonly people: readonly string[];
  readonly lockedForMs: number;
  readonly isHere: boolean;
}

export interface CodeSnapshot {
  readonly code: string;
  readonly room: RoomPlan;
  readonly name: string;
  readonly validForMs: number;
}

export interface LoginSnapshot {
  readonly id: string;
  readonly how: 'pin' | 'secret';
  readonly panel: PanelSnapshot | null;
  readonly address: string;
  readonly agent: string;
  readonly since: number;
  readonly lastUseAt: number;
  readonly isMine: boolean;
}

export interface StaffSnapshot extends PersonSnapshot {
  /** Null: all. */
  readonly rooms: readonly RoomPlan[] | null;
  readonly hasSecret: boolean;
  readonly lockedForMs: number;
  readonly logins: readonly LoginSnapshot[];
}

export interface TrailSnapshot {
  readonly seq: number;
  readonly at: number;
  /** A person's name; null when nobody knows who it was. */
  readonly who: string | null;
  readonly did: TrailAct;
  /** A person's or a panel's name, an address; null when there is none. */
  readonly object: string | null;
  readonly room: RoomPlan | null;
  /** A panel's name or a network address. */
  readonly where: string | null;
}

/** Refuses with `not-your-role`, `not-your-room`, `room-unknown`, and `not-found` for somebody or something that is not there. */
export interface Staff {
  may(caller: Caller): { readonly [act in 'panels' | 'people' | 'give' | 'trail']: boolean };
  panelOf(caller: Caller): PanelSnapshot | null;

  panels(caller: Caller): readonly PanelUseSnapshot[];
  makeCode(caller: Caller, room: string, name: string): Promise<CodeSnapshot>;
  revokePanel(caller: Caller, panel: string): Promise<void>;
  unlockPanel(caller: Caller, panel: string): Promise<void>;

  people(caller: Caller): readonly StaffSnapshot[];
  /** Also refuses with `secret-needed`; so does {@link giveSecret}. */
  givePin(caller: Caller, person: string): Promise<string>;
  giveSecret(caller: Caller, person: string): Promise<string>;
  unlockPerson(caller: Caller, person: string): Promise<void>;
  endLoginsOf(caller: Caller, person: string): Promise<void>;

  /** Newest first. */
  trail(caller: Caller, limit: number, beforeSeq: number | null): readonly TrailSnapshot[];

  /** One's own or, for who may look after people, anybody's. */
  endLogin(caller: Caller, login: string): Promise<void>;
  ownLogins(caller: Caller): readonly LoginSnapshot[];
  endOwnLogins(caller: Caller): Promise<void>;
  /** Refuses with `wrong-pin`, `too-many-tries` or `weak-pin`. */
  changePin(caller: Caller, pin: string, newPin: string): Promise<void>;
}
