/**
 * One press from the finger to the controller's answer. A press has one id for its whole life: when the network fails it is
 * repeated with the same id, so that two deliveries are still one thing.
 */
import { signal } from '@preact/signals';
import type { Answer, Refusal } from '../wire/rest.ts';

export type PressPhase<Act extends string> =
  | { readonly at: 'rest' }
  /** Sent, no answer yet; `tries` grows when it had to be repeated. */
  | { readonly at: 'asking'; readonly act: Act; readonly tries: number }
  /** Accepted; the next snapshot will show it. */
  | { readonly at: 'settling'; readonly act: Act }
  | { readonly at: 'refused'; readonly act: Act; readonly refusal: Refusal }
  /** Given up; it may or may not have arrived. */
  | { readonly at: 'undelivered'; readonly act: Act };

const RETRY_DELAY_MS = 1_000;
/** A press is not repeated for longer: a start that arrives minutes later would surprise everybody in the room. */
const GIVE_UP_AFTER_MS = 30_000;
const SETTLE_LIMIT_MS = 4_000;
const LOOK_EVERY_MS = 50;

export class Press<Act extends string> {
  readonly phase = signal<PressPhase<Act>>({ at: 'rest' });
  #closed = false;

  get underWay(): boolean {
    return this.phase.value.at === 'asking' || this.phase.value.at === 'settling';
  }

  /**
   * Sends until answered, and answers true when it was accepted. `reached` reads the latest snapshot: as soon as that shows what was
   * asked for, nothing is repeated. Null where no snapshot will show it.
   */
  async run(
    act: Act,
    send: () => Promise<Answer<unknown>>,
    isReached: (() => boolean) | null = null,
  ): Promise<boolean> {
    const reached = isReached ?? (() => false);
    const before = this.phase.peek().at;
    if (before === 'asking' || before === 'settling') return false;
    const startedMono = performance.now();
    for (let tries = 1; !this.#closed; tries += 1) {
      this.phase.value = { at: 'asking', act, tries };
      const answer = await send();
      if (answer.outcome === 'ok' || reached()) return this.#settle(act, isReached);
      if (answer.outcome === 'refused') {
        this.phase.value = { at: 'refused', act, refusal: answer.refusal };
        return false;
      }
      this.phase.value = { at: 'asking', act, tries: tries + 1 };
      if (await this.#waitFor(reached, RETRY_DELAY_MS)) return this.#settle(act, isReached);
      if (performance.now() - startedMono > GIVE_UP_AFTER_MS) {
        this.phase.value = { at: 'undelivered', act };
        return false;
      }
    }
    return false;
  }

  dismiss(): void {
    if (!this.underWay) this.phase.value = { at: 'rest' };
  }

  close(): void {
    this.#closed = true;
  }

  /** Shut until the snapshot agrees, so that an old snapshot never invites a second press. */
  async #settle(act: Act, reached: (() => boolean) | null): Promise<true> {
    if (reached !== null) {
      this.phase.value = { at: 'settling', act };
      await this.#waitFor(reached, SETTLE_LIMIT_MS);
    }
    this.phase.value = { at: 'rest' };
    return true;
  }

  async #waitFor(reached: () => boolean, limitMs: number): Promise<boolean> {
    const untilMono = performance.now() + limitMs;
    while (!reached() && !this.#closed && performance.now() < untilMono) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
    return reached();
  }
}
