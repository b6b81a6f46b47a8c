/** Where files go that cannot be explained: kept for people to look at, never written over, never deleted (invariant 3). */
import { access, mkdir, rename } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { syncDirectory } from './durable.ts';
import type { Layout } from './layout.ts';

/** Moves the file at `path`, called `name`, into the quarantine of its disk; answers its new path below the root. */
export async function setAside(layout: Layout, path: string, name: string): Promise<string> {
  const movedTo = await freeName(layout, name);
  await rename(path, movedTo);
  await syncDirectory(layout.quarantine);
  await syncDirectory(dirname(path));
  return relative(layout.root, movedTo);
}

/** A path in the quarantine that is not taken: a name that lies there already is another file's. */
export async function freeName(layout: Layout, name: string): Promise<string> {
  await mkdir(layout.quarantine, { recursive: true, mode: 0o750 });
  const flat = name.replaceAll('/', '_');
  let free = join(layout.quarantine, flat);
  for (let copy = 2; await exists(free); copy++) free = join(layout.quarantine, `${copy}_${flat}`);
  return free;
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
