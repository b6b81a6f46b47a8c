/**
 * Takes one stream's fragments from memory to the disk for as long as a claim covers them: cuts segments, hashes, syncs,
 * writes the journal and the gap ledger (invariants 2, 4 and 6). It never talks to a camera and never waits for one.
 */
import { claimsOf } from '../core/desired.ts';
import { errnoOf, sentenceOf } from '../core/errors.ts';
import type { RecorderFact } from '../core/facts.ts';
import type { Cause, ClaimStatus, DesiredClaim, DesiredStream } from '../core/recording.ts';
import { between, type Clock, type Instant, later } from '../core/time.ts';
import type { SegmentIdentity, SegmentPlace } from '../ledger/segment-file.ts';
import { OpenSegment } from './open-segment.ts';
import { type Fragment, fragmentEnd, fragmentStart, type Ring } from './ring.ts';
import type { Run } from './run.ts';

/** A growing file is synced this often; a little less than a second, so that with the fragment's own length it stays about one. */
const SYNC_EVERY_MS = 800;
/** A segment that is this near to its length is cut at this keyframe rather than at the next. */
const CUT_TOLERANCE_MS = 120;
/** A camera that sends nothing for longer than this, and then goes on in the same run, left a hole. */
const SILENCE_MS = 1_000;
/** A picture reaches us a little after it was taken, so a claim is kept this much past its end. */
const CAPTURE_DELAY_MS = 500;
/** How long a claim that has ended waits for its last fragments before the rest is called a gap. */
const END_WAIT_MS = 3_000;
/** Pause before a disk that refused is tried again. */
const DISK_RETRY_MS = 1_000;

const NOT_ARMED: Cause = { code: 'not-armed', detail: 'the source was not connected yet when the claim began' };
const DID_NOT_JOIN: Cause = {
  code: 'camera-stalled',
  detail: 'the source sent nothing for this stretch and then went on',
};
const NOTHING_CAME: Cause = { code: 'camera-stalled', detail: 'nothing more came before the claim ended' };

/** What the keeper needs from its process. */
export interface KeeperWorld {
  readonly clock: Clock;
  /** Where segments go. */
  readonly media: SegmentPlace;
  /** Resolves when the fact is in the journal, on the disk; it tries until it is. */
  journal(fact: RecorderFact): Promise<void>;
  newId(): string;
  /** Something that a status shows has changed. */
  changed(): void;
  /** Why the source of this stream is not there just now, or null. */
  sourceCause(): Cause | null;
}

/** What start-up recovery knows of a stream. */
export interface KeptBefore {
  readonly coveredTo: Instant | null;
  readonly begun: readonly string[];
  readonly cause: Cause;
}

interface Claim {
  readonly wish: DesiredClaim;
  proven: boolean;
}

export class Keeper {
  readonly #stream: string;
  readonly #ring: Ring;
  readonly #world: KeeperWorld;
  readonly #claims = new Map<string, Claim>();
  readonly #begun = new Set<string>();
  readonly #ended = new Set<string>();
  #segmentMs = 0;
  #segment: OpenSegment | null = null;
  /** The span being kept began at the ring's right place; false while nothing is kept. */
  #inSpan = false;
  #spanHasMedia = false;
  /** Up to here everything that is claimed is on disk or in the ledger. */
  #coveredTo: Instant | null = null;
  /** The last fragment that was written, to know what follows it directly. */
  #lastWritten: { readonly run: Run; readonly index: number; readonly mediaToMs: number } | null = null;
  /** The disk refused the open segment: it is finished at its last good sync before anything else is written. */
  #mustFinish = false;
  #gapCause: Cause | null = null;
  #syncedAt: Instant | null = null;
  #lastSyncMonoMs = 0;
  #diskCause: Cause | null = null;
  #pumping: Promise<void> | null = null;
  #again = false;
  #closing = false;

  constructor(stream: string, ring: Ring, world: KeeperWorld) {
    this.#stream = stream;
    this.#ring = ring;
    this.#world = world;
  }

  /** True while any claim has not ended: nothing in memory may be let go of then. */
  get keeping(): boolean {
    return this.#claims.size > 0;
  }

  get syncedAt(): Instant | null {
    return this.#syncedAt;
  }

  /** Why the disk does not take what it should, or null. */
  get diskCause(): Cause | null {
    return this.#diskCause;
  }

  get claims(): ClaimStatus[] {
    return [...this.#claims.values()].map((claim) => ({
      id: claim.wish.id,
      state: claim.proven ? 'keeping' : 'waiting',
    }));
  }

  isEnded(claim: string): boolean {
    return this.#ended.has(claim);
  }

  /** Takes up what an earlier process left, before anything else is called. */
  restore(before: KeptBefore, ended: readonly string[]): void {
    this.#coveredTo = before.coveredTo;
    if (before.begun.length > 0) this.#gapCause = before.cause;
    for (const id of before.begun) this.#begun.add(id);
    for (const id of ended) this.#ended.add(id);
  }

  /** The claims to keep from now on, as merged by `mergeDesired`. */
  desire(wish: DesiredStream): void {
    const claims = claimsOf(wish);
    if (wish.mode === 'keep') this.#segmentMs = wish.segmentMs;
    for (const claim of claims) {
      if (this.#ended.has(claim.id)) continue;
      this.#claims.set(claim.id, { wish: claim, proven: this.#claims.get(claim.id)?.proven ?? false });
    }
    this.wake();
  }

  /** Why the source is not there: what the ledger will say of the hole that follows. `run` is the one that ended, if one had begun. */
  lost(cause: Cause, run: Run | null): void {
    if (this.keeping) this.#gapCause ??= cause;
    if (run !== null && this.#segment?.run !== run) void this.#endRunIfOver(run);
    this.wake();
  }

  /** Looks at what there is to do; called at each fragment, change and tick. Never throws, never overlaps itself. */
  wake(): void {
    this.#again = true;
    this.#pumping ??= this.#pump().finally(() => {
      this.#pumping = null;
      if (this.#again && !this.#closing) this.wake();
    });
  }

  /** Writes what is in memory and claimed, closes the open segment and returns. Claims stay open: they are taken up at the next start. */
  async close(): Promise<void> {
    this.wake();
    this.#closing = true;
    await this.#pumping;
    await this.#closeSegment(null).catch((error) => this.#diskRefused(error));
  }

  async #pump(): Promise<void> {
    while (this.#again) {
      this.#again = false;
      try {
        while (this.keeping && (await this.#step())) {
          // Every step is one durable act; the next is chosen afresh.
        }
      } catch (error) {
        await this.#diskRefused(error);
      }
    }
  }

  /** One act. Answers false when there is nothing more to do now. */
  async #step(): Promise<boolean> {
    const span = this.#span();
    if (!this.#inSpan) this.#begin(span.from);
    for (const { wish } of this.#claims.values()) {
      if (this.#begun.has(wish.id)) continue;
      this.#begun.add(wish.id);
      await this.#world.journal({ type: 'claim-begun', claim: wish.id, stream: this.#stream, from: wish.from });
    }
    if (this.#segment !== null && this.#mustFinish) {
      await this.#closeSegment(null);
      return true;
    }
    const fragment = this.#ring.first;
    if (fragment === undefined) return await this.#idle(span.to);
    const startMonoMs = fragmentStart(fragment);
    if (span.to !== null && startMonoMs > this.#monoOf(span.to) + CAPTURE_DELAY_MS) {
      await this.#endSpan(span.to);
      return true;
    }
    const segment = this.#segment;
    if (
      segment !== null &&
      (!this.#follows(fragment) || this.#silence(fragment) || this.#cutIsDue(segment, fragment))
    ) {
      await this.#closeSegment(this.#follows(fragment) && !this.#silence(fragment) ? fragment : null);
      return true;
    }
    if (segment === null) {
      // A new run begins with a burst of old pictures: when they were taken is known once it is over.
      if (!fragment.run.clock.isSteady && fragment.run.ended === null) return false;
      if (!this.#follows(fragment) && this.#forgetRepeated(fragment)) return true;
      if (!fragment.info.startsWithKeyframe && !this.#follows(fragment)) {
        this.#ring.shift();
        return true;
      }
      await this.#openSegment(fragment);
    }
    await this.#write(fragment);
    return true;
  }

  /** First beginning and, when all claims have one, last end. */
  #span(): { readonly from: Instant; readonly to: Instant | null } {
    let from: Instant | null = null;
    let to: Instant | null = null;
    let open = false;
    for (const { wish } of this.#claims.values()) {
      from = from === null || between(wish.from, from) > 0 ? wish.from : from;
      if (wish.to === null) open = true;
      else to = to === null ? wish.to : later(to, wish.to);
    }
    return { from: from ?? this.#world.clock.now(), to: open ? null : to };
  }

  #begin(from: Instant): void {
    // What an earlier claim left on disk right up to here is not written twice.
    this.#coveredTo = this.#coveredTo === null ? from : later(this.#coveredTo, from);
    this.#gapCause ??= this.#world.sourceCause();
    this.#ring.beginAt(this.#monoOf(from), (first) => this.#follows(first));
    this.#inSpan = true;
    this.#spanHasMedia = false;
  }

  /** Nothing in memory: a run that ended has its last segment closed; a claim that ended long enough ago ends here. */
  async #idle(to: Instant | null): Promise<boolean> {
    if (this.#segment?.run.ended) {
      await this.#closeSegment(null);
      return true;
    }
    const now = this.#world.clock.now();
    if (to !== null && between(to, now) > END_WAIT_MS) {
      await this.#endSpan(to);
      return true;
    }
    // A claim that ended while another goes on must not wait for a source that may never come back.
    for (const { wish } of this.#claims.values()) {
      if (wish.to === null || between(wish.to, now) <= END_WAIT_MS || this.#segment !== null) continue;
      if (this.#coveredTo !== null && between(this.#coveredTo, wish.to) > 0)
        await this.#ledger(this.#coveredTo, wish.to, this.#gapCause ?? NOTHING_CAME);
      await this.#endClaim(wish.id, wish.to);
      return true;
    }
    return false;
  }

  /** It comes right behind what was written last: no fragment of the run is missing between them. */
  #follows(fragment: Fragment): boolean {
    const last = this.#lastWritten;
    return last !== null && last.run === fragment.run && fragment.index === last.index + 1;
  }

  /** The source itself left a hole before this fragment. */
  #silence(fragment: Fragment): boolean {
    return this.#follows(fragment) && fragment.info.startMs - (this.#lastWritten?.mediaToMs ?? 0) > SILENCE_MS;
  }

  /** A new run that begins with more than one group of pictures of the past: only the last of these is needed. */
  #forgetRepeated(fragment: Fragment): boolean {
    if (this.#coveredTo === null) return false;
    this.#ring.forgetBefore(this.#monoOf(this.#coveredTo));
    return this.#ring.first !== fragment;
  }

  #cutIsDue(segment: OpenSegment, fragment: Fragment): boolean {
    if (!fragment.info.startsWithKeyframe) return false;
    if (fragment.info.startMs - segment.identity.mediaFromMs >= this.#segmentMs - CUT_TOLERANCE_MS) return true;
    const now = this.#claimsAt(fragment);
    return now.length !== segment.identity.claims.length || now.some((id) => !segment.identity.claims.includes(id));
  }

  /** The claims that the fragment is kept for; the pictures between a keyframe and the claim's own beginning belong to it too. */
  #claimsAt(fragment: Fragment): string[] {
    const start = fragmentStart(fragment);
    return [...this.#claims.values()]
      .filter(({ wish }) => wish.to === null || this.#monoOf(wish.to) + CAPTURE_DELAY_MS >= start)
      .map(({ wish }) => wish.id);
  }

  async #openSegment(fragment: Fragment): Promise<void> {
    const { run, info } = fragment;
    run.clock.fix();
    const joins = this.#follows(fragment) && !this.#silence(fragment);
    const from = joins && this.#coveredTo !== null ? this.#coveredTo : this.#instantAt(fragmentStart(fragment));
    const repeatsMs = joins || this.#coveredTo === null ? 0 : between(from, this.#coveredTo);
    const gapBefore = await this.#ledgerGap(from);
    this.#spanHasMedia = true;
    if (run.journaled === 'not') {
      run.journaled = 'begun';
      await this.#world.journal({
        type: 'run-begun',
        stream: this.#stream,
        run: run.id,
        media: run.media,
        clock: this.#world.clock.state(),
      });
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
      claims: this.#claimsAt(fragment),
      startsWithKeyframe: info.startsWithKeyframe,
      gapBefore,
      ...(repeatsMs > 0 ? { repeatsMs } : {}),
    };
    // The number is used up even when the file cannot be made: a name is never tried twice.
    run.sequence += 1;
    this.#segment = await OpenSegment.begin(this.#world.media, identity, fragment);
    this.#gapCause = null;
  }

  /** Writes down the hole between what is covered and `from`, if there is one. */
  async #ledgerGap(from: Instant): Promise<SegmentIdentity['gapBefore']> {
    const covered = this.#coveredTo;
    if (covered === null || between(covered, from) <= 0) return null;
    const cause = this.#gapCause ?? (this.#spanHasMedia ? DID_NOT_JOIN : NOT_ARMED);
    await this.#ledger(covered, from, cause);
    return { from: covered, cause };
  }

  async #ledger(from: Instant, to: Instant, cause: Cause): Promise<void> {
    const claims = [...this.#claims.keys()];
    await this.#world.journal({ type: 'gap', stream: this.#stream, from, to, cause, claims });
    this.#coveredTo = to;
  }

  async #write(fragment: Fragment): Promise<void> {
    const segment = this.#segment;
    if (segment === null) return;
    // Taken out first: while the disk takes its time, memory may have to let go of what is oldest in it.
    this.#ring.shift();
    await segment.write(fragment);
    this.#lastWritten = { run: fragment.run, index: fragment.index, mediaToMs: fragment.info.endMs };
    this.#coveredTo = this.#instantAt(fragmentEnd(fragment));
    this.#diskCause = null;
    const now = this.#world.clock.now();
    const waiting = [...this.#claims.values()].some((claim) => !claim.proven);
    if (!waiting && now.monoMs - this.#lastSyncMonoMs < SYNC_EVERY_MS) return;
    // A burst of pre-roll is synced once, when memory is empty; a claim that waits for its proof gets it at once.
    if (this.#ring.length > 0 && now.monoMs - this.#lastSyncMonoMs < SYNC_EVERY_MS) return;
    await segment.sync();
    this.#lastSyncMonoMs = this.#world.clock.now().monoMs;
    this.#syncedAt = this.#world.clock.now();
    for (const id of this.#claimsAt(fragment)) {
      const claim = this.#claims.get(id);
      if (claim !== undefined) claim.proven = true;
    }
    this.#world.changed();
  }

  /** Closes the open segment; `next` is the fragment that follows it without a break, if one does. */
  async #closeSegment(next: Fragment | null): Promise<void> {
    const segment = this.#segment;
    if (segment === null) return;
    const mediaToMs = next?.info.startMs ?? segment.reach.mediaToMs;
    segment.run.clock.settle(mediaToMs - segment.identity.mediaFromMs);
    const to = this.#instantAt(segment.run.clock.monoOf(mediaToMs));
    if (this.#mustFinish) await segment.setBack();
    const fact = await segment.finish(to, mediaToMs);
    this.#segment = null;
    this.#mustFinish = false;
    this.#coveredTo = to;
    this.#lastWritten = { run: segment.run, index: segment.reach.lastIndex, mediaToMs };
    await this.#world.journal(fact);
    await this.#endRunIfOver(segment.run);
    for (const { wish } of [...this.#claims.values()]) {
      if (wish.to !== null && this.#claims.size > 1 && between(wish.to, to) >= CAPTURE_DELAY_MS)
        await this.#endClaim(wish.id, wish.to);
    }
    this.#world.changed();
  }

  async #endRunIfOver(run: Run): Promise<void> {
    if (run.ended === null || run.journaled !== 'begun') return;
    run.journaled = 'ended';
    await this.#world.journal({
      type: 'run-ended',
      stream: this.#stream,
      run: run.id,
      cause: run.ended.cause,
      exit: run.ended.exit,
    });
  }

  /** Every claim has ended: the rest of the span is covered or ledgered, then the claims are closed in the journal. */
  async #endSpan(to: Instant): Promise<void> {
    await this.#closeSegment(null);
    const covered = this.#coveredTo;
    if (covered !== null && between(covered, to) > 0) {
      await this.#ledger(covered, to, this.#gapCause ?? NOTHING_CAME);
    }
    for (const { wish } of [...this.#claims.values()]) await this.#endClaim(wish.id, wish.to ?? to);
    this.#inSpan = false;
    this.#syncedAt = null;
    this.#gapCause = null;
    this.#world.changed();
  }

  async #endClaim(id: string, to: Instant): Promise<void> {
    await this.#world.journal({ type: 'claim-ended', claim: id, stream: this.#stream, to });
    this.#claims.delete(id);
    this.#ended.add(id);
  }

  /** The disk refused: keep what was written wholly, wait a moment, go on in a new segment. Memory holds what comes meanwhile. */
  async #diskRefused(error: unknown): Promise<void> {
    const errno = errnoOf(error);
    this.#diskCause = {
      code: errno === 'ENOSPC' || errno === 'EDQUOT' ? 'disk-full' : 'disk-failed',
      detail: errno ?? sentenceOf(error),
    };
    this.#gapCause ??= this.#diskCause;
    this.#world.changed();
    if (this.#segment !== null) await this.#giveUpSegment(this.#segment, errno);
    await new Promise((resolve) => setTimeout(resolve, DISK_RETRY_MS));
    this.#again = !this.#closing;
  }

  /** What the disk has not answered for goes back to memory, to be written into the next segment; the rest is finished when it can be. */
  async #giveUpSegment(segment: OpenSegment, errno: string | null): Promise<void> {
    this.#ring.putBack(segment.takeUnsynced());
    const { lastIndex, mediaToMs } = segment.reach;
    this.#lastWritten = { run: segment.run, index: lastIndex, mediaToMs };
    if (segment.isProven && errno !== 'ENOENT') {
      this.#mustFinish = true;
      return;
    }
    // Nothing of it is proven, or somebody took its folder away: the file stays as it is for start-up recovery.
    if (segment.isProven) this.#lastWritten = null;
    this.#segment = null;
    this.#mustFinish = false;
    this.#coveredTo = segment.identity.from;
    await segment.abandon().catch(() => undefined);
  }

  #monoOf(instant: Instant): number {
    const now = this.#world.clock.now();
    return now.monoMs - between(instant, now);
  }

  #instantAt(monoMs: number): Instant {
    const now = this.#world.clock.now();
    return { wallMs: now.wallMs - (now.monoMs - monoMs), monoMs, boot: now.boot };
  }
}
