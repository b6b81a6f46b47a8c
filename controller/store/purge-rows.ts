/** Questions about deletion: what was decided, what is done, what may come next. */
import type { Entry } from '../core/chain.ts';
import type { PurgedFact, SegmentFact } from '../core/facts.ts';
import type { DecidedRow, PurgeIndex, PurgeRow, ReceiptedRow } from '../core/purge-index.ts';
import type { Instant } from '../core/time.ts';
import type { Sql } from '../ledger/sql.ts';

interface Row {
  readonly site_seq: number;
  readonly fact: string;
  readonly receipt: string;
  readonly receipted_at: string;
  readonly receipted_ms: number;
}

const ROW = 'site_seq, fact, receipt, receipted_at, receipted_ms';

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

  isBegun(claim: string): boolean {
    return this.#sql.get('SELECT 1 FROM segment_claim JOIN purged USING (seg) WHERE claim = ? LIMIT 1', claim) !== null;
  }

  receipted(
    after: Pick<ReceiptedRow, 'receiptedMs' | 'siteSeq'> | null,
    untilMs: number,
    limit: number,
  ): ReceiptedRow[] {
    const { receiptedMs, siteSeq } = after ?? { receiptedMs: 0, siteSeq: 0 };
    return this.#sql
      .all<Row>(
        `SELECT ${ROW} FROM outbox JOIN segment USING (seg)
         WHERE is_purged = 0 AND receipted_ms BETWEEN ? AND ? AND (receipted_ms > ? OR site_seq > ?)
         ORDER BY receipted_ms, site_seq LIMIT ?`,
        receiptedMs,
        Math.floor(untilMs),
        receiptedMs,
        siteSeq,
        limit,
      )
      .map(receiptedRow);
  }

  decided(afterSeq: number, limit: number): DecidedRow[] {
    return this.#sql
      .all<Row & { readonly entry: string; readonly journal_seq: number }>(
        `SELECT ${ROW}, entry, journal_seq FROM purged JOIN outbox USING (seg) JOIN segment USING (seg)
         WHERE is_done = 0 AND purged.seq > ? AND receipt IS NOT NULL ORDER BY purged.seq LIMIT ?`,
        afterSeq,
        limit,
      )
      .map((row) => ({
        ...receiptedRow(row),
        decision: JSON.parse(row.entry) as Entry<PurgedFact>,
        segmentSeq: row.journal_seq,
      }));
  }

  lastSealedAt(): Instant | null {
    const row = this.#sql.get<{ sealed_at: string }>('SELECT sealed_at FROM outbox ORDER BY site_seq DESC LIMIT 1');
    return row === null ? null : (JSON.parse(row.sealed_at) as Instant);
  }
}

function receiptedRow(row: Row): ReceiptedRow {
  return {
    siteSeq: row.site_seq,
    receiptedMs: row.receipted_ms,
    segment: JSON.parse(row.fact) as SegmentFact,
    receipt: row.receipt,
    receiptedAt: JSON.parse(row.receipted_at) as Instant,
  };
}
