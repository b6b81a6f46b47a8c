/**
 * What the centre's page may ask and do: a port, behind which stand the centre's own index, its commands and its store. Every method
 * checks the caller's authority itself; times are UTC milliseconds; refusals are AppErrors. Ids of sessions are opaque: no name, matter
 * or party is known at the centre.
 */
import type { Origin } from './origin.ts';

export const CENTRE_ROLES = ['administrator', 'reader'] as const;
/** A reader sees, fetches and plays; an administrator also holds, releases and looks after people. */
export type CentreRole = (typeof CENTRE_ROLES)[number];

export interface CentrePerson {
  readonly id: string;
  readonly name: string;
  readonly role: CentreRole;
}

/** Somebody who is logged in; `login` is the SHA-256 of the token. */
export interface CentreCaller {
  readonly login: string;
  readonly person: CentrePerson;
}

// What is known of sites

export interface Amount {
  readonly segments: number;
  readonly bytes: number;
}

/** A number of a site's outbox that never came, from and to both included. */
export interface NumbersMissing {
  readonly from: number;
  readonly to: number;
}

export interface SiteAlarm {
  readonly code: string;
  readonly level: 'warning' | 'alarm';
  readonly room: string | null;
  readonly stream: string | null;
  readonly since: number;
}

export interface SiteSnapshot {
  readonly site: string;
  /** Null while nothing was heard of it since this centre keeps an index. */
  readonly isOnline: boolean | null;
  /** Since when it is there or away. */
  readonly since: number | null;
  readonly software: string | null;
  /** What waits there, as it said last; null before it said so. */
  readonly waiting: (Amount & { readonly oldest: number | null; readonly at: number }) | null;
  readonly held: Amount;
  readonly alarms: readonly SiteAlarm[];
  /** The site's own word on its clock: `ntp`, `free`, `unknown`; null when it did not say. */
  readonly clock: string | null;
  /** Hours of recording that fit on its fullest disk, and whether its recorder answers; null when it did not say. */
  readonly hoursLeft: number | null;
  readonly recorderAnswers: boolean | null;
  readonly missing: readonly NumbersMissing[];
  /** Segments that came again with other bytes, and chains of manifests that are broken. */
  readonly conflicts: number;
  readonly chainFaults: number;
  readonly sessions: number;
  readonly running: number;
  readonly overdue: number;
  readonly openCommands: number;
}

export interface CentreSessionSnapshot {
  readonly site: string;
  readonly session: string;
  readonly state: string;
  readonly room: string | null;
  readonly kind: string | null;
  readonly openedAt: number | null;
  readonly closedAt: number | null;
  /** By when it has to be here, and the clause that says so; null when no rule asks for it or the site did not say. */
  readonly due: { readonly at: number; readonly clause: string | null } | null;
  readonly handedOverAt: number | null;
  readonly isOverdue: boolean;
  /** Of what was announced for it. */
  readonly held: Amount;
  readonly expected: Amount;
  readonly gaps: number;
}

export interface CentreGap {
  readonly stream: string;
  readonly from: number;
  readonly to: number;
  readonly cause: string;
}

/** A stretch of one stream that was announced; `isHeld` when its bytes are here. */
export interface CentreStretch {
  readonly from: number;
  readonly to: number;
  readonly isHeld: boolean;
}

export interface CentreStreamSnapshot {
  readonly stream: string;
  readonly hasPicture: boolean;
  readonly held: Amount;
  readonly expected: Amount;
  readonly stretches: readonly CentreStretch[];
  readonly gaps: readonly CentreGap[];
}

/** A stretch of a site's time: of a session, or as somebody typed it. */
export interface RangeSnapshot {
  readonly site: string;
  readonly from: number;
  readonly to: number;
  /** True while more may come. */
  readonly isGrowing: boolean;
  readonly streams: readonly CentreStreamSnapshot[];
  /** True when there is more than is shown. */
  readonly isCut: boolean;
}

/** Which stretch of which site is meant. */
export type Stretch =
  | { readonly site: string; readonly session: string }
  | { readonly site: string; readonly from: number; readonly to: number };

// Commands

export interface CommandSnapshot {
  readonly id: string;
  readonly site: string;
  readonly type: string;
  readonly session: string | null;
  readonly streams: readonly string[] | null;
  readonly from: number | null;
  readonly to: number | null;
  readonly target: string | null;
  readonly actor: string | null;
  readonly reason: string | null;
  readonly givenAt: number;
  readonly endsAt: number;
  /** `given` until the site answers; `given-up` when it was not over by its end. */
  readonly status: string;
  readonly answeredAt: number | null;
  readonly endedAt: number | null;
  readonly plan: Amount | null;
  readonly done: Amount | null;
  /** Items of its last answer by state. */
  readonly items: { readonly [state: string]: number };
  /** Why it is not done: a code of the protocol or of the site, or why the centre gave it up. */
  readonly trouble: { readonly code: string; readonly message: string | null } | null;
}

export interface CommandWish {
  readonly press: string;
  readonly site: string;
  readonly type: 'fetch' | 'hold' | 'release';
  readonly session: string | null;
  readonly streams: readonly string[] | null;
  readonly from: number | null;
  readonly to: number | null;
  /** The hold that is released. */
  readonly target: string | null;
  readonly reason: string | null;
}

// Media

export interface HeldSegment {
  readonly seg: string;
  readonly from: number;
  readonly to: number;
  /** Length of the header that a player needs from here on; null where the one before still counts. */
  readonly headerBytes: number | null;
}

export interface CentreMediaFile {
  readonly seg: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Length of the header at its front. */
  readonly headerBytes: () => Promise<number>;
  /** Bytes from `from` (inclusive) to `to` (exclusive). */
  readonly read: (from: number, to: number) => Promise<AsyncIterable<Uint8Array>>;
}

// People

export interface CentreLoginSnapshot {
  readonly id: string;
  readonly address: string;
  readonly agent: string;
  readonly since: number;
  readonly lastUseAt: number;
  readonly isMine: boolean;
}

export interface CentrePersonSnapshot extends CentrePerson {
  readonly lockedForMs: number;
  readonly logins: readonly CentreLoginSnapshot[];
}

export interface CentreTrailSnapshot {
  readonly seq: number;
  readonly at: number;
  readonly who: string | null;
  readonly did: string;
  readonly object: string;
  readonly site: string | null;
  readonly source: string | null;
}

/** Where somebody becomes a caller, and where people are looked after. */
export interface CentreDoor {
  /** Rejects with `wrong-secret` or `too-many-tries`; the token is for the cookie and kept nowhere. */
  login(name: string, secret: string, from: Origin): Promise<{ readonly token: string; readonly caller: CentreCaller }>;
  callerOf(token: string): CentreCaller | null;
  logout(caller: CentreCaller, from: Origin): Promise<void>;
  onLoginEnded(listener: (login: string) => void): void;

  /** The rest is for administrators: refuses with `not-your-role`. */
  people(caller: CentreCaller): readonly CentrePersonSnapshot[];
  /** Answers the secret, told this once. Refuses with `name-taken`. */
  add(
    caller: CentreCaller,
    name: string,
    role: CentreRole,
  ): Promise<{ readonly person: string; readonly secret: string }>;
  /** A new secret; all logins of that person end. Refuses with `not-found`. */
  giveSecret(caller: CentreCaller, person: string): Promise<string>;
  /** Refuses with `not-found` or `last-administrator`. */
  remove(caller: CentreCaller, person: string): Promise<void>;
  unlock(caller: CentreCaller, person: string): Promise<void>;
  /** One's own, or anybody's by an administrator. */
  endLogin(caller: CentreCaller, login: string): Promise<void>;
  trail(caller: CentreCaller, limit: number, beforeSeq: number | null): readonly CentreTrailSnapshot[];
}

export interface CentreDesk {
  readonly door: CentreDoor;
  now(): number;
  /** The centre's name, as its documents have it. */
  readonly name: string;
  /** Sites with something overdue or wrong first. */
  sites(caller: CentreCaller): readonly SiteSnapshot[];
  /** Refuses with `site-unknown`. */
  site(caller: CentreCaller, site: string): SiteSnapshot;
  /** Overdue ones first, then newest first. */
  sessions(caller: CentreCaller, site: string, limit: number): readonly CentreSessionSnapshot[];
  /** Refuses with `session-unknown`. */
  session(caller: CentreCaller, site: string, session: string): CentreSessionSnapshot;
  /** What of a stretch is here, and what is missing. */
  range(caller: CentreCaller, stretch: Stretch): RangeSnapshot;

  commands(caller: CentreCaller, site: string | null, before: string | null, limit: number): readonly CommandSnapshot[];
  command(caller: CentreCaller, id: string): CommandSnapshot;
  /** Refuses with `site-unknown`, `site-busy`, `bad-request`, and `not-your-role` for a reader who holds or releases. */
  give(caller: CentreCaller, wish: CommandWish, from: Origin): Promise<CommandSnapshot>;
  cancel(caller: CentreCaller, id: string, press: string, from: Origin): Promise<CommandSnapshot>;

  /** The one gate of media: resolves it, checks the authority, and writes down who looks at what. */
  streamMedia(caller: CentreCaller, stretch: Stretch, stream: string, from: Origin): Promise<readonly HeldSegment[]>;
  media(caller: CentreCaller, site: string, seg: string, from: Origin): Promise<CentreMediaFile>;

  /** Called when something that is shown may have changed, at most about once a second. */
  onNews(listener: () => void): () => void;
}
