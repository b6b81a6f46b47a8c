/**
 * One press of the big button, from the finger to the controller's answer. A press has one id for its whole life:
 * when the network fails it is repeated with the same id, so that two deliveries are still one session.
 */
import { signal } from '@preact/signals';
import type { SessionView } from '../../controller/api/contract-session.ts';
import type { Answer, Refusal } from '../wire/rest.ts';

export type PressPhase =
  | { readonly at: 'rest' }
  /** Sent, no answer yet; `tries` grows when it had to be repeated. */
  | { readonly at: 'asking'; readonly act: 'start' | 'stop'; readonly tries: number }
  /** Accepted; the next snapshot will show it. */
  | { readonly at: 'settling'; readonly act: 'start' | 'stop' }
  | { readonly at: 'refused'; readonly refusal: Refusal }
  /** Given up; it may or may not have arrived. */
  | { readonly at: 'undelivered'; readonly act: 'start' | 'stop' };

const RETRY_DELAY_MS = 1_000;
/** A press is not repeated for longer: a start that arrives minutes later would surprise everybody in the room. */
const GIVE_UP_AFTER_MS = 30_000;
const SETTLE_LIMIT_MS = 4_000;
const LOOK_EVERY_MS = 50;

/** A random id for one press. `crypto.randomUUID` is missing on plain-http origins, `getRandomValues` is not. */
export function newPressId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export class Press {
  readonly phase = signal<PressPhase>({ at: 'rest' });
  #closed = false;

  get underWay(): boolean {
    return this.phase.value.at === 'asking' || this.phase.value.at === 'settling';
  }

  /**
   * Sends until answered. `reached` reads the latest snapshot: as soon as that shows what was asked for, nothing is repeated.
   */
  async run(act: 'start' | 'stop', send: () => Promise<Answer<SessionView>>, reached: () => boolean): Promise<void> {
    if (this.phase.peek().at === 'asking' || this.phase.peek().at === 'settling') return;
    const startedMono = performance.now();
    for (let tries = 1; !this.#closed; tries += 1) {
      this.phase.value = { at: 'asking', act, tries };
      const answer = await send();
      if (answer.outcome === 'ok' || reached()) return this.#settle(act, reached);
      if (answer.outcome === 'refused') {
        this.phase.value = { at: 'refused', refusal: answer.refusal };
        return;
      }
      this.phase.value = { at: 'asking', act, tries: tries + 1 };
      if (await this.#waitFor(reached, RETRY_DELAY_MS)) return this.#settle(act, reached);
      if (performance.now() - startedMono > GIVE_UP_AFTER_MS) {
        this.phase.value = { at: 'undelivered', act };
        return;
      }
    }
  }

  dismiss(): void {
    if (!this.underWay) this.phase.value = { at: 'rest' };
  }

  close(): void {
    this.#closed = true;
  }

  /** The button stays shut until the snapshot agrees, so that an old snapshot never invites a second press. */
  async #settle(act: 'start' | 'stop', reached: () => boolean): Promise<void> {
    this.phase.value = { at: 'settling', act };
    await this.#waitFor(reached, SETTLE_LIMIT_MS);
    this.phase.value = { at: 'rest' };
  }

  async #waitFor(reached: () => boolean, limitMs: number): Promise<boolean> {
    const untilMono = performance.now() + limitMs;
    while (!reached() && !this.#closed && performance.now() < untilMono) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
    return reached();
  }
}
