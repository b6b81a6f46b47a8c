/**
 * The one transport of a review: a playhead in wall time that every stream follows. The playhead leads and the streams follow,
 * because each of them has its own holes; it waits when a stream must buffer, so that they stay in step.
 */
import { signal } from '@preact/signals';
import type { Follower } from './follower.ts';

const STEP_MS = 100;
/** A page in the background is called once a second at most; more than this was sleep and is not played. */
const LONGEST_STEP_MS = 2_000;

export const RATES = [0.5, 1, 1.5, 2, 4] as const;

export class Transport {
  /** The playhead, UTC ms. */
  readonly position = signal(0);
  readonly playing = signal(false);
  readonly rate = signal(1);
  /** True while playing waits for a stream. */
  readonly waiting = signal(false);
  readonly range = signal({ from: 0, to: 0 });
  readonly #followers = new Set<Follower>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #lastMono = 0;
  #placed = false;

  start(): void {
    this.#lastMono = performance.now();
    this.#timer = setInterval(() => this.#step(), STEP_MS);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  add(follower: Follower): void {
    this.#followers.add(follower);
  }

  remove(follower: Follower): void {
    this.#followers.delete(follower);
  }

  /** Sets the claim's time, UTC ms. The playhead starts at its beginning and stays where it is when the claim grows. */
  setRange(from: number, to: number): void {
    this.range.value = { from, to };
    this.seek(this.#placed ? this.position.peek() : from);
    this.#placed = true;
  }

  seek(wallMs: number): void {
    const { from, to } = this.range.peek();
    this.position.value = Math.max(from, Math.min(to, wallMs));
  }

  toggle(): void {
    const { from, to } = this.range.peek();
    if (!this.playing.peek() && this.position.peek() >= to) this.seek(from);
    this.playing.value = !this.playing.peek();
  }

  #step(): void {
    const mono = performance.now();
    const passedMs = Math.min(mono - this.#lastMono, LONGEST_STEP_MS);
    this.#lastMono = mono;
    const playing = this.playing.peek();
    // Each is asked, not only the first that says no: every follower counts its own waiting time.
    const unready = [...this.#followers].filter((follower) => !follower.ready(this.position.peek(), mono));
    this.waiting.value = playing && unready.length > 0;
    const moving = playing && unready.length === 0;
    if (moving) this.seek(this.position.peek() + passedMs * this.rate.peek());
    if (moving && this.position.peek() >= this.range.peek().to) this.playing.value = false;
    for (const follower of this.#followers) follower.follow(this.position.peek(), moving, this.rate.peek(), mono);
  }
}
