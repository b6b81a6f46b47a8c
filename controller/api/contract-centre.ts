/** All that the centre's page may see: what the port of the centre says, as JSON. Times are UTC milliseconds. */
import type {
  CentrePersonSnapshot,
  CentreRole,
  CentreSessionSnapshot,
  CentreTrailSnapshot,
  CommandSnapshot,
  CommandWish,
  RangeSnapshot,
  SiteSnapshot,
} from '../core/centre-desk.ts';

export interface CentreView {
  readonly name: string;
  readonly version: string;
}
export interface CentreMe {
  readonly person: { readonly id: string; readonly name: string; readonly role: CentreRole };
}
export interface EnterRequest {
  readonly name: string;
  readonly secret: string;
}

export type SiteRow = SiteSnapshot;
export interface SiteList {
  readonly at: number;
  readonly sites: readonly SiteRow[];
}
export type SiteSession = CentreSessionSnapshot;
export interface SitePage {
  readonly at: number;
  readonly site: SiteRow;
  readonly sessions: readonly SiteSession[];
}
/** A stretch with its playlists; `session` is null for a range that somebody typed. */
export interface StretchView {
  readonly at: number;
  readonly session: SiteSession | null;
  readonly range: RangeSnapshot;
}
export type CommandView = CommandSnapshot;
export interface CommandList {
  readonly at: number;
  readonly commands: readonly CommandView[];
}
export type CommandRequest = Omit<CommandWish, 'site'>;

export interface CentrePeople {
  readonly at: number;
  readonly people: readonly CentrePersonSnapshot[];
}
export interface AddPersonRequest {
  readonly name: string;
  readonly role: CentreRole;
}
/** Told this once. */
export interface CentreSecret {
  readonly secret: string;
}
export interface CentreTrail {
  readonly lines: readonly CentreTrailSnapshot[];
}

/** Over the socket nothing is done and nothing is told but that it is worth asking again. */
export interface ServerToCentrePage {
  readonly news: () => void;
  readonly 'logged-out': () => void;
}
