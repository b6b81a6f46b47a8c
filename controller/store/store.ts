/**
 * The index: a projection of both journals in SQLite. Each entry changes its rows and the journal's progress in one transaction,
 * so that what is in the index is always exactly a beginning of each journal (invariant 5 rests on it: a segment is sealed and in
 * the outbox at once).
 */
import { type ChainHead, EMPTY_CHAIN, type Entry, sha256 } from '../core/chain.ts';
import type { RecorderFact, SiteFact } from '../core/facts.ts';
import type { StandingAlarm } from '../core/health.ts';
import type { Backlog, Log } from '../core/ports.ts';
import type { EndingSession, OpenedSession, Session } from '../core/session.ts';
import type { DocketSource } from '../core/session-facts.ts';
import type {
  ClaimRow,
  GapRow,
  HandOver,
  JournalName,
  LiveIndex,
  RememberedSource,
  SegmentRow,
  UnsealedRow,
} from '../core/site-index.ts';
import type { Instant } from '../core/time.ts';
import type { Line } from '../ledger/index-catch-up.ts';
import { isRefusedRow, Sql } from '../ledger/sql.ts';
import { DisplayRows } from './display-rows.ts';
import { NoteRows } from './note-rows.ts';
import { PeopleRows } from './people-rows.ts';
import { PROJECTED_TABLES, projectRecorder, projectSite } from './projection.ts';
import { PurgeRows } from './purge-rows.ts';
import { RememberedRows } from './remembered-rows.ts';
import { SegmentRows } from './segment-rows.ts';
import { SessionRows } from './session-rows.ts';

/** The tables, in the order in which they came to be; a new file goes to the end. */
const STEPS = [
  'schema.sql',
  'people.sql',
  'hearings.sql',
  'displays.sql',
  'forward.sql',
  'purge.sql',
  'events.sql',
].map((step) => new URL(step, import.meta.url));

/** The entry does not follow the last one applied: the journal's files have to be read (see catch-up.ts). */
export class IndexHole extends Error {
  constructor(journal: JournalName, have: ChainHead, seq: number) {
    super(`the index holds the ${journal} journal up to ${have.seq}; entry ${seq} does not follow it`);
    this.name = 'IndexHole';
  }
}

export class Store implements LiveIndex {
  readonly #log: Log;
  readonly #sql: Sql;
  readonly #sessions: SessionRows;
  readonly #segments: SegmentRows;
  readonly people: PeopleRows;
  readonly notes: NoteRows;
  readonly displays: DisplayRows;
  readonly purges: PurgeRows;
  readonly #remembered: RememberedRows;
  readonly #progress: { [journal in JournalName]: ChainHead };
  #listeners: ((journal: JournalName, entry: Entry<RecorderFact> | Entry<SiteFact>) => void)[] = [];

  /** Opens or makes the file. Throws `data-not-writable`, or {@link UnusableIndex} when only a rebuild helps. */
  constructor(options: { readonly file: string; readonly log: Log }) {
    this.#log = options.log;
    this.#sql = new Sql(options.file, STEPS, options.log);
    this.#sessions = new SessionRows(this.#sql);
    this.#segments = new SegmentRows(this.#sql);
    this.people = new PeopleRows(this.#sql);
    this.notes = new NoteRows(this.#sql);
    this.displays = new DisplayRows(this.#sql);
    this.purges = new PurgeRows(this.#sql);
    this.#remembered = new RememberedRows(this.#sql);
    this.#progress = { recorder: this.#readProgress('recorder'), site: this.#readProgress('site') };
  }

  /** SQL for others of this folder. */
  get sql(): Sql {
    return this.#sql;
  }

  /** The last entry of a journal that this index holds. */
  progress(journal: JournalName): ChainHead {
    return this.#progress[journal];
  }

  /**
   * Takes in the next entry of a journal. An entry it holds already changes nothing and answers false. Throws {@link IndexHole}
   * when entries are missing in between or the chain differs; throws what SQLite says when the disk fails: nothing changed then.
   */
  apply(journal: 'recorder', entry: Entry<RecorderFact>): boolean;
  apply(journal: 'site', entry: Entry<SiteFact>): boolean;
  apply(journal: JournalName, entry: Entry<RecorderFact> | Entry<SiteFact>): boolean {
    const have = this.#progress[journal];
    if (entry.seq <= have.seq) return false;
    if (entry.seq !== have.seq + 1 || entry.prev !== have.hash) throw new IndexHole(journal, have, entry.seq);
    this.#take(journal, [{ entry, head: { seq: entry.seq, hash: sha256(JSON.stringify(entry)) } }]);
    return true;
  }

  /** Takes in lines as they stand in a journal's files, faults included, in one transaction. Lines already held are passed over. */
  replay(journal: JournalName, lines: readonly Line[]): void {
    this.#take(
      journal,
      lines.filter((line) => line.head.seq > this.#progress[journal].seq),
    );
  }

  /** Called after each entry is in the index. A throwing listener is reported and harms nobody else. */
  onApplied(listener: (journal: JournalName, entry: Entry<RecorderFact> | Entry<SiteFact>) => void): void {
    this.#listeners.push(listener);
  }

  /** Empties everything that comes out of the journals; logins and remembered sources stay. */
  clear(): void {
    this.#sql.transaction(() => {
      for (const table of PROJECTED_TABLES) this.#sql.run(`DELETE FROM ${table}`);
    });
    this.#progress.recorder = EMPTY_CHAIN;
    this.#progress.site = EMPTY_CHAIN;
  }

  close(): void {
    this.#listeners = [];
    this.#sql.close();
  }

  session(id: string): Session | null {
    return this.#sessions.session(id);
  }
  sessionByReference(source: DocketSource, reference: string): Session | null {
    return this.#sessions.sessionByReference(source, reference);
  }
  runningSession(room: string): OpenedSession | null {
    return this.#sessions.runningSession(room);
  }
  sessions(rooms: readonly string[], limit: number): OpenedSession[] {
    return this.#sessions.sessions(rooms, limit);
  }
  docket(rooms: readonly string[], fromMs: number, toMs: number): Session[] {
    return this.#sessions.docket(rooms, fromMs, toMs);
  }
  sessionsHoldingClaims(): OpenedSession[] {
    return this.#sessions.sessionsHoldingClaims();
  }
  sessionsAwaitingHandOver(room: string): EndingSession[] {
    return this.#sessions.sessionsAwaitingHandOver(room);
  }
  sessionsDueForHandOver(): string[] {
    return this.#sessions.sessionsDueForHandOver();
  }
  claimsOf(session: string): ClaimRow[] {
    return this.#sessions.claimsOf(session);
  }
  gapsOf(session: string): GapRow[] {
    return this.#sessions.gapsOf(session);
  }
  handOverOf(session: string): HandOver {
    return this.#segments.handOverOf(session);
  }
  segmentsOf(session: string, stream: string): SegmentRow[] {
    return this.#segments.segmentsOf(session, stream);
  }
  segment(seg: string): SegmentRow | null {
    return this.#segments.segment(seg);
  }
  claimsOfSegment(seg: string): string[] {
    return this.#segments.claimsOfSegment(seg);
  }
  bytesPerSecond(stream: string): number | null {
    return this.#segments.bytesPerSecond(stream);
  }
  unsealed(afterJournalSeq: number, limit: number): UnsealedRow[] {
    return this.#segments.unsealed(afterJournalSeq, limit);
  }
  sealsOf(stream: string): { count: number; lastJws: string | null } {
    return this.#segments.sealsOf(stream);
  }
  lastSiteSeq(): number {
    return this.#segments.lastSiteSeq();
  }
  backlog(): Backlog {
    return this.#segments.backlog();
  }
  standingAlarms(): StandingAlarm[] {
    return this.#sql
      .all<Omit<StandingAlarm, 'since'> & { begun_at: string }>(
        'SELECT id AS alarm, code, level, room, stream, begun_at FROM alarm WHERE ended_at IS NULL ORDER BY id',
      )
      .map(({ begun_at, ...alarm }) => ({ ...alarm, since: JSON.parse(begun_at) as Instant }));
  }
  rememberedSource(stream: string): RememberedSource | null {
    return this.#remembered.rememberedSource(stream);
  }
  rememberSource(stream: string, source: RememberedSource): void {
    this.#remembered.rememberSource(stream, source);
  }
  leases(): Map<string, number> {
    return this.#remembered.leases();
  }
  keepLease(room: string, untilMs: number): void {
    this.#remembered.keepLease(room, untilMs);
  }

  #take(journal: JournalName, lines: readonly Line[]): void {
    const last = lines.at(-1);
    if (last === undefined) return;
    this.#sql.transaction(() => {
      for (const { entry, head } of lines) {
        if (entry === null) this.#log.error({ journal, seq: head.seq }, 'unreadable journal line passed over');
        else this.#project(journal, entry);
      }
      this.#sql.run(
        `INSERT INTO progress (journal, seq, hash) VALUES (?, ?, ?)
         ON CONFLICT DO UPDATE SET seq = excluded.seq, hash = excluded.hash`,
        journal,
        last.head.seq,
        last.head.hash,
      );
    });
    this.#progress[journal] = last.head;
    for (const { entry } of lines) if (entry !== null) this.#tell(journal, entry);
  }

  /** A row that the schema refuses is refused for ever: it is reported and passed over, so that it cannot stop the journal behind it. */
  #project(journal: JournalName, entry: Entry<unknown>): void {
    try {
      this.#sql.transaction(() => {
        if (journal === 'recorder') projectRecorder(this.#sql, entry as Entry<RecorderFact>);
        else projectSite(this.#sql, entry as Entry<SiteFact>);
      });
    } catch (error) {
      if (!isRefusedRow(error) && !(error instanceof TypeError)) throw error;
      this.#log.error({ journal, seq: entry.seq, err: error }, 'journal entry does not fit the index, passed over');
    }
  }

  #tell(journal: JournalName, entry: Entry<unknown>): void {
    for (const listener of this.#listeners) {
      try {
        listener(journal, entry as Entry<RecorderFact> | Entry<SiteFact>);
      } catch (error) {
        this.#log.error({ journal, seq: entry.seq, err: error }, 'a listener of the index failed');
      }
    }
  }

  #readProgress(journal: JournalName): ChainHead {
    return this.#sql.get<ChainHead>('SELECT seq, hash FROM progress WHERE journal = ?', journal) ?? EMPTY_CHAIN;
  }
}
