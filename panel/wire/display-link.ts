/**
 * Keeps a display informed and says what it has painted. Views come by socket and with every answer; acknowledgements go by request,
 * so that a socket which still stands while nothing gets through is no proof of anything.
 */
import { computed, signal } from '@preact/signals';
import { io, type Socket } from 'socket.io-client';
import type { SignToServer } from '../../controller/api/contract.ts';
import type {
  DisplayView,
  PaintedRequest,
  ServerToDisplay,
  SpokenRequest,
} from '../../controller/api/contract-display.ts';
import { holderOf } from '../sign/holder.ts';
import { monoNow } from './beat.ts';
import { RECONNECT } from './reconnect.ts';
import { type Answer, sayPainted, saySpoken } from './rest.ts';
import { ServerClock } from './server-clock.ts';

const WATCH_AGAIN_MS = 3_000;

export class DisplayLink {
  readonly display: string;
  readonly view = signal<DisplayView | null>(null);
  /** Why this page is not the display (unknown, taken), as a code; null when it is. */
  readonly refusal = signal<string | null>(null);
  readonly #holder = holderOf();
  readonly #clock = new ServerClock();
  readonly #socket: Socket<ServerToDisplay, SignToServer>;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;

  /** True when nothing was heard yet, or for three seconds: the display must then claim nothing. */
  readonly silent = computed(() => this.view.value === null || this.#clock.isStale(monoNow.value));
  readonly serverNow = computed(() => (this.view.value === null ? null : this.#clock.nowMs(monoNow.value)));

  constructor(display: string) {
    this.display = display;
    this.#socket = io('/display', { ...RECONNECT, autoConnect: false });
  }

  start(onReconnected: () => void): void {
    this.#socket.on('connect', () => {
      if (this.view.peek() !== null) onReconnected();
      this.#watch();
    });
    this.#socket.on('display', (view) => this.#take(view));
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

  async painted(painted: Omit<PaintedRequest, 'holder'>): Promise<void> {
    this.#answered(await sayPainted(this.display, { ...painted, holder: this.#holder }));
  }

  async spoken(spoken: Omit<SpokenRequest, 'holder'>): Promise<void> {
    this.#answered(await saySpoken(this.display, { ...spoken, holder: this.#holder }));
  }

  #answered(answer: Answer<DisplayView>): void {
    if (answer.outcome === 'ok') {
      this.refusal.value = null;
      this.#take(answer.value);
    } else if (answer.outcome === 'refused') {
      this.refusal.value = answer.refusal.code;
    }
  }

  #take(view: DisplayView): void {
    // An answer that was overtaken by a push is older news; a clock that was set back is not.
    const shown = this.view.peek();
    if (view.display.id !== this.display || (shown !== null && view.at < shown.at && shown.at - view.at < 1_000))
      return;
    this.#clock.observe(view.at, performance.now());
    monoNow.value = performance.now();
    this.view.value = view;
  }

  #watch(): void {
    this.#socket.emit('watch', this.display, (result) => {
      if (!result.ok) {
        this.refusal.value = result.error.code;
        this.#retryTimer = setTimeout(() => this.#watch(), WATCH_AGAIN_MS);
      }
    });
  }
}
