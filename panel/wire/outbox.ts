/**
 * Presses that are true at the moment of the finger: marks, “told”, “it is being spoken now”. They are shown at once as not yet
 * confirmed, sent in their order, and sent again until the controller answers, also after a reload of the page. Each says how long
 * ago the finger was, so that a slow network changes no time.
 */
import { signal } from '@preact/signals';
import type { Answer, Refusal } from './answer.ts';

export interface OutboxStore {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

/** What is to be sent: a path and a body, to which `agoMs` is added. `id` is the press. */
export interface Outgoing {
  readonly id: string;
  /** Who pressed: nothing is ever sent in the name of somebody who logged in later. */
  readonly person: string;
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** What it is, in the page's own words. */
  readonly what: 'mark' | 'told' | 'spoken';
  readonly session: string;
  /** Wall clock of this machine at the press; counts only when the page was loaded anew in between. */
  readonly pressedWall: number;
}

export type OutgoingState =
  | { readonly at: 'sending'; readonly tries: number }
  /** Answered; the next snapshot shows it. */
  | { readonly at: 'sent' }
  | { readonly at: 'refused'; readonly refusal: Refusal }
  /** Too old to be told truthfully any more. */
  | { readonly at: 'given-up' };

export interface OutboxItem extends Outgoing {
  readonly pressedMono: number;
  readonly state: OutgoingState;
}

const KEY = 'quancheng.unsent';
const RETRY_DELAY_MS = 1_000;
/** The controller takes no press that is older. */
export const TOO_LATE_MS = 10 * 60_000;
/** An answered press is forgotten after this; the snapshot has shown it long before. */
const FORGET_AFTER_MS = 5_000;
/** No hand presses as often in ten minutes without a network. */
const WAITING_MAX = 1_000;

/** Sends one body to one path of the controller. */
export type Post = (path: string, body: object) => Promise<Answer<unknown>>;

export class Outbox {
  readonly items = signal<readonly OutboxItem[]>([]);
  readonly #store: OutboxStore | null;
  readonly #person: string;
  readonly #post: Post;
  #running = false;
  #closed = false;

  constructor(person: string, post: Post, store: OutboxStore | null) {
    this.#person = person;
    this.#post = post;
    this.#store = store;
  }

  /** Takes up what an earlier page of the same person could not send. */
  start(): void {
    const nowMono = performance.now();
    const kept = this.#read()
      .filter((one) => one.person === this.#person)
      .map((one): OutboxItem => {
        const agoMs = Math.max(0, Date.now() - one.pressedWall);
        return { ...one, pressedMono: nowMono - agoMs, state: { at: 'sending', tries: 0 } };
      });
    if (kept.length === 0) return;
    this.items.value = [...kept, ...this.items.value];
    void this.#run();
  }

  close(): void {
    this.#closed = true;
  }

  /** True when the press was taken. `pressedMono` is the moment of the first press on the monotonic clock of this page. */
  put(out: Omit<Outgoing, 'person' | 'pressedWall'>, pressedMono = performance.now()): boolean {
    if (this.items.peek().filter(({ state }) => state.at === 'sending').length >= WAITING_MAX) return false;
    const pressedWall = Date.now() - (performance.now() - pressedMono);
    const item: OutboxItem = {
      ...out,
      ...{ person: this.#person, pressedWall, pressedMono, state: { at: 'sending', tries: 0 } },
    };
    this.items.value = [...this.items.peek(), item];
    this.#keep();
    void this.#run();
    return true;
  }

  /** Takes away what was refused or given up, once somebody has read it. */
  dismiss(id: string): void {
    this.items.value = this.items.peek().filter((one) => one.id !== id || one.state.at === 'sending');
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    for (;;) {
      const next = this.items.peek().find(({ state }) => state.at === 'sending');
      if (next === undefined || this.#closed) break;
      await this.#send(next);
    }
    this.#running = false;
  }

  async #send(item: OutboxItem): Promise<void> {
    const agoMs = Math.round(performance.now() - item.pressedMono);
    if (agoMs > TOO_LATE_MS) {
      this.#move(item.id, { at: 'given-up' });
      return;
    }
    const answer = await this.#post(item.path, { ...item.body, agoMs });
    if (answer.outcome === 'ok') {
      this.#move(item.id, { at: 'sent' });
      setTimeout(() => this.dismiss(item.id), FORGET_AFTER_MS);
      return;
    }
    // A login that ended is no answer to the press: it waits for the same person to log in again.
    if (answer.outcome === 'refused' && answer.status === 401) {
      this.#closed = true;
      return;
    }
    const isFinal =
      answer.outcome === 'refused' && answer.refusal.kind !== 'busy' && answer.refusal.kind !== 'unavailable';
    if (answer.outcome === 'refused' && isFinal) {
      this.#move(item.id, { at: 'refused', refusal: answer.refusal });
      return;
    }
    const tries = item.state.at === 'sending' ? item.state.tries + 1 : 1;
    this.#move(item.id, { at: 'sending', tries });
    await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY_MS));
  }

  #move(id: string, state: OutgoingState): void {
    this.items.value = this.items.peek().map((one) => (one.id === id ? { ...one, state } : one));
    this.#keep();
  }

  /** Others' unsent presses stay where they are. */
  #keep(): void {
    const others = this.#read().filter((one) => one.person !== this.#person);
    const mine = this.items
      .peek()
      .filter(({ state }) => state.at === 'sending')
      .map(({ pressedMono: _, state: __, ...out }): Outgoing => out);
    try {
      this.#store?.setItem(KEY, JSON.stringify([...others, ...mine]));
    } catch {
      // A full or forbidden storage costs the memory across a reload, nothing else.
    }
  }

  #read(): readonly Outgoing[] {
    try {
      const found: unknown = JSON.parse(this.#store?.getItem(KEY) ?? '[]');
      return Array.isArray(found)
        ? found.filter(isOutgoing).filter((one) => Date.now() - one.pressedWall < TOO_LATE_MS)
        : [];
    } catch {
      return [];
    }
  }
}

function isOutgoing(one: unknown): one is Outgoing {
  const { id, person, path, session, what, pressedWall } = (one ?? {}) as Partial<Record<keyof Outgoing, unknown>>;
  return [id, person, path, session, what].every((text) => typeof text === 'string') && typeof pressedWall === 'number';
}
