/** When a source that was lost is tried again. Pure: what came of an attempt in, a pause out. */

/** After a run that gave media: an ffmpeg that died, a camera that dropped the connection. Most of them are back at once. */
const QUICK_MS = 200;
/** A run that gave less than this is no reason to come back quickly: a camera that accepts and dies is not hammered. */
const QUICK_MEDIA_MS = 1_000;
/** Else after 1, 2, 4 and then every 5 s, for ever. */
const FIRST_MS = 1_000;
const MAX_MS = 5_000;
/** While something is to be kept every second counts: attempts then begin this far apart, or when the one before has ended. */
const KEEPING_MS = 1_000;

export interface Attempt {
  /** For how long media came, from the first fragment to the last, in milliseconds; null when none came. */
  readonly mediaMs: number | null;
  /** From its beginning to its end, in milliseconds. */
  readonly tookMs: number;
}

export class Retry {
  #stepMs = FIRST_MS;

  /** Milliseconds to wait after an attempt. `keeping`: a claim is open. */
  pauseAfter({ mediaMs, tookMs }: Attempt, keeping: boolean): number {
    if (mediaMs !== null && mediaMs >= QUICK_MEDIA_MS) {
      this.#stepMs = FIRST_MS;
      return QUICK_MS;
    }
    const pauseMs = this.#stepMs;
    this.#stepMs = Math.min(MAX_MS, 2 * pauseMs);
    return keeping ? Math.max(QUICK_MS, KEEPING_MS - tookMs) : pauseMs;
  }
}
