/** Keeps a sign informed. What it last heard is worth nothing once the link has been silent for three seconds. */
import { computed, signal } from '@preact/signals';
import { io, type Socket } from 'socket.io-client';
import type { ServerToSign, SignToServer, SignView } from '../../controller/api/contract.ts';
import { monoNow } from './beat.ts';
import { RECONNECT } from './reconnect.ts';
import { ServerClock } from './server-clock.ts';

const WATCH_AGAIN_MS = 3_000;

export class SignLink {
  readonly room: string;
  readonly view = signal<SignView | null>(null);
  readonly #clock = new ServerClock();
  readonly #socket: Socket<ServerToSign, SignToServer>;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;

  /** True when nothing was heard yet, or for three seconds: the sign must then claim nothing. */
  readonly silent = computed(() => this.view.value === null || this.#clock.isStale(monoNow.value));
  readonly serverNow = computed(() => (this.view.value === null ? null : this.#clock.nowMs(monoNow.value)));

  constructor(room: string) {
    this.room = room;
    this.#socket = io('/sign', { ...RECONNECT, autoConnect: false });
  }

  start(onReconnected: () => void): void {
    this.#socket.on('connect', () => {
      if (this.view.peek() !== null) onReconnected();
      this.#watch();
    });
    this.#socket.on('sign', (view) => {
      if (view.room.id !== this.room) return;
      this.#clock.observe(view.at, performance.now());
      monoNow.value = performance.now();
      this.view.value = view;
    });
    this.#socket.on('disconnect', (reason) => {
      if (reason === 'io server disconnect') this.#socket.connect();
    });
    this.#socket.connect();
  }

  close(): void {
    clearTimeout(this.#retryTimer);
    this.#socket.removeAllListeners();
    this.#socket.disconnect();
  }

  #watch(): void {
    this.#socket.emit('watch', this.room, (result) => {
      if (!result.ok) this.#retryTimer = setTimeout(() => this.#watch(), WATCH_AGAIN_MS);
    });
  }
}
