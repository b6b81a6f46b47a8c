/** The disks of a site as the controller uses them: locks, the journals and keys on both, and the index on the first that is there. */
import { existsSync } from 'node:fs';
import type { Config } from '../config/schema.ts';
import { sentenceOf } from '../core/errors.ts';
import type { Log } from '../core/ports.ts';
import type { Clock } from '../core/time.ts';
import type { Disk } from '../ledger/disk.ts';
import { Disks } from '../ledger/disks.ts';
import { furthestJournal } from '../ledger/journal-files.ts';
import { copyKeyFile } from '../ledger/key-file.ts';
import { type Layout, layoutOf, siteKeyOf } from '../ledger/layout.ts';
import { FolderLock } from '../ledger/lock.ts';
import { ioThreads } from './io-threads.ts';

/** The data folders that a configuration names, the main one first. */
export function rootsOf({ storage }: Pick<Config, 'storage'>): readonly string[] {
  return storage.mirror === null ? [storage.data] : [storage.data, storage.mirror];
}

/** One controller holds both disks. Rejects with `controller-already-runs`. */
export async function lockRoots(config: Pick<Config, 'storage'>): Promise<{ release(): Promise<void> }> {
  const locks: FolderLock[] = [];
  const release = async (): Promise<void> => {
    for (const lock of locks.splice(0)) await lock.release();
  };
  try {
    for (const root of rootsOf(config))
      locks.push(await FolderLock.take(root, 'controller', 'controller-already-runs'));
    return { release };
  } catch (error) {
    await release();
    throw error;
  }
}

/** The disks, looked at. Rejects with `data-not-writable` or `wrong-disk` when none can be used. */
export async function openDisks({ storage }: Pick<Config, 'storage'>, clock: Clock, log: Log): Promise<Disks> {
  const { data: main, mirror, volume } = storage;
  const disks = new Disks({ main, mirror, volume, threads: ioThreads(), clock, log });
  await disks.open();
  return disks;
}

/** Where a reader finds each thing now: the index on the home disk, the journals where they reach furthest. */
export async function layoutNow(disks: Disks): Promise<Layout> {
  const layouts = disks.usable.map(({ layout }) => layout);
  const furthest = async (folderOf: (layout: Layout) => string): Promise<string> =>
    (await furthestJournal(layouts.map(folderOf))) ?? folderOf(disks.home.layout);
  return {
    ...disks.home.layout,
    recorderJournal: await furthest(({ recorderJournal }) => recorderJournal),
    siteJournal: await furthest(({ siteJournal }) => siteJournal),
  };
}

/**
 * Path of the signing key: the one that exists, on the main disk if there; else where it is to be made. What one disk lacks of it
 * is copied there by {@link shareKey}; a key is never replaced.
 */
export function keyPathOf(disks: Disks): string {
  const paths = disks.usable.map(({ layout }) => siteKeyOf(layout));
  return paths.find((path) => existsSync(path)) ?? siteKeyOf(disks.home.layout);
}

/** Puts the signing key on a disk that lacks it. Never throws: the key that is used is elsewhere. */
export function shareKey(keyPath: string, disk: Disk, log: Log): void {
  const path = siteKeyOf(disk.layout);
  if (path === keyPath || !disk.isUsable) return;
  try {
    if (!copyKeyFile(keyPath, path))
      log.error({ disk: disk.role }, 'the signing key on this disk is another one; it is left as it is and not used');
  } catch (error) {
    log.error({ disk: disk.role, error: sentenceOf(error) }, 'the signing key could not be copied');
  }
}

/** The sockets of the recorder, one in each data folder. */
export function recorderSockets(config: Pick<Config, 'storage'>): readonly string[] {
  return rootsOf(config).map((root) => layoutOf(root).recorderSocket);
}
