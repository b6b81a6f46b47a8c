/** Events as the forwarder reads them: in the order of their journals, with the deadlines of closed sessions filled in. */
import type { Entry } from '../core/chain.ts';
import type { RecorderFact, SiteFact } from '../core/facts.ts';
import { dueOf, type EventJournal, type EventSource, eventOf, type HrcEvent } from '../core/hrc-events.ts';
import type { SessionDeadlines } from './deadlines.ts';
import type { Store } from './store.ts';

export class StoreEvents implements EventSource {
  readonly #store: Store;
  readonly #deadlines: SessionDeadlines;
  readonly #listeners: (() => void)[] = [];

  constructor(store: Store, deadlines: SessionDeadlines) {
    this.#store = store;
    this.#deadlines = deadlines;
    store.onApplied((_journal, entry: Entry<RecorderFact> | Entry<SiteFact>) => {
      if (eventOf(entry) !== null) for (const listener of this.#listeners) listener();
    });
  }

  events(journal: EventJournal, after: number, limit: number): HrcEvent[] {
    const sql = 'SELECT event FROM event WHERE journal = ? AND seq > ? ORDER BY seq LIMIT ?';
    return this.#store.sql
      .all<{ event: string }>(sql, journal, after, limit)
      .map(({ event }) => JSON.parse(event) as HrcEvent)
      .map((event) =>
        event.type === 'session-closing' ? { ...event, due: dueOf(this.#deadlines.of(event.session)) } : event,
      );
  }

  onEvent(listener: () => void): void {
    this.#listeners.push(listener);
  }
}
