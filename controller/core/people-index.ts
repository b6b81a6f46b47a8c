/**
 * What the index knows of people, panels and logins. People and panels are read out of the journal; logins, the last use of a
 * panel and wrong tries are written here and journaled nowhere: after a rebuild they are still there, after a loss people log in
 * again.
 */
import type { Instant } from './time.ts';
import type { Tries } from './tries.ts';

export interface PersonRow {
  readonly id: string;
  readonly name: string;
  readonly role: string;
  readonly rooms: readonly string[];
  readonly pinHash: string;
  /** SHA-256 of the long secret, or null when this person has none. */
  readonly secretHash: string | null;
}

/** A browser that is paired with a room. */
export interface PanelRow {
  readonly id: string;
  readonly name: string;
  readonly room: string;
  readonly pairedBy: string;
  readonly pairedAt: Instant;
}

/** Where a panel was last seen. */
export interface PanelUse {
  readonly at: Instant;
  readonly address: string;
}

export interface LoginRow {
  readonly person: string;
  readonly how: 'pin' | 'secret';
  /** The panel it was made at, with whose cookie alone it holds; null for a browser that is none. */
  readonly panel: string | null;
  /** As the network says it, and as the browser calls itself. */
  readonly address: string;
  readonly agent: string;
  readonly created: Instant;
  readonly lastUse: Instant;
}

/** A line of the audit trail about coming in, panels and people. */
export interface TrailRow {
  /** Number of the site's entry. */
  readonly seq: number;
  readonly at: Instant;
  readonly who: string;
  readonly did: TrailAct;
  readonly object: string;
  readonly room: string | null;
  /** A panel's id or a network address, or null. */
  readonly source: string | null;
}

export const TRAIL_ACTS = [
  ...(['login', 'login-refused', 'logout', 'locked', 'unlocked', 'login-ended', 'logins-ended'] as const),
  ...(['pin-changed', 'pin-change-refused', 'pin-given', 'secret-given'] as const),
  ...(['pairing-code-made', 'pairing-refused', 'panel-paired', 'panel-revoked'] as const),
] as const;
export type TrailAct = (typeof TRAIL_ACTS)[number];

export interface PeopleIndex {
  person(id: string): PersonRow | null;
  personBySecret(secretHash: string): PersonRow | null;

  /** Panels that were not revoked, in the order they were paired. */
  panels(): readonly PanelRow[];
  /** Also those that were revoked. */
  everyPanel(): readonly PanelRow[];
  panel(id: string): PanelRow | null;
  panelByToken(tokenHash: string): PanelRow | null;
  panelUse(panel: string): PanelUse | null;
  usePanel(panel: string, use: PanelUse): void;

  /** Logins are named by the SHA-256 of their token; an ended login is not found. Oldest first. */
  logins(): readonly (LoginRow & { readonly login: string })[];
  login(login: string): LoginRow | null;
  addLogin(login: string, row: LoginRow): void;
  useLogin(login: string, at: Instant): void;
  endLogin(login: string): void;

  /** Newest first; before a number of the site's journal when one is given. */
  trail(limit: number, beforeSeq: number | null): readonly TrailRow[];

  /** Wrong tries by key. */
  allTries(): ReadonlyMap<string, Tries>;
  keepTries(key: string, tries: Tries): void;
  forgetTries(key: string): void;
}
