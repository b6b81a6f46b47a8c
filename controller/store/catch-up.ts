/** Brings the index up to date from a journal's files, while the journal may be growing. */
import type { JournalName } from '../core/site-index.ts';
import { type CaughtUp, catchUpIndex } from '../ledger/index-catch-up.ts';
import type { Store } from './store.ts';

/** Reads a journal's files into the store, from where the store stands. */
export function catchUp(store: Store, journal: JournalName, directory: string): Promise<CaughtUp> {
  const index = {
    head: store.progress(journal),
    replay: (lines: Parameters<Store['replay']>[1]) => store.replay(journal, lines),
  };
  return catchUpIndex(index, directory);
}
