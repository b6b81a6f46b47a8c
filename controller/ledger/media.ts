/**
 * Where segments go: to every disk that is there, each in its own time. An act is answered when the first disk has done it and is
 * refused when none can; a disk that refuses or falls behind lets go of the segment, which then is copied to it whole.
 */
import { dirname } from 'node:path';
import type { Clock } from '../core/time.ts';
import { type Disk, DiskRefusal, type WholeSegment } from './disk.ts';
import { awayError, type Disks } from './disks.ts';
import { firstAnswer } from './first-answer.ts';
import { segmentPath } from './layout.ts';
import { SegmentFile, type SegmentIdentity, type SegmentPlace, type SegmentWriter } from './segment-file.ts';
import { type Act, Lane } from './segment-lane.ts';
import { within } from './within.ts';

/** What may wait for one disk of one segment, in bytes and in time, while the other disk has it already. */
const LANE_BYTES_MAX = 16 * 1024 * 1024;
export const LANE_LAG_MS_MAX = 10_000;
/** The same over all segments of a disk. */
const DISK_BYTES_MAX = 128 * 1024 * 1024;
/** Closing waits this long for a disk that is behind. */
const IDLE_MS_MAX = 10_000;

export class Media implements SegmentPlace {
  readonly #disks: Disks;
  readonly #clock: Clock;
  /** Copies that are being written, by path below `media`. */
  readonly #open = new Map<string, SegmentCopies>();
  /** Every run that was written by this process, as `<stream>/<run>`. */
  readonly #runs = new Set<string>();
  #lackListener: ((disk: Disk, name: string) => void) | null = null;

  constructor(disks: Disks, clock: Clock) {
    this.#disks = disks;
    this.#clock = clock;
  }

  /** Called when a finished segment is not on a disk. */
  onLack(listener: (disk: Disk, name: string) => void): void {
    this.#lackListener = listener;
  }

  /** True while a copy of this segment may still grow. */
  isOpen(name: string): boolean {
    return this.#open.has(name);
  }

  /** True for a segment of a run that this process wrote, or is writing: what is not in the journal of it yet may come. */
  isOurs(name: string): boolean {
    return this.#runs.has(dirname(name));
  }

  async begin(identity: SegmentIdentity, header: Buffer): Promise<SegmentWriter> {
    const disks = this.#disks;
    if (!disks.isPair) return beginOn(disks.main, identity, header);
    this.#runs.add(`${identity.stream}/${identity.run}`);
    const name = segmentPath(identity.stream, identity.run, identity.sequence);
    const copies = new SegmentCopies(disks, this.#clock, header.length, {
      lacks: (disk, whole) => {
        disk.lacking.set(name, whole);
        this.#lackListener?.(disk, name);
      },
      over: () => this.#open.delete(name),
    });
    this.#open.set(name, copies);
    await copies.begin(identity, header);
    return copies;
  }

  /** Time passed: a disk that hangs is noticed although nothing new is written. */
  tend(): void {
    for (const copies of this.#open.values()) copies.lookAtLag();
  }

  /** Waits until the slower disk has everything too, for a while. */
  async idle(): Promise<void> {
    const ends = [...this.#open.values()].map((copies) => within(copies.over, IDLE_MS_MAX).catch(() => undefined));
    await Promise.all(ends);
  }
}

async function beginOn(disk: Disk, identity: SegmentIdentity, header: Buffer): Promise<SegmentFile> {
  await disk.confirm();
  disk.assertRoomForMedia();
  return SegmentFile.create(disk.layout.media, identity, header, () => disk.assertRoomForMedia());
}

/** What becomes of a segment's copies. */
interface CopiesWorld {
  lacks(disk: Disk, whole: WholeSegment): void;
  over(): void;
}

class SegmentCopies implements SegmentWriter {
  readonly headerBytes: number;
  /** Resolves when no disk has anything to do for it any more. */
  readonly over: Promise<void>;
  readonly #disks: Disks;
  readonly #lanes: readonly Lane[];
  readonly #world: CopiesWorld;
  #bytes = 0;
  /** Where the last sync left it that any disk answered for. */
  #syncedBytes = 0;
  #isOver: () => void = () => undefined;

  constructor(disks: Disks, clock: Clock, headerBytes: number, world: CopiesWorld) {
    this.#disks = disks;
    this.headerBytes = headerBytes;
    this.#world = world;
    this.#lanes = disks.usable.map((disk) => new Lane(disk, disks, clock));
    this.over = new Promise((resolve) => {
      this.#isOver = resolve;
    });
  }

  async begin(identity: SegmentIdentity, header: Buffer): Promise<void> {
    try {
      await this.#all('begin', header.length, async (lane) => {
        lane.file = await beginOn(lane.disk, identity, header);
        return lane.file.bytes;
      }).then((bytes) => {
        this.#bytes = bytes;
      });
    } catch (error) {
      await this.abandon();
      throw error;
    }
  }

  async write(bytes: Buffer): Promise<void> {
    await this.#all('write', bytes.length, (lane) => fileOf(lane).write(bytes));
    this.#bytes += bytes.length;
  }

  async sync(): Promise<void> {
    const bytes = this.#bytes;
    await this.#all('sync', 0, (lane) => fileOf(lane).sync());
    this.#syncedBytes = bytes;
  }

  /** Every disk refused: those that answered for the last good sync are set back to it and tried again. */
  async setBack(): Promise<void> {
    if (this.#lanes.some(({ isAlive }) => isAlive)) {
      await this.#all('other', 0, (lane) => fileOf(lane).setBack());
    } else {
      const able = this.#lanes.filter(({ file, disk }) => disk.isUsable && file?.syncedBytes === this.#syncedBytes);
      if (able.length === 0) throw lost();
      for (const lane of able) lane.revive();
      await this.#all('other', 0, (lane) => fileOf(lane).setBack());
    }
    this.#bytes = this.#syncedBytes;
  }

  async finish(): Promise<WholeSegment> {
    const asked = this.#lanes.filter(({ isAlive }) => isAlive);
    const answers = asked.map((lane) => lane.ask('other', 0, () => fileOf(lane).finish()));
    if (answers.length === 0) throw lost();
    const whole = await firstAnswer(answers);
    for (const disk of this.#disks.all) {
      const at = asked.findIndex((lane) => lane.disk === disk);
      const answer = answers[at];
      if (answer === undefined) this.#world.lacks(disk, whole);
      else answer.catch(() => this.#world.lacks(disk, whole));
    }
    void Promise.allSettled(answers).then(async () => {
      await Promise.all(this.#lanes.filter(({ isAlive }) => !isAlive).map((lane) => lane.letGo()));
      this.#end();
    });
    return whole;
  }

  /** Waits for no disk: each closes its file when it comes to it. */
  async abandon(): Promise<void> {
    void Promise.all(this.#lanes.map((lane) => lane.letGo())).then(() => this.#end());
  }

  /** A disk that is too far behind lets go, as long as another one has the segment. */
  lookAtLag(): void {
    for (const lane of this.#lanes) {
      if (!lane.isAlive || !this.#lanes.some((other) => other !== lane && other.isAlive && other.lagMs < lane.lagMs))
        continue;
      const isOver =
        lane.queuedBytes > LANE_BYTES_MAX || lane.disk.queuedBytes > DISK_BYTES_MAX || lane.lagMs > LANE_LAG_MS_MAX;
      if (isOver) lane.fail(new DiskRefusal('ETIMEDOUT', `it is ${Math.round(lane.lagMs)} ms behind`));
    }
  }

  async #all<T>(kind: Act['kind'], bytes: number, run: (lane: Lane) => Promise<T>): Promise<T> {
    const alive = this.#lanes.filter(({ isAlive }) => isAlive);
    if (alive.length === 0) throw this.#lanes[0]?.failure ?? lost();
    const answers = alive.map((lane) => lane.ask(kind, bytes, () => run(lane)));
    this.lookAtLag();
    return firstAnswer(answers);
  }

  #end(): void {
    this.#isOver();
    this.#world.over();
  }
}

function fileOf(lane: Lane): SegmentFile {
  if (lane.file === null) throw awayError(lane.disk);
  return lane.file;
}

/** No disk that is there has it: like a file whose folder somebody took away. */
function lost(): Error {
  return Object.assign(new Error('no disk that is there holds this segment'), { code: 'ENOENT' });
}
