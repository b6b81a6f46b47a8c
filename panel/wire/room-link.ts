/** Keeps one room's snapshots coming for as long as the clerk's page is open, and wakes the room while it is looked at. */
import { computed, signal } from '@preact/signals';
import { io, type Socket } from 'socket.io-client';
import type { PanelToServer, RoomView, ServerToPanel } from '../../controller/api/contract.ts';
import { monoNow } from './beat.ts';
import { RECONNECT } from './reconnect.ts';
import { type Refusal, wakeRoom } from './rest.ts';
import { ServerClock } from './server-clock.ts';

const WAKE_EVERY_MS = 20_000;
/** A refused wake (a controller that has just started, say) is not waited for as long as an accepted one. */
const WAKE_AGAIN_MS = 2_000;
const TRY_AGAIN_MS = 2_000;

export class RoomLink {
  readonly room: string;
  /** The latest snapshot, or null before the first. */
  readonly view = signal<RoomView | null>(null);
  /** Why this room cannot be watched at all (unknown, not one's own), or null. */
  readonly refusal = signal<Refusal | null>(null);
  readonly #clock = new ServerClock();
  readonly #socket: Socket<ServerToPanel, PanelToServer>;
  #revision = -1;
  #wakeTimer: ReturnType<typeof setTimeout> | undefined;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  /** True when no snapshot told us anything for three seconds. */
  readonly stale = computed(() => this.view.value !== null && this.#clock.isStale(monoNow.value));
  /** UTC milliseconds at the controller, or null before the first snapshot. */
  readonly serverNow = computed(() => (this.view.value === null ? null : this.#clock.nowMs(monoNow.value)));

  constructor(room: string) {
    this.room = room;
    this.#socket = io({ ...RECONNECT, autoConnect: false });
  }

  /** Connects and goes on connecting for ever; waits for nothing. `onLoggedOut` is called when the login ended. */
  start(onLoggedOut: () => void, onReconnected: () => void): void {
    this.#socket.on('connect', () => {
      this.#revision = -1;
      if (this.view.peek() !== null) onReconnected();
      this.#watch();
    });
    this.#socket.on('room', (view) => this.#take(view));
    this.#socket.on('logged-out', onLoggedOut);
    this.#socket.on('connect_error', () => {
      // A refusal by the server's own gate (no login) ends the library's retries; a lost server does not.
      if (!this.#socket.active) this.#later(() => this.#socket.connect());
    });
    this.#socket.on('disconnect', (reason) => {
      // The library does not come back by itself when the server closed the connection on purpose, as in a restart.
      if (reason === 'io server disconnect') this.#socket.connect();
    });
    this.#socket.connect();
    document.addEventListener('visibilitychange', this.#onVisible);
    void this.#wake();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#retryTimer);
    document.removeEventListener('visibilitychange', this.#onVisible);
    clearTimeout(this.#wakeTimer);
    this.#wakeTimer = undefined;
    this.#socket.removeAllListeners();
    this.#socket.disconnect();
  }

  #watch(): void {
    this.#socket.emit('watch', this.room, (result) => {
      this.refusal.value = result.ok ? null : result.error;
      if (!result.ok) this.#later(() => this.#watch());
    });
  }

  #later(act: () => void): void {
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(() => {
      if (!this.#closed) act();
    }, TRY_AGAIN_MS);
  }

  #take(view: RoomView): void {
    if (view.room.id !== this.room || view.revision < this.#revision) return;
    this.#revision = view.revision;
    this.#clock.observe(view.at, performance.now());
    this.refusal.value = null;
    monoNow.value = performance.now();
    this.view.value = view;
  }

  readonly #onVisible = (): void => {
    if (document.visibilityState === 'visible') void this.#wake();
  };

  async #wake(): Promise<void> {
    clearTimeout(this.#wakeTimer);
    if (document.visibilityState !== 'visible') return;
    // Set before asking, so that a close() while we wait has a timer to cancel and two wakes never run side by side.
    const mine = setTimeout(() => void this.#wake(), WAKE_EVERY_MS);
    this.#wakeTimer = mine;
    const answer = await wakeRoom(this.room);
    if (this.#wakeTimer !== mine) return;
    if (answer.outcome === 'ok') {
      if (this.view.peek() === null) this.#take(answer.value);
      return;
    }
    if (answer.outcome === 'refused' && this.view.peek() === null) this.refusal.value = answer.refusal;
    clearTimeout(mine);
    this.#wakeTimer = setTimeout(() => void this.#wake(), WAKE_AGAIN_MS);
  }
}
