/**
 * What a page on a wall is told: the views of one sign or display, pushed as they change and every second. What it last heard is
 * worth nothing once the link has been silent for three seconds.
 */
import { computed, signal } from '@preact/signals';
import { io, type Socket } from 'socket.io-client';
import type { ServerToSign, SignToServer } from '../../controller/api/contract.ts';
import type { ServerToDisplay } from '../../controller/api/contract-display.ts';
import { monoNow } from './beat.ts';
import { RECONNECT } from './reconnect.ts';
import { ServerClock } from './server-clock.ts';

const WATCH_AGAIN_MS = 3_000;
/** An answer that a push has overtaken is older news by less than this; what differs by more is a clock that was set back. */
const OVERTAKEN_MS = 1_000;

/** Which pushes belong to what is watched: the socket's namespace and its event have the same name. */
export type Wall = keyof ServerToSign | keyof ServerToDisplay;

export class WallLink<View extends { readonly at: number }> {
  readonly id: string;
  readonly view = signal<View | null>(null);
  /** Why this cannot be watched (unknown, taken), as a code; null when it can. */
  readonly refusal = signal<string | null>(null);
  /** True when nothing was heard yet, or for three seconds: the page must then claim nothing. */
  readonly silent = computed(() => this.view.value === null || this.#clock.isStale(monoNow.value));
  readonly serverNow = computed(() => (this.view.value === null ? null : this.#clock.nowMs(monoNow.value)));
  readonly #wall: Wall;
  readonly #idOf: (view: View) => string;
  readonly #clock = new ServerClock();
  readonly #socket: Socket<Record<Wall, (view: View) => void>, SignToServer>;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(wall: Wall, id: string, idOf: (view: View) => string) {
    this.#wall = wall;
    this.id = id;
    this.#idOf = idOf;
    this.#socket = io(`/${wall}`, { ...RECONNECT, autoConnect: false });
  }

  /** Connects and goes on connecting for ever; waits for nothing. */
  start(onReconnected: () => void): void {
    this.#socket.on('connect', () => {
      if (this.view.peek() !== null) onReconnected();
      this.#watch();
    });
    this.#socket.on(this.#wall, (view: View) => this.take(view));
    this.#socket.on('disconnect', (reason) => {
      // The library does not come back by itself when the server closed the connection on purpose, as in a restart.
      if (reason === 'io server disconnect') this.#socket.connect();
    });
    this.#socket.connect();
  }

  close(): void {
    clearTimeout(this.#retryTimer);
    this.#socket.removeAllListeners();
    this.#socket.disconnect();
  }

  /** Shows a view that came by push or as the answer to a request. */
  protected take(view: View): void {
    const shown = this.view.peek();
    const isOvertaken = shown !== null && view.at < shown.at && shown.at - view.at < OVERTAKEN_MS;
    if (this.#idOf(view) !== this.id || isOvertaken) return;
    this.#clock.observe(view.at, performance.now());
    monoNow.value = performance.now();
    this.view.value = view;
  }

  #watch(): void {
    this.#socket.emit('watch', this.id, (result) => {
      if (result.ok) return;
      this.refusal.value = result.error.code;
      this.#retryTimer = setTimeout(() => this.#watch(), WATCH_AGAIN_MS);
    });
  }
}
