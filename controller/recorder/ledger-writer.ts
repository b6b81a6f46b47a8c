/** The recorder's journal, tried until the disk takes it: a fact is never dropped because the disk refused it once. */

import type { ChainHead, Entry } from '../core/chain.ts';
import { sentenceOf } from '../core/errors.ts';
import type { RecorderFact } from '../core/facts.ts';
import type { Log } from '../core/ports.ts';
import type { Clock } from '../core/time.ts';
import { Journal } from '../ledger/journal.ts';

const RETRY_MS = 1_000;

export class LedgerWriter {
  readonly #directory: string;
  readonly #clock: Clock;
  readonly #log: Log;
  #journal: Journal<RecorderFact>;
  #listener: ((entry: Entry<RecorderFact>) => void) | null = null;
  #reopening: Promise<void> | null = null;
  #closed = false;

  constructor(directory: string, clock: Clock, log: Log) {
    this.#directory = directory;
    this.#clock = clock;
    this.#log = log;
    this.#journal = new Journal(directory, clock);
  }

  get head(): ChainHead {
    return this.#journal.head;
  }

  /** Opens the journal; rejects with `data-not-writable` when it cannot be opened at the start. */
  async open(): Promise<void> {
    const { tornBytes, faults } = await this.#journal.open();
    if (tornBytes > 0)
      this.#log.warn(
        { tornBytes },
        'the last journal line was half-written when the machine went down; it was set aside',
      );
    for (const fault of faults) this.#log.error({ fault }, 'the journal does not hold; run quancheng verify');
    this.#journal.onEntry((entry) => this.#listener?.(entry));
  }

  /** Called for every entry once it is on the disk. */
  onEntry(listener: (entry: Entry<RecorderFact>) => void): void {
    this.#listener = listener;
  }

  read(afterSeq: number): AsyncGenerator<Entry<RecorderFact>> {
    return this.#journal.read(afterSeq);
  }

  /** Resolves when the fact is on the disk, however long that takes. */
  async append(fact: RecorderFact): Promise<void> {
    const at = this.#clock.now();
    for (;;) {
      try {
        await this.#journal.append(fact, at);
        return;
      } catch (error) {
        if (this.#closed) throw error;
        this.#log.error(
          { error: sentenceOf(error), fact: fact.type },
          'the journal refused an entry; it is tried again',
        );
        await this.#reopen();
      }
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#journal.close();
  }

  /** One reopening at a time, however many appends wait for it. */
  #reopen(): Promise<void> {
    this.#reopening ??= this.#openAgain().finally(() => {
      this.#reopening = null;
    });
    return this.#reopening;
  }

  async #openAgain(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    await this.#journal.close().catch(() => undefined);
    this.#journal = new Journal(this.#directory, this.#clock);
    await this.open().catch((error) => this.#log.error({ error: sentenceOf(error) }, 'the journal cannot be opened'));
  }
}
