/** What the index knows of deletion: what was decided, what is done, and what may come next. Part of SiteIndex. */
import type { Entry } from './chain.ts';
import type { PurgedFact, SegmentFact } from './facts.ts';
import type { Instant } from './time.ts';

/** How far the deletion of a segment got; either may come first, because each stands in its own journal. */
export interface PurgeRow {
  /** When it was decided; null when the site's journal does not say. */
  readonly decidedAt: Instant | null;
  /** When the recorder wrote down that it does it. */
  readonly removedAt: Instant | null;
}

/** A segment that the centre signed for and that lies here. */
export interface ReceiptedRow {
  readonly siteSeq: number;
  /** UTC ms. */
  readonly receiptedMs: number;
  readonly segment: SegmentFact;
  readonly receipt: string;
  readonly receiptedAt: Instant;
}

/** A decision that the recorder has not carried out yet, with the row that it was about. */
export interface DecidedRow extends ReceiptedRow {
  /** The line of the site's journal. */
  readonly decision: Entry<PurgedFact>;
  /** Number of the segment's line in the recorder's journal. */
  readonly segmentSeq: number;
}

export interface PurgeIndex {
  /** Null while nothing is decided about it. */
  purgeOf(seg: string): PurgeRow | null;
  /** Whether anything was decided about what was kept for this claim. */
  isBegun(claim: string): boolean;
  /**
   * Receipted at `untilMs` (UTC) at the latest and not decided about, in the order of their receipts, behind a row (null: from the
   * first); at most `limit`.
   */
  receipted(
    after: Pick<ReceiptedRow, 'receiptedMs' | 'siteSeq'> | null,
    untilMs: number,
    limit: number,
  ): readonly ReceiptedRow[];
  /** Decided and not done, in the order of decision, behind a number of the site's journal; at most `limit`. */
  decided(afterSeq: number, limit: number): readonly DecidedRow[];
  /** When something was sealed last. */
  lastSealedAt(): Instant | null;
}
