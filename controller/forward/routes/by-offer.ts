/**
 * Route D: the centre pulls. The site says where a file lies and gives a token that opens this file for a quarter of an hour; the
 * centre fetches it by HTTP with ranges. Only where the centre can reach the site.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { OutboxItem } from '../../core/ports.ts';
import type { SegmentPull } from '../../core/site-archive.ts';
import type { Clock } from '../../core/time.ts';
import type { Conversation } from '../conversation.ts';
import { pause } from '../flight.ts';
import { type Route, RouteFailed, type SendOrder } from './route.ts';

export const TOKEN_LIVES_MS = 15 * 60_000;
const TOKEN_BYTES = 32;
const TOKENS_MAX = 64;
const SECOND_MS = 1_000;

export interface Offer {
  readonly base: readonly string[];
  readonly token: string;
  /** UTC seconds. */
  readonly exp: number;
}

interface Grant {
  readonly token: Buffer;
  readonly segs: ReadonlySet<string>;
  /** Monotonic. */
  readonly untilMs: number;
}

/** The tokens that are given out, and the files they open. */
export class Offers implements SegmentPull {
  readonly #base: readonly string[];
  readonly #item: (seg: string) => OutboxItem | null;
  readonly #clock: Clock;
  readonly #listeners: ((seg: string) => void)[] = [];
  #grants: Grant[] = [];

  /** `base`: addresses at which the centre reaches this site, such as `https://10.4.17.2:8480`; none turns route D off. */
  constructor(base: readonly string[], item: (seg: string) => OutboxItem | null, clock: Clock) {
    this.#base = base;
    this.#item = item;
    this.#clock = clock;
  }

  get isPossible(): boolean {
    return this.#base.length > 0;
  }

  /** A new token for these segments. The oldest tokens make room. */
  make(segs: readonly string[]): Offer {
    const { monoMs, wallMs } = this.#clock.now();
    const token = randomBytes(TOKEN_BYTES);
    const live = this.#grants.filter(({ untilMs }) => untilMs > monoMs).slice(1 - TOKENS_MAX);
    this.#grants = [...live, { token, segs: new Set(segs), untilMs: monoMs + TOKEN_LIVES_MS }];
    const exp = Math.floor((wallMs + TOKEN_LIVES_MS) / SECOND_MS);
    return { base: this.#base, token: token.toString('base64url'), exp };
  }

  /** A token that still lives opens this segment. */
  isOffered(seg: string): boolean {
    const { monoMs } = this.#clock.now();
    return this.#grants.some(({ untilMs, segs }) => untilMs > monoMs && segs.has(seg));
  }

  open(token: string, seg: string): ReturnType<SegmentPull['open']> {
    const given = Buffer.from(token, 'base64url');
    if (given.length !== TOKEN_BYTES) return null;
    const { monoMs } = this.#clock.now();
    const opens = this.#grants.some(
      (grant) => timingSafeEqual(grant.token, given) && grant.untilMs > monoMs && grant.segs.has(seg),
    );
    const item = opens ? this.#item(seg) : null;
    return item === null ? null : { path: item.path, bytes: item.segment.bytes, sha256: item.segment.sha256 };
  }

  served(seg: string): void {
    for (const listener of this.#listeners) listener(seg);
  }

  /** Called when every byte of a segment was sent. */
  onServed(listener: (seg: string) => void): void {
    this.#listeners.push(listener);
  }
}

export interface ByOfferOptions {
  readonly offers: Offers;
  readonly conversation: Conversation;
  /** How long the centre may take until it has pulled a file. */
  readonly pullMs: number;
}

export class OfferRoute implements Route {
  readonly name = 'D';
  readonly #options: ByOfferOptions;

  constructor(options: ByOfferOptions) {
    this.#options = options;
  }

  trouble(): string | null {
    return this.#options.offers.isPossible
      ? null
      : 'the configuration names no address at which the centre reaches this site';
  }

  async send({ flight, manifest }: SendOrder): Promise<void> {
    const { offers, conversation, pullMs } = this.#options;
    const { seg, size, sha256 } = manifest;
    const offer = offers.make([seg]);
    await conversation.tell({ type: 'offer', ...offer, items: [{ seg, size, sha256, fileId: flight.fileId }] });
    await pause(pullMs, AbortSignal.any([flight.ended.signal, flight.accepted]));
    if (flight.ending === null && !flight.accepted.aborted)
      throw new RouteFailed('the centre did not pull what was offered');
  }
}
