/** What waits to be delivered: the outbox, how each segment fared, and what the centre ordered; answers what is next. */
import { ANNOUNCE_BATCH, type RouteName } from '../core/hrc.ts';
import type { PutAddress } from '../core/hrc-command.ts';
import { nextOf, sharesTheLine } from '../core/hrc-next.ts';
import type { Outbox, OutboxItem } from '../core/ports.ts';
import type { Transfers } from '../core/site-archive.ts';
import type { Pace } from './pace.ts';
import { NEW_TRACK, type Track } from './reaction.ts';

/** Segments that failed and rest; beyond it nothing new is begun until some of them went through. */
const TRACKS_MAX = 1_000;

/** The centre's own wish about one segment. */
export interface Wish {
  readonly priority: number;
  /** Bytes although the receipt is there. */
  readonly again: boolean;
  readonly route: RouteName | 'auto';
  readonly address: PutAddress | null;
  /** How fast the centre wants what it ordered together with this; null is as fast as the line. */
  readonly pace: Pace | null;
}

export class Queue {
  readonly #outbox: Outbox;
  readonly #transfers: Transfers;
  readonly #isUnderWay: (seg: string) => boolean;
  readonly #tracks = new Map<string, Track>();
  readonly #wishes = new Map<string, Wish>();
  #newestsTurn = false;

  constructor(outbox: Outbox, transfers: Transfers, isUnderWay: (seg: string) => boolean) {
    this.#outbox = outbox;
    this.#transfers = transfers;
    this.#isUnderWay = isUnderWay;
  }

  wish(seg: string, wish: Wish): void {
    this.#wishes.set(seg, wish);
    const track = this.#tracks.get(seg);
    if (track !== undefined) this.#tracks.set(seg, { ...track, restUntilMs: 0 });
  }

  wishOf(seg: string): Wish | null {
    return this.#wishes.get(seg) ?? null;
  }

  unwish(seg: string): void {
    this.#wishes.delete(seg);
  }

  track(seg: string): Track {
    const known = this.#tracks.get(seg);
    if (known !== undefined) return known;
    // What was begun before a restart goes on under its own id.
    const attempt = this.#transfers.transfer(seg)?.attempt ?? NEW_TRACK.attempt;
    return { ...NEW_TRACK, attempt };
  }

  keepTrack(seg: string, track: Track): void {
    this.#tracks.set(seg, track);
  }

  settled(seg: string): void {
    this.#tracks.delete(seg);
    this.#wishes.delete(seg);
    if (this.#transfers.transfer(seg) !== null) this.#transfers.forgetTransfer(seg);
  }

  /** Nothing rests any more. */
  wake(): void {
    for (const [seg, track] of this.#tracks) this.#tracks.set(seg, { ...track, restUntilMs: 0 });
  }

  /** Milliseconds until something that rests is due; null when nothing rests. What was settled elsewhere is forgotten. */
  restMs(nowMs: number, isRoomLeft: boolean): number | null {
    let restMs: number | null = null;
    for (const [seg, track] of this.#tracks) {
      if (this.#isUnderWay(seg)) continue;
      // Due, and yet not among what is pending: it was settled elsewhere.
      if (track.restUntilMs <= nowMs && isRoomLeft) this.#tracks.delete(seg);
      else restMs = Math.min(restMs ?? Number.POSITIVE_INFINITY, Math.max(0, track.restUntilMs - nowMs));
    }
    return restMs;
  }

  /** What is delivered next, or null; `nowMs` monotonic, `wallMs` for deadlines. */
  next(nowMs: number, wallMs: number): OutboxItem | null {
    const free = (item: OutboxItem) => this.#isFree(item, nowMs);
    const candidates: OutboxItem[] = [];
    for (const seg of this.#wishes.keys()) {
      const item = this.#outbox.item(seg);
      if (item === null) this.#wishes.delete(seg);
      else if (free(item)) candidates.push(item);
    }
    const oldest = this.#paged(free, (last, limit) => this.#outbox.pending(last?.siteSeq ?? 0, limit));
    if (oldest !== null) {
      candidates.push(oldest);
      let skip = 0;
      const urgents = (_last: OutboxItem | undefined, limit: number): readonly OutboxItem[] => {
        skip += limit;
        return this.#outbox.urgent(skip - limit, limit);
      };
      candidates.push(...this.#found(this.#paged(free, urgents)));
      const shares = sharesTheLine(this.#outbox.lastSiteSeq() - oldest.siteSeq);
      if (shares && this.#newestsTurn)
        candidates.push(
          ...this.#found(
            this.#paged(free, (last, limit) => this.#outbox.newest(last?.siteSeq ?? Number.MAX_SAFE_INTEGER, limit)),
          ),
        );
    }
    const waiting = candidates.map((item) => ({
      item,
      seg: item.segment.seg,
      siteSeq: item.siteSeq,
      ordered: this.#ordered(item.segment.seg),
      dueMs: item.dueMs ?? null,
      isSession: item.isSession !== false,
    }));
    const next = nextOf(waiting, wallMs, this.#newestsTurn);
    if (next !== null && next.ordered === 0) this.#newestsTurn = !this.#newestsTurn;
    return next?.item ?? null;
  }

  #ordered(seg: string): number {
    const wish = this.#wishes.get(seg);
    return wish === undefined ? 0 : wish.priority + 1;
  }

  #found(item: OutboxItem | null): OutboxItem[] {
    return item === null ? [] : [item];
  }

  #isFree({ segment: { seg } }: OutboxItem, nowMs: number): boolean {
    const track = this.#tracks.get(seg);
    if (this.#isSlow(seg) && [...this.#wishes.keys()].some((other) => this.#isSlow(other) && this.#isUnderWay(other)))
      return false;
    if (this.#isUnderWay(seg) || (track !== undefined && track.restUntilMs > nowMs)) return false;
    return track !== undefined || this.#tracks.size < TRACKS_MAX;
  }

  /** Of those that are wanted slowly one is under way at a time, so that there is always room for the others. */
  #isSlow(seg: string): boolean {
    const pace = this.#wishes.get(seg)?.pace ?? null;
    return pace !== null;
  }

  /** The first item that `is`, looked for page by page. */
  #paged(
    is: (item: OutboxItem) => boolean,
    page: (last: OutboxItem | undefined, limit: number) => readonly OutboxItem[],
  ): OutboxItem | null {
    let last: OutboxItem | undefined;
    for (;;) {
      const items = page(last, ANNOUNCE_BATCH);
      const found = items.find(is);
      if (found !== undefined) return found;
      if (items.length < ANNOUNCE_BATCH) return null;
      last = items.at(-1);
    }
  }
}
