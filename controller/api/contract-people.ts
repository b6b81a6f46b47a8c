/**
 * The part of the contract about people: who this browser is, logging in, pairing panels, and the page where panels and people are
 * looked after. A login is a cookie (HttpOnly, SameSite=Strict); so is being a panel. A login that was made at a panel holds only
 * together with that panel's cookie.
 */
import type { PersonChoice, RoomName } from './contract.ts';

/** A browser that a technician or administrator paired with a room. */
export interface PanelName {
  readonly id: string;
  readonly name: string;
  readonly room: RoomName;
}

/** GET /here (no login needed): what this browser is, and how people may log in at it. */
export interface HereView {
  readonly panel: PanelName | null;
  /** PINs are taken here. False: only a secret is, until the browser is paired. */
  readonly pins: boolean;
  /** How long nobody can log in here, after too many wrong tries over all names; 0 when anybody can. */
  readonly lockedForMs: number;
}

/** GET /people (no login needed): who may log in with a PIN here; nobody where PINs are not taken. */
export interface PersonAtDoor extends PersonChoice {
  /** How long this person's login is locked; 0 when it is not. */
  readonly lockedForMs: number;
}

/**
 * POST /login with LoginRequest, only where PINs are taken (`panel-not-paired`). Answers Me, `wrong-pin`, or `too-many-tries` with
 * `retryAfterMs`.
 */
export interface LoginRequest {
  readonly person: string;
  readonly pin: string;
}

/** POST /login/secret, from any browser. Answers Me, `wrong-secret` or `too-many-tries`. */
export interface SecretRequest {
  readonly secret: string;
}

/** GET /me, and what a login answers. POST /logout ends it. */
export interface Me {
  readonly person: PersonChoice;
  /** Rooms this person has authority over. */
  readonly rooms: readonly RoomName[];
  /** The panel this login was made at, or null. */
  readonly panel: PanelName | null;
  readonly how: 'pin' | 'secret';
  readonly may: {
    /** Pair panels and revoke them. */
    readonly panels: boolean;
    /** See logins, end them, end locks. */
    readonly people: boolean;
    /** Give others PINs and secrets: as `people`, and only in a login made with a secret. */
    readonly give: boolean;
    /** Read the trail. */
    readonly trail: boolean;
  };
}

/** POST /pair (no login needed): this browser becomes a panel. Answers 201 PanelName, `wrong-code` or `too-many-tries`. */
export interface PairRequest {
  readonly code: string;
}

/** POST /panels/codes: a code for one browser. Answers 201 CodeView. The address `/pair#CODE` pairs without typing. */
export interface CodeRequest {
  readonly room: string;
  readonly name: string;
}
export interface CodeView {
  /** Twelve digits; shown this once. */
  readonly code: string;
  readonly room: RoomName;
  readonly name: string;
  /** It ends unused after this. */
  readonly validForMs: number;
}

/** GET /panels: those of rooms of one's own. */
export interface PanelList {
  /** Server time. */
  readonly at: number;
  readonly panels: readonly PanelView[];
}
export interface PanelView extends PanelName {
  /** Name of the person who made the code. */
  readonly pairedBy: string;
  readonly pairedAt: number;
  readonly lastUseAt: number | null;
  readonly address: string | null;
  /** Names of people logged in at it now. */
  readonly people: readonly string[];
  readonly lockedForMs: number;
  /** It is the one that asks. */
  readonly isHere: boolean;
}

/** POST /panels/:panel/revoke: it takes no PINs any more, and logins made at it end at once. 204. POST /panels/:panel/unlock. 204. */

/** GET /staff (administrator): everybody, with their logins. */
export interface StaffList {
  /** Server time. */
  readonly at: number;
  readonly people: readonly StaffView[];
}
export interface StaffView extends PersonChoice {
  /** Null: all rooms. */
  readonly rooms: readonly RoomName[] | null;
  readonly hasSecret: boolean;
  readonly lockedForMs: number;
  readonly logins: readonly LoginView[];
}
export interface LoginView {
  readonly id: string;
  readonly how: 'pin' | 'secret';
  /** The panel it was made at, or null for another browser. */
  readonly panel: PanelName | null;
  readonly address: string;
  /** What the browser calls itself. */
  readonly agent: string;
  readonly since: number;
  readonly lastUseAt: number;
  /** It is the login that asks. */
  readonly isMine: boolean;
}

/** POST /logins/:login/end: one's own, or anybody's by an administrator. 204. */
/** POST /staff/:person/logout: all logins of a person. 204. POST /staff/:person/unlock. 204. */
/** POST /staff/:person/pin, POST /staff/:person/secret (`secret-needed` in a login by PIN): the old one counts no more, other logins end. */
export interface GivenPin {
  /** Shown this once. */
  readonly pin: string;
}
export interface GivenSecret {
  /** Shown this once. */
  readonly secret: string;
}

/** GET /staff/trail?limit=100&before=SEQ (administrator, auditor): what happened at the door and to panels and people, newest first. */
export interface TrailList {
  readonly lines: readonly TrailView[];
}
export type TrailAct =
  | 'login'
  | 'login-refused'
  | 'logout'
  | 'locked'
  | 'unlocked'
  | 'login-ended'
  | 'logins-ended'
  | 'pin-changed'
  | 'pin-change-refused'
  | 'pin-given'
  | 'secret-given'
  | 'pairing-code-made'
  | 'pairing-refused'
  | 'panel-paired'
  | 'panel-revoked';
export interface TrailView {
  /** Its number in the site's journal. */
  readonly seq: number;
  readonly at: number;
  /** A person's name; null when nobody knows who it was. */
  readonly who: string | null;
  readonly did: TrailAct;
  /** To whom or what: a name or an address, or null. */
  readonly object: string | null;
  readonly room: RoomName | null;
  /** A panel's name or a network address. */
  readonly where: string | null;
}

/** GET /me/logins: where one is logged in oneself. POST /me/logout-everywhere ends all of them, this one too. 204. */
export interface LoginList {
  readonly at: number;
  readonly logins: readonly LoginView[];
}
/** POST /me/pin: a PIN of one's own. 204, `wrong-pin`, `weak-pin` or `too-many-tries`. Other logins of this person end. */
export interface ChangePinRequest {
  readonly pin: string;
  readonly newPin: string;
}
