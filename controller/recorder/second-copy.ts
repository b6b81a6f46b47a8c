/**
 * Sees to it that both disks hold everything: says in the journal when one goes away, finds out what it lacks when it is back,
 * copies that, and says so. Recording never waits for any of this.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Entry } from '../core/chain.ts';
import { errnoOf, sentenceOf } from '../core/errors.ts';
import type { RecorderFact } from '../core/facts.ts';
import type { Log } from '../core/ports.ts';
import type { DiskRole } from '../core/recording.ts';
import { copySegment, SourceDamaged } from '../ledger/copy-segment.ts';
import type { Disk, WholeSegment } from '../ledger/disk.ts';
import type { Disks } from '../ledger/disks.ts';
import { segmentPath } from '../ledger/layout.ts';
import type { Media } from '../ledger/media.ts';
import { removeSegments } from '../ledger/remove-segments.ts';
import { hashFile } from '../ledger/segment-file.ts';
import { namesOn, takeIn } from './take-in.ts';

export interface SecondCopyOptions {
  readonly disks: Disks;
  readonly media: Media;
  readonly entries: () => AsyncIterable<Entry<RecorderFact>>;
  readonly append: (fact: RecorderFact) => Promise<void>;
  readonly changed: () => void;
  readonly log: Log;
}

/** What is to be done for one disk, and what was done since it was last well. */
interface Task {
  /** It has to be found out what it lacks. */
  isUnknown: boolean;
  /** Files in it that the journal does not know are to be taken in. */
  hasStrangers: boolean;
  /** The journal says that it is away. */
  isSaidAway: boolean;
  copiedSegments: number;
  copiedBytes: number;
  /** What could not be copied, because no disk holds it as it was recorded. */
  readonly beyondHelp: Set<string>;
}

export class SecondCopy {
  readonly #options: SecondCopyOptions;
  readonly #tasks = new Map<Disk, Task>();
  #unsureFromMs: number | null = null;
  #working: Promise<void> | null = null;
  #again = false;
  #closed = false;

  constructor(options: SecondCopyOptions) {
    this.#options = options;
    for (const disk of options.disks.all)
      this.#tasks.set(disk, {
        ...{ isUnknown: true, hasStrangers: false, isSaidAway: false, copiedSegments: 0, copiedBytes: 0 },
        beyondHelp: new Set(),
      });
  }

  /** Begins, once recovery is in the journal. `away`: disks that the journal says are away. */
  start(away: ReadonlySet<DiskRole>, unsureFromMs: number | null): void {
    const { disks, media } = this.#options;
    if (!disks.isPair) return;
    this.#unsureFromMs = unsureFromMs;
    media.onLack((disk) => this.#lacks(disk));
    for (const [disk, task] of this.#tasks) {
      task.isSaidAway = away.has(disk.role);
      if (!disk.isUsable) this.diskChanged(disk);
    }
    this.#wake();
  }

  /** A disk went away or came back. */
  diskChanged(disk: Disk): void {
    const task = this.#tasks.get(disk);
    if (task === undefined || this.#closed || !this.#options.disks.isPair) return;
    if (disk.state === 'away') {
      if (!task.isUnknown || !task.isSaidAway) this.#sayAway(disk, task);
      task.isUnknown = true;
      task.hasStrangers = true;
    } else this.#wake();
  }

  /**
   * Does something while nothing is compared or copied, and lets neither begin meanwhile; what happened to the disks is looked at
   * afterwards. False, and nothing is done, while something is under way.
   */
  async whileIdle(doing: () => Promise<void>): Promise<boolean> {
    if (this.#working !== null || this.#closed) return false;
    const done = doing();
    this.#working = done
      .catch(() => undefined)
      .finally(() => {
        this.#working = null;
        if (this.#again) this.#wake();
      });
    await done;
    return true;
  }

  /** Lets go after what is being copied just now. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#working;
  }

  #sayAway(disk: Disk, task: Task): void {
    const { cause } = disk;
    if (cause === null) return;
    task.isSaidAway = true;
    this.#say({ type: 'disk-away', disk: disk.role, volume: disk.volume?.volume ?? null, cause });
  }

  #lacks(disk: Disk): void {
    if (disk.isUsable) this.#options.disks.catchesUp(disk);
    this.#options.changed();
    this.#wake();
  }

  #wake(): void {
    if (this.#closed) return;
    this.#again = true;
    this.#working ??= this.#workOff()
      .catch((error) => this.#options.log.error({ err: error }, 'a second copy could not be made'))
      .finally(() => {
        this.#working = null;
        // Asked for in the very moment in which the work ended.
        if (this.#again) this.#wake();
      });
  }

  async #workOff(): Promise<void> {
    while (this.#again && !this.#closed) {
      this.#again = false;
      await this.#work();
    }
  }

  async #work(): Promise<void> {
    const { disks } = this.#options;
    while (!this.#closed) {
      let hasWorked = false;
      for (const [disk, task] of this.#tasks) {
        const other = disks.usable.find((one) => one !== disk);
        if (!disk.isUsable || other === undefined || this.#closed) continue;
        if (!task.isUnknown && disk.state === 'well' && nextFor(disk, task) === undefined) continue;
        hasWorked = true;
        try {
          await this.#workOn(disk, other, task);
        } catch (error) {
          disks.refused(disk, error);
        }
      }
      if (!hasWorked) return;
    }
  }

  /** One piece of work for a disk that is there. */
  async #workOn(disk: Disk, other: Disk, task: Task): Promise<void> {
    if (task.isUnknown) {
      task.isUnknown = false;
      await this.#survey(disk, task);
      for (const one of this.#options.disks.usable) if (one.lacking.size > 0) this.#options.disks.catchesUp(one);
      return;
    }
    const next = nextFor(disk, task);
    if (next === undefined) {
      this.#sayBack(disk, task);
      this.#options.disks.caughtUp(disk);
      return;
    }
    await this.#copy(other, disk, task, ...next);
  }

  /** Compares what is on a disk with what the journal says; takes in what only this disk knows, and takes off what was deleted. */
  async #survey(disk: Disk, task: Task): Promise<void> {
    const { disks, media, entries } = this.#options;
    task.beyondHelp.clear();
    const known = new Map<string, WholeSegment & { readonly isUnsure: boolean }>();
    const removed = new Set<string>();
    for await (const { fact } of entries()) {
      if (fact.type === 'removed') {
        const name = segmentPath(fact.stream, fact.run, fact.sequence);
        removed.add(name);
        known.delete(name);
      }
      if (fact.type !== 'segment') continue;
      const isUnsure = this.#unsureFromMs !== null && fact.to.wallMs >= this.#unsureFromMs;
      const { bytes, sha256 } = fact;
      known.set(segmentPath(fact.stream, fact.run, fact.sequence), { bytes, sha256, isUnsure });
    }
    for (const [name, whole] of known) {
      if (this.#closed) return;
      if (media.isOpen(name)) continue;
      if (!(await disk.act(() => holds(disk, name, whole))))
        disk.lacking.set(name, { bytes: whole.bytes, sha256: whole.sha256 });
    }
    if (!task.hasStrangers) return;
    task.hasStrangers = false;
    const names = await namesOn(disk);
    await removeSegments(
      disk,
      names.filter((name) => removed.has(name)),
    );
    for (const name of names) {
      if (known.has(name) || removed.has(name) || media.isOurs(name)) continue;
      const { facts } = await takeIn(disks, name, [disk]);
      for (const fact of facts) await this.#options.append(fact);
    }
  }

  async #copy(from: Disk, to: Disk, task: Task, name: string, whole: WholeSegment): Promise<void> {
    const { log } = this.#options;
    try {
      const { setAside } = await copySegment(from, to, name, whole);
      to.lacking.delete(name);
      task.copiedSegments += 1;
      task.copiedBytes += whole.bytes;
      this.#options.changed();
      if (setAside !== null) {
        const why = 'another disk holds this segment as it was recorded';
        this.#say({ type: 'quarantined', path: name, movedTo: setAside, why, disk: to.role });
      }
    } catch (error) {
      if (!(error instanceof SourceDamaged)) throw error;
      // A disk that went away in the middle is no damage.
      if (!from.isUsable) return;
      task.beyondHelp.add(name);
      log.error({ disk: from.role, name, why: sentenceOf(error) }, 'a segment cannot be copied; run quancheng verify');
    }
  }

  #sayBack(disk: Disk, task: Task): void {
    const { copiedSegments, copiedBytes, isSaidAway } = task;
    task.copiedSegments = 0;
    task.copiedBytes = 0;
    if (!isSaidAway && copiedSegments === 0) return;
    task.isSaidAway = false;
    const volume = disk.volume?.volume ?? null;
    // All that it still lacks could not be copied; what was deleted meanwhile is not missing.
    const missing = disk.lacking.size;
    this.#say({ type: 'disk-back', disk: disk.role, volume, copiedSegments, copiedBytes, missing });
  }

  #say(fact: RecorderFact): void {
    this.#options.append(fact).catch((error) => this.#options.log.error({ err: error }, 'a fact of a disk was lost'));
  }
}

/** What is to be copied to the disk next; undefined when nothing is, or nothing of it can be. */
function nextFor(disk: Disk, task: Task): [string, WholeSegment] | undefined {
  for (const entry of disk.lacking) if (!task.beyondHelp.has(entry[0])) return entry;
  return undefined;
}

/** True when the disk has a file of this name and length, and where it is unsure with these bytes. */
async function holds(disk: Disk, name: string, whole: WholeSegment & { readonly isUnsure: boolean }): Promise<boolean> {
  const path = join(disk.layout.media, name);
  try {
    if ((await stat(path)).size !== whole.bytes) return false;
    return !whole.isUnsure || (await hashFile(path)) === whole.sha256;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return false;
    throw error;
  }
}
