/** Copies one finished segment from one disk to the other: verified while it is read, written aside, and only then given its name. */
import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, open, rename, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errnoOf } from '../core/errors.ts';
import type { Disk, WholeSegment } from './disk.ts';
import { syncDirectory } from './durable.ts';
import { sameBeginning } from './journal-align.ts';
import { setAside } from './quarantine.ts';

const CHUNK_BYTES = 1024 * 1024;
/** After each chunk, so long as it took: the disk that records has half of its time to itself. */
const REST_PER_WORK = 1;
const REST_MS_MAX = 1_000;

/** The copy that was read is not what was recorded. */
export class SourceDamaged extends Error {}

/**
 * Puts the segment called `name` (a path below `media`) on `to`. A file of that name that holds only the beginning of it is
 * replaced; one that holds anything else is moved to that disk's quarantine, whose path is answered. Rejects with SourceDamaged when
 * `from` does not hold what the journal says, and with the error of whichever disk refused, told apart by `from` in it.
 */
export async function copySegment(
  from: Disk,
  to: Disk,
  name: string,
  whole: WholeSegment,
): Promise<{ readonly setAside: string | null }> {
  const source = join(from.layout.media, name);
  const target = join(to.layout.media, name);
  const aside = join(to.layout.copying, name.replaceAll('/', '_'));
  const reading = await asSource(from.act(() => open(source, 'r')));
  let writing: FileHandle | null = null;
  try {
    to.assertRoomForMedia();
    writing = await to.act(async () => {
      await mkdir(to.layout.copying, { recursive: true, mode: 0o750 });
      return open(aside, 'w', 0o640);
    });
    await copyBytes(from, to, reading, writing, whole);
    const file = writing;
    await to.act(() => file.sync());
  } finally {
    await reading.close().catch(() => undefined);
    await writing?.close().catch(() => undefined);
  }
  const movedTo = await to.act(async () => {
    const stands = await stat(target).catch((error) => {
      if (errnoOf(error) !== 'ENOENT') throw error;
      return null;
    });
    const isPart = stands === null || (stands.size <= whole.bytes && (await sameBeginning(aside, target)));
    const moved = isPart ? null : await setAside(to.layout, target, name);
    await mkdir(dirname(target), { recursive: true, mode: 0o750 });
    await rename(aside, target);
    for (const folder of [dirname(target), dirname(dirname(target)), to.layout.media]) await syncDirectory(folder);
    return moved;
  });
  return { setAside: movedTo };
}

async function copyBytes(
  from: Disk,
  to: Disk,
  reading: FileHandle,
  writing: FileHandle,
  whole: WholeSegment,
): Promise<void> {
  const hash = createHash('sha256');
  const chunk = Buffer.alloc(CHUNK_BYTES);
  let at = 0;
  for (;;) {
    const begun = performance.now();
    const { bytesRead } = await asSource(from.act(() => reading.read(chunk, 0, CHUNK_BYTES, at)));
    if (bytesRead === 0) break;
    const bytes = chunk.subarray(0, bytesRead);
    hash.update(bytes);
    to.assertRoomForMedia();
    await to.act(() => writing.writeFile(bytes));
    at += bytesRead;
    if (at > whole.bytes) break;
    const restMs = Math.min(REST_MS_MAX, (performance.now() - begun) * REST_PER_WORK);
    await new Promise((resolve) => setTimeout(resolve, restMs));
  }
  if (at !== whole.bytes || hash.digest('hex') !== whole.sha256)
    throw new SourceDamaged('its bytes are not those that were recorded');
}

/** A copy that cannot be read is damaged, whatever its disk says; the disk that is written to is not to blame. */
async function asSource<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw new SourceDamaged(`it cannot be read: ${errnoOf(error) ?? String(error)}`);
  }
}
