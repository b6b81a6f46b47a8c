/**
 * A journal on one disk. Each disk has its lane with its own order and its own fate: what one refuses or takes long for is no
 * matter of the other.
 */
import { type FileHandle, mkdir, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type ChainFault, type ChainHead, EMPTY_CHAIN } from '../core/chain.ts';
import { AppError } from '../core/errors.ts';
import { Ballast } from './ballast.ts';
import { DiskRefusal, isFull } from './disk.ts';
import { syncDirectory } from './durable.ts';
import { type Aligned, alignJournal, type Position, SourceGone } from './journal-align.ts';
import { followJournal, HEAD_FILE, journalFileName, journalFiles, setTornLineAside } from './journal-files.ts';

/** What waits for a disk that is slower than the other; past this the disk is left and catches up later. */
const LANE_BYTES_MAX = 8 * 1024 * 1024;
/** Longer than any head, so that it is written in place and needs no new room on a full disk. */
const HEAD_BYTES = 128;

/** Where a copy of a journal lies, and the disk under it. */
export interface JournalPlace {
  readonly directory: string;
  readonly isUsable: boolean;
  /** True when room is kept in reserve beside this journal. */
  readonly keepsReserve: boolean;
  act<T>(doing: () => Promise<T>): Promise<T>;
  /** The disk refused. */
  refused(error: unknown): void;
  reserveChanged(isSpent: boolean): void;
}

/** A folder by itself, without a disk that is looked after. */
export function placeOf(directory: string): JournalPlace {
  return {
    directory,
    isUsable: true,
    keepsReserve: false,
    act: (doing) => doing(),
    refused: () => undefined,
    reserveChanged: () => undefined,
  };
}

/** Lines to append, and where: every lane writes the same bytes to the same place. */
export interface Batch {
  readonly at: Position;
  readonly bytes: Buffer;
  readonly head: ChainHead;
}

/** What a lane found when it was looked at. */
export interface Found {
  readonly tornBytes: number;
  readonly faults: readonly ChainFault[];
  readonly head: ChainHead;
  readonly end: Position;
}

export class JournalLane {
  readonly place: JournalPlace;
  /** What of the chain is known to be on this disk. */
  head: ChainHead = EMPTY_CHAIN;
  isIn = false;
  readonly #ballast: Ballast;
  #file: FileHandle | null = null;
  #headFile: FileHandle | null = null;
  #number = 0;
  #tail: Promise<unknown> = Promise.resolve();
  #queuedBytes = 0;
  #lastError: unknown = null;
  /** Counts how often it was left: what was asked of it before then is not done after it has come back. */
  #lives = 0;

  constructor(place: JournalPlace) {
    this.place = place;
    this.#ballast = new Ballast(join(place.directory, 'ballast'));
  }

  /** Why it was left, when it was. */
  get lastError(): unknown {
    return this.#lastError ?? new AppError('internal', `the journal in ${this.place.directory} is not open`);
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Follows the whole chain and moves a torn last line aside. */
  look(): Promise<Found> {
    return this.place.act(async () => {
      const { directory } = this.place;
      await mkdir(directory, { recursive: true, mode: 0o750 });
      // The names of the folders must outlive a power cut too; one above them that is not ours to open is not ours to make last.
      await syncDirectory(join(directory, '..'));
      await syncDirectory(join(directory, '../..')).catch(() => undefined);
      const last = (await journalFiles(directory)).at(-1);
      const tornBytes = last === undefined ? 0 : await this.#withReserve(() => setTornLineAside(join(directory, last)));
      const faults: ChainFault[] = [];
      let head: ChainHead = EMPTY_CHAIN;
      for await (const step of followJournal<unknown>(directory)) {
        if (step.fault !== null) faults.push(step.fault);
        head = step.head;
      }
      const file = last === undefined ? 1 : Number.parseInt(last, 10);
      const offset = last === undefined ? 0 : (await stat(join(directory, last))).size;
      return { tornBytes, faults, head, end: { file, offset } };
    });
  }

  /** Makes ready to append behind `end`, where this copy ends. */
  async begin(end: Position, head: ChainHead): Promise<void> {
    await this.place.act(() => this.#openAt(end.file));
    this.head = head;
    this.isIn = true;
  }

  /** Copies what is missing from the copy in `from` and takes part from there on; batches may be appended at once, behind it. */
  join(from: string, until: Position, head: ChainHead, suffix: string): Promise<Aligned> {
    this.isIn = true;
    this.#lastError = null;
    const joined = this.#tail.then(() =>
      this.place.act(async () => {
        const aligned = await alignJournal(from, this.place.directory, until, head, suffix);
        await this.#openAt(until.file);
        this.head = head;
        return aligned;
      }),
    );
    this.#tail = joined.catch((error) => this.#fail(error, error instanceof SourceGone));
    return joined;
  }

  /** Resolves when the lines are on this disk. */
  append(batch: Batch): Promise<void> {
    if (!this.isIn) return Promise.reject(this.lastError);
    this.#queuedBytes += batch.bytes.length;
    const life = this.#lives;
    const done = this.#tail.then(() =>
      this.place.act(() => {
        if (!this.isIn || life !== this.#lives) throw this.lastError;
        return this.#write(batch);
      }),
    );
    this.#tail = done
      .catch((error) => {
        // What was asked before it left says nothing of it since it is back.
        if (life === this.#lives) this.#fail(error);
      })
      .finally(() => {
        this.#queuedBytes -= batch.bytes.length;
      });
    return done;
  }

  /** Leaves the disk when more waits for it than it may; called only while another lane does better. */
  leaveIfBehind(): void {
    if (this.isIn && this.#queuedBytes > LANE_BYTES_MAX)
      this.#fail(new DiskRefusal('ETIMEDOUT', `${this.#queuedBytes} bytes of the journal wait for it`));
  }

  /** Leaves a disk that is away, so that nothing more waits for it. */
  leave(error: unknown): void {
    if (this.isIn) this.#fail(error);
  }

  /** Makes the reserve when there is room and it is not there. */
  async tend(): Promise<void> {
    if (!this.place.keepsReserve || !this.isIn) return;
    const isWhole = await this.place.act(() => this.#ballast.fill());
    this.place.reserveChanged(!isWhole);
  }

  /** Waits for what is under way and lets go of the files. */
  async close(): Promise<void> {
    await this.#tail;
    this.isIn = false;
    await this.#letGo();
  }

  #fail(error: unknown, isBlameless = false): void {
    if (!this.isIn) return;
    this.isIn = false;
    this.#lives += 1;
    this.#lastError = error;
    if (!isBlameless) this.place.refused(error);
    this.#tail = this.#tail.then(() => this.#letGo()).catch(() => undefined);
  }

  async #letGo(): Promise<void> {
    const [file, headFile] = [this.#file, this.#headFile];
    this.#file = null;
    this.#headFile = null;
    await file?.close();
    await headFile?.close();
  }

  async #write({ at, bytes, head }: Batch): Promise<void> {
    if (at.file !== this.#number) await this.#openAt(at.file);
    const file = this.#file;
    if (file === null) throw this.lastError;
    await this.#withReserve(async () => {
      const { size } = await file.stat();
      // A disk that was away must never go on behind lines that it lacks.
      if (size < at.offset && this.#lives > 0)
        throw new Error(`the journal ends at byte ${size} and was to go on at ${at.offset}`);
      // What an attempt before this one left of these lines.
      if (size > at.offset) await file.truncate(at.offset);
      await file.appendFile(bytes);
      await file.datasync();
    });
    this.head = head;
    // The lines are on the disk: should this fail, they were appended all the same, and only later ones are refused.
    await this.#headFile
      ?.write(Buffer.from(JSON.stringify(head).padEnd(HEAD_BYTES)), 0, HEAD_BYTES, 0)
      .catch((error) => {
        this.#fail(error);
      });
  }

  /** Does it, and once more with the room of the reserve when the disk is full. */
  async #withReserve<T>(doing: () => Promise<T>): Promise<T> {
    try {
      return await doing();
    } catch (error) {
      if (!isFull(error) || !this.place.keepsReserve) throw error;
      // Told first: from now on no media may take the room that comes free.
      this.place.reserveChanged(true);
      if (!(await this.#ballast.release())) throw error;
      return doing();
    }
  }

  async #openAt(number: number): Promise<void> {
    await this.#letGo();
    const { directory } = this.place;
    this.#file = await this.#withReserve(() => open(join(directory, journalFileName(number)), 'a', 0o640));
    this.#headFile = await this.#withReserve(() => openForPlace(join(directory, HEAD_FILE)));
    // A line that is on the disk under a name that is not would be gone with the power.
    await syncDirectory(directory);
    this.#number = number;
  }
}

/** Opens a file for writing in place; makes it when there is none. */
async function openForPlace(path: string): Promise<FileHandle> {
  const made = await open(path, 'a', 0o640);
  await made.close();
  return open(path, 'r+');
}
