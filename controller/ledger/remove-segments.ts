/**
 * Takes the files of segments off one disk and makes that last. The one place of the product that deletes what was recorded; it is
 * called for segments whose `removed` line is on a disk, and for nothing else (invariant 3).
 */
import { unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errnoOf } from '../core/errors.ts';
import type { Disk } from './disk.ts';
import { syncDirectory } from './durable.ts';

/** `names`: paths below `media`. One that is not there is done. Resolves with how many files went. */
export async function removeSegments(disk: Disk, names: readonly string[]): Promise<number> {
  let gone = 0;
  const folders = new Set<string>();
  for (const name of names) {
    const path = join(disk.layout.media, name);
    try {
      await disk.act(() => unlink(path));
      gone += 1;
      folders.add(dirname(path));
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
    }
  }
  for (const folder of folders) await disk.act(() => syncDirectory(folder));
  return gone;
}
