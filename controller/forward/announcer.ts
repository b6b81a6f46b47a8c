/**
 * Tells a centre that keeps announcements about everything that waits, right after it came and then as segments are sealed: it knows
 * what it will get, finds numbers that are missing, and can ask for any of it. Also says again what the centre asks for.
 */
import { AppError, sentenceOf } from '../core/errors.ts';
import { ANNOUNCE_BATCH, type Announcement } from '../core/hrc.ts';
import type { Log, Outbox, OutboxItem } from '../core/ports.ts';
import { Bell } from './bell.ts';
import type { Conversation } from './conversation.ts';
import { pause } from './flight.ts';
import type { LinkState } from './link-state.ts';
import { Unfit } from './routes/chunks.ts';

const IDLE_MS = 60_000;
const AFTER_FAILURE_MS = 5_000;
/** Between two messages: a backlog of days is told within minutes, and control messages of others get through meanwhile. */
const BETWEEN_MS = 20;

export interface AnnouncerOptions {
  readonly outbox: Outbox;
  readonly conversation: Conversation;
  readonly state: LinkState;
  readonly log: Log;
}

export class Announcer {
  readonly #options: AnnouncerOptions;
  readonly #bell = new Bell();
  #toldUpTo = 0;

  constructor(options: AnnouncerOptions) {
    this.#options = options;
  }

  /** There may be something to tell. */
  look(): void {
    this.#bell.ring();
  }

  /** A centre that may know nothing: from the beginning. */
  anew(): void {
    this.#toldUpTo = 0;
    this.#bell.ring();
  }

  /** Announces until `signal`. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { state, log } = this.#options;
    signal.addEventListener('abort', () => this.#bell.ring(), { once: true });
    while (!signal.aborted) {
      let restMs = IDLE_MS;
      try {
        while (!signal.aborted && state.ready && state.document?.announce === 'all' && (await this.#tellNext()))
          await pause(BETWEEN_MS, signal);
      } catch (error) {
        const isLost = error instanceof AppError && error.code === 'broker-away';
        if (!isLost && !(error instanceof Unfit)) log.warn({}, `the backlog was not announced: ${sentenceOf(error)}`);
        restMs = isLost ? IDLE_MS : AFTER_FAILURE_MS;
      }
      await this.#bell.wait(restMs);
    }
  }

  /** Says again what was sealed with these numbers, receipted or not. Answers how many that were. Rejects with `broker-away`. */
  async replay(fromSiteSeq: number, toSiteSeq: number): Promise<number> {
    const { outbox } = this.#options;
    let told = 0;
    for (let from = fromSiteSeq; from <= toSiteSeq; ) {
      const items = outbox.sealed(from, toSiteSeq, ANNOUNCE_BATCH);
      const last = items[(await this.#tell(items)) - 1];
      if (last === undefined) return told;
      told += items.indexOf(last) + 1;
      from = last.siteSeq + 1;
    }
    return told;
  }

  async #tellNext(): Promise<boolean> {
    const items = this.#options.outbox.pending(this.#toldUpTo, ANNOUNCE_BATCH);
    const last = items[(await this.#tell(items)) - 1];
    if (last === undefined) return false;
    this.#toldUpTo = last.siteSeq;
    return true;
  }

  async #tell(items: readonly OutboxItem[]): Promise<number> {
    if (items.length === 0) return 0;
    const { outbox, conversation } = this.#options;
    const stateOf = ({ segment: { seg } }: OutboxItem): Announcement['state'] =>
      outbox.isPurged(seg) ? 'purged' : outbox.isReceipted(seg) ? 'sent' : 'local';
    return conversation.tellOf(items.map((item) => ({ item, state: stateOf(item) })));
  }
}
