/** The outbox as the forwarder sees it: sealed segments in the order they were given out, until the centre has signed for them. */
import type { Entry } from '../core/chain.ts';
import type { SegmentFact, SiteFact } from '../core/facts.ts';
import type { Backlog, Outbox, OutboxItem, SiteJournal } from '../core/ports.ts';
import type { Value } from '../ledger/sql.ts';
import type { SessionDeadlines } from './deadlines.ts';
import type { Store } from './store.ts';

interface Row {
  readonly site_seq: number;
  readonly jws: string;
  readonly fact: string;
  readonly is_session: number;
}

const IS_SESSION = `EXISTS (SELECT 1 FROM segment_claim JOIN session ON session.id = claim
  WHERE segment_claim.seg = outbox.seg)`;
/** A manifest that was signed anew takes the place of the first one. */
const ROWS = `SELECT site_seq, coalesce(resealed.jws, outbox.jws) AS jws, fact, ${IS_SESSION} AS is_session
  FROM outbox JOIN segment USING (seg) LEFT JOIN resealed USING (seg)`;
/** What waits of one session. */
const OF_SESSION = 'receipt IS NULL AND outbox.seg IN (SELECT seg FROM segment_claim WHERE claim = ?)';

export class StoreOutbox implements Outbox {
  readonly #store: Store;
  readonly #journal: SiteJournal;
  readonly #deadlines: SessionDeadlines;
  readonly #pathOf: (segment: SegmentFact) => string;
  readonly #listeners: (() => void)[] = [];

  /** `journal` is the one whose entries reach the store by the time `append` resolves; `pathOf` answers where a segment's file is now. */
  constructor(
    store: Store,
    journal: SiteJournal,
    deadlines: SessionDeadlines,
    pathOf: (segment: SegmentFact) => string,
  ) {
    this.#store = store;
    this.#journal = journal;
    this.#deadlines = deadlines;
    this.#pathOf = pathOf;
    store.onApplied((name, entry) => {
      if (name !== 'site' || (entry as Entry<SiteFact>).fact.type !== 'sealed') return;
      for (const listener of this.#listeners) listener();
    });
  }

  pending(afterSiteSeq: number, limit: number): OutboxItem[] {
    return this.#rows(`${ROWS} WHERE receipt IS NULL AND site_seq > ? ORDER BY site_seq LIMIT ?`, afterSiteSeq, limit);
  }

  newest(beforeSiteSeq: number, limit: number): OutboxItem[] {
    const sql = `${ROWS} WHERE receipt IS NULL AND site_seq < ? ORDER BY site_seq DESC LIMIT ?`;
    return this.#rows(sql, beforeSiteSeq, limit);
  }

  urgent(skip: number, limit: number): OutboxItem[] {
    const found: OutboxItem[] = [];
    let toSkip = skip;
    for (const session of this.#waitingSessions()) {
      const room = limit - found.length;
      if (room === 0) break;
      const items = this.#rows(`${ROWS} WHERE ${OF_SESSION} ORDER BY site_seq LIMIT ? OFFSET ?`, session, room, toSkip);
      found.push(...items);
      if (toSkip > 0 && items.length === 0) toSkip -= this.#waitingOf(session);
      else toSkip = 0;
    }
    return found;
  }

  sealed(fromSiteSeq: number, toSiteSeq: number, limit: number): OutboxItem[] {
    const sql = `${ROWS} WHERE site_seq BETWEEN ? AND ? ORDER BY site_seq LIMIT ?`;
    return this.#rows(sql, fromSiteSeq, toSiteSeq, limit);
  }

  item(seg: string): OutboxItem | null {
    return this.#rows(`${ROWS} WHERE outbox.seg = ?`, seg)[0] ?? null;
  }

  isReceipted(seg: string): boolean {
    return (
      this.#store.sql.get<{ receipted: number }>(
        'SELECT receipt IS NOT NULL AS receipted FROM outbox WHERE seg = ?',
        seg,
      )?.receipted === 1
    );
  }

  isPurged(seg: string): boolean {
    return (
      this.#store.sql.get<{ is_purged: number }>('SELECT is_purged FROM outbox WHERE seg = ?', seg)?.is_purged === 1
    );
  }

  backlog(): Backlog {
    return this.#store.backlog();
  }

  lastSiteSeq(): number {
    return this.#store.lastSiteSeq();
  }

  async receipt(seg: string, receipt: string): Promise<void> {
    if (this.#store.sql.get('SELECT 1 FROM outbox WHERE seg = ?', seg) === null) {
      throw new Error(`segment ${seg} was never sealed: nothing is owed a receipt`);
    }
    if (this.isReceipted(seg)) return;
    await this.#journal.append({ type: 'receipted', seg, receipt });
  }

  async lost(seg: string, why: string): Promise<void> {
    const stream = this.item(seg)?.segment.stream;
    const isKnown = this.#store.sql.get('SELECT 1 FROM lost_segment WHERE seg = ?', seg) !== null;
    if (stream !== undefined && !isKnown) await this.#journal.append({ type: 'segment-lost', seg, stream, why });
  }

  onSealed(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Sessions of which something may wait: what is due first first, then in the order in which they were opened. */
  #waitingSessions(): readonly string[] {
    return this.#store.sql
      .all<{ id: string }>(
        "SELECT id FROM session WHERE state IN ('opening', 'open', 'closing', 'closed') ORDER BY opened_seq",
      )
      .map(({ id }) => ({ id, dueMs: this.#deadlines.of(id)?.dueMs ?? Number.POSITIVE_INFINITY }))
      .sort((a, b) => (a.dueMs === b.dueMs ? 0 : a.dueMs - b.dueMs))
      .map(({ id }) => id);
  }

  #waitingOf(session: string): number {
    const sql = `SELECT count(*) AS n FROM outbox WHERE ${OF_SESSION}`;
    return this.#store.sql.get<{ n: number }>(sql, session)?.n ?? 0;
  }

  #rows(sql: string, ...values: readonly Value[]): OutboxItem[] {
    return this.#store.sql.all<Row>(sql, ...values).map((row) => this.#item(row));
  }

  #item(row: Row): OutboxItem {
    const segment = JSON.parse(row.fact) as SegmentFact;
    const due = segment.claims.flatMap((claim) => this.#deadlines.of(claim)?.dueMs ?? []);
    return {
      siteSeq: row.site_seq,
      segment,
      jws: row.jws,
      path: this.#pathOf(segment),
      isSession: row.is_session === 1,
      ...(due.length === 0 ? {} : { dueMs: Math.min(...due) }),
    };
  }
}
