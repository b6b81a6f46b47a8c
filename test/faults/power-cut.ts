/** Plays a power cut on folders: what was never synced is not there any more. Every process that wrote there must be dead. */
import { open, readdir, rename, rm, stat, truncate } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { DiskEvent, DiskShim } from './shim.ts';

/** What was taken away. */
export interface Cut {
  readonly bytes: number;
  readonly names: number;
}

type NameEvent = Extract<DiskEvent, { kind: 'made' | 'renamed' }>;

/**
 * Cuts every file back to its length at its last sync that returned, and undoes every name whose folder was not synced after.
 * `tail`: unsynced bytes are `gone`, or they are there and `zero`, as file systems leave them that wrote the length first.
 */
export async function cutPower(folders: readonly string[], shim: DiskShim, tail: 'gone' | 'zero'): Promise<Cut> {
  const { synced, pending } = replay(await shim.events());
  let names = 0;
  for (const event of pending.reverse()) {
    names += 1;
    if (event.kind === 'made') await rm(event.path, { recursive: true, force: true });
    else await undoRename(event, shim, synced);
  }
  let bytes = 0;
  for (const path of (await Promise.all(folders.map(filesOf))).flat()) {
    const { size } = await stat(path);
    const kept = Math.min(size, synced.get(path) ?? 0);
    bytes += size - kept;
    if (kept === size) continue;
    if (tail === 'gone') await truncate(path, kept);
    else await zeroFrom(path, kept, size);
  }
  return { bytes, names };
}

/** Bytes of media that would be gone if the power went now. */
export async function unsyncedMedia(folders: readonly string[], shim: DiskShim): Promise<number> {
  const { synced } = replay(await shim.events());
  let bytes = 0;
  const files = (await Promise.all(folders.map(filesOf))).flat();
  for (const path of files.filter((name) => name.endsWith('.mp4')))
    bytes += Math.max(0, (await stat(path)).size - (synced.get(path) ?? 0));
  return bytes;
}

/** Walks the log: the last synced length of each file, and the changes of names that no sync of their folder followed. */
function replay(events: readonly DiskEvent[]): { synced: Map<string, number>; pending: NameEvent[] } {
  const synced = new Map<string, number>();
  let pending: NameEvent[] = [];
  const beforeSync = new Map<number, readonly NameEvent[]>();
  for (const event of events) {
    switch (event.kind) {
      case 'synced':
        synced.set(event.path, event.bytes);
        break;
      case 'made':
        synced.delete(event.path);
        pending.push(event);
        break;
      case 'linked':
        synced.set(event.path, synced.get(event.from) ?? 0);
        pending.push({ kind: 'made', path: event.path });
        break;
      case 'renamed':
        synced.set(event.path, synced.get(event.from) ?? 0);
        synced.delete(event.from);
        pending.push(event);
        break;
      case 'folder-sync-begins':
        beforeSync.set(
          event.id,
          pending.filter((one) => dirname(one.path) === event.path),
        );
        break;
      case 'folder-synced': {
        const durable = beforeSync.get(event.id) ?? [];
        pending = pending.filter((one) => !durable.includes(one));
        break;
      }
    }
  }
  return { synced, pending };
}

async function undoRename(
  event: Extract<NameEvent, { kind: 'renamed' }>,
  shim: DiskShim,
  synced: Map<string, number>,
): Promise<void> {
  await rename(event.path, event.from);
  synced.set(event.from, synced.get(event.path) ?? 0);
  if (event.id === 0) return;
  await rename(join(shim.saved, String(event.id)), event.path);
  // Its own name had been durable before it was replaced, and so was all of it.
  synced.set(event.path, Number.POSITIVE_INFINITY);
}

async function filesOf(folder: string): Promise<string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  return found.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
}

async function zeroFrom(path: string, from: number, to: number): Promise<void> {
  const file = await open(path, 'r+');
  await file.write(Buffer.alloc(to - from), 0, to - from, from);
  await file.close();
}
