/**
 * Writes one stream's fragments to the disk, one segment after the other, and keeps the account of its time: what is covered, what is
 * a gap and why (invariants 2 and 4). It decides nothing: when to cut, to begin and to end is the keeper's business.
 */
import type { RecorderFact } from '../core/facts.ts';
import type { Cause } from '../core/recording.ts';
import { between, type Clock, type Instant, later } from '../core/time.ts';
import type { SegmentIdentity, SegmentPlace } from '../ledger/segment-file.ts';
import { OpenSegment } from './open-segment.ts';
import { type Fragment, fragmentEnd, fragmentStart } from './ring.ts';
import type { Run } from './run.ts';

/** A camera that sends nothing for longer than this, and then goes on in the same run, left a hole. */
const SILENCE_MS = 1_000;

const NOT_ARMED: Cause = { code: 'not-armed', detail: 'the source was not connected yet when the claim began' };
const DID_NOT_JOIN: Cause = {
  code: 'camera-stalled',
  detail: 'the source sent nothing for this stretch and then went on',
};

/** What writing needs from its process. */
export interface WriterWorld {
  readonly clock: Clock;
  readonly media: SegmentPlace;
  /** Resolves when the fact is in the journal, on the disk; it tries until it is. */
  journal(fact: RecorderFact): Promise<void>;
  newId(): string;
}

/** Where the last written fragment ends: what follows it directly is known by its number, where it goes on by the clock. */
interface Written {
  readonly run: Run;
  readonly index: number;
  readonly mediaToMs: number;
  readonly to: Instant;
}

export class StreamWriter {
  readonly #stream: string;
  readonly #world: WriterWorld;
  #segment: OpenSegment | null = null;
  /** The disk refused the open segment: it is finished at its last good sync before anything else is written. */
  #mustFinish = false;
  /** Up to here everything that is claimed is on disk or in the ledger. */
  #coveredTo: Instant | null = null;
  /** Up to here something is on disk. */
  #onDiskTo: Instant | null = null;
  /** What these two were before the open segment. */
  #before: { readonly coveredTo: Instant | null; readonly onDiskTo: Instant | null } = {
    coveredTo: null,
    onDiskTo: null,
  };
  #written: Written | null = null;
  #gapCause: Cause | null = null;
  /** Something was written since the claims began. */
  #hasMedia = false;

  constructor(stream: string, world: WriterWorld) {
    this.#stream = stream;
    this.#world = world;
  }

  /** Takes up what an earlier process left. `cause` is why it left it, when a claim was open then. */
  restore(coveredTo: Instant | null, cause: Cause | null): void {
    this.#coveredTo = coveredTo;
    this.#onDiskTo = coveredTo;
    this.#gapCause = cause;
  }

  get segment(): OpenSegment | null {
    return this.#segment;
  }

  get mustFinish(): boolean {
    return this.#mustFinish;
  }

  get coveredTo(): Instant | null {
    return this.#coveredTo;
  }

  /** Why there may be a hole before what is written next; the first cause that was told counts. */
  blame(cause: Cause | null): void {
    this.#gapCause ??= cause;
  }

  /** Claims begin. What an earlier one left on disk right up to here is not written twice. */
  begin(from: Instant): void {
    this.#coveredTo = this.#coveredTo === null ? from : later(this.#coveredTo, from);
    this.#hasMedia = false;
  }

  /** All claims have ended. */
  end(): void {
    this.#gapCause = null;
  }

  /** It comes right behind what was written last: no fragment of the run is missing between them. */
  follows(fragment: Fragment): boolean {
    const last = this.#written;
    return last !== null && last.run === fragment.run && fragment.index === last.index + 1;
  }

  /** It follows, and the source itself left no hole before it. */
  joins(fragment: Fragment): boolean {
    return this.follows(fragment) && fragment.info.startMs - (this.#written?.mediaToMs ?? 0) <= SILENCE_MS;
  }

  /** Begins a segment with this fragment, for these claims, and ledgers the hole before it, if there is one. */
  async open(fragment: Fragment, claims: readonly string[], allClaims: readonly string[]): Promise<void> {
    const { run, info } = fragment;
    run.clock.fix();
    const before = this.joins(fragment) ? this.#written : null;
    const from = before?.to ?? this.#instantAt(fragmentStart(fragment));
    const repeatsMs = before !== null || this.#onDiskTo === null ? 0 : Math.max(0, between(from, this.#onDiskTo));
    const gapBefore = await this.#ledgerGap(from, run, allClaims);
    this.#hasMedia = true;
    if (run.journaled === 'not') {
      run.journaled = 'begun';
      const clock = this.#world.clock.state();
      await this.#world.journal({ type: 'run-begun', stream: this.#stream, run: run.id, media: run.media, clock });
    }
    const identity: SegmentIdentity = {
      seg: this.#world.newId(),
      stream: this.#stream,
      run: run.id,
      sequence: run.sequence,
      from,
      mediaFromMs: info.startMs,
      media: run.media,
      clock: this.#world.clock.state(),
      claims,
      startsWithKeyframe: info.startsWithKeyframe,
      gapBefore,
      ...(repeatsMs > 0 ? { repeatsMs } : {}),
    };
    // The number is used up even when the file cannot be made: a name is never tried twice.
    run.sequence += 1;
    this.#before = { coveredTo: this.#coveredTo, onDiskTo: this.#onDiskTo };
    this.#segment = await OpenSegment.begin(this.#world.media, identity, fragment);
    this.#gapCause = null;
  }

  /** Appends to the open segment. */
  async write(fragment: Fragment): Promise<void> {
    if (this.#segment === null) throw new Error('no segment is open');
    await this.#segment.write(fragment);
    const to = this.#instantAt(fragmentEnd(fragment));
    this.#written = { run: fragment.run, index: fragment.index, mediaToMs: fragment.info.endMs, to };
    this.#cover(to);
  }

  async sync(): Promise<void> {
    await this.#segment?.sync();
  }

  /** Closes the open segment; `next` is the fragment that follows it without a break, if one does. Answers its end. */
  async close(next: Fragment | null): Promise<Instant | null> {
    const segment = this.#segment;
    if (segment === null) return null;
    const { run, identity, reach } = segment;
    const mediaToMs = next?.info.startMs ?? reach.mediaToMs;
    run.clock.settle(mediaToMs - identity.mediaFromMs);
    const to = this.#instantAt(run.clock.monoOf(mediaToMs));
    if (this.#mustFinish) await segment.setBack();
    const fact = await segment.finish(to, mediaToMs);
    this.#segment = null;
    this.#mustFinish = false;
    this.#written = { run, index: reach.lastIndex, mediaToMs, to };
    this.#setBack();
    this.#cover(to);
    await this.#world.journal(fact);
    await this.endRunIfOver(run);
    return to;
  }

  async endRunIfOver(run: Run): Promise<void> {
    if (run.ended === null || run.journaled !== 'begun') return;
    run.journaled = 'ended';
    const { cause, exit } = run.ended;
    await this.#world.journal({ type: 'run-ended', stream: this.#stream, run: run.id, cause, exit });
  }

  /** What is not covered up to `to` becomes a gap; `otherwise` is why, when nothing else is known. */
  async ledgerUpTo(to: Instant, claims: readonly string[], otherwise: Cause): Promise<void> {
    if (this.#coveredTo === null || between(this.#coveredTo, to) <= 0) return;
    await this.#ledger(this.#coveredTo, to, this.#gapCause ?? this.#written?.run.ended?.cause ?? otherwise, claims);
  }

  /**
   * The disk refused. What it has not answered for is given back, to be written again into the next segment; the rest is finished
   * when it can be. `errno` tells whether somebody took the folder away.
   */
  async giveUp(errno: string | null): Promise<readonly Fragment[]> {
    const segment = this.#segment;
    if (segment === null) return [];
    const again = segment.takeUnsynced();
    if (segment.isProven && errno !== 'ENOENT') {
      this.#mustFinish = true;
      return again;
    }
    // Nothing of it is proven, or its folder is gone: the file stays as it is for start-up recovery.
    const { lastIndex, mediaToMs } = segment.reach;
    const { from } = segment.identity;
    this.#written = segment.isProven ? null : { run: segment.run, index: lastIndex, mediaToMs, to: from };
    this.#setBack();
    this.#segment = null;
    this.#mustFinish = false;
    await segment.abandon().catch(() => undefined);
    return again;
  }

  /** Writes down the hole between what is covered and `from`, if there is one. */
  async #ledgerGap(from: Instant, run: Run, claims: readonly string[]): Promise<SegmentIdentity['gapBefore']> {
    const covered = this.#coveredTo;
    if (covered === null || between(covered, from) <= 0) return null;
    const last = this.#written?.run;
    const ended = last !== undefined && last !== run ? last.ended : null;
    const cause = this.#gapCause ?? (this.#hasMedia ? (ended?.cause ?? DID_NOT_JOIN) : NOT_ARMED);
    await this.#ledger(covered, from, cause, claims);
    return { from: covered, cause };
  }

  async #ledger(from: Instant, to: Instant, cause: Cause, claims: readonly string[]): Promise<void> {
    await this.#world.journal({ type: 'gap', stream: this.#stream, from, to, cause, claims });
    this.#coveredTo = to;
  }

  #setBack(): void {
    this.#coveredTo = this.#before.coveredTo;
    this.#onDiskTo = this.#before.onDiskTo;
  }

  #cover(to: Instant): void {
    this.#coveredTo = this.#coveredTo === null ? to : later(this.#coveredTo, to);
    this.#onDiskTo = this.#onDiskTo === null ? to : later(this.#onDiskTo, to);
  }

  #instantAt(monoMs: number): Instant {
    const now = this.#world.clock.now();
    return { wallMs: now.wallMs - (now.monoMs - monoMs), monoMs, boot: now.boot };
  }
}
