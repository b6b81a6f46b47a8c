/** Wakes a loop: rung while nobody waits, the next wait ends at once. */
import { setTimeout as sleep } from 'node:timers/promises';

export class Bell {
  #rung = false;
  #waiting: AbortController | null = null;

  ring(): void {
    this.#rung = true;
    this.#waiting?.abort();
  }

  /** Resolves at the next ring, or after `ms`. */
  async wait(ms: number): Promise<void> {
    if (!this.#rung) {
      this.#waiting = new AbortController();
      await sleep(ms, undefined, { signal: this.#waiting.signal }).catch(() => undefined);
      this.#waiting = null;
    }
    this.#rung = false;
  }
}
