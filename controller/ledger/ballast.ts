/**
 * A reserve of room beside a journal: a file that is really allocated and means nothing. When the disk is full to the last byte
 * it is cut to nothing, and the journal can still say so. Its content is random, because some disks keep zeros for nothing.
 */
import { randomBytes } from 'node:crypto';
import { open, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf } from '../core/errors.ts';

/** Thousands of lines: days of a full disk. */
export const BALLAST_BYTES = 4 * 1024 * 1024;
/** It is made (again) only when this much more would be left, so that it does not fill the disk itself. */
const ROOM_BYTES_MIN = 2 * BALLAST_BYTES;

export class Ballast {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** Makes it whole when there is room. Answers whether it is whole now; rejects when the disk cannot be asked. */
  async fill(): Promise<boolean> {
    if ((await this.#size()) >= BALLAST_BYTES) return true;
    const { bavail, bsize } = await statfs(dirname(this.#path));
    if (bavail * bsize < ROOM_BYTES_MIN) return false;
    const file = await open(this.#path, 'w', 0o640);
    try {
      await file.writeFile(randomBytes(BALLAST_BYTES));
      await file.sync();
      return true;
    } catch (error) {
      await file.truncate(0).catch(() => undefined);
      if (errnoOf(error) === 'ENOSPC' || errnoOf(error) === 'EDQUOT') return false;
      throw error;
    } finally {
      await file.close();
    }
  }

  /** Gives its room back to the disk. Answers whether there was any. */
  async release(): Promise<boolean> {
    if ((await this.#size()) === 0) return false;
    const file = await open(this.#path, 'r+');
    try {
      await file.truncate(0);
      // Some file systems give the room back only once this is on the disk.
      await file.sync();
    } finally {
      await file.close();
    }
    return true;
  }

  async #size(): Promise<number> {
    try {
      return (await stat(this.#path)).size;
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return 0;
      throw error;
    }
  }
}
