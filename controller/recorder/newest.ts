/**
 * The newest moments of one stream, held once more for whoever wants a glance at it: since the last keyframe, or the last seconds of
 * sound alone. References to what is in memory anyway; nothing is copied or decoded before somebody asks, and nothing reaches a disk.
 */
import type { PeekAnswer } from '../core/recording.ts';
import type { Instant } from '../core/time.ts';
import type { Fragment } from './ring.ts';

/** With base64 and its frame this stays below what the controller takes as one line (1 MiB). */
export const NEWEST_BYTES_MAX = 640 * 1024;
/** Sound alone: some four seconds at a quarter of a second each. */
const SOUND_FRAGMENTS = 16;

export class Newest {
  #fragments: Fragment[] = [];
  #bytes = 0;
  #at: Instant | null = null;
  /** What came did not fit any more: what comes behind it would not follow what is held. */
  #isFull = false;

  take(fragment: Fragment, at: Instant): void {
    const { info, run } = fragment;
    const isPicture = run.media.video !== null;
    const first = this.#fragments[0];
    if ((isPicture && info.startsWithKeyframe) || (first !== undefined && first.run !== run)) this.clear();
    // A picture without its keyframe in front cannot be shown.
    if (isPicture && this.#fragments.length === 0 && !info.startsWithKeyframe) return;
    if (!isPicture && this.#fragments.length >= SOUND_FRAGMENTS) {
      this.#bytes -= this.#fragments.shift()?.bytes.length ?? 0;
    }
    this.#isFull ||= run.headerBytes.length + this.#bytes + fragment.bytes.length > NEWEST_BYTES_MAX;
    if (this.#isFull) return;
    this.#fragments.push(fragment);
    this.#bytes += fragment.bytes.length;
    this.#at = at;
  }

  clear(): void {
    this.#fragments = [];
    this.#bytes = 0;
    this.#at = null;
    this.#isFull = false;
  }

  /** Null when there is nothing to see. */
  answer(stream: string): PeekAnswer | null {
    const last = this.#fragments.at(-1);
    if (last === undefined || this.#at === null) return null;
    const { id: run, headerBytes } = last.run;
    const media = Buffer.concat([headerBytes, ...this.#fragments.map(({ bytes }) => bytes)]).toString('base64');
    return { stream, run, index: last.index, at: this.#at, media };
  }
}
