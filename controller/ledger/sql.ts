/**
 * SQLite as an index beside a journal: one connection, statements prepared once, slow ones reported because they stop the whole
 * process for as long as they take. better-sqlite3 appears in this file only; the recorder does not load it.
 */
import { readFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { AppError, sentenceOf } from '../core/errors.ts';
import type { Log } from '../core/ports.ts';

/** Longer statements are reported: the event loop stood still for that long. */
const SLOW_MS = 50;
/** How long another connection's write (a reindex, a check) may hold us up. */
const BUSY_TIMEOUT_MS = 5_000;

export type Value = string | number | null;

export class Sql {
  readonly #log: Log;
  readonly #database: Database.Database;
  readonly #isSynced: boolean;
  readonly #statements = new Map<string, Database.Statement>();

  /**
   * Opens or makes the file and brings it to the newest version: `steps` are SQL files, step n brings a database from version n to
   * n + 1, each in a transaction of its own. One of which every row comes out of a journal is not synced at each transaction: what a
   * power cut takes is read again. Throws `data-not-writable`, or {@link UnusableIndex}.
   */
  constructor(file: string, steps: readonly URL[], log: Log, sync: 'each' | 'seldom' = 'each') {
    this.#log = log;
    this.#isSynced = sync === 'each';
    try {
      this.#database = new Database(file, { timeout: BUSY_TIMEOUT_MS });
    } catch (error) {
      throw new AppError('data-not-writable', `the index ${file} cannot be opened: ${sentenceOf(error)}`, {
        cause: error,
      });
    }
    try {
      this.#database.pragma('journal_mode = WAL');
      this.#database.pragma(`synchronous = ${sync === 'each' ? 'FULL' : 'NORMAL'}`);
      this.#database.pragma('foreign_keys = ON');
      this.#migrate(steps);
    } catch (error) {
      this.#database.close();
      throw isDamaged(error) ? new UnusableIndex(sentenceOf(error), { cause: error }) : error;
    }
  }

  get<Row>(text: string, ...values: readonly Value[]): Row | null {
    return this.#timed(text, (statement) => (statement.get(...values) as Row | undefined) ?? null);
  }

  all<Row>(text: string, ...values: readonly Value[]): Row[] {
    return this.#timed(text, (statement) => statement.all(...values) as Row[]);
  }

  /** Answers the number of rows changed. */
  run(text: string, ...values: readonly Value[]): number {
    return this.#timed(text, (statement) => statement.run(...values).changes);
  }

  /** All or nothing; a transaction inside a transaction is a savepoint. */
  transaction<T>(act: () => T): T {
    return this.#database.transaction(act).immediate();
  }

  /** One statement as {@link run}, on the disk when it returns even where others are not: for rows that come out of no journal. */
  runSynced(text: string, ...values: readonly Value[]): number {
    if (this.#isSynced) return this.run(text, ...values);
    this.#database.pragma('synchronous = FULL');
    try {
      return this.run(text, ...values);
    } finally {
      this.#database.pragma('synchronous = NORMAL');
    }
  }

  close(): void {
    this.#database.close();
  }

  #timed<T>(text: string, act: (statement: Database.Statement) => T): T {
    let statement = this.#statements.get(text);
    if (statement === undefined) {
      statement = this.#database.prepare(text);
      this.#statements.set(text, statement);
    }
    const began = performance.now();
    try {
      return act(statement);
    } finally {
      const tookMs = performance.now() - began;
      if (tookMs > SLOW_MS) this.#log.warn({ tookMs: Math.round(tookMs), sql: text }, 'slow statement');
    }
  }

  #migrate(steps: readonly URL[]): void {
    const version = this.#database.pragma('user_version', { simple: true }) as number;
    if (version > steps.length) {
      throw new UnusableIndex(`it is of version ${version}, this program knows ${steps.length}`);
    }
    steps.slice(version).forEach((step, i) => {
      this.#database.transaction(() => {
        this.#database.exec(readFileSync(step, 'utf8'));
        this.#database.pragma(`user_version = ${version + i + 1}`);
      })();
    });
  }
}

/** True for an error of SQLite that lies in the row, not in the disk: the same row would be refused for ever. */
export function isRefusedRow(error: unknown): boolean {
  return error instanceof Database.SqliteError && error.code.startsWith('SQLITE_CONSTRAINT');
}

/** The disk under the index has no room; what it holds is whole. */
export function isFullDisk(error: unknown): boolean {
  return error instanceof Database.SqliteError && error.code === 'SQLITE_FULL';
}

/** The file is no healthy database of a version we know; the journals hold all that was in it. */
export class UnusableIndex extends Error {}

function isDamaged(error: unknown): boolean {
  return (
    error instanceof Database.SqliteError &&
    (error.code.startsWith('SQLITE_CORRUPT') || error.code === 'SQLITE_NOTADB' || error.code === 'SQLITE_ERROR')
  );
}
