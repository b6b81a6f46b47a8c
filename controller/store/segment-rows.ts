/** Questions about segments: for review, for hand-over, for sealing. */
import type { SegmentFact } from '../core/facts.ts';
import type { Backlog } from '../core/ports.ts';
import type { HandOver, SegmentRow, UnsealedRow } from '../core/site-index.ts';
import type { Instant } from '../core/time.ts';
import type { Sql } from '../ledger/sql.ts';

/** The byte rate of a stream is that of this many newest segments. */
const RATE_SEGMENTS = 6;

interface Row {
  readonly fact: string;
  readonly receipted_at: string | null;
  readonly removed_at: string | null;
}

export class SegmentRows {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  segment(seg: string): SegmentRow | null {
    const row = this.#sql.get<Row>(
      `SELECT fact, receipted_at, removed_at FROM segment LEFT JOIN outbox USING (seg) LEFT JOIN removed USING (seg)
       WHERE segment.seg = ?`,
      seg,
    );
    return row === null ? null : segmentRow(row);
  }

  segmentsOf(session: string, stream: string): SegmentRow[] {
    return this.#sql
      .all<Row>(
        `SELECT fact, receipted_at, removed_at FROM segment_claim JOIN segment USING (seg)
         LEFT JOIN outbox USING (seg) LEFT JOIN removed USING (seg) WHERE claim = ? AND segment.stream = ? ORDER BY journal_seq`,
        session,
        stream,
      )
      .map(segmentRow);
  }

  claimsOfSegment(seg: string): string[] {
    return this.#sql
      .all<{ claim: string }>('SELECT claim FROM segment_claim WHERE seg = ? ORDER BY claim', seg)
      .map((row) => row.claim);
  }

  handOverOf(session: string): HandOver {
    const row = this.#sql.get<HandOver>(
      `SELECT count(receipt) AS done, count(*) AS total,
              coalesce(sum(CASE WHEN receipt IS NULL THEN 0 ELSE bytes END), 0) AS bytesDone,
              coalesce(sum(bytes), 0) AS bytesTotal
       FROM segment_claim JOIN segment USING (seg) LEFT JOIN outbox USING (seg) WHERE claim = ?`,
      session,
    );
    return row ?? { done: 0, total: 0, bytesDone: 0, bytesTotal: 0 };
  }

  bytesPerSecond(stream: string): number | null {
    const row = this.#sql.get<{ bytes: number | null; media_ms: number | null }>(
      `SELECT sum(bytes) AS bytes, sum(media_ms) AS media_ms FROM
       (SELECT bytes, media_ms FROM segment WHERE stream = ? ORDER BY journal_seq DESC LIMIT ?)`,
      stream,
      RATE_SEGMENTS,
    );
    if (row === null || row.bytes === null || row.media_ms === null || row.media_ms <= 0) return null;
    return (row.bytes * 1_000) / row.media_ms;
  }

  unsealed(afterJournalSeq: number, limit: number): UnsealedRow[] {
    return this.#sql
      .all<{ journal_seq: number; fact: string }>(
        `SELECT journal_seq, fact FROM segment WHERE journal_seq > ?
         AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.seg = segment.seg) ORDER BY journal_seq LIMIT ?`,
        afterJournalSeq,
        limit,
      )
      .map((row) => ({ journalSeq: row.journal_seq, fact: JSON.parse(row.fact) as SegmentFact }));
  }

  sealsOf(stream: string): { count: number; lastJws: string | null } {
    const count = this.#sql.get<{ n: number }>('SELECT count(*) AS n FROM outbox WHERE stream = ?', stream)?.n ?? 0;
    const last = this.#sql.get<{ jws: string }>(
      'SELECT jws FROM outbox WHERE stream = ? ORDER BY site_seq DESC LIMIT 1',
      stream,
    );
    return { count, lastJws: last?.jws ?? null };
  }

  backlog(): Backlog {
    const row = this.#sql.get<{ segments: number; bytes: number | null; oldest: number | null }>(
      `SELECT count(*) AS segments, sum(bytes) AS bytes, min(json_extract(fact, '$.from.wallMs')) AS oldest
       FROM outbox JOIN segment USING (seg) WHERE receipt IS NULL`,
    );
    return { segments: row?.segments ?? 0, bytes: row?.bytes ?? 0, oldestMs: row?.oldest ?? null };
  }

  lastSiteSeq(): number {
    return this.#sql.get<{ n: number | null }>('SELECT max(site_seq) AS n FROM outbox')?.n ?? 0;
  }
}

function segmentRow(row: Row): SegmentRow {
  return {
    fact: JSON.parse(row.fact) as SegmentFact,
    receiptedAt: row.receipted_at === null ? null : (JSON.parse(row.receipted_at) as Instant),
    removedAt: row.removed_at === null ? null : (JSON.parse(row.removed_at) as Instant),
  };
}
