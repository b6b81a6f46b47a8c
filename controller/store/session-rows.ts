/** Questions about sessions, their claims and their gaps. */
import type { CauseCode } from '../core/recording.ts';
import {
  type EndingSession,
  isEnding,
  type OpenedSession,
  type Session,
  type SessionEnding,
  type SessionOpening,
  type SessionRoot,
} from '../core/session.ts';
import type { DocketSource, FieldValues, SessionStream } from '../core/session-facts.ts';
import type { SessionIndex } from '../core/session-index.ts';
import type { ClaimRow, GapRow } from '../core/site-index.ts';
import type { Instant } from '../core/time.ts';
import type { Sql } from '../ledger/sql.ts';

/** More than a year of a busy office; who asks for more asks in parts. */
const DOCKET_ROWS_MAX = 5_000;

interface Row {
  readonly id: string;
  readonly state: Session['state'];
  readonly room: string;
  readonly kind: string;
  readonly matter: string;
  readonly fields: string;
  readonly created_by: string;
  readonly created_at: string;
  readonly source: SessionRoot['source'];
  readonly reference: string | null;
  readonly planned_from_ms: number | null;
  readonly planned_to_ms: number | null;
  readonly continues: string | null;
  readonly check_id: string | null;
  readonly cancelled_by: string | null;
  readonly cancelled_at: string | null;
  readonly cancel_reason: string | null;
  readonly press: string | null;
  readonly opened_by: string | null;
  readonly opened_at: string | null;
  readonly claim_from: string | null;
  readonly rules: string | null;
  readonly extended_to_ms: number | null;
  readonly confirmed_at: string | null;
  readonly closed_by: string | null;
  readonly closed_at: string | null;
  readonly claim_to: string | null;
  readonly debts_at_close: string | null;
  readonly continued_by: string | null;
  readonly ended_at: string | null;
  readonly handed_over_at: string | null;
}

export class SessionRows implements SessionIndex {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  session(id: string): Session | null {
    return this.#one('SELECT * FROM session WHERE id = ?', id);
  }

  sessionByReference(source: DocketSource, reference: string): Session | null {
    return this.#one('SELECT * FROM session WHERE source = ? AND reference = ?', source, reference);
  }

  runningSession(room: string): OpenedSession | null {
    const row = this.#sql.get<Row>(
      "SELECT * FROM session WHERE room = ? AND state IN ('opening', 'open') ORDER BY opened_seq DESC LIMIT 1",
      room,
    );
    return row === null ? null : this.#opened(row);
  }

  sessions(rooms: readonly string[], limit: number): OpenedSession[] {
    return this.#sql
      .all<Row>(
        `SELECT * FROM session WHERE room IN (SELECT value FROM json_each(?)) AND opened_seq IS NOT NULL
         ORDER BY opened_seq DESC LIMIT ?`,
        JSON.stringify(rooms),
        limit,
      )
      .map((row) => this.#opened(row));
  }

  docket(rooms: readonly string[], fromMs: number, toMs: number): Session[] {
    const within = 'SELECT * FROM session WHERE room IN (SELECT value FROM json_each(?)) AND';
    // Two questions, so that each finds its rows by an index: an OR of them would read every session there ever was.
    const rows = this.#sql.all<Row>(
      `SELECT * FROM (
         ${within} planned_from_ms >= ? AND planned_from_ms < ? UNION ${within} opened_ms >= ? AND opened_ms < ?
       ) ORDER BY coalesce(planned_from_ms, opened_ms), seq LIMIT ${DOCKET_ROWS_MAX}`,
      ...[JSON.stringify(rooms), fromMs, toMs, JSON.stringify(rooms), fromMs, toMs],
    );
    return rows.map((row) => this.#session(row));
  }

  sessionsHoldingClaims(): OpenedSession[] {
    const rows = this.#sql.all<Row>(
      "SELECT * FROM session WHERE state IN ('opening', 'open', 'closing') ORDER BY opened_seq",
    );
    return rows.map((row) => this.#opened(row));
  }

  sessionsAwaitingHandOver(room: string): EndingSession[] {
    const rows = this.#sql.all<Row>(
      `SELECT * FROM session WHERE state = 'closed' AND room = ?
       AND EXISTS (SELECT 1 FROM segment_claim WHERE claim = session.id) ORDER BY opened_seq`,
      room,
    );
    return rows.map((row) => this.#opened(row)).filter(isEnding);
  }

  sessionsDueForHandOver(): string[] {
    const rows = this.#sql.all<{ id: string }>(
      `SELECT id FROM session WHERE state = 'closed'
       AND EXISTS (SELECT 1 FROM segment_claim WHERE claim = session.id)
       AND NOT EXISTS (
         SELECT 1 FROM segment_claim LEFT JOIN outbox USING (seg) WHERE claim = session.id AND receipt IS NULL
       ) ORDER BY opened_seq`,
    );
    return rows.map((row) => row.id);
  }

  claimsOf(session: string): ClaimRow[] {
    const rows = this.#sql.all<{ stream: string; begun: string; ended: string | null }>(
      'SELECT stream, begun, ended FROM claim WHERE claim = ?',
      session,
    );
    return rows.map((row) => ({
      stream: row.stream,
      begun: instant(row.begun),
      ended: row.ended === null ? null : instant(row.ended),
    }));
  }

  gapsOf(session: string): GapRow[] {
    const rows = this.#sql.all<{
      id: string;
      stream: string;
      begun: string;
      ended: string;
      cause_code: string;
      cause_detail: string;
    }>(
      `SELECT gap.id, stream, begun, ended, cause_code, cause_detail FROM gap_claim JOIN gap ON gap.id = gap_claim.gap
       WHERE claim = ? ORDER BY json_extract(begun, '$.wallMs'), gap.id`,
      session,
    );
    return rows.map((row) => ({
      id: row.id,
      stream: row.stream,
      from: instant(row.begun),
      to: instant(row.ended),
      cause: { code: row.cause_code as CauseCode, detail: row.cause_detail },
    }));
  }

  #one(sql: string, ...values: readonly string[]): Session | null {
    const row = this.#sql.get<Row>(sql, ...values);
    return row === null ? null : this.#session(row);
  }

  #session(row: Row): Session {
    const { state } = row;
    if (state === 'scheduled' || state === 'checking' || state === 'ready') return { ...rootOf(row), state };
    if (state !== 'cancelled') return this.#opened(row);
    return {
      ...rootOf(row),
      state,
      cancelledBy: must(row.cancelled_by, row),
      cancelledAt: instant(must(row.cancelled_at, row)),
      reason: must(row.cancel_reason, row),
    };
  }

  #opened(row: Row): OpenedSession {
    const streams = this.#sql
      .all<{ stream: string; mandatory: number }>(
        'SELECT stream, mandatory FROM session_stream WHERE session = ? ORDER BY place',
        row.id,
      )
      .map((one): SessionStream => ({ stream: one.stream, mandatory: one.mandatory === 1 }));
    const opening: SessionRoot & SessionOpening = {
      ...rootOf(row),
      press: must(row.press, row),
      openedBy: must(row.opened_by, row),
      openedAt: instant(must(row.opened_at, row)),
      from: instant(must(row.claim_from, row)),
      streams,
      rules: row.rules,
      extendedToMs: row.extended_to_ms,
    };
    const confirmedAt = row.confirmed_at === null ? null : instant(row.confirmed_at);
    if (row.state === 'opening') return { ...opening, state: 'opening' };
    if (row.state === 'open') return { ...opening, state: 'open', confirmedAt: must(confirmedAt, row) };
    const ending: SessionEnding = {
      confirmedAt,
      closedBy: must(row.closed_by, row),
      closedAt: instant(must(row.closed_at, row)),
      to: instant(must(row.claim_to, row)),
      debtsAtClose: row.debts_at_close === null ? [] : (JSON.parse(row.debts_at_close) as string[]),
      continuedBy: row.continued_by,
    };
    if (row.state === 'closing') return { ...opening, ...ending, state: 'closing' };
    const endedAt = instant(must(row.ended_at, row));
    if (row.state === 'closed') return { ...opening, ...ending, state: 'closed', endedAt };
    const handedOverAt = instant(must(row.handed_over_at, row));
    return { ...opening, ...ending, state: 'handed-over', endedAt, handedOverAt };
  }
}

function rootOf(row: Row): SessionRoot {
  return {
    id: row.id,
    room: row.room,
    kind: row.kind,
    matter: row.matter,
    fields: JSON.parse(row.fields) as FieldValues,
    createdBy: row.created_by,
    createdAt: instant(row.created_at),
    source: row.source,
    reference: row.reference,
    planned: row.planned_from_ms === null ? null : { fromMs: row.planned_from_ms, toMs: row.planned_to_ms },
    continues: row.continues,
    check: row.check_id,
  };
}

/** The schema's checks keep what a state needs; a null here is a defect of this program. */
function must<T>(value: T | null, row: Row): T {
  if (value === null) throw new Error(`row of session ${row.id} lacks what state ${row.state} needs`);
  return value;
}

function instant(text: string): Instant {
  return JSON.parse(text) as Instant;
}
