/** One segment while it grows: its file, what it holds, and what of it is not yet known to be on the disk. */
import type { SegmentFact } from '../core/facts.ts';
import type { Instant } from '../core/time.ts';
import type { SegmentIdentity, SegmentPlace, SegmentWriter } from '../ledger/segment-file.ts';
import type { Fragment } from './ring.ts';
import type { Run } from './run.ts';

/** How far a segment reaches. */
export interface Reach {
  readonly mediaToMs: number;
  readonly videoFrames: number;
  readonly audioFrames: number;
  readonly lostPackets: number;
  /** The last fragment in it. */
  readonly lastIndex: number;
}

export class OpenSegment {
  readonly identity: SegmentIdentity;
  readonly run: Run;
  readonly #file: SegmentWriter;
  /** Written since the last sync: memory keeps these until the disk has answered for them. */
  #unsynced: Fragment[] = [];
  readonly #empty: Reach;
  #reach: Reach;
  #synced: Reach | null = null;

  private constructor(identity: SegmentIdentity, run: Run, file: SegmentWriter, first: Fragment) {
    this.identity = identity;
    this.run = run;
    this.#file = file;
    this.#empty = {
      mediaToMs: first.info.startMs,
      videoFrames: 0,
      audioFrames: 0,
      lostPackets: 0,
      lastIndex: first.index - 1,
    };
    this.#reach = this.#empty;
  }

  /** Makes the file; `first` is the fragment that will be its first. */
  static async begin(place: SegmentPlace, identity: SegmentIdentity, first: Fragment): Promise<OpenSegment> {
    const file = await place.begin(identity, first.run.headerBytes);
    return new OpenSegment(identity, first.run, file, first);
  }

  get reach(): Reach {
    return this.#reach;
  }

  /** False while not one fragment of it is known to be on the disk. */
  get isProven(): boolean {
    return this.#synced !== null;
  }

  async write(fragment: Fragment): Promise<void> {
    this.#unsynced.push(fragment);
    await this.#file.write(fragment.bytes);
    const { videoFrames, audioFrames, lostPackets } = this.#reach;
    this.#reach = {
      mediaToMs: fragment.info.endMs,
      videoFrames: videoFrames + fragment.info.videoFrames,
      audioFrames: audioFrames + fragment.info.audioFrames,
      lostPackets: lostPackets + fragment.lostPackets,
      lastIndex: fragment.index,
    };
  }

  async sync(): Promise<void> {
    await this.#file.sync();
    this.#synced = this.#reach;
    this.#unsynced = [];
  }

  /**
   * The disk refused a write or a sync, and after a failed sync nobody knows what it kept: only what the last good sync answered for
   * counts any more, and what came after is given back to be written again, elsewhere.
   */
  takeUnsynced(): readonly Fragment[] {
    const again = this.#unsynced;
    this.#unsynced = [];
    this.#reach = this.#synced ?? this.#empty;
    return again;
  }

  /** Cuts the file back to its last good sync; can be tried again. */
  setBack(): Promise<void> {
    return this.#file.setBack();
  }

  /** Syncs and closes the file; answers what the journal says of it. Rejects when the last sync failed: set back and finish again. */
  async finish(to: Instant, mediaToMs: number): Promise<SegmentFact> {
    const { bytes, sha256 } = await this.#file.finish();
    const { videoFrames, audioFrames, lostPackets } = this.#reach;
    return {
      type: 'segment',
      ...this.identity,
      to,
      mediaToMs,
      videoFrames,
      audioFrames,
      bytes,
      headerBytes: this.#file.headerBytes,
      sha256,
      ...(lostPackets > 0 ? { lostPackets } : {}),
      adopted: false,
    };
  }

  /** Lets go of the file without a word; start-up recovery looks at it. */
  abandon(): Promise<void> {
    return this.#file.abandon();
  }
}
