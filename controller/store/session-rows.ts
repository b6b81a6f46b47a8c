/** Questions about sessions, their claims and their gaps. */
import type { SessionKind, SessionStream } from '../core/facts.ts';
import type { CauseCode } from '../core/recording.ts';
import type { Session, SessionBasics, SessionEnding } from '../core/session.ts';
import type { ClaimRow, GapRow } from '../core/site-index.ts';
import type { Instant } from '../core/time.ts';
import type { Sql } from './sql.ts';

interface Row {
  readonly id: string;
  readonly press: string;
  readonly room: string;
  readonly kind: string;
  readonly matter: string;
  readonly opened_by: string;
  readonly opened_at: string;
  readonly claim_from: string;
  readonly state: Session['state'];
  readonly confirmed_at: string | null;
  readonly closed_by: string | null;
  readonly closed_at: string | null;
  readonly claim_to: string | null;
  readonly ended_at: string | null;
  readonly handed_over_at: string | null;
}

export class SessionRows {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  session(id: string): Session | null {
    return this.#one(this.#sql.get<Row>('SELECT * FROM session WHERE id = ?', id));
  }

  sessionByPress(press: string): Session | null {
    return this.#one(this.#sql.get<Row>('SELECT * FROM session WHERE press = ?', press));
  }

  runningSession(room: string): Session | null {
    return this.#one(
      this.#sql.get<Row>(
        "SELECT * FROM session WHERE room = ? AND state IN ('opening', 'open') ORDER BY opened_seq DESC LIMIT 1",
        room,
      ),
    );
  }

  sessions(rooms: readonly string[], limit: number): Session[] {
    const rows = this.#sql.all<Row>(
      'SELECT * FROM session WHERE room IN (SELECT value FROM json_each(?)) ORDER BY opened_seq DESC LIMIT ?',
      JSON.stringify(rooms),
      limit,
    );
    return rows.map((row) => this.#session(row));
  }

  sessionsHoldingClaims(): Session[] {
    const rows = this.#sql.all<Row>(
      "SELECT * FROM session WHERE state IN ('opening', 'open', 'closing') ORDER BY opened_seq",
    );
    return rows.map((row) => this.#session(row));
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
      stream: string;
      begun: string;
      ended: string;
      cause_code: string;
      cause_detail: string;
    }>(
      `SELECT stream, begun, ended, cause_code, cause_detail FROM gap_claim JOIN gap ON gap.id = gap_claim.gap
       WHERE claim = ? ORDER BY json_extract(begun, '$.wallMs'), gap.id`,
      session,
    );
    return rows.map((row) => ({
      stream: row.stream,
      from: instant(row.begun),
      to: instant(row.ended),
      cause: { code: row.cause_code as CauseCode, detail: row.cause_detail },
    }));
  }

  #one(row: Row | null): Session | null {
    return row === null ? null : this.#session(row);
  }

  #session(row: Row): Session {
    const streams = this.#sql
      .all<{ stream: string; mandatory: number }>(
        'SELECT stream, mandatory FROM session_stream WHERE session = ? ORDER BY place',
        row.id,
      )
      .map((one): SessionStream => ({ stream: one.stream, mandatory: one.mandatory === 1 }));
    const basics: SessionBasics = {
      id: row.id,
      press: row.press,
      room: row.room,
      kind: row.kind as SessionKind,
      matter: row.matter,
      openedBy: row.opened_by,
      openedAt: instant(row.opened_at),
      from: instant(row.claim_from),
      streams,
    };
    const confirmedAt = row.confirmed_at === null ? null : instant(row.confirmed_at);
    if (row.state === 'opening') return { ...basics, state: 'opening' };
    if (row.state === 'open') return { ...basics, state: 'open', confirmedAt: must(confirmedAt, row) };
    const ending: SessionEnding = {
      confirmedAt,
      closedBy: must(row.closed_by, row),
      closedAt: instant(must(row.closed_at, row)),
      to: instant(must(row.claim_to, row)),
    };
    if (row.state === 'closing') return { ...basics, ...ending, state: 'closing' };
    const endedAt = instant(must(row.ended_at, row));
    if (row.state === 'closed') return { ...basics, ...ending, state: 'closed', endedAt };
    return {
      ...basics,
      ...ending,
      state: 'handed-over',
      endedAt,
      handedOverAt: instant(must(row.handed_over_at, row)),
    };
  }
}

/** The schema's checks keep what a state needs; a null here is a defect of this program. */
function must<T>(value: T | null, row: Row): T {
  if (value === null) throw new Error(`row of session ${row.id} lacks what state ${row.state} needs`);
  return value;
}

function instant(text: string): Instant {
  return JSON.parse(text) as Instant;
}
