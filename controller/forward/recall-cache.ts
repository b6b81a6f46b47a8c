/**
 * Copies of segments that came back from the centre, so that a review does not fetch them again at each look. They are copies and
 * no evidence: each can be deleted at any time, no journal knows of them, and what was written before the last start is hashed
 * again before it is shown. The one that was not used for the longest time goes first, and each goes a day after it was used last:
 * it was deleted here on purpose.
 */
import { mkdir, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../core/errors.ts';
import type { Recallable } from '../core/recall.ts';
import type { Clock } from '../core/time.ts';
import { ULID_PATTERN } from '../core/ulid.ts';
import { syncDirectory } from '../ledger/durable.ts';
import { hashFile } from '../ledger/segment-file.ts';

/** Bytes of copies, all together. */
const BYTES_MAX = 2 * 1024 ** 3;
/** Left free on the disk, which is there for recording. */
const FREE_BYTES_MIN = 2 * 1024 ** 3;
/** Of what nobody looks at any more. */
const UNUSED_MS_MAX = 24 * 3_600_000;
const FILE_MODE = 0o640;
const FOLDER_MODE = 0o750;
const ENDING = '.mp4';

export interface RecallCacheOptions {
  readonly folder: string;
  readonly bytesMax?: number;
  readonly unusedMsMax?: number;
  readonly freeBytesMin?: number;
}

interface Held {
  readonly bytes: number;
  /** False for what lay here at the start. */
  readonly isChecked: boolean;
  /** UTC milliseconds; of what lay here at the start, when it came. */
  readonly usedMs: number;
}

/** A file on its way into the cache. */
export interface Arriving {
  write(bytes: Uint8Array, at: number): Promise<void>;
  /** Checks the whole and makes it a copy; the answer is its path, or null when it is not what was recorded. Ends the file. */
  settle(): Promise<string | null>;
  /** Throws it away. */
  drop(): Promise<void>;
}

export class RecallCache {
  readonly #folder: string;
  readonly #bytesMax: number;
  readonly #freeBytesMin: number;
  readonly #unusedMsMax: number;
  readonly #clock: Clock;
  /** By segment, the longest unused first. */
  #held = new Map<string, Held>();
  #opened: Promise<void> | null = null;

  constructor(options: RecallCacheOptions, clock: Clock) {
    const { folder, bytesMax = BYTES_MAX, freeBytesMin = FREE_BYTES_MIN, unusedMsMax = UNUSED_MS_MAX } = options;
    this.#clock = clock;
    this.#unusedMsMax = unusedMsMax;
    this.#folder = folder;
    this.#bytesMax = bytesMax;
    this.#freeBytesMin = freeBytesMin;
  }

  /** Whether a copy lies here that was checked since the start. */
  has(seg: string): boolean {
    return this.#held.get(seg)?.isChecked === true;
  }

  /** The path of a copy that is what was recorded, or null. Counts as a use. */
  async find({ seg, bytes, sha256 }: Recallable): Promise<string | null> {
    await this.#open();
    const held = this.#held.get(seg);
    if (held === undefined) return null;
    const path = this.#pathOf(seg);
    const isWhole = (await stat(path).catch(() => null))?.size === bytes;
    const isSame = isWhole && (held.isChecked || (await hashFile(path).catch(() => null)) === sha256);
    this.#held.delete(seg);
    if (isSame) this.#held.set(seg, { bytes, isChecked: true, usedMs: this.#nowMs() });
    else await rm(path, { force: true });
    return isSame ? path : null;
  }

  /** Deletes what was not used for too long. A clock that was set back keeps nothing longer than that much. */
  async expire(): Promise<void> {
    await this.#open();
    const now = this.#nowMs();
    for (const [seg, { usedMs }] of this.#held) if (Math.abs(now - usedMs) > this.#unusedMsMax) await this.#drop(seg);
  }

  /** Begins a copy. Rejects with `disk-full` when the disk has no room to spare. */
  async begin(wanted: Recallable): Promise<Arriving> {
    await this.#open();
    await mkdir(this.#folder, { recursive: true, mode: FOLDER_MODE });
    const { bavail, bsize } = await statfs(this.#folder);
    if (bavail * bsize - wanted.bytes < this.#freeBytesMin) {
      await this.#makeRoom(this.#bytesMax);
      throw new AppError('disk-full', 'the disk has no room to spare for a copy of what lies at the centre');
    }
    const aside = `${this.#pathOf(wanted.seg)}.part`;
    const file = await open(aside, 'w', FILE_MODE);
    return {
      write: async (bytes, at) => {
        await file.write(bytes, 0, bytes.length, at);
      },
      settle: async () => {
        try {
          await file.sync();
        } finally {
          await file.close();
        }
        if ((await hashFile(aside)) === wanted.sha256) return this.#keep(wanted, aside);
        await rm(aside, { force: true });
        return null;
      },
      drop: async () => {
        await file.close();
        await rm(aside, { force: true });
      },
    };
  }

  async #keep({ seg, bytes }: Recallable, aside: string): Promise<string> {
    await this.#makeRoom(bytes);
    const path = this.#pathOf(seg);
    await rename(aside, path);
    await syncDirectory(this.#folder);
    this.#held.set(seg, { bytes, isChecked: true, usedMs: this.#nowMs() });
    return path;
  }

  async #makeRoom(bytes: number): Promise<void> {
    let sum = [...this.#held.values()].reduce((all, held) => all + held.bytes, bytes);
    for (const [seg, held] of this.#held) {
      if (sum <= this.#bytesMax) return;
      sum -= held.bytes;
      await this.#drop(seg);
    }
  }

  /** Whoever is playing it has it open and keeps it until the end. */
  async #drop(seg: string): Promise<void> {
    this.#held.delete(seg);
    await rm(this.#pathOf(seg), { force: true });
  }

  #nowMs(): number {
    return this.#clock.now().wallMs;
  }

  /** What lies there from before, oldest first; what is no copy of a segment goes. */
  #open(): Promise<void> {
    this.#opened ??= this.#read().catch((error: unknown) => {
      this.#opened = null;
      throw error;
    });
    return this.#opened;
  }

  async #read(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: FOLDER_MODE });
    const found: (Held & { readonly seg: string })[] = [];
    for (const name of await readdir(this.#folder)) {
      const path = join(this.#folder, name);
      const seg = name.endsWith(ENDING) ? name.slice(0, -ENDING.length) : '';
      if (ULID_PATTERN.test(seg)) {
        const { size, mtimeMs } = await stat(path);
        found.push({ seg, bytes: size, isChecked: false, usedMs: mtimeMs });
      } else await rm(path, { force: true, recursive: true });
    }
    found.sort((a, b) => a.usedMs - b.usedMs);
    this.#held = new Map(found.map(({ seg, ...held }) => [seg, held]));
  }

  /** `seg` comes from our own journal; that it is nothing but an id is checked all the same, because it becomes a path. */
  #pathOf(seg: string): string {
    if (!ULID_PATTERN.test(seg)) throw new AppError('segment-unknown', 'this is no id of a segment');
    return join(this.#folder, `${seg}${ENDING}`);
  }
}
