/** Asks how the streams of a room look and sound for as long as somebody looks at the page; nothing is decoded while nobody asks. */
import { signal } from '@preact/signals';
import type { GlanceView } from '../../controller/api/contract-display.ts';
import { getGlance } from './clerk-rest.ts';

const EVERY_MS = 2_000;
/** A controller that has no glances, or none for this person, is asked seldom. */
const REFUSED_EVERY_MS = 30_000;

export class GlanceLink {
  readonly view = signal<GlanceView | null>(null);
  readonly #room: string;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(room: string) {
    this.#room = room;
  }

  start(): void {
    void this.#ask();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #ask(): Promise<void> {
    let nextMs = EVERY_MS;
    if (document.visibilityState === 'visible') {
      const answer = await getGlance(this.#room);
      if (this.#closed) return;
      if (answer.outcome === 'ok') this.view.value = answer.value;
      else {
        this.view.value = null;
        if (answer.outcome === 'refused') nextMs = REFUSED_EVERY_MS;
      }
    }
    this.#timer = setTimeout(() => void this.#ask(), nextMs);
  }
}
