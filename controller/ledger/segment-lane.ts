/** One segment on its way to one of two disks: acts in their order, each answered by itself, until the first that is refused. */
import { between, type Clock, type Instant } from '../core/time.ts';
import type { Disk } from './disk.ts';
import { awayError, type Disks } from './disks.ts';
import type { SegmentFile } from './segment-file.ts';

export interface Act {
  readonly kind: 'begin' | 'write' | 'sync' | 'other';
  readonly bytes: number;
  readonly since: Instant;
  readonly run: () => Promise<unknown>;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

export class Lane {
  readonly disk: Disk;
  file: SegmentFile | null = null;
  failure: unknown = null;
  queuedBytes = 0;
  readonly #disks: Disks;
  readonly #clock: Clock;
  #queue: Act[] = [];
  #running: Promise<void> | null = null;
  #lives = 0;

  constructor(disk: Disk, disks: Disks, clock: Clock) {
    this.disk = disk;
    this.#disks = disks;
    this.#clock = clock;
  }

  get isAlive(): boolean {
    return this.failure === null;
  }

  /** How long its oldest act has waited, in milliseconds. */
  get lagMs(): number {
    const oldest = this.#queue[0];
    return oldest === undefined ? 0 : between(oldest.since, this.#clock.now());
  }

  ask<T>(kind: Act['kind'], bytes: number, run: () => Promise<T>): Promise<T> {
    if (this.failure !== null) return Promise.reject(this.failure);
    return new Promise<T>((resolve, reject) => {
      const act: Act = {
        ...{ kind, bytes, run, reject },
        since: this.#clock.now(),
        resolve: (value) => resolve(value as T),
      };
      this.#queue.push(act);
      this.queuedBytes += bytes;
      this.disk.queuedBytes += bytes;
      this.#start();
    });
  }

  /** Lets go of the segment on this disk. */
  fail(error: unknown): void {
    if (this.failure !== null) return;
    this.failure = error;
    this.#lives += 1;
    const left = this.#queue.splice(0);
    for (const act of left) {
      this.#count(act);
      act.reject(error);
    }
    this.#disks.refused(this.disk, error);
  }

  /** All disks refused, and this one is tried again. */
  revive(): void {
    this.failure = null;
  }

  /** Closes the file, in its turn; on a disk that hangs that may be never. */
  async letGo(): Promise<void> {
    while (this.#running !== null) await this.#running;
    const { file } = this;
    this.file = null;
    if (file !== null) await this.disk.act(() => file.abandon()).catch(() => undefined);
  }

  #start(): void {
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
      // Asked for in the very moment in which the last act was done.
      if (this.#queue.length > 0) this.#start();
    });
  }

  async #run(): Promise<void> {
    for (;;) {
      const act = this.#queue[0];
      if (act === undefined) return;
      // A disk that is behind syncs once for all that wait for it.
      const again = act.kind === 'sync' ? this.#queue.findIndex((other, at) => at > 0 && other.kind === 'sync') : -1;
      if (again > 0) {
        this.#merge(again, act);
        continue;
      }
      const life = this.#lives;
      try {
        if (!this.disk.isUsable) throw awayError(this.disk);
        const value = await this.disk.act(act.run);
        // It was let go of meanwhile, and everybody who waited was told.
        if (life !== this.#lives) continue;
        this.#queue.shift();
        this.#count(act);
        this.#disks.served(this.disk);
        act.resolve(value);
      } catch (error) {
        if (life === this.#lives) this.fail(error);
      }
    }
  }

  /** The sync at `at` answers for the earlier one as well. */
  #merge(at: number, earlier: Act): void {
    const later = this.#queue[at] as Act;
    this.#queue[at] = {
      ...later,
      resolve: (value) => {
        earlier.resolve(value);
        later.resolve(value);
      },
      reject: (error) => {
        earlier.reject(error);
        later.reject(error);
      },
    };
    this.#queue.shift();
  }

  #count(act: Act): void {
    this.queuedBytes -= act.bytes;
    this.disk.queuedBytes -= act.bytes;
  }
}
