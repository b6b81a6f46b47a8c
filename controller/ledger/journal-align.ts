/**
 * Makes one copy of a journal hold what the other one holds. Lines are copied as bytes, never written anew; a copy that says
 * something else is moved aside whole, because somebody may have to read it.
 */
import { type FileHandle, mkdir, open, rename, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ChainHead } from '../core/chain.ts';
import { errnoOf } from '../core/errors.ts';
import { replaceFile, syncDirectory } from './durable.ts';
import { HEAD_FILE, journalFileName, journalFiles, setTornLineAside } from './journal-files.ts';

const CHUNK_BYTES = 1024 * 1024;

/** A place in a journal: so many bytes of the file with this number, and all files before it. */
export interface Position {
  readonly file: number;
  readonly offset: number;
}

/** The copy that was to be copied from is not there: no fault of the disk that was to get it. */
export class SourceGone extends Error {}

export interface Aligned {
  readonly copiedBytes: number;
  /** Where a copy that did not fit was moved, or null. */
  readonly movedTo: string | null;
}

/**
 * Afterwards the journal in `to` is that of `from` up to `until`, whose head is `head`, and is on the disk. `suffix` names a copy
 * that has to be moved aside. Bytes of `from` behind `until` may be growing meanwhile. Rejects with SourceGone, and leaves `to` as it
 * is, when `from` does not hold all that.
 */
export async function alignJournal(
  from: string,
  to: string,
  until: Position,
  head: ChainHead,
  suffix: string,
): Promise<Aligned> {
  await assertHolds(from, until);
  await mkdir(to, { recursive: true, mode: 0o750 });
  const last = (await journalFiles(to)).at(-1);
  if (last !== undefined) await setTornLineAside(join(to, last));
  let movedTo: string | null = null;
  if (!(await isBeginningOf(from, to, until))) {
    movedTo = `${to}.diverged-${suffix}`;
    await rename(to, movedTo);
    await mkdir(to, { mode: 0o750 });
  }
  let copiedBytes = 0;
  for (let number = 1; number <= until.file; number++) {
    const name = journalFileName(number);
    const limit = number === until.file ? until.offset : await sizeOf(join(from, name));
    copiedBytes += await copyRest(join(from, name), join(to, name), limit);
  }
  await replaceFile(join(to, HEAD_FILE), JSON.stringify(head), 0o640);
  await syncDirectory(to);
  await syncDirectory(dirname(to));
  return { copiedBytes, movedTo };
}

async function assertHolds(from: string, until: Position): Promise<void> {
  for (let number = 1; number <= until.file; number++) {
    const size = await sizeOf(join(from, journalFileName(number))).catch(() => 0);
    // The newest file is made with its first line.
    if (size < (number === until.file ? until.offset : 1)) throw new SourceGone(`${from} is not there to copy from`);
  }
}

/**
 * True when `to` holds nothing but the beginning of `from`. Every line names the hash of the one before, so two copies that went
 * apart anywhere differ in their last lines: only the last file has to be compared byte by byte.
 */
async function isBeginningOf(from: string, to: string, until: Position): Promise<boolean> {
  const files = await journalFiles(to);
  for (const [at, name] of files.entries()) {
    const number = at + 1;
    if (name !== journalFileName(number) || number > until.file) return false;
    const limit = number === until.file ? until.offset : await sizeOf(join(from, name));
    const size = await sizeOf(join(to, name));
    if (size > limit || (at < files.length - 1 && size !== limit)) return false;
  }
  const last = files.at(-1);
  return last === undefined || (await sameBeginning(join(from, last), join(to, last)));
}

/** True when `longer` begins with all of `shorter`. */
export async function sameBeginning(longer: string, shorter: string): Promise<boolean> {
  const files = [await open(longer, 'r'), await open(shorter, 'r')] as const;
  try {
    for (let at = 0; ; ) {
      const [a, b] = await Promise.all(files.map((file) => chunkAt(file, at)));
      if (a === undefined || b === undefined || b.length === 0) return true;
      if (!a.subarray(0, b.length).equals(b)) return false;
      at += b.length;
    }
  } finally {
    for (const file of files) await file.close();
  }
}

async function chunkAt(file: FileHandle, at: number, length = CHUNK_BYTES): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await file.read(bytes, done, length - done, at + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return bytes.subarray(0, done);
}

/** Appends what `to` lacks of the first `limit` bytes of `from`; answers how much that was. */
async function copyRest(from: string, to: string, limit: number): Promise<number> {
  const has = await sizeOf(to);
  if (has >= limit) return 0;
  const source = await open(from, 'r');
  const target = await open(to, 'a', 0o640);
  try {
    for (let at = has; at < limit; ) {
      const bytes = await chunkAt(source, at, Math.min(CHUNK_BYTES, limit - at));
      if (bytes.length === 0) throw new Error(`${from} ends before byte ${limit}`);
      await target.appendFile(bytes);
      at += bytes.length;
    }
    await target.sync();
  } finally {
    await source.close();
    await target.close();
  }
  return limit - has;
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return 0;
    throw error;
  }
}
