/** Questions about the proof-of-display log, and the acknowledgements that no journal holds. */
import type { DarkWhy, DisplayFace } from '../core/display-facts.ts';
import type { DisplayIndex, StretchRow } from '../core/display-index.ts';
import type { Instant } from '../core/time.ts';
import type { Sql } from '../ledger/sql.ts';

interface Stretch {
  readonly display: string;
  readonly room: string | null;
  readonly face: DisplayFace;
  readonly session: string | null;
  readonly lines: string;
  readonly text_sha256: string;
  readonly held_ms: number;
  readonly begun: string;
  readonly ended: string | null;
  readonly dark: DarkWhy | null;
}

const COLUMNS = 'display, room, face, session, lines, text_sha256, held_ms, begun, ended, dark';

export class DisplayRows implements DisplayIndex {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  openStretches(): StretchRow[] {
    return this.#sql.all<Stretch>(`SELECT ${COLUMNS} FROM display_stretch WHERE ended IS NULL ORDER BY seq`).map(rowOf);
  }

  stretches(display: string, fromMs: number, toMs: number, limit: number): StretchRow[] {
    return this.#sql
      .all<Stretch>(
        `SELECT ${COLUMNS} FROM display_stretch
         WHERE display = ? AND begun ->> 'wallMs' < ? AND (ended IS NULL OR ended ->> 'wallMs' >= ?) ORDER BY seq LIMIT ?`,
        display,
        toMs,
        fromMs,
        limit,
      )
      .map(rowOf);
  }

  displayBeat(display: string): Instant | null {
    const row = this.#sql.get<{ at: string }>('SELECT at FROM display_beat WHERE display = ?', display);
    return row === null ? null : (JSON.parse(row.at) as Instant);
  }

  keepDisplayBeat(display: string, at: Instant): void {
    this.#sql.run(
      'INSERT INTO display_beat (display, at) VALUES (?, ?) ON CONFLICT DO UPDATE SET at = excluded.at',
      display,
      JSON.stringify(at),
    );
  }
}

function rowOf(row: Stretch): StretchRow {
  const { display, room, face, session, dark } = row;
  return {
    ...{ display, room, face, session, dark },
    lines: JSON.parse(row.lines) as string[],
    textSha256: row.text_sha256,
    heldMs: row.held_ms,
    from: JSON.parse(row.begun) as Instant,
    to: row.ended === null ? null : (JSON.parse(row.ended) as Instant),
  };
}
