/** The outbox as the forwarder sees it: sealed segments in the order they were given out, until the centre has signed for them. */
import type { Entry } from '../core/chain.ts';
import type { SegmentFact, SiteFact } from '../core/facts.ts';
import type { Backlog, Outbox, OutboxItem, SiteJournal } from '../core/ports.ts';
import type { Store } from './store.ts';

interface Row {
  readonly site_seq: number;
  readonly jws: string;
  readonly fact: string;
}

export class StoreOutbox implements Outbox {
  readonly #store: Store;
  readonly #journal: SiteJournal;
  readonly #pathOf: (segment: SegmentFact) => string;
  readonly #listeners: (() => void)[] = [];

  /** `journal` is the one whose entries reach the store by the time `append` resolves; `pathOf` answers where a segment's file is now. */
  constructor(store: Store, journal: SiteJournal, pathOf: (segment: SegmentFact) => string) {
    this.#store = store;
    this.#journal = journal;
    this.#pathOf = pathOf;
    store.onApplied((name, entry) => {
      if (name !== 'site' || (entry as Entry<SiteFact>).fact.type !== 'sealed') return;
      for (const listener of this.#listeners) listener();
    });
  }

  pending(afterSiteSeq: number, limit: number): OutboxItem[] {
    return this.#store.sql
      .all<Row>(
        `SELECT site_seq, jws, fact FROM outbox JOIN segment USING (seg)
         WHERE receipt IS NULL AND site_seq > ? ORDER BY site_seq LIMIT ?`,
        afterSiteSeq,
        limit,
      )
      .map((row) => this.#item(row));
  }

  item(seg: string): OutboxItem | null {
    const row = this.#store.sql.get<Row>(
      'SELECT site_seq, jws, fact FROM outbox JOIN segment USING (seg) WHERE outbox.seg = ?',
      seg,
    );
    return row === null ? null : this.#item(row);
  }

  isReceipted(seg: string): boolean {
    return (
      this.#store.sql.get<{ receipted: number }>(
        'SELECT receipt IS NOT NULL AS receipted FROM outbox WHERE seg = ?',
        seg,
      )?.receipted === 1
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

  onSealed(listener: () => void): void {
    this.#listeners.push(listener);
  }

  #item(row: Row): OutboxItem {
    const segment = JSON.parse(row.fact) as SegmentFact;
    return {
      siteSeq: row.site_seq,
      segment,
      jws: row.jws,
      path: this.#pathOf(segment),
    };
  }
}
