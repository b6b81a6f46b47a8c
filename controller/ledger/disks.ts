/**
 * The one or two disks that hold the record, and which of them can be relied on just now. A disk that refuses is left while the
 * other one goes on, looked at again and again, and taken back once it is the right one and writes.
 */
import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import { AppError, errnoOf, sentenceOf } from '../core/errors.ts';
import type { SegmentFact } from '../core/facts.ts';
import type { Log } from '../core/ports.ts';
import type { Cause } from '../core/recording.ts';
import { between, type Clock, type Instant } from '../core/time.ts';
import { ULID_RANDOM_BYTES, ulid } from '../core/ulid.ts';
import { BALLAST_BYTES } from './ballast.ts';
import { causeOf, Disk, DiskRefusal } from './disk.ts';
import { identifyPair, LOOK_MS_MAX, lookWithin } from './identify-pair.ts';
import type { JournalPlace } from './journal-lane.ts';
import { FolderLock } from './lock.ts';
import { makeVolume, type Volume } from './volume.ts';
import { within } from './within.ts';

/** How often every disk is looked at. */
const LOOK_EVERY_MS = 1_000;
/** Pause before a disk that is away is tried again; doubled when it leaves again soon after it came back. */
const RETRY_FIRST_MS = 1_000;
const RETRY_MAX_MS = 60_000;
const LEAVES_SOON_MS = 60_000;
/** A disk that was full is taken back with so much room: less would be gone at once. */
const ROOM_BYTES_MIN = 2 * BALLAST_BYTES;
/** Of the threads that do the work on disks, a disk of a pair may hold this part: two that hang leave some over. */
const THREADS_PART = 0.4;
/** What the last disk there refused is shown for so long after it did. */
const COMPLAINT_MS = 10_000;
const IDENTITY_LOCK_MS_MAX = 10_000;

export interface DisksOptions {
  readonly main: string;
  /** The folder on the second disk, or null. */
  readonly mirror: string | null;
  /** The volume that main has to be, or null for any. */
  readonly volume: string | null;
  /** Threads of this process that do the work on disks (UV_THREADPOOL_SIZE). */
  readonly threads: number;
  readonly clock: Clock;
  readonly log: Log;
}

interface Trial {
  retryMs: number;
  retryAt: Instant;
  backAt: Instant | null;
  isLooking: boolean;
}

export class Disks {
  readonly main: Disk;
  readonly mirror: Disk | null;
  readonly all: readonly Disk[];
  readonly #options: DisksOptions;
  readonly #trials = new Map<Disk, Trial>();
  readonly #listeners: ((disk: Disk) => void)[] = [];
  readonly #exchangeListeners: (() => void)[] = [];
  #home: Disk;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: DisksOptions) {
    this.#options = options;
    const now = options.clock.now();
    const isPair = options.mirror !== null;
    const actsMax = isPair ? Math.max(1, Math.floor(options.threads * THREADS_PART)) : Number.POSITIVE_INFINITY;
    this.main = new Disk('main', options.main, actsMax, now);
    this.mirror = options.mirror === null ? null : new Disk('mirror', options.mirror, actsMax, now);
    this.all = this.mirror === null ? [this.main] : [this.main, this.mirror];
    this.#home = this.main;
    for (const disk of this.all)
      this.#trials.set(disk, { retryMs: RETRY_FIRST_MS, retryAt: now, backAt: null, isLooking: false });
  }

  get isPair(): boolean {
    return this.mirror !== null;
  }

  get usable(): readonly Disk[] {
    return this.all.filter(({ isUsable }) => isUsable);
  }

  /** The least room of those that are there: the first to be full ends the second copy, or the recording. */
  get room(): Disk['room'] {
    const rooms = this.usable.map(({ room }) => room);
    return rooms.sort((a, b) => a.freeBytes - b.freeBytes)[0] ?? this.main.room;
  }

  /** The disk that holds what lies on one disk only (index); settled by `open`. */
  get home(): Disk {
    return this.#home;
  }

  /**
   * Finds out which disks may be used and makes them ready. Rejects with `wrong-disk` or `data-not-writable` when there is none;
   * a second disk that is away never keeps anybody waiting for longer than {@link LOOK_MS_MAX}.
   */
  async open(): Promise<void> {
    if (this.mirror === null) await this.#openOne();
    else await this.#identifyLocked(this.mirror, this.all);
    const home = this.usable[0];
    if (home === undefined) {
      const cause = this.main.cause;
      const code = cause?.code === 'wrong-disk' ? 'wrong-disk' : 'data-not-writable';
      const said = this.all.map(({ layout, cause: why }) => `${layout.root}: ${why?.detail}`);
      throw new AppError(code, `no disk can be written: ${said.join('; ')}`);
    }
    this.#home = home;
    await this.#lookAtRoom();
    this.#timer = setInterval(() => this.#lookAtAll(), LOOK_EVERY_MS);
  }

  /** Called when a disk goes away, comes back, or is refused something as the last one there is. */
  onChange(listener: (disk: Disk) => void): void {
    this.#listeners.push(listener);
  }

  /** Called when another disk lies in the place of the last one there: only a fresh process finds out what holds. */
  onExchange(listener: () => void): void {
    this.#exchangeListeners.push(listener);
  }

  /** A disk refused an act. While the other one is there, it is left; the last one is never left, only complained about. */
  refused(disk: Disk, error: unknown): void {
    if (!disk.isUsable) return;
    const cause = causeOf(error);
    disk.refusedAt = this.#options.clock.now();
    const isLast = this.usable.length === 1;
    if (isLast && disk.cause?.code === cause.code) return;
    disk.cause = cause;
    if (!isLast) this.#leave(disk, cause);
    this.#tell(disk);
  }

  /** A disk did what was asked. */
  served(disk: Disk): void {
    if (disk.cause === null || !disk.isUsable) return;
    disk.cause = null;
    this.#tell(disk);
  }

  /** What it lacked was copied to it. */
  caughtUp(disk: Disk): void {
    if (disk.state !== 'catching-up') return;
    this.#enter(disk, 'well');
    this.#tell(disk);
  }

  /** What it lacks is about to be copied to it. */
  catchesUp(disk: Disk): void {
    if (disk.state !== 'well') return;
    this.#enter(disk, 'catching-up');
    this.#tell(disk);
  }

  /** A copy of a journal on each disk. `keepsReserve`: this is the journal that says why media could not be written. */
  journalPlaces(folderOf: (disk: Disk) => string, keepsReserve: boolean): readonly JournalPlace[] {
    return this.all.map((disk) => ({
      directory: folderOf(disk),
      get isUsable() {
        return disk.isUsable;
      },
      keepsReserve,
      act: (doing) => disk.act(doing),
      refused: (error) => this.refused(disk, error),
      reserveChanged: (isSpent) => {
        disk.reserveIsSpent = isSpent;
      },
    }));
  }

  /**
   * Path of a file that holds the segment whole, as far as its length tells; the main disk is asked first. With one disk nothing is
   * asked. Synchronous: a player or a sender is about to open it.
   */
  pathOf(segment: Pick<SegmentFact, 'stream' | 'run' | 'sequence' | 'bytes'>): string {
    const paths = this.usable.map((disk) => disk.pathOf(segment));
    const [first = this.main.pathOf(segment)] = paths;
    if (paths.length < 2) return first;
    return paths.find((path) => statSync(path, { throwIfNoEntry: false })?.size === segment.bytes) ?? first;
  }

  /** Does something on every disk; resolves when the first has done it, and rejects when all refuse. */
  async onEach(doing: (disk: Disk) => Promise<void>): Promise<void> {
    const answers = this.usable.map((disk) =>
      disk
        .act(() => doing(disk))
        .catch((error) => {
          if (this.isPair) this.refused(disk, error);
          throw error;
        }),
    );
    await Promise.any(answers).catch((error: AggregateError) => {
      throw error.errors[0];
    });
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  async #openOne(): Promise<void> {
    const { main } = this;
    const { volume: pin, log } = this.#options;
    const look = await main.look();
    if (pin !== null && (look.kind !== 'volume' || look.volume.volume !== pin)) {
      const found = look.kind === 'volume' ? `volume ${look.volume.volume}` : 'a folder without identity';
      throw new AppError('wrong-disk', `volume ${pin} is expected at ${main.layout.root}, and ${found} is there`);
    }
    await main.prepare();
    try {
      const volume =
        look.kind === 'volume'
          ? look.volume
          : await makeVolume(main.layout.root, this.#newVolume('main', null, 1), this.#newId());
      // Only a disk that the configuration names is refused by its identity.
      if (pin !== null) await main.know(volume);
      else main.volume = volume;
    } catch (error) {
      log.warn({ error: sentenceOf(error) }, 'the data folder has no identity of its own');
    }
  }

  /** Decides over the pair, one process at a time, and does what was decided to the disks in `which`. */
  async #identifyLocked(mirror: Disk, which: readonly Disk[]): Promise<void> {
    const lock = await this.#identityLock();
    try {
      await this.#identify(this.main, mirror, which);
    } finally {
      await lock?.release();
    }
  }

  /** Recorder and controller may see a new pair at the same moment: one of them makes it. */
  async #identityLock(): Promise<FolderLock | null> {
    for (let waitedMs = 0; waitedMs < IDENTITY_LOCK_MS_MAX; waitedMs += 50) {
      try {
        return await FolderLock.take(this.main.layout.root, 'identity', 'recorder-already-runs');
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
    return null;
  }

  /** Finds out about the pair and acts on it: what fails is away, what was away and is ready is back. Never rejects. */
  async #identify(main: Disk, mirror: Disk, which: readonly Disk[]): Promise<void> {
    const found = await identifyPair(main, mirror, which, this.#options.volume, () => this.#newId());
    for (const [disk, cause] of found) {
      if (cause !== null) this.#leave(disk, cause);
      else if (disk.cause?.code === 'disk-full' && disk.room.freeBytes < ROOM_BYTES_MIN) continue;
      else if (disk.state === 'away') this.#takeBack(disk);
    }
  }

  #leave(disk: Disk, cause: Cause): void {
    const { clock, log } = this.#options;
    const trial = this.#trials.get(disk);
    const now = clock.now();
    disk.cause = cause;
    if (trial !== undefined) {
      if (trial.backAt !== null) {
        const leavesSoon = between(trial.backAt, now) < LEAVES_SOON_MS && cause.code !== 'disk-away';
        trial.retryMs = leavesSoon ? Math.min(RETRY_MAX_MS, trial.retryMs * 2) : RETRY_FIRST_MS;
        trial.backAt = null;
      }
      trial.retryAt = { ...now, monoMs: now.monoMs + trial.retryMs, wallMs: now.wallMs + trial.retryMs };
    }
    if (disk.state === 'away') return;
    log.error({ disk: disk.role, folder: disk.layout.root, ...cause }, 'a disk is left; the other one goes on');
    this.#enter(disk, 'away');
  }

  #takeBack(disk: Disk): void {
    const trial = this.#trials.get(disk);
    if (trial !== undefined) trial.backAt = this.#options.clock.now();
    disk.cause = null;
    disk.reserveIsSpent = false;
    this.#options.log.warn({ disk: disk.role, folder: disk.layout.root }, 'a disk is back');
    this.#enter(disk, 'catching-up');
    this.#tell(disk);
  }

  #lookAtAll(): void {
    const now = this.#options.clock.now();
    void this.#lookAtRoom();
    for (const disk of this.all) {
      if (disk.refusedAt !== null && between(disk.refusedAt, now) > COMPLAINT_MS) this.served(disk);
      const trial = this.#trials.get(disk);
      if (trial === undefined || trial.isLooking) continue;
      if (disk.isUsable) this.#during(trial, this.#confirm(disk));
      else if (this.mirror !== null && between(trial.retryAt, now) >= 0 && disk.actsUnderWay === 0)
        this.#during(trial, this.#tryAgain(disk, this.mirror));
    }
  }

  async #tryAgain(disk: Disk, mirror: Disk): Promise<void> {
    await this.#identifyLocked(mirror, [disk]);
    // Its cause may be another one now.
    if (!disk.isUsable) this.#tell(disk);
  }

  async #confirm(disk: Disk): Promise<void> {
    try {
      await within(
        disk.act(() => disk.confirm()),
        LOOK_MS_MAX,
      );
    } catch (error) {
      this.refused(disk, error);
      if (!disk.isUsable || errnoOf(error) !== 'ENODEV') return;
      // The last one there, and another disk lies in its place: at boot, say, before anything was mounted.
      if ((await lookWithin(disk)).kind === 'volume') for (const listener of this.#exchangeListeners) listener();
    }
  }

  async #lookAtRoom(): Promise<void> {
    for (const disk of this.all) {
      // A hanging disk would take a thread at every look.
      if (!disk.isUsable || disk.isLookedAtForRoom) continue;
      disk.isLookedAtForRoom = true;
      await within(
        disk.act(() => disk.lookAtRoom()),
        LOOK_MS_MAX,
      )
        .catch((error) => {
          this.#options.log.error({ error: sentenceOf(error) }, 'a disk cannot be asked for its free space');
        })
        .finally(() => {
          disk.isLookedAtForRoom = false;
        });
    }
  }

  #during(trial: Trial, looking: Promise<void>): void {
    trial.isLooking = true;
    void looking.finally(() => {
      trial.isLooking = false;
    });
  }

  #enter(disk: Disk, state: Disk['state']): void {
    disk.state = state;
    disk.since = this.#options.clock.now();
  }

  #tell(disk: Disk): void {
    for (const listener of this.#listeners) listener(disk);
  }

  #newVolume(role: Volume['role'], partner: string | null, pairing: number): Volume {
    return { volume: this.#newId(), role, partner, pairing };
  }

  #newId(): string {
    return ulid(this.#options.clock.now().wallMs, randomBytes(ULID_RANDOM_BYTES));
  }
}

/** Why an act on a disk that is away is not even tried. */
export function awayError(disk: Disk): DiskRefusal {
  return new DiskRefusal('ENODEV', `${disk.layout.root} is away: ${disk.cause?.detail ?? 'unknown'}`);
}
