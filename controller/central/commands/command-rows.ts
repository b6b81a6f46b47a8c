/** The rows of commands (desk.sql): how facts are laid down in them, and how they are found again. */
import type { SiteAnswer } from '../../core/hrc-answer.ts';
import { type AnswerState, isFinal } from '../../core/hrc-command.ts';
import type { Sql } from '../../ledger/sql.ts';
import type { CommandEnded, CommandFact } from './command-facts.ts';

type Fields = { readonly [name: string]: unknown };

export type CommandStatus = AnswerState | 'given' | 'given-up';

/** A command as it stands. Times are UTC milliseconds. */
export interface CommandRow {
  readonly id: string;
  readonly site: string;
  readonly type: string;
  readonly body: Fields;
  readonly actor: string | null;
  readonly reason: string | null;
  readonly givenMs: number;
  readonly endsMs: number;
  readonly target: string | null;
  readonly answer: SiteAnswer | null;
  readonly answeredMs: number | null;
  readonly status: CommandStatus;
  /** When nothing more was awaited; null while it is open. */
  readonly endedMs: number | null;
  readonly why: CommandEnded['why'] | null;
}

interface Raw {
  readonly id: string;
  readonly site: string;
  readonly type: string;
  readonly body: string;
  readonly actor: string | null;
  readonly reason: string | null;
  readonly given_ms: number;
  readonly ends_ms: number;
  readonly target: string | null;
  readonly answer: string | null;
  readonly answered_ms: number | null;
  readonly status: string;
  readonly ended_ms: number | null;
  readonly why: string | null;
}

/** Lays one fact into the rows. The same fact again changes nothing. */
export function projectCommand(sql: Sql, fact: CommandFact, atMs: number): void {
  switch (fact.type) {
    case 'command-given': {
      const { command, site, kind, body, actor, reason, press, endsMs } = fact;
      const { target } = body;
      sql.run(
        `INSERT OR IGNORE INTO command (id, site, type, body, actor, reason, press, given_ms, ends_ms, target)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        ...[command, site, kind, JSON.stringify(body), actor, reason, press, atMs, endsMs],
        typeof target === 'string' ? target : null,
      );
      return;
    }
    case 'command-answered':
      layAnswer(sql, fact.command, fact.answer, atMs);
      return;
    case 'command-ended':
      sql.run(
        'UPDATE command SET status = ?, why = ?, ended_ms = ? WHERE id = ? AND ended_ms IS NULL',
        ...[fact.status, fact.why, atMs, fact.command],
      );
  }
}

/** Lays an answer down, also one that is no fact. Whether it is news was decided before. */
export function layAnswer(sql: Sql, id: string, answer: SiteAnswer, atMs: number): void {
  const endedMs = isFinal(answer.status) ? atMs : null;
  sql.run(
    'UPDATE command SET n = ?, answer = ?, answered_ms = ?, status = ?, ended_ms = ?, why = NULL WHERE id = ?',
    ...[answer.n, JSON.stringify(answer), atMs, answer.status, endedMs, id],
  );
}

export class CommandRows {
  readonly #archive: { readonly sql: Sql };

  constructor(archive: { readonly sql: Sql }) {
    this.#archive = archive;
  }

  command(id: string): CommandRow | null {
    return rowOf(this.#archive.sql.get<Raw>('SELECT * FROM command WHERE id = ?', id));
  }

  byPress(press: string): CommandRow | null {
    return rowOf(this.#archive.sql.get<Raw>('SELECT * FROM command WHERE press = ?', press));
  }

  /** Those of a site whose end is awaited, in the order they were given. */
  open(site: string, limit: number): readonly CommandRow[] {
    return this.#rows('SELECT * FROM command WHERE site = ? AND ended_ms IS NULL ORDER BY id LIMIT ?', site, limit);
  }

  openCount(site: string): number {
    const text = 'SELECT count(*) AS n FROM command WHERE site = ? AND ended_ms IS NULL';
    return this.#archive.sql.get<{ n: number }>(text, site)?.n ?? 0;
  }

  /** Those that are open although their end has passed. */
  overdue(nowMs: number, limit: number): readonly CommandRow[] {
    return this.#rows('SELECT * FROM command WHERE ended_ms IS NULL AND ends_ms <= ? LIMIT ?', nowMs, limit);
  }

  /** Sites that have open commands. */
  sites(): readonly string[] {
    return this.#archive.sql
      .all<{ site: string }>('SELECT DISTINCT site FROM command WHERE ended_ms IS NULL')
      .map(({ site }) => site);
  }

  /** Newest first; of one site or of all. `before` is the id of the last one that is known. */
  list(site: string | null, before: string | null, limit: number): readonly CommandRow[] {
    return this.#rows(
      'SELECT * FROM command WHERE (? IS NULL OR site = ?) AND (? IS NULL OR id < ?) ORDER BY id DESC LIMIT ?',
      ...[site, site, before, before, limit],
    );
  }

  /** Holds of a site that were kept and not released. */
  holds(site: string): readonly CommandRow[] {
    return this.#rows(
      `SELECT * FROM command AS hold WHERE site = ? AND type = 'hold' AND status NOT IN ('rejected', 'failed', 'expired')
         AND NOT EXISTS (SELECT 1 FROM command WHERE type = 'release' AND target = hold.id AND status = 'successful')
       ORDER BY id`,
      site,
    );
  }

  /** Progress, which is no fact. */
  lay(id: string, answer: SiteAnswer, atMs: number): void {
    layAnswer(this.#archive.sql, id, answer, atMs);
  }

  #rows(text: string, ...values: readonly (string | number | null)[]): readonly CommandRow[] {
    return this.#archive.sql.all<Raw>(text, ...values).flatMap((raw) => rowOf(raw) ?? []);
  }
}

function rowOf(raw: Raw | null): CommandRow | null {
  if (raw === null) return null;
  const { id, site, type, actor, reason, target, status, why } = raw;
  return {
    ...{ id, site, type, actor, reason, target },
    body: JSON.parse(raw.body) as Fields,
    givenMs: raw.given_ms,
    endsMs: raw.ends_ms,
    answer: raw.answer === null ? null : (JSON.parse(raw.answer) as SiteAnswer),
    answeredMs: raw.answered_ms,
    status: status as CommandStatus,
    endedMs: raw.ended_ms,
    why: why as CommandRow['why'],
  };
}
