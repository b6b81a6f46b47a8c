/**
 * Takes the recorder's journal into the index as it comes over the socket. When entries are missing in between (the recorder was
 * faster, the index's disk was full) the journal's files are read instead, until the index stands where the recorder does.
 */
import type { Entry } from '../core/chain.ts';
import { sentenceOf } from '../core/errors.ts';
import type { RecorderFact } from '../core/facts.ts';
import type { Log } from '../core/ports.ts';
import type { JournalName, LiveIndex } from '../core/site-index.ts';

export class RecorderFollower {
  readonly #index: LiveIndex;
  readonly #catchUp: (journal: JournalName) => Promise<void>;
  readonly #log: Log;
  /** The newest number heard of. */
  #heard = 0;
  #catching: Promise<void> | null = null;

  constructor(index: LiveIndex, catchUp: (journal: JournalName) => Promise<void>, log: Log) {
    this.#index = index;
    this.#catchUp = catchUp;
    this.#log = log;
  }

  take(entry: Entry<RecorderFact>): void {
    this.#heard = Math.max(this.#heard, entry.seq);
    if (this.#catching !== null) return;
    try {
      this.#index.apply('recorder', entry);
    } catch (error) {
      this.#log.warn({ seq: entry.seq, why: sentenceOf(error) }, "reading the recorder's journal from its files");
      this.#catching = this.#read();
    }
  }

  /** Resolves when nothing is being read from files. */
  async idle(): Promise<void> {
    await this.#catching;
  }

  async #read(): Promise<void> {
    try {
      for (let before = -1; before !== this.#seq() && this.#seq() < this.#heard; ) {
        before = this.#seq();
        await this.#catchUp('recorder');
      }
      if (this.#seq() < this.#heard) this.#log.error({ have: this.#seq(), heard: this.#heard }, 'the index is behind');
    } catch (error) {
      this.#log.error({ err: error }, "the recorder's journal could not be read");
    } finally {
      // The next entry tries again.
      this.#catching = null;
    }
  }

  #seq(): number {
    return this.#index.progress('recorder').seq;
  }
}
