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
  type SiteTopics,
} from '../core/hrc.ts';
import type { Outbox, OutboxItem } from '../core/ports.ts';
import type { Clock } from '../core/time.ts';
import { ULID_RANDOM_BYTES, ulid } from '../core/ulid.ts';
import { pause } from './flight.ts';
import type { Line } from './line.ts';
import { Unfit } from './transfer.ts';

const ANNOUNCE_EXPIRY_S = 7 * 24 * 3_600;
const REQUEST_EXPIRY_S = 300;

export interface ConversationOptions {
  readonly line: Line;
  readonly topics: SiteTopics;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly route: 'B';
  /** How long an answer is waited for. */
  readonly responseMs: number;
}

export class Conversation {
  readonly #options: ConversationOptions;
  readonly #requests = new Map<string, (unknown: readonly string[] | null) => void>();
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
  async announce(item: OutboxItem): Promise<void> {
    if (this.#announced.has(item.segment.seg)) return;
    const { line, topics, outbox, route } = this.#options;
    const bytesMax = payloadBytesMax(ANNOUNCE_BYTES_MAX, null, line.maximumPacketBytes, topics.seg.length);
    const parts: string[] = [];
    const segs: string[] = [];
    let bytes = 2;
    for (const { segment, siteSeq, jws } of [item, ...outbox.pending(item.siteSeq, ANNOUNCE_BATCH - 1)]) {
      if (this.#announced.has(segment.seg)) continue;
      const announcement: Announcement = { v: 1, siteSeq, state: 'queued', route, jws };
      const part = JSON.stringify(announcement);
      bytes += part.length + 1;
      if (bytes > bytesMax) break;
      parts.push(part);
      segs.push(segment.seg);
    }
    if (segs.length === 0)
      throw new Unfit(`the broker takes packets of ${line.maximumPacketBytes} bytes only; a manifest does not fit`);
    const announced = this.#announced;
    await line.publish(topics.seg, `[${parts.join(',')}]`, { expiryS: ANNOUNCE_EXPIRY_S });
    for (const seg of segs) announced.add(seg);
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
    const asked = this.#request([seg, ...behind.map((other) => other.segment.seg)]);
    this.#asking = asked.then(
      () => undefined,
      () => undefined,
    );
    try {
      const missing = this.#missing;
      const unknown = await asked;
      for (const other of unknown ?? []) missing.add(other);
      return unknown !== null;
    } finally {
      this.#asking = null;
    }
  }

  /** The centre's answer to question `id`: what it does not have. */
  answered(id: string, unknown: readonly string[]): void {
    this.#requests.get(id)?.(unknown);
  }

  async #request(segs: readonly string[]): Promise<readonly string[] | null> {
    const { line, topics, clock, responseMs } = this.#options;
    const id = ulid(clock.now().wallMs, randomBytes(ULID_RANDOM_BYTES));
    const over = new AbortController();
    let answer: readonly string[] | null = null;
    this.#requests.set(id, (unknown) => {
      answer = unknown;
      over.abort();
    });
    try {
      const body = JSON.stringify({ v: 1, type: 'receipts.query', segs });
      await line.publish(topics.request(id), body, { expiryS: REQUEST_EXPIRY_S });
      await pause(responseMs, over.signal);
      return answer;
    } finally {
      this.#requests.delete(id);
    }
  }
}
