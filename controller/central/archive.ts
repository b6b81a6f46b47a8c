/**
 * What the centre knows and promised: an append-only, hash-chained journal (invariant 4), and an index in SQLite that is read out of
 * it. The index is made anew when it is missing, damaged, of another schema, or says what the journal does not. Nothing is kept in memory.
 */
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type ChainHead, EMPTY_CHAIN, type Entry, sha256 } from '../core/chain.ts';
import { AppError, sentenceOf } from '../core/errors.ts';
import type { Log } from '../core/ports.ts';
import type { Clock } from '../core/time.ts';
import { catchUpIndex, type Line } from '../ledger/index-catch-up.ts';
import { Journal, type JournalOpening } from '../ledger/journal.ts';
import { isRefusedRow, Sql, UnusableIndex } from '../ledger/sql.ts';
import type { Chapter } from './chapter.ts';
import type { CentreFact } from './facts.ts';
import { indexFolderOf, journalFolderOf } from './folders.ts';

const NAME_DIGITS = 16;
/** So many times as long as a try to mend lasted nothing is tried again. */
const REST_SHARE = 4;

export interface ArchiveOptions {
  readonly folder: string;
  readonly chapters: readonly Chapter[];
  readonly clock: Clock;
  readonly log: Log;
}

export class Archive {
  readonly #options: ArchiveOptions;
  #journal: Journal<CentreFact>;
  #sql: Sql | null = null;
  #head: ChainHead = EMPTY_CHAIN;
  /** What has to be mended before anybody is answered: journal or index did not take a fact. */
  #trouble: unknown = null;
  #mending: Promise<void> | null = null;
  /** Not tried again before (monotonic). */
  #mendNextMs = 0;

  constructor(options: ArchiveOptions) {
    this.#options = options;
    this.#journal = this.#newJournal();
  }

  /** Follows the journal and makes the index agree with it. Answers what was found damaged. Rejects with `data-not-writable`. */
  async open(): Promise<JournalOpening> {
    const { folder } = this.#options;
    await mkdir(folder, { recursive: true, mode: 0o750 });
    const opening = await this.#journal.open();
    await this.#openIndex();
    return opening;
  }

  async close(): Promise<void> {
    await this.#journal.close();
    this.#sql?.close();
    this.#sql = null;
  }

  /** The index, for reading, and for what is not journaled. Throws `data-not-writable` while it does not hold the whole journal. */
  get sql(): Sql {
    if (this.#sql === null || this.#trouble !== null)
      throw new AppError('data-not-writable', 'the index of the centre does not hold its journal', {
        cause: this.#trouble,
      });
    return this.#sql;
  }

  /** Resolves when journal and index are in order, mended if they were not. Rejects with what the disk says. */
  async ready(): Promise<void> {
    if (this.#trouble === null) return;
    const nowMs = this.#options.clock.now().monoMs;
    if (this.#mending === null && nowMs < this.#mendNextMs) throw this.#trouble;
    this.#mending ??= this.#mend().finally(() => {
      this.#mending = null;
      // Following a long journal costs much: while the disk stays full, a part of the time goes into it and no more.
      const endMs = this.#options.clock.now().monoMs;
      this.#mendNextMs = endMs + REST_SHARE * (endMs - nowMs);
    });
    await this.#mending;
  }

  /** Resolves when these facts are on the disk and in the index. Rejects with what the disk says; then none may be relied on. */
  async keep(...facts: readonly CentreFact[]): Promise<void> {
    await this.ready();
    const journal = this.#journal;
    try {
      await Promise.all(facts.map((fact) => journal.append(fact)));
    } catch (error) {
      if (journal === this.#journal) this.#trouble ??= error;
      throw error;
    }
    if (this.#trouble !== null) throw this.#trouble;
  }

  #newJournal(): Journal<CentreFact> {
    const journal = new Journal<CentreFact>(journalFolderOf(this.#options.folder), this.#options.clock);
    journal.onEntry((entry) => {
      if (this.#trouble !== null) return;
      try {
        this.#replay([{ entry, head: { seq: entry.seq, hash: sha256(JSON.stringify(entry)) } }]);
      } catch (error) {
        // The journal has it; the index gets it from there.
        this.#trouble = error;
      }
    });
    return journal;
  }

  /** What the kernel kept of a write that failed is unknown: the journal is followed anew, and the index from where it stands. */
  async #mend(): Promise<void> {
    await this.#journal.close();
    this.#journal = this.#newJournal();
    const { tornBytes } = await this.#journal.open();
    this.#sql?.close();
    this.#sql = null;
    await this.#openIndex();
    this.#trouble = null;
    this.#options.log.warn({ tornBytes }, 'journal and index of the centre are in order again');
  }

  async #openIndex(): Promise<void> {
    const { log } = this.#options;
    const why = await this.#agree().catch((error: unknown) => {
      if (error instanceof UnusableIndex) return error.message;
      throw error;
    });
    if (why === null) return;
    log.warn({ why }, 'the index is made anew from the journal');
    this.#sql?.close();
    this.#sql = null;
    await this.#setAside();
    await this.#agree();
  }

  /** Opens the index and takes in what is missing; answers why it cannot be used, or null. */
  async #agree(): Promise<string | null> {
    const { log, chapters } = this.#options;
    const file = this.#indexFile();
    const isNew = !existsSync(file);
    await this.#makeIndexFolder();
    const steps = chapters.map(({ schema }) => schema);
    const sql = new Sql(file, steps, log, 'seldom');
    this.#sql = sql;
    this.#head = sql.get<ChainHead>('SELECT seq, hash FROM progress') ?? EMPTY_CHAIN;
    const index = { head: this.#head, replay: (lines: readonly Line[]) => this.#replay(lines) };
    const { outcome, applied, faults } = await catchUpIndex(index, this.#journal.directory);
    if (outcome === 'differs') return 'it holds what the journal does not';
    for (const { seq, message } of faults) log.error({ alarm: 'verify-failed', line: seq }, `the journal: ${message}`);
    if (applied > 0) log.info({ applied, isNew }, 'the index was brought up to date');
    return null;
  }

  #replay(lines: readonly Line[]): void {
    const sql = this.#sql;
    const news = lines.filter(({ head }) => head.seq > this.#head.seq);
    const last = news.at(-1);
    if (sql === null || last === undefined) return;
    sql.transaction(() => {
      for (const { entry } of news) if (entry !== null) this.#project(sql, entry as Entry<CentreFact>);
      sql.run(
        `INSERT INTO progress (only, seq, hash) VALUES (1, ?, ?)
         ON CONFLICT DO UPDATE SET seq = excluded.seq, hash = excluded.hash`,
        last.head.seq,
        last.head.hash,
      );
    });
    this.#head = last.head;
  }

  /** A row that the schema refuses is refused for ever: it is reported and passed over, so that it cannot stop the journal behind it. */
  #project(sql: Sql, entry: Entry<CentreFact>): void {
    const { chapters, log } = this.#options;
    try {
      sql.transaction(() => {
        for (const chapter of chapters) chapter.take(sql, entry.fact, entry.at);
      });
    } catch (error) {
      if (!isRefusedRow(error) && !(error instanceof TypeError)) throw error;
      log.error(
        { seq: entry.seq, err: sentenceOf(error) },
        'a line of the journal does not fit the index, passed over',
      );
    }
  }

  /** The name holds the schema, so that an index of another schema is none. */
  #indexFile(): string {
    const schema = this.#options.chapters.map(({ schema }) => readFileSync(schema, 'utf8')).join('\n');
    return join(indexFolderOf(this.#options.folder), `${sha256(schema).slice(0, NAME_DIGITS)}.sqlite`);
  }

  /** Indexes of other schemas are of no use to anybody. */
  async #makeIndexFolder(): Promise<void> {
    const folder = indexFolderOf(this.#options.folder);
    const file = this.#indexFile();
    await mkdir(folder, { recursive: true, mode: 0o750 });
    for (const name of await readdir(folder)) {
      const path = join(folder, name);
      if (!path.startsWith(file) && !name.includes('.damaged')) await rm(path, { recursive: true, force: true });
    }
  }

  /** A file nobody can read is kept beside the new one; only the newest such is kept. */
  async #setAside(): Promise<void> {
    const file = this.#indexFile();
    for (const part of ['', '-wal', '-shm'])
      if (existsSync(`${file}${part}`)) await rename(`${file}${part}`, `${file}.damaged${part}`);
  }
}
