/**
 * The fragments of one stream that are in memory: the pre-roll while armed, the queue to the disk while keeping. Bounded by
 * time while armed and always by bytes.
 */
import type { FragmentInfo } from '../core/mp4.ts';
import type { Run } from './run.ts';

export interface Fragment {
  readonly run: Run;
  /** Number within the run, without holes: what follows what is known by this, never by timestamps. */
  readonly index: number;
  readonly bytes: Buffer;
  readonly info: FragmentInfo;
  /** Packets that the source sent and that did not come, as far as this fragment may show it. */
  readonly lostPackets: number;
}

/** Monotonic time at which a fragment's first picture was taken, as well as the run's clock knows now. */
export function fragmentStart(fragment: Fragment): number {
  return fragment.run.clock.monoOf(fragment.info.startMs);
}

export function fragmentEnd(fragment: Fragment): number {
  return fragment.run.clock.monoOf(fragment.info.endMs);
}

export class Ring {
  #bytesMax: number;
  #fragments: Fragment[] = [];
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** From the next fragment on it may hold so much. */
  limit(bytesMax: number): void {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get length(): number {
    return this.#fragments.length;
  }

  get first(): Fragment | undefined {
    return this.#fragments[0];
  }

  /** Length of what is held, by its own timestamps, in milliseconds. */
  get spanMs(): number {
    const first = this.#fragments[0];
    const last = this.#fragments.at(-1);
    return first === undefined || last === undefined ? 0 : Math.max(0, fragmentEnd(last) - fragmentStart(first));
  }

  /** Takes a fragment in. Answers how many of the oldest had to go because memory is full: 0 on every good day. */
  push(fragment: Fragment): number {
    this.#fragments.push(fragment);
    this.#bytes += fragment.bytes.length;
    let dropped = 0;
    while (this.#bytes > this.#bytesMax && this.#fragments.length > 1) {
      this.shift();
      dropped += 1;
    }
    return dropped;
  }

  shift(): Fragment | undefined {
    const fragment = this.#fragments.shift();
    if (fragment !== undefined) this.#bytes -= fragment.bytes.length;
    return fragment;
  }

  /** Takes back what the disk refused, as the oldest. */
  putBack(fragments: readonly Fragment[]): void {
    this.#fragments.unshift(...fragments);
    for (const fragment of fragments) this.#bytes += fragment.bytes.length;
  }

  /** While armed: lets go of every group of pictures that lies wholly before `monoMs`. */
  forgetBefore(monoMs: number): void {
    this.#drop(this.#lastKeyframeAt(monoMs));
  }

  /**
   * A claim from `monoMs` on: lets go of what it does not need and answers whether it can begin at once. It begins with the last
   * keyframe at or before `monoMs`, because a picture before its keyframe cannot be shown; else, when the first fragment follows
   * directly what is on disk (`continues`), with that; else with the first keyframe there is.
   */
  beginAt(monoMs: number, continues: (first: Fragment) => boolean): boolean {
    const start = this.#lastKeyframeAt(monoMs);
    if (start > 0 || this.#fragments[0]?.info.startsWithKeyframe === true) {
      this.#drop(start);
      return true;
    }
    const first = this.#fragments[0];
    if (first !== undefined && continues(first)) return true;
    const keyframe = this.#fragments.findIndex((fragment) => fragment.info.startsWithKeyframe);
    this.#drop(keyframe < 0 ? this.#fragments.length : keyframe);
    return keyframe >= 0;
  }

  clear(): void {
    this.#fragments = [];
    this.#bytes = 0;
  }

  /** Index of the last fragment with a keyframe in front that starts at or before `monoMs`; 0 when there is none. */
  #lastKeyframeAt(monoMs: number): number {
    for (let i = this.#fragments.length - 1; i > 0; i--) {
      const fragment = this.#fragments[i];
      if (fragment?.info.startsWithKeyframe === true && fragmentStart(fragment) <= monoMs) return i;
    }
    return 0;
  }

  #drop(count: number): void {
    for (let i = 0; i < count; i++) this.shift();
  }
}
