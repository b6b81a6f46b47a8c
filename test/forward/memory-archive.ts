/** The site's archive over the outbox of a test: everything in memory, with what was done to it. */
import type { Select } from '../../controller/core/hrc-command.ts';
import type {
  ArchivedSegment,
  CommandBook,
  OnBehalf,
  SiteArchive,
  WritingSegment,
} from '../../controller/core/site-archive.ts';
import type { FileOutbox } from './scene.ts';

interface Kept {
  readonly hash: string;
  readonly jws: string;
  answer: string | null;
  isEnded: boolean;
}

export class MemoryArchive implements SiteArchive, CommandBook {
  readonly book = new Map<string, Kept>();
  readonly holds = new Map<string, OnBehalf>();
  readonly resealed: string[] = [];
  growing = false;
  beingWritten: readonly WritingSegment[] = [];
  readonly #outbox: FileOutbox;

  constructor(outbox: FileOutbox) {
    this.#outbox = outbox;
  }

  segments(select: Select, place: number, limit: number): readonly ArchivedSegment[] {
    return this.#all(select)
      .filter((segment) => segment.place > place)
      .slice(0, limit);
  }

  extent(select: Select): { segs: number; bytes: number } {
    const all = this.#all(select);
    return { segs: all.length, bytes: all.reduce((sum, { bytes }) => sum + bytes, 0) };
  }

  isGrowing(): boolean {
    return this.growing;
  }

  writing({ segs }: Select): readonly WritingSegment[] {
    return this.beingWritten.filter(({ seg }) => segs === null || segs.includes(seg));
  }

  runningSessions(): readonly string[] {
    return [];
  }

  hold(_select: Select, by: OnBehalf): Promise<void> {
    this.holds.set(by.command, by);
    return Promise.resolve();
  }

  release(hold: string): Promise<boolean> {
    return Promise.resolve(this.holds.delete(hold));
  }

  reseal(seg: string): Promise<boolean> {
    if (this.#outbox.item(seg) === null) return Promise.resolve(false);
    this.resealed.push(seg);
    return Promise.resolve(true);
  }

  known(id: string): Kept | null {
    return this.book.get(id) ?? null;
  }

  begin(id: string, hash: string, jws: string): void {
    this.book.set(id, { hash, jws, answer: null, isEnded: false });
  }

  answered(id: string, answer: string, isFinal: boolean): void {
    const kept = this.book.get(id);
    if (kept !== undefined) this.book.set(id, { ...kept, answer, isEnded: isFinal });
  }

  open(): readonly { id: string; jws: string; answer: string | null }[] {
    return [...this.book].filter(([, { isEnded }]) => !isEnded).map(([id, { jws, answer }]) => ({ id, jws, answer }));
  }

  #all({ session, streams, segs, fromMs, toMs }: Select): ArchivedSegment[] {
    return this.#outbox.items
      .filter(({ segment }) => {
        if (session !== null && !segment.claims.includes(session)) return false;
        if (streams !== null && !streams.includes(segment.stream)) return false;
        if (segs !== null && !segs.includes(segment.seg)) return false;
        if (fromMs !== null && segment.to.wallMs <= fromMs) return false;
        return toMs === null || segment.from.wallMs < toMs;
      })
      .map(({ segment, siteSeq }) => ({
        ...{ place: siteSeq, siteSeq, seg: segment.seg, stream: segment.stream },
        ...{ bytes: segment.bytes, sha256: segment.sha256 },
        fromMs: segment.from.wallMs,
        toMs: segment.to.wallMs,
        isReceipted: this.#outbox.isReceipted(segment.seg),
        isLost: this.#outbox.losses.has(segment.seg),
        isPurged: this.#outbox.isPurged(segment.seg),
      }));
  }
}
