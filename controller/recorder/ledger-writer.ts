/** The recorder's journal, tried until a disk takes it: a fact is never dropped because the disk refused it once. */

import { type ChainHead, EMPTY_CHAIN, type Entry } from '../core/chain.ts';
import { sentenceOf } from '../core/errors.ts';
import type { RecorderFact } from '../core/facts.ts';
import type { Log } from '../core/ports.ts';
import { between, type Clock, type Instant } from '../core/time.ts';
import type { Disk } from '../ledger/disk.ts';
import { awayError, type Disks } from '../ledger/disks.ts';
import { Journal } from '../ledger/journal.ts';

const RETRY_MS = 1_000;
/** So long the disk that holds the last lines is waited for, when the only one there lacks them. */
const LOST_AFTER_MS = 10_000;

export class LedgerWriter {
  readonly #disks: Disks;
  readonly #clock: Clock;
  readonly #log: Log;
  #journal: Journal<RecorderFact>;
  #listener: ((entry: Entry<RecorderFact>) => void) | null = null;
  #setAsideListener: ((disk: Disk, movedTo: string) => void) | null = null;
  #lostListener: (() => void) | null = null;
  #reopening: Promise<void> | null = null;
  #brokenSince: Instant | null = null;
  #closed = false;

  constructor(disks: Disks, clock: Clock, log: Log) {
    this.#disks = disks;
    this.#clock = clock;
    this.#log = log;
    this.#journal = this.#newJournal();
  }

  get head(): ChainHead {
    return this.#journal.head;
  }

  /** Opens the journal; rejects with `data-not-writable` when it cannot be opened at the start. */
  open(): Promise<void> {
    return this.#open(EMPTY_CHAIN);
  }

  /** Called for every entry once it is on the disk. */
  onEntry(listener: (entry: Entry<RecorderFact>) => void): void {
    this.#listener = listener;
  }

  /** Called when a copy that did not fit was set aside, with its new place below the root of its disk. */
  onSetAside(listener: (disk: Disk, movedTo: string) => void): void {
    this.#setAsideListener = listener;
  }

  /** Called when no disk that is there holds the last lines, and none comes: only a fresh start finds out what holds. */
  onLost(listener: () => void): void {
    this.#lostListener = listener;
  }

  read(afterSeq: number): AsyncGenerator<Entry<RecorderFact>> {
    return this.#journal.read(afterSeq);
  }

  /** Every entry, in order; lines that cannot be read are left out. */
  entries(): AsyncGenerator<Entry<RecorderFact>> {
    return this.#journal.entries();
  }

  /** A disk went away or came back: its copy is left, or brought up to the others. */
  diskChanged(disk: Disk): void {
    if (disk.isUsable) this.#journal.rejoin();
    else this.#journal.leave(disk.layout.recorderJournal, awayError(disk));
  }

  /** Makes the reserve for a full disk when it is not there; call it now and then. */
  tend(): Promise<void> {
    return this.#journal.tend();
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

  #newJournal(): Journal<RecorderFact> {
    const places = this.#disks.journalPlaces(({ layout }) => layout.recorderJournal, true);
    const journal = new Journal<RecorderFact>(places, this.#clock);
    journal.onEntry((entry) => this.#listener?.(entry));
    journal.onAligned((place, { copiedBytes, movedTo }) => {
      const disk = this.#disks.all.find(({ layout }) => layout.recorderJournal === place.directory);
      if (copiedBytes > 0) this.#log.info({ disk: disk?.role, copiedBytes }, 'a copy of the journal caught up');
      if (disk !== undefined && movedTo !== null) this.#setAsideListener?.(disk, movedTo);
    });
    return journal;
  }

  async #open(least: ChainHead): Promise<void> {
    const { tornBytes, faults } = await this.#journal.open(least);
    if (tornBytes > 0)
      this.#log.warn(
        { tornBytes },
        'the last journal line was half-written when the machine went down; it was set aside',
      );
    for (const fault of faults) this.#log.error({ fault }, 'the journal does not hold; run quancheng verify');
    await this.#journal.tend();
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
    const before = this.#journal;
    await before.close().catch(() => undefined);
    this.#journal = this.#newJournal();
    try {
      await this.#open(before.head);
      this.#brokenSince = null;
    } catch (error) {
      this.#log.error({ error: sentenceOf(error) }, 'the journal cannot be opened');
      this.#journal = before;
      this.#brokenSince ??= this.#clock.now();
      const isLost = this.#disks.isPair && between(this.#brokenSince, this.#clock.now()) > LOST_AFTER_MS;
      // Going on with fewer lines than others have seen would be a second history beside the first.
      if (isLost && this.#disks.usable.some(({ state }) => state === 'catching-up')) this.#lostListener?.();
    }
  }
}
