/**
 * The index as the control plane asks it: rows read out of both journals. Synchronous, because it is SQLite on the same machine;
 * answers are at most as old as the last applied entry. Only the last part writes, and only what no journal holds.
 */
import type { ChainHead, Entry } from './chain.ts';
import type { DisplayIndex } from './display-index.ts';
import type { RecorderFact, SegmentFact, SiteFact } from './facts.ts';
import type { StandingAlarm } from './health.ts';
import type { PeopleIndex } from './people-index.ts';
import type { Backlog } from './ports.ts';
import type { PurgeIndex } from './purge-index.ts';
import type { Cause, Source } from './recording.ts';
import type { SessionIndex, SessionNotes } from './session-index.ts';
import type { Instant } from './time.ts';

export interface ClaimRow {
  readonly stream: string;
  readonly begun: Instant;
  /** Null until the recorder journaled its end. */
  readonly ended: Instant | null;
}

export interface GapRow {
  readonly id: string;
  readonly stream: string;
  readonly from: Instant;
  readonly to: Instant;
  readonly cause: Cause;
}

export interface SegmentRow {
  readonly fact: SegmentFact;
  readonly receiptedAt: Instant | null;
  /** When the recorder wrote down that its file is deleted here; null while it is kept. */
  readonly removedAt: Instant | null;
}

export interface UnsealedRow {
  readonly journalSeq: number;
  readonly fact: SegmentFact;
}

/** Segments of a session: how many and how large, and of these how many the centre has signed for. */
export interface HandOver {
  readonly done: number;
  readonly total: number;
  readonly bytesDone: number;
  readonly bytesTotal: number;
}

/** Where a stream last came from; the password is not kept here. */
export type RememberedSource = Pick<Source, 'url' | 'transport' | 'audio'>;

/** Which journal an entry is of. */
export type JournalName = 'recorder' | 'site';

export interface SiteIndex extends SessionIndex {
  readonly notes: SessionNotes;
  readonly displays: DisplayIndex;
  readonly purges: PurgeIndex;

  claimsOf(session: string): readonly ClaimRow[];
  gapsOf(session: string): readonly GapRow[];
  handOverOf(session: string): HandOver;
  /** In the order they were recorded. */
  segmentsOf(session: string, stream: string): readonly SegmentRow[];
  segment(seg: string): SegmentRow | null;
  /** Ids of the claims that it was kept for: sessions and checks. */
  claimsOfSegment(seg: string): readonly string[];
  /** Bytes a stream needs per second by its newest segments, or null when it has none. */
  bytesPerSecond(stream: string): number | null;

  /** Segments that are not in the outbox yet, in the order of the recorder's journal, behind a number of it. */
  unsealed(afterJournalSeq: number, limit: number): readonly UnsealedRow[];
  /** The newest signed manifest of a stream and how many it has. */
  sealsOf(stream: string): { readonly count: number; readonly lastJws: string | null };
  lastSiteSeq(): number;
  /** Sealed and not receipted. */
  backlog(): Backlog;

  readonly people: PeopleIndex;

  /** Alarms that were written down and have not ended. */
  standingAlarms(): readonly StandingAlarm[];

  rememberedSource(stream: string): RememberedSource | null;
  rememberSource(stream: string, source: RememberedSource): void;
  leases(): ReadonlyMap<string, number>;
  keepLease(room: string, untilMs: number): void;
}

/** The index as its journals reach it. */
export interface LiveIndex extends SiteIndex {
  /** The last entry of a journal that it holds. */
  progress(journal: JournalName): ChainHead;
  /**
   * Takes in the next entry; false when it holds it already. Throws when entries are missing in between or the disk fails; nothing
   * changed then, and the journal's files have to be read.
   */
  apply(journal: 'recorder', entry: Entry<RecorderFact>): boolean;
  apply(journal: 'site', entry: Entry<SiteFact>): boolean;
  /** Called after each entry is in the index. */
  onApplied(listener: (journal: JournalName, entry: Entry<RecorderFact> | Entry<SiteFact>) => void): void;
}
