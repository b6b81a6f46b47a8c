/**
 * Tells the centre what happened beside segments, in the order of the journals. The site keeps no cursor: at each connection it asks how
 * far the centre knows each journal and goes on behind that, because only the centre knows what it has written down.
 */
import { sentenceOf } from '../core/errors.ts';
import { backoffMs, payloadBytesMax, type SiteTopics } from '../core/hrc.ts';
import {
  EVENT_JOURNALS,
  EVENTS_BYTES_MAX,
  EVENTS_MAX,
  type EventHeads,
  type EventList,
  type EventSource,
  type HrcEvent,
  readEventHeads,
} from '../core/hrc-events.ts';
import { JWS_CHARS_MAX } from '../core/jws.ts';
import type { Log } from '../core/ports.ts';
import { Bell } from './bell.ts';
import type { Conversation } from './conversation.ts';
import type { Line } from './line.ts';
import type { LinkState } from './link-state.ts';
import type { SiteSigner } from './signer.ts';

const IDLE_MS = 60_000;
/** A centre that does not answer, or does not know events, is asked ever seldomer. */
const RETRY_MAX_MS = 10 * 60_000;
/** Header and signature of a JWS, and the list around its items. */
const AROUND_CHARS = 512;
const ULID_CHARS = 26;

export interface EventFeedOptions {
  readonly site: string;
  readonly source: EventSource;
  readonly signer: SiteSigner;
  readonly conversation: Conversation;
  readonly line: Line;
  readonly topics: SiteTopics;
  readonly state: LinkState;
  readonly log: Log;
  /** Until what was not answered is told again; doubled each time. */
  readonly retryMs: number;
}

export class EventFeed {
  readonly #options: EventFeedOptions;
  readonly #bell = new Bell();
  /** What the centre said last that it knows; null when it has to be asked. */
  #known: EventHeads | null = null;
  #failures = 0;

  constructor(options: EventFeedOptions) {
    this.#options = options;
  }

  /** There may be something to tell. */
  look(): void {
    this.#bell.ring();
  }

  /** A centre of which nothing is known: it is asked first. */
  anew(): void {
    this.#known = null;
    this.#failures = 0;
    this.#bell.ring();
  }

  /** Tells until `signal`. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.#bell.ring(), { once: true });
    this.#options.source.onEvent(() => this.look());
    while (!signal.aborted) {
      let restMs = IDLE_MS;
      try {
        while (!signal.aborted && this.#options.state.ready && (await this.#tellNext()));
      } catch (error) {
        this.#options.log.warn({}, `events were not told: ${sentenceOf(error)}`);
        this.#failures += 1;
        restMs = backoffMs(this.#failures, this.#options.retryMs, RETRY_MAX_MS, 1);
      }
      await this.#bell.wait(restMs);
    }
  }

  /** False when there is nothing left to tell. */
  async #tellNext(): Promise<boolean> {
    const known = this.#known;
    if (known === null) {
      this.#known = await this.#say({ journal: 'site', after: 0, items: [] });
      return true;
    }
    for (const journal of EVENT_JOURNALS) {
      const items = this.#fitting(this.#options.source.events(journal, known[journal], EVENTS_MAX));
      if (items.length === 0) continue;
      const heads = await this.#say({ journal, after: known[journal], items });
      const last = items.at(-1)?.seq ?? 0;
      if (heads[journal] < last) throw new Error(`the centre took events up to ${heads[journal]}, told were ${last}`);
      this.#known = heads;
      return true;
    }
    return false;
  }

  async #say(list: Pick<EventList, 'journal' | 'after' | 'items'>): Promise<EventHeads> {
    const { site, signer, conversation } = this.#options;
    const payload: EventList = { v: 1, site, ...list };
    const answer = await conversation.request({ type: 'events', jws: signer.sign('hrc-event', payload) });
    const heads = readEventHeads(answer);
    if (heads === null) throw new Error(answer === null ? 'no answer' : 'an answer that cannot be read');
    this.#failures = 0;
    return heads;
  }

  /** As many as go into one message; at least one, which the smallest packet of this protocol takes. */
  #fitting(events: readonly HrcEvent[]): readonly HrcEvent[] {
    const { line, topics } = this.#options;
    const topicBytes = topics.request('').length + ULID_CHARS;
    const chars = payloadBytesMax(JWS_CHARS_MAX, null, line.maximumPacketBytes, topicBytes) - AROUND_CHARS;
    // Base64 makes four characters of three bytes.
    let room = Math.min(EVENTS_BYTES_MAX, Math.floor((chars * 3) / 4));
    const fit = events.findIndex((event) => {
      room -= Buffer.byteLength(JSON.stringify(event)) + 1;
      return room < 0;
    });
    return fit < 0 ? events : events.slice(0, Math.max(1, fit));
  }
}
