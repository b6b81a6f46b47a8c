/**
 * A journal on disk: append-only, hash-chained lines in numbered files, each append fsynced before it is answered
 * (invariant 4). One process writes a journal; any number may read it while it grows.
 */
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, readFile, rename, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { type ChainFault, type ChainHead, chainLine, EMPTY_CHAIN, type Entry, followLine } from '../core/chain.ts';
import { AppError } from '../core/errors.ts';
import type { Clock, Instant } from '../core/time.ts';
import { syncDirectory } from './durable.ts';

/** A new file is begun past this size, so that one damaged file never takes the whole history along. */
const FILE_BYTES_MAX = 16 * 1024 * 1024;
const FILE_PATTERN = /^\d{6}\.ndjson$/;
/** Says how far the journal reached; a journal that ends before it has lost its last lines. Written after the journal's own fsync. */
const HEAD_FILE = 'head.json';
const LINE_FEED = 0x0a;

interface Waiting<Fact> {
  readonly fact: Fact;
  readonly at: Instant;
  readonly resolve: (entry: Entry<Fact>) => void;
  readonly reject: (error: unknown) => void;
}

/** What `open` had to put right. */
export interface JournalOpening {
  /** Bytes of a half-written last line that were moved to `<file>.torn`; 0 when the end was whole. */
  readonly tornBytes: number;
  readonly faults: readonly ChainFault[];
}

export class Journal<Fact> {
  readonly directory: string;
  readonly #clock: Clock;
  #head: ChainHead = EMPTY_CHAIN;
  #file: FileHandle | null = null;
  #headFile: FileHandle | null = null;
  #fileNumber = 0;
  #fileBytes = 0;
  #waiting: Waiting<Fact>[] = [];
  #writing: Promise<void> | null = null;
  #broken: unknown = null;
  #listeners: ((entry: Entry<Fact>) => void)[] = [];

  constructor(directory: string, clock: Clock) {
    this.directory = directory;
    this.#clock = clock;
  }

  get head(): ChainHead {
    return this.#head;
  }

  /** Follows the whole chain, moves a torn last line aside and makes ready to append. Rejects with `data-not-writable`. */
  async open(): Promise<JournalOpening> {
    try {
      await mkdir(this.directory, { recursive: true, mode: 0o750 });
      // The names of the folders must outlive a power cut too; one above them that is not ours to open is not ours to make last.
      await syncDirectory(join(this.directory, '..'));
      await syncDirectory(join(this.directory, '../..')).catch(() => undefined);
      const files = await journalFiles(this.directory);
      const last = files.at(-1);
      const tornBytes = last === undefined ? 0 : await setTornLineAside(join(this.directory, last));
      const faults: ChainFault[] = [];
      for await (const { fault, head } of followJournal<Fact>(this.directory)) {
        if (fault !== null) faults.push(fault);
        this.#head = head;
      }
      this.#fileNumber = last === undefined ? 0 : Number.parseInt(last, 10);
      if (last === undefined) await this.#beginFile();
      else await this.#openFile(join(this.directory, last));
      this.#headFile = await open(join(this.directory, HEAD_FILE), 'a+', 0o640);
      return { tornBytes, faults };
    } catch (error) {
      throw new AppError(
        'data-not-writable',
        `the journal in ${this.directory} cannot be opened: ${(error as Error).message}`,
        { cause: error },
      );
    }
  }

  /**
   * Appends one fact; resolves with its entry once the line is on the disk. Appends made at the same time share one fsync and
   * keep their order. After a failed write every append rejects until the journal is opened again, because what the kernel
   * kept of a failed fsync is unknown.
   */
  append(fact: Fact, at: Instant = this.#clock.now()): Promise<Entry<Fact>> {
    return new Promise((resolve, reject) => {
      if (this.#broken !== null) {
        reject(this.#broken);
        return;
      }
      this.#waiting.push({ fact, at, resolve, reject });
      this.#writing ??= this.#write();
    });
  }

  /** Called after each entry is on disk, in order. */
  onEntry(listener: (entry: Entry<Fact>) => void): void {
    this.#listeners.push(listener);
  }

  /** Every entry with a number greater than `seq` that is on disk now. */
  async *read(seq: number): AsyncGenerator<Entry<Fact>> {
    const until = this.#head.seq;
    if (seq >= until) return;
    for (const file of await filesFrom(this.directory, seq + 1)) {
      for await (const line of linesOf(join(this.directory, file))) {
        const { entry } = followLine<Fact>(EMPTY_CHAIN, line);
        if (entry === null || entry.seq <= seq) continue;
        if (entry.seq > until) return;
        yield entry;
      }
    }
  }

  /** Waits for the appends under way, then lets go of the files. */
  async close(): Promise<void> {
    await this.#writing;
    await this.#file?.close();
    await this.#headFile?.close();
    this.#file = null;
    this.#headFile = null;
    this.#broken ??= new AppError('internal', `the journal in ${this.directory} is closed`);
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      let head = this.#head;
      const entries: Entry<Fact>[] = [];
      let text = '';
      for (const { fact, at } of batch) {
        const next = chainLine(head, at, fact);
        head = next.head;
        entries.push(next.entry);
        text += `${next.line}\n`;
      }
      try {
        if (this.#file === null) throw new AppError('internal', `the journal in ${this.directory} is not open`);
        const bytes = Buffer.from(text);
        await this.#file.appendFile(bytes);
        await this.#file.datasync();
        this.#head = head;
        this.#fileBytes += bytes.length;
      } catch (error) {
        this.#breakOff(error, batch);
        break;
      }
      await this.#afterWrite(head).catch((error) => this.#breakOff(error, []));
      batch.forEach((waiting, i) => {
        const entry = entries[i] as Entry<Fact>;
        waiting.resolve(entry);
        for (const listener of this.#listeners) listener(entry);
      });
    }
    this.#writing = null;
  }

  /** What follows lines that are on the disk: should it fail, they were appended all the same, and only later ones are refused. */
  async #afterWrite(head: ChainHead): Promise<void> {
    await this.#headFile?.truncate(0);
    await this.#headFile?.appendFile(JSON.stringify(head));
    if (this.#fileBytes > FILE_BYTES_MAX) await this.#beginFile();
  }

  #breakOff(error: unknown, batch: readonly Waiting<Fact>[]): void {
    this.#broken = error;
    for (const waiting of [...batch, ...this.#waiting]) waiting.reject(error);
    this.#waiting = [];
  }

  async #beginFile(): Promise<void> {
    await this.#file?.close();
    this.#fileNumber += 1;
    await this.#openFile(join(this.directory, `${String(this.#fileNumber).padStart(6, '0')}.ndjson`));
    await syncDirectory(this.directory);
  }

  async #openFile(path: string): Promise<void> {
    this.#file = await open(path, 'a', 0o640);
    this.#fileBytes = (await this.#file.stat()).size;
  }
}

/** Names of the journal's files, oldest first; none when the folder does not exist. */
export async function journalFiles(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).filter((name) => FILE_PATTERN.test(name)).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** How far the journal once reached by its own word; null when it never said. */
export async function journalReached(directory: string): Promise<ChainHead | null> {
  try {
    return JSON.parse(await readFile(join(directory, HEAD_FILE), 'utf8')) as ChainHead;
  } catch {
    return null;
  }
}

/** The files that can hold entry `seq` or later ones: those of years ago need not be read to tell what happened a minute ago. */
async function filesFrom(directory: string, seq: number): Promise<string[]> {
  const files = await journalFiles(directory);
  for (let at = files.length - 1; at > 0; at--) {
    for await (const line of linesOf(join(directory, files[at] ?? ''))) {
      const { entry } = followLine<unknown>(EMPTY_CHAIN, line);
      if (entry !== null && entry.seq <= seq) return files.slice(at);
      break;
    }
  }
  return files;
}

/** Follows a journal from its first line; yields each line's entry, its file, the head after it and the fault found there, if any. */
export async function* followJournal<Fact>(
  directory: string,
): AsyncGenerator<{ entry: Entry<Fact> | null; head: ChainHead; fault: ChainFault | null; file: string }> {
  let head = EMPTY_CHAIN;
  for (const file of await journalFiles(directory)) {
    for await (const line of linesOf(join(directory, file))) {
      const step = followLine<Fact>(head, line);
      head = step.head;
      yield { ...step, file };
    }
  }
}

/**
 * The lines of a file. Only a line feed ends one: JSON lets U+2028 and a camera's odd bytes stand inside a text, and other readers
 * of lines would break there. Rejects when the file cannot be read.
 */
async function* linesOf(path: string): AsyncGenerator<string> {
  let parts: Buffer[] = [];
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    let from = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, from)) {
      parts.push(chunk.subarray(from, end));
      yield Buffer.concat(parts).toString('utf8');
      parts = [];
      from = end + 1;
    }
    if (from < chunk.length) parts.push(chunk.subarray(from));
  }
  if (parts.length > 0) yield Buffer.concat(parts).toString('utf8');
}

/** A line without its line break was being written when the power went: it was never answered, so it moves aside. */
async function setTornLineAside(path: string): Promise<number> {
  const bytes = await readFile(path);
  const whole = bytes.lastIndexOf(LINE_FEED) + 1;
  if (whole === bytes.length) return 0;
  const torn = await open(`${path}.torn.part`, 'w', 0o640);
  await torn.writeFile(bytes.subarray(whole));
  await torn.sync();
  await torn.close();
  await rename(`${path}.torn.part`, `${path}.torn`);
  await truncate(path, whole);
  return bytes.length - whole;
}
