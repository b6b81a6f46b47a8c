/** What commands of the centre, and transfers that outlive a restart, need of the site: ports of the forwarder beside its outbox. */

import type { RouteName } from './hrc.ts';
import type { Select } from './hrc-command.ts';
import type { Policy } from './policy.ts';

/** A segment as the site's own index knows it. Times are UTC milliseconds. */
export interface ArchivedSegment {
  /** Place in the order of recording, which pages go by. */
  readonly place: number;
  /** Null until it is sealed. */
  readonly siteSeq: number | null;
  readonly seg: string;
  readonly stream: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly bytes: number;
  readonly sha256: string;
  readonly isReceipted: boolean;
  /** Its deletion here is decided, or done: only the centre has it. */
  readonly isPurged: boolean;
  /** Its file was damaged or gone, and there is a record of that. */
  readonly isLost: boolean;
}

/** A segment that is still being written, as the recorder says. */
export interface WritingSegment {
  readonly seg: string;
  readonly stream: string;
  readonly fromMs: number;
  /** Sessions that it is kept for. */
  readonly claims: readonly string[];
}

/** Who wants something kept or changed, for the audit trail. */
export interface OnBehalf {
  /** Id of the command. */
  readonly command: string;
  readonly actor: string | null;
  readonly reason: string | null;
}

/** Synchronous where it only reads: SQLite on the same machine. */
export interface SiteArchive {
  /** What `select` covers behind `place`, in the order of recording; at most `limit`. */
  segments(select: Select, place: number, limit: number): readonly ArchivedSegment[];
  /** How many that are, and how many bytes. */
  extent(select: Select): { readonly segs: number; readonly bytes: number };
  /** Whether something of it is still being recorded or sealed at `nowMs`. */
  isGrowing(select: Select, nowMs: number): boolean;
  /** What `select` covers and no journal knows yet. */
  writing(select: Select): readonly WritingSegment[];
  /** Sessions that are not closed, by id. */
  runningSessions(): readonly string[];
  /** Keeps what is selected from being deleted until it is released. A fact of the journal; idempotent by the command's id. */
  hold(select: Select, by: OnBehalf): Promise<void>;
  /** Ends the hold of command `hold`. False when there is none. */
  release(hold: string, by: OnBehalf): Promise<boolean>;
  /** Signs the manifest of a sealed segment anew. False when the segment was never sealed. */
  reseal(seg: string, by: OnBehalf): Promise<boolean>;
}

/** Where the centre's policy for this site is kept. */
export interface PolicyBook {
  /** The one that counts, or null. */
  policy(): Policy | null;
  /** Keeps a checked one (JWS) as a fact, so that a restart without a network has it. */
  keepPolicy(jws: string): Promise<void>;
}

/** How far a file got: enough to go on behind the last acknowledged chunk. Kept in no journal; may be lost. */
export interface TransferRow {
  readonly seg: string;
  readonly route: RouteName;
  readonly attempt: number;
  /** The opening, to be said again word for word. */
  readonly init: string;
  readonly chunkBytes: number;
  /** One bit for each acknowledged chunk, lowest first. */
  readonly acknowledged: Uint8Array;
  /** UTC milliseconds of the last acknowledgement. */
  readonly atMs: number;
}

export interface Transfers {
  transfer(seg: string): TransferRow | null;
  keepTransfer(row: TransferRow): void;
  forgetTransfer(seg: string): void;
}

/** The newest commands by id, each with its last answer. Kept in no journal: what a command changed is a fact there. */
export interface CommandBook {
  known(id: string): { readonly hash: string; readonly answer: string | null } | null;
  begin(id: string, hash: string, jws: string, atMs: number): void;
  answered(id: string, answer: string, isFinal: boolean): void;
  /** Begun and not ended, oldest first. */
  open(): readonly { readonly id: string; readonly jws: string; readonly answer: string | null }[];
}

/** Files that the centre may fetch itself (route D): by a token it was given, for a list of segments, until a time. */
export interface SegmentPull {
  /** The file, or null when the token does not open it. `isServed` is called when every byte was sent. */
  open(token: string, seg: string): { readonly path: string; readonly bytes: number; readonly sha256: string } | null;
  served(seg: string): void;
}
