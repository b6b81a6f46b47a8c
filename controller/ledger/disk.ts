/**
 * One disk: a data folder with a state of its own and a limit to how much is asked of it at the same time, so that a disk that
 * hangs takes none of the threads that the other one needs.
 */
import { mkdir, open, readdir, rename, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AppError, errnoOf, sentenceOf } from '../core/errors.ts';
import type { Cause, DiskRole, DiskStatus } from '../core/recording.ts';
import type { Instant } from '../core/time.ts';
import { syncDirectory } from './durable.ts';
import { type Layout, layoutOf, segmentPath } from './layout.ts';
import type { SegmentIdentity } from './segment-file.ts';
import { type Look, readVolume, type Volume, volumeFileOf } from './volume.ts';

/** A finished segment as a copy of it must be. */
export interface WholeSegment {
  readonly bytes: number;
  readonly sha256: string;
}

/** A disk that refuses says so by the error's code, as the system does. */
export class DiskRefusal extends Error {
  readonly code: string;
  constructor(code: 'ENODEV' | 'ENOSPC' | 'ETIMEDOUT', message: string) {
    super(message);
    this.code = code;
  }
}

export class Disk {
  readonly role: DiskRole;
  readonly layout: Layout;
  /** What it does not hold yet of what is finished, by path below `media`. */
  readonly lacking = new Map<string, WholeSegment>();
  /** Bytes that wait to be written to it, over all open segments. */
  queuedBytes = 0;
  /** Set while the reserve of its journal is spent: what room there is belongs to the journal. */
  reserveIsSpent = false;
  state: DiskStatus['state'] = 'well';
  cause: Cause | null = null;
  /** When it last refused something. */
  refusedAt: Instant | null = null;
  since: Instant;
  volume: Volume | null = null;
  /** A question about its room is under way. */
  isLookedAtForRoom = false;
  #seen: { readonly dev: number; readonly ino: number } | null = null;
  room = { freeBytes: 0, totalBytes: 0 };
  readonly #actsMax: number;
  #acts = 0;
  #turns: (() => void)[] = [];

  /** `actsMax`: how many acts may be under way on it at once. */
  constructor(role: DiskRole, root: string, actsMax: number, now: Instant) {
    this.role = role;
    this.layout = layoutOf(root);
    this.#actsMax = actsMax;
    this.since = now;
  }

  get isUsable(): boolean {
    return this.state !== 'away';
  }

  /** Acts that were begun and have not come back; on a disk that hangs they never do. */
  get actsUnderWay(): number {
    return this.#acts;
  }

  /** Does something on this disk when it is its turn. Everything that touches the disk goes through here. */
  async act<T>(doing: () => Promise<T>): Promise<T> {
    if (this.#acts >= this.#actsMax) await new Promise<void>((resolve) => this.#turns.push(resolve));
    else this.#acts += 1;
    try {
      return await doing();
    } finally {
      const next = this.#turns.shift();
      // The place goes from hand to hand: counted down only when nobody waits for it.
      if (next === undefined) this.#acts -= 1;
      else next();
    }
  }

  get status(): DiskStatus {
    let lackingBytes = 0;
    for (const { bytes } of this.lacking.values()) lackingBytes += bytes;
    const { role, volume, state, since, cause, room, lacking } = this;
    return {
      ...{ disk: role, volume: volume?.volume ?? null, state, since, cause, ...room },
      ...{ lackingSegments: lacking.size, lackingBytes },
    };
  }

  /** Path of a segment's file on this disk. */
  pathOf(segment: Pick<SegmentIdentity, 'stream' | 'run' | 'sequence'>): string {
    return join(this.layout.media, segmentPath(segment.stream, segment.run, segment.sequence));
  }

  /** Throws `ENOSPC` while the room that is left belongs to the journal; called before media is written. */
  assertRoomForMedia(): void {
    if (this.reserveIsSpent) throw new DiskRefusal('ENOSPC', 'the room that is left is kept for the journal');
  }

  /** Looks at the folder without changing anything. Never rejects. */
  async look(): Promise<Look> {
    try {
      const volume = await readVolume(this.layout.root);
      const hasRecord = (await readdir(join(this.layout.root, 'journal')).catch(absent)).length > 0;
      return volume === null ? { kind: 'nameless', hasRecord } : { kind: 'volume', volume, hasRecord };
    } catch (error) {
      return { kind: 'unreadable', detail: sentenceOf(error) };
    }
  }

  /** Takes the identity that was looked at as this disk's own. */
  async know(volume: Volume): Promise<void> {
    this.volume = volume;
    const { dev, ino } = await stat(volumeFileOf(this.layout.root));
    this.#seen = { dev, ino };
  }

  /** Rejects with `ENODEV` when what lies under the path is not the disk that was looked at. */
  async confirm(): Promise<void> {
    if (this.#seen === null || this.volume === null) return;
    const { root } = this.layout;
    const seen = await stat(volumeFileOf(root)).catch((error) => {
      if (errnoOf(error) !== 'ENOENT' && errnoOf(error) !== 'ENOTDIR') throw error;
      return null;
    });
    if (seen === null) throw new DiskRefusal('ENODEV', `${root} is not there any more, or its disk is not mounted`);
    if (seen.dev === this.#seen.dev && seen.ino === this.#seen.ino) return;
    // Another partner was written down, which makes a new file; or another disk lies here.
    const volume = await readVolume(root);
    if (volume?.volume !== this.volume.volume) throw new DiskRefusal('ENODEV', `another disk lies at ${root}`);
    this.volume = volume;
    this.#seen = { dev: seen.dev, ino: seen.ino };
  }

  /** Makes the folders and sees whether a file can be written. A full disk is not refused: its journal has a reserve. */
  async prepare(): Promise<void> {
    const { root, media, quarantine, recorder } = this.layout;
    try {
      await makeFolder(root);
      for (const folder of [media, quarantine, recorder]) await mkdir(folder, { recursive: true, mode: 0o750 });
      await syncDirectory(root);
      await tryToWrite(recorder);
    } catch (error) {
      if (isFull(error)) return;
      throw new AppError('data-not-writable', `the data folder ${root} cannot be written: ${sentenceOf(error)}`, {
        cause: error,
      });
    }
  }

  /** Asks for the free space. A disk that cannot be asked has none: a read error must never look like room. */
  async lookAtRoom(): Promise<void> {
    try {
      const { bavail, blocks, bsize } = await statfs(this.layout.root);
      this.room = { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
    } catch (error) {
      this.room = { freeBytes: 0, totalBytes: this.room.totalBytes };
      throw error;
    }
  }
}

/** A folder can exist and still refuse every file. Several processes may try at the same moment. */
async function tryToWrite(folder: string): Promise<void> {
  const own = join(folder, `probe-${process.pid}`);
  const file = await open(own, 'w', 0o640);
  try {
    await file.writeFile('writable\n');
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(own, join(folder, 'probe'));
  await syncDirectory(folder);
}

/** Makes a folder and those above it, and makes their names last. One above that is not ours to open is not ours to make last. */
async function makeFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o750 });
  const top = first === undefined ? path : dirname(first);
  for (let at = path; at !== top && at !== dirname(at); at = dirname(at))
    await syncDirectory(dirname(at)).catch(() => undefined);
}

/** The errors by which a disk says that it is full. */
export function isFull(error: unknown): boolean {
  const errno = errnoOf(error);
  return errno === 'ENOSPC' || errno === 'EDQUOT';
}

/** Why a disk refused, in the words of the ledger. */
export function causeOf(error: unknown): Cause {
  const errno = errnoOf(error);
  const detail = error instanceof DiskRefusal || errno === null ? sentenceOf(error) : errno;
  if (isFull(error)) return { code: 'disk-full', detail };
  if (errno === 'ENODEV') return { code: 'disk-away', detail };
  if (errno === 'ETIMEDOUT') return { code: 'disk-slow', detail };
  return { code: 'disk-failed', detail };
}

function absent(error: unknown): string[] {
  if (errnoOf(error) === 'ENOENT') return [];
  throw error;
}
