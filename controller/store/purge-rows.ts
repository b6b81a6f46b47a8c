/** Questions about deletion: what was decided, what is done, what may come next. */
import type { Entry } from '../core/chain.ts';
import type { PurgedFact, SegmentFact } from '../core/facts.ts';
import type { DecidedRow, PurgeIndex, PurgeRow, ReceiptedRow } from '../core/purge-index.ts';
import type { Instant } from '../core/time.ts';
import type { Sql } from '../ledger/sql.ts';

export class PurgeRows implements PurgeIndex {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  purgeOf(seg: string): PurgeRow | null {
    const decided = this.#sql.get<{ entry: string }>('SELECT entry FROM purged WHERE seg = ?', seg);
    const removed = this.#sql.get<{ removed_at: string }>('SELECT removed_at FROM removed WHERE seg = ?', seg);
    if (decided === null && removed === null) return null;
    return {
      decidedAt: decided === null ? null : (JSON.parse(decided.entry) as Entry<PurgedFact>).at,
      removedAt: removed === null ? null : (JSON.parse(removed.removed_at) as Instant),
    };
  }

  receipted(afterSiteSeq: number, limit: number): ReceiptedRow[] {
    return this.#sql
      .all<{ site_seq: number; fact: string; receipt: string; receipted_at: string }>(
        `SELECT site_seq, fact, receipt, receipted_at FROM outbox JOIN segment USING (seg)
         WHERE site_seq > ? AND receipt IS NOT NULL
         AND NOT EXISTS (SELECT 1 FROM purged WHERE purged.seg = outbox.seg)
         AND NOT EXISTS (SELECT 1 FROM removed WHERE removed.seg = outbox.seg) ORDER BY site_seq LIMIT ?`,
        afterSiteSeq,
        limit,
      )
      .map((row) => ({
        siteSeq: row.site_seq,
        segment: JSON.parse(row.fact) as SegmentFact,
        receipt: row.receipt,
        receiptedAt: JSON.parse(row.receipted_at) as Instant,
      }));
  }

  decided(afterSiteSeq: number, limit: number): DecidedRow[] {
    return this.#sql
      .all<{ site_seq: number; entry: string; journal_seq: number }>(
        `SELECT site_seq, entry, journal_seq FROM purged JOIN outbox USING (seg) JOIN segment USING (seg)
         WHERE site_seq > ? AND NOT EXISTS (SELECT 1 FROM removed WHERE removed.seg = purged.seg)
         ORDER BY site_seq LIMIT ?`,
        afterSiteSeq,
        limit,
      )
      .map((row) => ({
        siteSeq: row.site_seq,
        decision: JSON.parse(row.entry) as Entry<PurgedFact>,
        segmentSeq: row.journal_seq,
      }));
  }
}
