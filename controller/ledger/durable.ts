/** Small acts that make files last through a power cut: write aside, sync, rename, sync the directory. */
import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Makes the names in a directory last. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Replaces a file so that a reader, or a power cut, sees the old content or the new one and never a mixture. */
export async function replaceFile(path: string, content: string, mode: number): Promise<void> {
  const aside = `${path}.next`;
  const file = await open(aside, 'w', mode);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(aside, path);
  await syncDirectory(dirname(path));
}
