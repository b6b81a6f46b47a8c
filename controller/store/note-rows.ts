/** Questions about what is written down beside sessions. */
import type {
  CheckFinding,
  CheckVerdict,
  Heard,
  MarkKind,
  NoticeAnswer,
  SessionStream,
  StopReason,
} from '../core/session-facts.ts';
import type { CheckRow, ExplanationRow, MarkRow, NoticeRow, PressRow, SessionNotes } from '../core/session-index.ts';
import type { Instant } from '../core/time.ts';
import type { Sql, Value } from '../ledger/sql.ts';

interface RoomCheck {
  readonly id: string;
  readonly room: string;
  readonly session: string | null;
  readonly begun_by: string;
  readonly claim_from: string;
  readonly claim_to: string;
  readonly streams: string;
  readonly done_at: string | null;
  readonly verdict: CheckVerdict | null;
  readonly findings: string | null;
  readonly heard_at: string | null;
  readonly heard_by: string | null;
  readonly heard: string | null;
  readonly heard_note: string | null;
}

interface Mark {
  readonly id: string;
  readonly session: string;
  readonly kind: MarkKind;
  readonly made_by: string;
  readonly marked_at: string;
  readonly note: string;
  readonly page: string;
}

export class NoteRows implements SessionNotes {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  pressed(press: string): PressRow | null {
    return this.#sql.get<PressRow>('SELECT did, session FROM press WHERE press = ?', press);
  }

  check(id: string): CheckRow | null {
    return this.#check('SELECT * FROM room_check WHERE id = ?', id);
  }

  checkByPress(press: string): CheckRow | null {
    return this.#check('SELECT * FROM room_check WHERE press = ?', press);
  }

  newestCheck(room: string): CheckRow | null {
    return this.#check('SELECT * FROM room_check WHERE room = ? ORDER BY seq DESC LIMIT 1', room);
  }

  checksUnderway(): CheckRow[] {
    return this.#sql.all<RoomCheck>('SELECT * FROM room_check WHERE done_at IS NULL ORDER BY seq').map(checkOf);
  }

  mark(id: string): MarkRow | null {
    const row = this.#sql.get<Mark>('SELECT * FROM mark WHERE id = ?', id);
    return row === null ? null : this.#mark(row);
  }

  marksOf(session: string): MarkRow[] {
    return this.#sql
      .all<Mark>('SELECT * FROM mark WHERE session = ? ORDER BY seq', session)
      .map((row) => this.#mark(row));
  }

  newestMarks(session: string, limit: number): { count: number; newest: MarkRow[] } {
    const count = this.#sql.get<{ n: number }>('SELECT count(*) AS n FROM mark WHERE session = ?', session)?.n ?? 0;
    const rows = this.#sql.all<Mark>('SELECT * FROM mark WHERE session = ? ORDER BY seq DESC LIMIT ?', session, limit);
    return { count, newest: rows.reverse().map((row) => this.#mark(row)) };
  }

  noticesOf(session: string): NoticeRow[] {
    const rows = this.#sql.all<Omit<NoticeRow, 'at' | 'textSha256'> & { given_at: string; text_sha256: string }>(
      `SELECT how, who, given_at, notice, version, text_sha256, answer, note FROM notice_given
       WHERE session = ? ORDER BY seq`,
      session,
    );
    return rows.map(({ given_at, text_sha256, answer, ...row }) => ({
      ...row,
      at: read<Instant>(given_at),
      textSha256: text_sha256,
      answer: answer as NoticeAnswer | null,
    }));
  }

  explanationsOf(session: string): ExplanationRow[] {
    const rows = this.#sql.all<{ made_by: string; gaps: string; spoken_at: string | null; reason: string | null }>(
      'SELECT made_by, gaps, spoken_at, reason FROM explanation WHERE session = ? ORDER BY seq',
      session,
    );
    return rows.map((row) => ({
      by: row.made_by,
      gaps: read<string[]>(row.gaps),
      spokenAt: row.spoken_at === null ? null : read<Instant>(row.spoken_at),
      reason: row.reason,
    }));
  }

  stopWarningsOf(session: string): { why: StopReason; at: Instant }[] {
    const rows = this.#sql.all<{ why: StopReason; warned_at: string }>(
      'SELECT why, warned_at FROM stop_warning WHERE session = ? ORDER BY seq',
      session,
    );
    return rows.map(({ why, warned_at }) => ({ why, at: read<Instant>(warned_at) }));
  }

  #check(sql: string, ...values: readonly Value[]): CheckRow | null {
    const row = this.#sql.get<RoomCheck>(sql, ...values);
    return row === null ? null : checkOf(row);
  }

  #mark(row: Mark): MarkRow {
    const notes = this.#sql.all<{ made_by: string; noted_at: string; note: string; page: string }>(
      'SELECT made_by, noted_at, note, page FROM mark_note WHERE mark = ? ORDER BY seq',
      row.id,
    );
    return {
      ...{ id: row.id, session: row.session, kind: row.kind, by: row.made_by, note: row.note, page: row.page },
      markedAt: read<Instant>(row.marked_at),
      notes: notes.map(({ made_by, noted_at, note, page }) => ({
        ...{ at: read<Instant>(noted_at), by: made_by, note, page },
      })),
    };
  }
}

function checkOf(row: RoomCheck): CheckRow {
  const { id, room, session, done_at, verdict, findings, heard_at, heard_by, heard, heard_note } = row;
  return {
    ...{ id, room, session, by: row.begun_by, from: read<Instant>(row.claim_from), to: read<Instant>(row.claim_to) },
    streams: read<SessionStream[]>(row.streams),
    done:
      done_at === null || verdict === null
        ? null
        : { at: read<Instant>(done_at), verdict, findings: read<CheckFinding[]>(findings ?? '[]') },
    heard:
      heard_at === null
        ? null
        : {
            ...{ at: read<Instant>(heard_at), by: heard_by ?? '', note: heard_note ?? '' },
            streams: read<Heard[]>(heard ?? '[]'),
          },
  };
}

function read<T>(text: string): T {
  return JSON.parse(text) as T;
}
