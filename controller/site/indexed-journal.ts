/**
 * The site's journal with the index behind it: an appended fact is on the disk first and in the index second, and both by the time
 * the caller hears of it. A crash in between is mended at the next start, because the index follows the journal.
 */
import type { Entry } from '../core/chain.ts';
import { AppError, type ErrorCode, errnoOf, sentenceOf } from '../core/errors.ts';
import type { SiteFact } from '../core/facts.ts';
import type { Log, SiteJournal } from '../core/ports.ts';
import type { JournalName, LiveIndex } from '../core/site-index.ts';
import type { Instant } from '../core/time.ts';
import { isFullDisk } from '../ledger/sql.ts';

/** The journal on disk. `onEntry` is called in order, before the append resolves to anybody. */
export interface JournalFile extends SiteJournal {
  onEntry(listener: (entry: Entry<SiteFact>) => void): void;
}

export interface IndexedJournalOptions {
  readonly journal: JournalFile;
  readonly index: LiveIndex;
  readonly catchUp: (journal: JournalName) => Promise<void>;
  /** The journal cannot be written any more: nothing can be opened or closed until the process starts again. */
  readonly onFatal: (error: unknown) => void;
  readonly log: Log;
}

export class IndexedJournal implements SiteJournal {
  readonly #options: IndexedJournalOptions;

  constructor(options: IndexedJournalOptions) {
    this.#options = options;
    options.journal.onEntry((entry) => {
      try {
        options.index.apply('site', entry);
      } catch (error) {
        options.log.error({ seq: entry.seq, err: error }, 'the index did not take a journaled fact');
      }
    });
  }

  /** Resolves when the fact is on the disk and in the index. Rejects with `disk-full`, `disk-failed` or `internal`. */
  async append(fact: SiteFact, at?: Instant): Promise<Entry<SiteFact>> {
    const { journal, index, catchUp, onFatal } = this.#options;
    let entry: Entry<SiteFact>;
    try {
      entry = await journal.append(fact, at);
    } catch (error) {
      onFatal(error);
      throw journalError(error);
    }
    if (index.progress('site').seq < entry.seq) {
      await catchUp('site').catch((error: unknown) => {
        throw isFullDisk(error) ? new AppError('disk-full', 'the index has no room', { cause: error }) : error;
      });
      if (index.progress('site').seq < entry.seq) {
        throw new AppError('internal', `fact ${entry.seq} is in the journal but not in the index`);
      }
    }
    return entry;
  }
}

function journalError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const errno = errnoOf(error);
  const code: ErrorCode =
    errno === 'ENOSPC' || errno === 'EDQUOT' ? 'disk-full' : errno === 'EIO' ? 'disk-failed' : 'internal';
  return new AppError(code, `the site's journal cannot be written: ${sentenceOf(error)}`, { cause: error });
}
