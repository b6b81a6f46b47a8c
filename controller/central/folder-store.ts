/** Objects as files below a folder: moved to their place only after they were synced and read back, names made last. */
import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, open, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { errnoOf } from '../core/errors.ts';
import { syncDirectory } from '../ledger/durable.ts';
import type { Content, ObjectStore, Stored } from './object-store.ts';
import { Refusal } from './refusal.ts';

const READ_BYTES = 1024 * 1024;
/** No part of a key is empty, begins with a dot or holds anything that a file system reads as more than a name. */
const KEY_PATTERN = /^(?:[0-9A-Za-z_][0-9A-Za-z._-]*\/)*[0-9A-Za-z_][0-9A-Za-z._-]*$/;

export class FolderStore implements ObjectStore {
  readonly origins = [];
  readonly isShared = false;
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  async open(): Promise<void> {
    await mkdir(this.#root, { recursive: true, mode: 0o750 });
  }

  async take(path: string, key: string, what: Content): Promise<Stored> {
    const place = this.#placeOf(key);
    const file = await open(path, 'r');
    try {
      await file.sync();
      await compare(file, what);
    } finally {
      await file.close();
    }
    await makeFolders(this.#root, dirname(place));
    // The name holds segment and content: what may lie there from before a power cut is the same file.
    await rename(path, place);
    await syncDirectory(dirname(place));
    return stored(key);
  }

  async check(key: string, what: Content): Promise<Stored | null> {
    let file: FileHandle;
    try {
      file = await open(this.#placeOf(key), 'r');
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return null;
      throw error;
    }
    try {
      await file.sync();
      await compare(file, what);
    } finally {
      await file.close();
    }
    await syncDirectory(dirname(this.#placeOf(key)));
    return stored(key);
  }

  async read(key: string, from: number, to: number): Promise<Readable> {
    const file = await open(this.#placeOf(key), 'r');
    return file.createReadStream({ start: from, end: to - 1, highWaterMark: READ_BYTES });
  }

  find(): Promise<readonly string[]> {
    return Promise.resolve([]);
  }

  uploadAddress(): Promise<null> {
    return Promise.resolve(null);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #placeOf(key: string): string {
    if (!KEY_PATTERN.test(key)) throw new Error(`${key.slice(0, 200)} is no key of an object`);
    return join(this.#root, key);
  }
}

function stored(key: string): Stored {
  return { store: 'folder', key, version: null, durability: 'stored', verified: 'read-back' };
}

/** Reads the file back. Throws {@link Refusal} when it is not what was said. */
async function compare(file: FileHandle, { size, sha256 }: Content): Promise<void> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, size + 1));
  let offset = 0;
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, offset);
    if (bytesRead === 0) break;
    hash.update(buffer.subarray(0, bytesRead));
    offset += bytesRead;
    if (offset > size) break;
  }
  if (offset !== size || hash.digest('hex') !== sha256)
    throw new Refusal('HRC-FILEHASH', 'the whole file does not have its hash');
}

/** Makes the folders from `root` down to `folder`, and makes the name of each new one last. */
async function makeFolders(root: string, folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: 0o750 });
  if (first === undefined) return;
  for (let made = folder; made.length > root.length; made = dirname(made)) await syncDirectory(dirname(made));
}
