/**
 * A journal on disk: append-only, hash-chained lines in numbered files, each append fsynced before it is answered
 * (invariant 4). One process writes a journal, on one disk or on two; any number may read it while it grows.
 */
import { type ChainFault, type ChainHead, chainLine, EMPTY_CHAIN, type Entry, followLine } from '../core/chain.ts';
import { AppError, sentenceOf } from '../core/errors.ts';
import type { Clock, Instant } from '../core/time.ts';
import { firstAnswer } from './first-answer.ts';
import type { Aligned } from './journal-align.ts';
import { filesFrom, followJournal, linesOf } from './journal-files.ts';
import { type Batch, type Found, JournalLane, type JournalPlace, placeOf } from './journal-lane.ts';
import { within } from './within.ts';

/** A new file is begun past this size, so that one damaged file never takes the whole history along. */
const FILE_BYTES_MAX = 16 * 1024 * 1024;
/** A disk that does not show its copy in this time is left out, and joins when it answers again. */
const LOOK_MS_MAX = 10_000;
/** Closing waits no longer than this for a disk that hangs. */
const CLOSE_MS_MAX = 2_000;

interface Waiting<Fact> {
  readonly fact: Fact;
  readonly at: Instant;
  readonly resolve: (entry: Entry<Fact>) => void;
  readonly reject: (error: unknown) => void;
}

/** What `open` had to put right. */
export interface JournalOpening {
  /** Bytes of a half-written last line that were moved to `<file>.torn`; 0 when the end was whole. */
  readonly tornBytes: number;
  readonly faults: readonly ChainFault[];
}

interface Looked {
  readonly lane: JournalLane;
  readonly found: Found;
}

export class Journal<Fact> {
  readonly #clock: Clock;
  readonly #lanes: readonly JournalLane[];
  #head: ChainHead = EMPTY_CHAIN;
  /** Where the next line goes. */
  #at = { file: 1, offset: 0 };
  #waiting: Waiting<Fact>[] = [];
  #writing: Promise<void> | null = null;
  #broken: unknown = null;
  /** A disk may take part again as soon as no line is on its way: one that joined in the middle would miss those lines. */
  #joinsSoon = false;
  #listeners: ((entry: Entry<Fact>) => void)[] = [];
  #alignedListener: ((place: JournalPlace, aligned: Aligned) => void) | null = null;

  /** `places`: a folder, or one place for each disk, the one to be asked first in front. */
  constructor(places: string | readonly JournalPlace[], clock: Clock) {
    this.#lanes = (typeof places === 'string' ? [placeOf(places)] : places).map((place) => new JournalLane(place));
    this.#clock = clock;
  }

  /** Folder of a copy that holds everything that was answered. */
  get directory(): string {
    const lanes = this.#lanes.filter(({ isIn, head }) => isIn && head.seq >= this.#head.seq);
    return (lanes[0] ?? this.#lanes[0])?.place.directory ?? '';
  }

  get head(): ChainHead {
    return this.#head;
  }

  /**
   * Follows the whole chain, moves a torn last line aside and makes ready to append. Of two copies the longer one counts, and the
   * other is brought up to it beside what is appended from now on. Rejects with `data-not-writable`; also when no copy reaches as
   * far as `least`, which the caller has seen before.
   */
  async open(least: ChainHead = EMPTY_CHAIN): Promise<JournalOpening> {
    const errors: unknown[] = [];
    const looked = await Promise.all(
      this.#lanes
        .filter(({ place }) => place.isUsable)
        .map(async (lane): Promise<Looked | null> => {
          try {
            const look = lane.look();
            return { lane, found: await (this.#lanes.length === 1 ? look : within(look, LOOK_MS_MAX)) };
          } catch (error) {
            errors.push(error);
            lane.place.refused(error);
            return null;
          }
        }),
    );
    const copies = looked.filter((one) => one !== null).sort(byLength);
    const longest = copies[0];
    if (longest === undefined) throw this.#notWritable(errors[0]);
    if (this.#lanes.length > 1 && longest.found.head.seq < least.seq)
      throw this.#notWritable(new Error(`line ${least.seq} is on a disk that is away`));
    try {
      await longest.lane.begin(longest.found.end, longest.found.head);
    } catch (error) {
      longest.lane.place.refused(error);
      throw this.#notWritable(error);
    }
    this.#head = longest.found.head;
    this.#at = { ...longest.found.end };
    for (const { lane } of copies.slice(1)) this.#join(lane);
    return { tornBytes: Math.max(0, ...looked.map((one) => one?.found.tornBytes ?? 0)), faults: longest.found.faults };
  }

  /** A disk may be back: its copy is brought up to the others and takes part again. */
  rejoin(): void {
    this.#joinsSoon = true;
    if (this.#writing === null) this.#joinAll();
  }

  /**
   * A disk is away: nothing more is asked of its copy, even when it is the only one that holds the last lines. Then every append is
   * refused until the journal is opened again: a disk that is away must not go on with the record in secret.
   */
  leave(directory: string, error: unknown): void {
    this.#lanes.find(({ place }) => place.directory === directory)?.leave(error);
  }

  /** Called when a copy was brought up to the others. */
  onAligned(listener: (place: JournalPlace, aligned: Aligned) => void): void {
    this.#alignedListener = listener;
  }

  /**
   * Appends one fact; resolves with its entry once the line is on a disk. Appends made at the same time share one fsync and
   * keep their order. After a write that every disk refused every append rejects until the journal is opened again, because what
   * the kernel kept of a failed fsync is unknown.
   */
  append(fact: Fact, at: Instant = this.#clock.now()): Promise<Entry<Fact>> {
    return new Promise((resolve, reject) => {
      if (this.#broken !== null) {
        reject(this.#broken);
        return;
      }
      this.#waiting.push({ fact, at, resolve, reject });
      this.#writing ??= this.#write();
    });
  }

  /** Called after each entry is on disk, in order. */
  onEntry(listener: (entry: Entry<Fact>) => void): void {
    this.#listeners.push(listener);
  }

  /** Every entry with a number greater than `seq` that is on disk now. */
  async *read(seq: number): AsyncGenerator<Entry<Fact>> {
    const until = this.#head.seq;
    if (seq >= until) return;
    const { directory } = this;
    for (const file of await filesFrom(directory, seq + 1)) {
      for await (const line of linesOf(`${directory}/${file}`)) {
        const { entry } = followLine<Fact>(EMPTY_CHAIN, line);
        if (entry === null || entry.seq <= seq) continue;
        if (entry.seq > until) return;
        yield entry;
      }
    }
  }

  /** Every entry of the whole journal, in order; lines that cannot be read are left out. */
  async *entries(): AsyncGenerator<Entry<Fact>> {
    for await (const { entry } of followJournal<Fact>(this.directory)) if (entry !== null) yield entry;
  }

  /** Takes back what is there again, and makes the reserve of room beside each copy where there should be one. Call it now and then. */
  async tend(): Promise<void> {
    this.rejoin();
    await Promise.allSettled(this.#lanes.map((lane) => lane.tend()));
  }

  /** Waits for the appends under way, then lets go of the files. */
  async close(): Promise<void> {
    await this.#writing;
    const closings = this.#lanes.map((lane) => lane.close());
    if (closings.length === 1) await closings[0];
    else await Promise.all(closings.map((closing) => within(closing, CLOSE_MS_MAX).catch(() => undefined)));
    this.#broken ??= new AppError('internal', `the journal in ${this.directory} is closed`);
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      this.#joinAll();
      const waiting = this.#waiting;
      this.#waiting = [];
      let head = this.#head;
      const entries: Entry<Fact>[] = [];
      let text = '';
      for (const { fact, at } of waiting) {
        const next = chainLine(head, at, fact);
        head = next.head;
        entries.push(next.entry);
        text += `${next.line}\n`;
      }
      if (this.#at.offset > FILE_BYTES_MAX) this.#at = { file: this.#at.file + 1, offset: 0 };
      const batch: Batch = { at: { ...this.#at }, bytes: Buffer.from(text), head };
      try {
        await this.#append(batch);
      } catch (error) {
        this.#breakOff(error, waiting);
        break;
      }
      this.#head = head;
      this.#at.offset += batch.bytes.length;
      waiting.forEach((one, i) => {
        const entry = entries[i] as Entry<Fact>;
        one.resolve(entry);
        for (const listener of this.#listeners) listener(entry);
      });
    }
    this.#writing = null;
    this.#joinAll();
  }

  #joinAll(): void {
    if (!this.#joinsSoon) return;
    this.#joinsSoon = false;
    if (this.#broken !== null || !this.#lanes.some(({ isIn }) => isIn)) return;
    for (const lane of this.#lanes) if (!lane.isIn && lane.place.isUsable) this.#join(lane);
  }

  /** Gives the lines to every disk that takes part; resolves with the first that has them. */
  async #append(batch: Batch): Promise<void> {
    const lanes = this.#lanes.filter(({ isIn }) => isIn);
    if (lanes.length === 0) throw this.#lanes[0]?.lastError;
    const answers = lanes.map((lane) => lane.append(batch));
    await firstAnswer(answers);
    for (const lane of lanes) if (lane.head.seq < batch.head.seq) lane.leaveIfBehind();
  }

  #join(lane: JournalLane): void {
    const suffix = String(Math.trunc(this.#clock.now().wallMs));
    lane.join(this.directory, { ...this.#at }, this.#head, suffix).then(
      (aligned) => this.#alignedListener?.(lane.place, aligned),
      // The lane has told its disk already.
      () => undefined,
    );
  }

  #breakOff(error: unknown, batch: readonly Waiting<Fact>[]): void {
    this.#broken = error;
    for (const waiting of [...batch, ...this.#waiting]) waiting.reject(error);
    this.#waiting = [];
  }

  #notWritable(error: unknown): AppError {
    const { directory } = this;
    const message = `the journal in ${directory} cannot be opened: ${sentenceOf(error)}`;
    return new AppError('data-not-writable', message, { cause: error });
  }
}

/** The longer chain first; of two that are as long, the one without damage, then the one that is asked first. */
function byLength(a: Looked, b: Looked): number {
  const { found: one } = a;
  const { found: other } = b;
  return other.head.seq - one.head.seq || one.faults.length - other.faults.length;
}
