/** What the index says of sites, their sessions and stretches of their time, as the centre's page asks for it. */
import type { SiteAlarm } from '../../core/centre-desk.ts';
import type { Sql } from '../../ledger/sql.ts';

/** More segments of one stretch are not shown at once: a day of four streams. */
const SEGMENTS_MAX = 40_000;
const ALARMS_MAX = 20;
/** No segment is longer; it bounds how far back one may begin that reaches into a range. */
const SEGMENT_MS_MAX = 10 * 60_000;

/** States in which a session goes on. */
const RUNNING = "('opening', 'open', 'closing')";
const OVERDUE = 'handed_over_ms IS NULL AND due_ms IS NOT NULL AND due_ms < ?';

export interface PresenceRow {
  readonly site: string;
  readonly online: 0 | 1 | null;
  readonly first_ms: number;
  readonly last_ms: number;
  readonly birth: string | null;
  readonly birth_ms: number | null;
  readonly backlog: string | null;
  readonly backlog_ms: number | null;
}

export interface SessionRow {
  readonly id: string;
  readonly state: string;
  readonly room: string | null;
  readonly kind: string | null;
  readonly opened_ms: number | null;
  readonly from_ms: number | null;
  readonly closed_ms: number | null;
  readonly to_ms: number | null;
  readonly handed_over_ms: number | null;
  readonly due_ms: number | null;
  readonly due_clause: string | null;
}

export interface SegmentRow {
  readonly seg: string;
  readonly stream: string;
  readonly t0: number;
  readonly t1: number;
  readonly size: number;
  readonly sha256: string;
  readonly jws: string;
  /** Key in the store; null while it is not held. */
  readonly path: string | null;
}

export interface GapRow {
  readonly stream: string;
  readonly from_ms: number;
  readonly to_ms: number;
  readonly cause: string;
}

/** Counts of one site, or of one of its sessions. */
export interface Counts {
  readonly segments: number;
  readonly bytes: number;
  readonly held: number;
  readonly heldBytes: number;
}

const NONE: Counts = { segments: 0, bytes: 0, held: 0, heldBytes: 0 };
const SEGMENT_COLUMNS = 's.seg, s.stream, s.t0, s.t1, s.size, s.sha256, s.jws, s.path';

export class DeskRows {
  readonly #archive: { readonly sql: Sql };

  constructor(archive: { readonly sql: Sql }) {
    this.#archive = archive;
  }

  get #sql(): Sql {
    return this.#archive.sql;
  }

  isKnown(site: string): boolean {
    return this.#sql.get('SELECT 1 AS one FROM pinned WHERE site = ?', site) !== null;
  }

  sites(): readonly string[] {
    return this.#sql.all<{ site: string }>('SELECT site FROM pinned ORDER BY site').map(({ site }) => site);
  }

  presence(site: string): PresenceRow | null {
    return this.#sql.get<PresenceRow>('SELECT * FROM presence WHERE site = ?', site);
  }

  /** Another value whenever something of the site was told or came. */
  tallyStamp(site: string): string {
    const row = this.#sql.get<{ announced: number; held: number }>(
      'SELECT announced, held FROM tally WHERE site = ?',
      site,
    );
    return `${row?.announced ?? 0} ${row?.held ?? 0}`;
  }

  held(site: string): { readonly segments: number; readonly bytes: number } {
    const text = 'SELECT held AS segments, held_bytes AS bytes FROM tally WHERE site = ?';
    return this.#sql.get(text, site) ?? { segments: 0, bytes: 0 };
  }

  alarms(site: string): readonly SiteAlarm[] {
    return this.#sql.all<SiteAlarm>(
      `SELECT code, level, room, stream, began_ms AS since FROM alarm WHERE site = ? AND ended_ms IS NULL
       ORDER BY level, began_ms DESC LIMIT ?`,
      ...[site, ALARMS_MAX],
    );
  }

  /** Of a site: sessions that were opened, that go on, and that should be here by now. */
  sessionCounts(
    site: string,
    nowMs: number,
  ): { readonly all: number; readonly running: number; readonly overdue: number } {
    return (
      this.#sql.get<{ all: number; running: number; overdue: number }>(
        `SELECT count(*) AS "all", coalesce(sum(state IN ${RUNNING}), 0) AS running,
                coalesce(sum(${OVERDUE}), 0) AS overdue
         FROM session WHERE site = ? AND opened_ms IS NOT NULL`,
        ...[nowMs, site],
      ) ?? { all: 0, running: 0, overdue: 0 }
    );
  }

  conflicts(site: string): number {
    return this.#count('SELECT count(*) AS n FROM conflict WHERE site = ?', site);
  }

  chainFaults(site: string): number {
    return this.#count('SELECT count(*) AS n FROM chain_fault WHERE site = ?', site);
  }

  /** Overdue first, the longest one in front; then the newest. */
  sessions(site: string, nowMs: number, limit: number): readonly SessionRow[] {
    return this.#sql.all<SessionRow>(
      `SELECT *, (${OVERDUE}) AS is_overdue FROM session WHERE site = ? AND opened_ms IS NOT NULL
       ORDER BY is_overdue DESC, CASE WHEN is_overdue = 1 THEN due_ms END, opened_ms DESC LIMIT ?`,
      ...[nowMs, site, limit],
    );
  }

  session(site: string, id: string): SessionRow | null {
    return this.#sql.get<SessionRow>('SELECT * FROM session WHERE site = ? AND id = ?', site, id);
  }

  /** Of what was announced for a session. */
  counts(site: string, session: string): Counts {
    return (
      this.#sql.get<Counts>(
        'SELECT segments, bytes, held, held_bytes AS heldBytes FROM claim_tally WHERE site = ? AND claim = ?',
        ...[site, session],
      ) ?? NONE
    );
  }

  gapCount(site: string, session: string): number {
    return this.#count('SELECT count(*) AS n FROM gap_claim WHERE site = ? AND claim = ?', site, session);
  }

  /** In the order of time. */
  segmentsOfSession(site: string, session: string): readonly SegmentRow[] {
    return this.#sql.all<SegmentRow>(
      `SELECT ${SEGMENT_COLUMNS} FROM claim AS c JOIN segment AS s ON s.site = c.site AND s.seg = c.seg
       WHERE c.site = ? AND c.claim = ? ORDER BY s.t0 LIMIT ?`,
      ...[site, session, SEGMENTS_MAX],
    );
  }

  /** The same; stream by stream, because that is how they can be found by their time among millions. */
  segmentsOfRange(site: string, fromMs: number, toMs: number): readonly SegmentRow[] {
    const streams = this.#sql.all<{ stream: string }>(
      "SELECT DISTINCT stream FROM heard WHERE site = ? AND stream <> ''",
      site,
    );
    return streams
      .flatMap(({ stream }) =>
        this.#sql.all<SegmentRow>(
          `SELECT ${SEGMENT_COLUMNS} FROM segment AS s
           WHERE s.site = ? AND s.stream = ? AND s.t0 >= ? AND s.t0 < ? AND s.t1 > ? ORDER BY s.t0 LIMIT ?`,
          ...[site, stream, fromMs - SEGMENT_MS_MAX, toMs, fromMs, SEGMENTS_MAX],
        ),
      )
      .sort((a, b) => a.t0 - b.t0)
      .slice(0, SEGMENTS_MAX);
  }

  isCut(segments: readonly SegmentRow[]): boolean {
    return segments.length === SEGMENTS_MAX;
  }

  gapsOfSession(site: string, session: string): readonly GapRow[] {
    return this.#sql.all<GapRow>(
      `SELECT g.stream, g.from_ms, g.to_ms, g.cause FROM gap_claim AS c JOIN gap AS g ON g.site = c.site AND g.id = c.gap
       WHERE c.site = ? AND c.claim = ? ORDER BY g.from_ms`,
      ...[site, session],
    );
  }

  gapsOfRange(site: string, fromMs: number, toMs: number): readonly GapRow[] {
    return this.#sql.all<GapRow>(
      'SELECT stream, from_ms, to_ms, cause FROM gap WHERE site = ? AND from_ms < ? AND to_ms > ? ORDER BY from_ms',
      ...[site, toMs, fromMs],
    );
  }

  segment(site: string, seg: string): SegmentRow | null {
    return this.#sql.get<SegmentRow>(
      `SELECT ${SEGMENT_COLUMNS} FROM segment AS s WHERE s.site = ? AND s.seg = ?`,
      ...[site, seg],
    );
  }

  /** Another value whenever something was journaled or heard. */
  stamp(): string {
    const seq = this.#sql.get<{ seq: number }>('SELECT seq FROM progress')?.seq ?? 0;
    const heard = this.#sql.get<{ ms: number | null }>('SELECT max(last_ms) AS ms FROM presence')?.ms ?? 0;
    return `${seq} ${heard}`;
  }

  #count(text: string, ...values: readonly string[]): number {
    return this.#sql.get<{ n: number }>(text, ...values)?.n ?? 0;
  }
}
