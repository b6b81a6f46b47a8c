/**
 * Puts a run's media timeline on the monotonic clock. A camera's own seconds are kept (no sample is stretched); what is
 * estimated is only where its zero lies: the least-delayed fragment seen tells it best, because delay is never negative.
 */

/** Cameras drift by tens of ppm; more than this per stretch is not followed, so that one late fragment never bends time. */
const SLEW_PPM_MAX = 500;
/** A fragment cannot arrive this much before its own end: the camera's timestamps jumped forward. */
export const JUMP_AHEAD_MS = 1_000;
/** Cameras begin with the pictures since their last keyframe, in one burst: for this long every better estimate is taken at once. */
const BURST_MS = 3_000;
/** A fragment that betters the estimate by less than this belongs to no burst. */
const STEADY_MS = 100;
/** While nothing is kept the estimate follows a slow camera this often: a room may stay armed for days before a hearing. */
const FOLLOW_EVERY_MS = 10_000;
/** Bytes flow and yet the media timeline falls this far behind: the camera's timestamps jumped back or crawl. */
export const LAG_MAX_MS = 8_000;

export class RunClock {
  /** Monotonic milliseconds of media time 0, by the least-delayed fragment so far. */
  #zeroMs: number | null = null;
  /** The same, over the fragments since the last `settle`. */
  #recentZeroMs: number | null = null;
  #firstArrivalMs: number | null = null;
  #followedMs: number | null = null;
  #settled = false;
  /** A fragment has come that was no better than those before it: the first burst is over. */
  #isSteady = false;

  /**
   * What was taken up to `mediaEndMs` of the run had arrived at `arrivedMonoMs`; on the media timeline `holeMs` lie between the fragment
   * that came before and the one that came now. Answers whether the timeline still makes sense.
   */
  observe(mediaEndMs: number, arrivedMonoMs: number, holeMs = 0): 'fits' | 'jumped-ahead' | 'lags' {
    const zero = arrivedMonoMs - mediaEndMs;
    this.#firstArrivalMs ??= arrivedMonoMs;
    const inBurst = arrivedMonoMs - this.#firstArrivalMs < BURST_MS;
    if (this.#zeroMs !== null) {
      // A burst of old pictures has no holes: with one, it is a jump even then.
      if (zero < this.#zeroMs - JUMP_AHEAD_MS && (!inBurst || holeMs > JUMP_AHEAD_MS)) return 'jumped-ahead';
      if (zero > this.#zeroMs + LAG_MAX_MS) return 'lags';
    }
    // Before anything was settled the first estimate may still fall freely; afterwards only `settle` moves it, gently. A burst
    // is the exception: its first fragment is old by a whole group of pictures, and a keeper may already have begun with it.
    if (this.#zeroMs !== null && (zero > this.#zeroMs - STEADY_MS || !inBurst)) this.#isSteady = true;
    if (this.#zeroMs === null || ((!this.#settled || inBurst) && zero < this.#zeroMs)) this.#zeroMs = zero;
    this.#recentZeroMs = Math.min(this.#recentZeroMs ?? zero, zero);
    this.#followedMs ??= arrivedMonoMs;
    if (!this.#settled && arrivedMonoMs - this.#followedMs >= FOLLOW_EVERY_MS) {
      this.#follow(arrivedMonoMs - this.#followedMs);
      this.#followedMs = arrivedMonoMs;
    }
    return 'fits';
  }

  /** Monotonic milliseconds of a media time. Throws before the first fragment was observed. */
  monoOf(mediaMs: number): number {
    if (this.#zeroMs === null) throw new Error('no fragment was observed yet');
    return this.#zeroMs + mediaMs;
  }

  /**
   * Called where a segment ends, after `lengthMs` of media: moves the zero towards what was measured since the last call, by at
   * most {@link SLEW_PPM_MAX} of that length. Segments of one run join exactly because each begins where this left the last.
   */
  settle(lengthMs: number): void {
    this.#settled = true;
    this.#follow(lengthMs);
  }

  /** False while old pictures still arrive in one burst: until it is over, nobody knows when they were taken. */
  get isSteady(): boolean {
    return this.#isSteady;
  }

  /** The first segment of the run begins: from now on times only slew. */
  fix(): void {
    this.#settled = true;
  }

  #follow(lengthMs: number): void {
    if (this.#zeroMs === null || this.#recentZeroMs === null) return;
    const limit = (Math.max(0, lengthMs) * SLEW_PPM_MAX) / 1_000_000;
    this.#zeroMs += Math.min(limit, Math.max(-limit, this.#recentZeroMs - this.#zeroMs));
    this.#recentZeroMs = null;
  }
}
