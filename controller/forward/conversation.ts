/**
 * What the site and the centre tell each other about segments before bytes are sent: announcements, and questions for receipts.
 * Both go in batches, and what was said is remembered only as long as the centre can be thought to remember it.
 */
import { randomBytes } from 'node:crypto';
import {
  ANNOUNCE_BATCH,
  ANNOUNCE_BYTES_MAX,
  type Announcement,
  payloadBytesMax,
  QUERY_BATCH,
  type RouteName,
  type SiteTopics,
} from '../core/hrc.ts';
import { readSegs } from '../core/hrc-reading.ts';
import type { Outbox, OutboxItem } from '../core/ports.ts';
import type { Clock } from '../core/time.ts';
import { ULID_RANDOM_BYTES, ulid } from '../core/ulid.ts';
import { pause } from './flight.ts';
import type { Line } from './line.ts';
import { Unfit } from './routes/chunks.ts';

const ANNOUNCE_EXPIRY_S = 7 * 24 * 3_600;
const REQUEST_EXPIRY_S = 300;

type Fields = { readonly [name: string]: unknown };

export interface ConversationOptions {
  readonly line: Line;
  readonly topics: SiteTopics;
  readonly outbox: Outbox;
  readonly clock: Clock;
  /** How long an answer is waited for. */
  readonly responseMs: number;
}

export class Conversation {
  readonly #options: ConversationOptions;
  readonly #requests = new Map<string, (answer: Fields | null) => void>();
  #announced = new Set<string>();
  #missing = new Set<string>();
  /** Numbers up to this one may have been sent before the present connection. */
  #oldUntilSeq = 0;
  #asking: Promise<void> | null = null;

  constructor(options: ConversationOptions) {
    this.#options = options;
  }

  /** After a break on either side: the centre may have more, or remember less, than was thought. */
  forget(): void {
    this.#announced = new Set();
    this.#missing = new Set();
    this.#oldUntilSeq = this.#options.outbox.lastSiteSeq();
    this.giveUp();
  }

  /** Ends the waiting of every question. */
  giveUp(): void {
    for (const answer of this.#requests.values()) answer(null);
  }

  /** A segment is settled, or begun anew: what was said about it no longer counts. */
  forgetSegment(seg: string): void {
    this.#announced.delete(seg);
    this.#missing.delete(seg);
  }

  /** The centre may have it from before this connection. */
  isOld(item: OutboxItem): boolean {
    return item.siteSeq <= this.#oldUntilSeq;
  }

  /** Tells the centre about a segment, and about those behind it that fit into the same message. Rejects with {@link Unfit}. */
  async announce(item: OutboxItem, route: RouteName): Promise<void> {
    if (this.#announced.has(item.segment.seg)) return;
    const { outbox } = this.#options;
    const behind = outbox.pending(item.siteSeq, ANNOUNCE_BATCH - 1);
    const due = [item, ...behind].filter(({ segment }) => !this.#announced.has(segment.seg));
    const announced = this.#announced;
    const told = await this.tellOf(due.map((one) => ({ item: one, state: 'queued', route })));
    for (const { segment } of due.slice(0, told)) announced.add(segment.seg);
  }

  /**
   * Announces as many of these (at most {@link ANNOUNCE_BATCH}) as fit into one message; answers how many that were. Rejects with
   * {@link Unfit} when not even the first one does.
   */
  async tellOf(
    list: readonly { readonly item: OutboxItem; readonly state: Announcement['state']; readonly route?: RouteName }[],
  ): Promise<number> {
    const { line, topics } = this.#options;
    const bytesMax = payloadBytesMax(ANNOUNCE_BYTES_MAX, null, line.maximumPacketBytes, topics.seg.length);
    const parts: string[] = [];
    let bytes = 2;
    for (const { item, state, route } of list.slice(0, ANNOUNCE_BATCH)) {
      const { siteSeq, jws } = item;
      const announcement: Announcement = { v: 1, siteSeq, state, ...(route === undefined ? {} : { route }), jws };
      const part = JSON.stringify(announcement);
      bytes += part.length + 1;
      if (bytes > bytesMax) break;
      parts.push(part);
    }
    if (parts.length === 0)
      throw new Unfit(`the broker takes packets of ${line.maximumPacketBytes} bytes only; a manifest does not fit`);
    await line.publish(topics.seg, `[${parts.join(',')}]`, { expiryS: ANNOUNCE_EXPIRY_S });
    return parts.length;
  }

  /**
   * Asks the centre for the receipt of a segment, and of those behind it that may have been sent before. Resolves with false when
   * the centre does not answer. Receipts that it has come by themselves, before the answer.
   */
  async ask(item: OutboxItem): Promise<boolean> {
    const { seg } = item.segment;
    while (this.#asking !== null) await this.#asking;
    if (this.#missing.has(seg)) return true;
    const behind = this.#options.outbox
      .pending(item.siteSeq, QUERY_BATCH - 1)
      .filter((other) => this.isOld(other) && !this.#missing.has(other.segment.seg));
    const asked = this.request({
      type: 'receipts.query',
      segs: [seg, ...behind.map((other) => other.segment.seg)],
    });
    this.#asking = asked.then(
      () => undefined,
      () => undefined,
    );
    try {
      const missing = this.#missing;
      const unknown = readSegs((await asked)?.['unknown'], QUERY_BATCH);
      for (const other of unknown ?? []) missing.add(other);
      return unknown !== null;
    } finally {
      this.#asking = null;
    }
  }

  /** The centre's answer to request `id`. */
  answered(id: string, answer: Fields): void {
    this.#requests.get(id)?.(answer);
  }

  /** Asks the centre for something and waits for the answer; null when none comes in time, or the connection goes. */
  async request(what: Fields): Promise<Fields | null> {
    const id = this.#newId();
    const over = new AbortController();
    let answer: Fields | null = null;
    this.#requests.set(id, (given) => {
      answer = given;
      over.abort();
    });
    try {
      await this.#say(id, what);
      await pause(this.#options.responseMs, over.signal);
      return answer;
    } finally {
      this.#requests.delete(id);
    }
  }

  /** Tells the centre something that needs no answer. */
  tell(what: Fields): Promise<void> {
    return this.#say(this.#newId(), what);
  }

  async #say(id: string, what: Fields): Promise<void> {
    const { line, topics } = this.#options;
    await line.publish(topics.request(id), JSON.stringify({ v: 1, ...what }), { expiryS: REQUEST_EXPIRY_S });
  }

  #newId(): string {
    return ulid(this.#options.clock.now().wallMs, randomBytes(ULID_RANDOM_BYTES));
  }
}
