/**
 * The controller's wall clock, followed from the times it writes into its snapshots.
 * The panel's own wall clock may be wrong by hours; its monotonic clock is used to go on between snapshots.
 */

const KEPT_SAMPLES = 10;
/** Snapshots older than this mean that the screen is stale. */
export const STALE_AFTER_MS = 3_000;
/** Less than this backwards is jitter of the sender, more is a step of its clock. */
const STEP_BACK_MS = 500;

export class ServerClock {
  #offsets: number[] = [];
  #lastAt: number | null = null;
  #lastSeenMono: number | null = null;

  /**
   * Takes in a snapshot written at `at` (UTC ms, controller) and received at `monoMs` (monotonic ms, here).
   * Snapshots must come in their order; a later one with an earlier time means that the controller's clock was set back.
   */
  observe(at: number, monoMs: number): void {
    if (this.#lastAt !== null && at < this.#lastAt - STEP_BACK_MS) this.#offsets = [];
    this.#offsets.push(at - monoMs);
    if (this.#offsets.length > KEPT_SAMPLES) this.#offsets.shift();
    this.#lastAt = at;
    this.#lastSeenMono = monoMs;
  }

  /** UTC milliseconds at the controller now, or null before the first snapshot. The least delayed snapshot counts. */
  nowMs(monoMs: number): number | null {
    return this.#offsets.length === 0 ? null : monoMs + Math.max(...this.#offsets);
  }

  /** How old what is shown is: since it arrived, or since it was written, whichever is longer. Null before the first. */
  ageMs(monoMs: number): number | null {
    const now = this.nowMs(monoMs);
    if (now === null || this.#lastAt === null || this.#lastSeenMono === null) return null;
    return Math.max(monoMs - this.#lastSeenMono, now - this.#lastAt);
  }

  isStale(monoMs: number): boolean {
    const age = this.ageMs(monoMs);
    return age !== null && age > STALE_AFTER_MS;
  }
}
