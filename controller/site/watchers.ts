/** Tells watchers what a room looks like: at each change, gathered over a tenth of a second, and once a second whatever happens. */
import { setTimeout as delay } from 'node:timers/promises';
import { sentenceOf } from '../core/errors.ts';
import type { Log } from '../core/ports.ts';
import { between, type Clock, type Instant } from '../core/time.ts';

const GATHER_MS = 100;
const AT_LEAST_MS = 1_000;

interface Watcher {
  readonly room: string;
  readonly show: () => void;
}

export interface WatchersOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Changes when mere time changed what is to be seen. */
  readonly pulse: (room: string) => string;
}

export class Watchers {
  readonly #options: WatchersOptions;
  readonly #watchers = new Set<Watcher>();
  readonly #changed = new Set<string>();
  readonly #shown = new Map<string, { readonly at: Instant; readonly pulse: string }>();
  readonly #end = new AbortController();
  #loop: Promise<void> | null = null;

  constructor(options: WatchersOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loop = this.#run();
  }

  async close(): Promise<void> {
    this.#end.abort();
    this.#watchers.clear();
    await this.#loop;
  }

  /** Shows the room at once and from then on; answers how to stop. */
  watch(room: string, show: () => void): () => void {
    const watcher: Watcher = { room, show };
    this.#watchers.add(watcher);
    show();
    return () => {
      this.#watchers.delete(watcher);
    };
  }

  /** The room, or every room, is not what it was. */
  changed(room?: string): void {
    for (const one of room === undefined ? this.#rooms() : [room]) this.#changed.add(one);
  }

  async #run(): Promise<void> {
    while (!this.#end.signal.aborted) {
      await delay(GATHER_MS, undefined, { signal: this.#end.signal, ref: false }).catch(() => undefined);
      for (const room of this.#rooms()) {
        try {
          this.#look(room);
        } catch (error) {
          this.#options.log.error({ room, why: sentenceOf(error) }, 'a room could not be shown');
        }
      }
    }
  }

  #look(room: string): void {
    const now = this.#options.clock.now();
    const pulse = this.#options.pulse(room);
    const shown = this.#shown.get(room);
    const isDue = shown === undefined || pulse !== shown.pulse || between(shown.at, now) >= AT_LEAST_MS - GATHER_MS / 2;
    if (!isDue && !this.#changed.has(room)) return;
    this.#changed.delete(room);
    this.#shown.set(room, { at: now, pulse });
    for (const watcher of [...this.#watchers]) if (watcher.room === room) watcher.show();
  }

  #rooms(): ReadonlySet<string> {
    return new Set([...this.#watchers].map((watcher) => watcher.room));
  }
}
