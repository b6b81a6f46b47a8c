/**
 * Takes one stream's fragments from memory to the disk for as long as a claim covers them: says when a segment is cut, when claims
 * begin and end, and what is done when the disk refuses (invariants 2, 4 and 6). It never talks to a camera and never waits for one.
 */
import { claimsOf } from '../core/desired.ts';
import { errnoOf, sentenceOf } from '../core/errors.ts';
import type { Cause, ClaimStatus, DesiredStream } from '../core/recording.ts';
import { between, type Instant } from '../core/time.ts';
import { ClaimsBook } from './claims-book.ts';
import type { OpenSegment } from './open-segment.ts';
import { type Fragment, fragmentStart, type Ring } from './ring.ts';
import type { Run } from './run.ts';
import { StreamWriter, type WriterWorld } from './stream-writer.ts';

/** A growing file is synced this often; a little less than a second, so that with the fragment's own length it stays about one. */
const SYNC_EVERY_MS = 800;
/** A segment that is this near to its length is cut at this keyframe rather than at the next. */
const CUT_TOLERANCE_MS = 120;
/** A picture reaches us a little after it was taken, so a claim is kept this much past its end. */
const CAPTURE_DELAY_MS = 500;
/** How long a claim that has ended waits for its last fragments before the rest is called a gap. */
const END_WAIT_MS = 3_000;
/** Pause before a disk that refused is tried again. */
const DISK_RETRY_MS = 1_000;

const NOTHING_CAME: Cause = { code: 'camera-stalled', detail: 'nothing more came before the claim ended' };

/** What the keeper needs from its process. */
export interface KeeperWorld extends WriterWorld {
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

export class Keeper {
  readonly #stream: string;
  readonly #ring: Ring;
  readonly #world: KeeperWorld;
  readonly #claims = new ClaimsBook();
  readonly #writer: StreamWriter;
  #segmentMs = 0;
  /** The claims being kept began at the ring's right place; false while nothing is kept. */
  #inSpan = false;
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
    this.#writer = new StreamWriter(stream, world);
  }

  /** True while any claim has not ended: nothing in memory may be let go of then. */
  get keeping(): boolean {
    return !this.#claims.isEmpty;
  }

  get syncedAt(): Instant | null {
    return this.#syncedAt;
  }

  /** Why the disk does not take what it should, or null. */
  get diskCause(): Cause | null {
    return this.#diskCause;
  }

  get claims(): ClaimStatus[] {
    return this.#claims.statuses;
  }

  /** The segment that grows now. */
  get writing(): { readonly seg: string; readonly from: Instant } | null {
    const identity = this.#writer.segment?.identity;
    return identity === undefined ? null : { seg: identity.seg, from: identity.from };
  }

  isEnded(claim: string): boolean {
    return this.#claims.isEnded(claim);
  }

  /** Takes up what an earlier process left, before anything else is called. */
  restore({ coveredTo, begun, cause }: KeptBefore, ended: readonly string[]): void {
    this.#writer.restore(coveredTo, begun.length > 0 ? cause : null);
    this.#claims.restore(begun, ended);
  }

  /** The claims to keep from now on, as merged by `mergeDesired`. */
  desire(wish: DesiredStream): void {
    if (wish.mode === 'keep') this.#segmentMs = wish.segmentMs;
    this.#claims.wish(claimsOf(wish));
    this.wake();
  }

  /** Why the source is not there: what the ledger will say of the hole that follows. `run` is the one that ended, if one had begun. */
  lost(cause: Cause, run: Run | null): void {
    if (this.keeping) this.#writer.blame(cause);
    if (run !== null && this.#writer.segment?.run !== run) void this.#writer.endRunIfOver(run);
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
    const span = this.#claims.span(this.#world.clock.now());
    if (!this.#inSpan) this.#begin(span.from);
    for (const { id, from } of this.#claims.beginNew())
      await this.#world.journal({ type: 'claim-begun', claim: id, stream: this.#stream, from });
    const { segment } = this.#writer;
    if (segment !== null && this.#writer.mustFinish) {
      await this.#closeSegment(null);
      return true;
    }
    const fragment = this.#ring.first;
    if (fragment === undefined) return await this.#idle(span.to);
    if (span.to !== null && fragmentStart(fragment) > this.#monoOf(span.to) + CAPTURE_DELAY_MS) {
      await this.#endSpan(span.to);
      return true;
    }
    const joins = this.#writer.joins(fragment);
    if (segment !== null && (!joins || this.#cutIsDue(segment, fragment))) {
      await this.#closeSegment(joins ? fragment : null);
      return true;
    }
    if (segment === null) {
      const follows = this.#writer.follows(fragment);
      // A new run begins with a burst of old pictures: when they were taken is known once it is over.
      if (!fragment.run.clock.isSteady && fragment.run.ended === null) return false;
      if (!follows && this.#forgetRepeated(fragment)) return true;
      if (!follows && !fragment.info.startsWithKeyframe) {
        this.#ring.shift();
        return true;
      }
      await this.#writer.open(fragment, this.#claimsAt(fragment), this.#claims.ids);
    }
    await this.#write(fragment);
    return true;
  }

  #begin(from: Instant): void {
    this.#writer.begin(from);
    this.#writer.blame(this.#world.sourceCause());
    this.#ring.beginAt(this.#monoOf(from), (first) => this.#writer.follows(first));
    this.#inSpan = true;
  }

  /** Nothing in memory: a run that ended has its last segment closed; a claim that ended long enough ago ends here. */
  async #idle(to: Instant | null): Promise<boolean> {
    if (this.#writer.segment?.run.ended) {
      await this.#closeSegment(null);
      return true;
    }
    const now = this.#world.clock.now();
    if (to !== null && between(to, now) > END_WAIT_MS) {
      await this.#endSpan(to);
      return true;
    }
    // A claim that ended while another goes on must not wait for a source that may never come back.
    for (const claim of this.#claims.open) {
      if (claim.to === null || between(claim.to, now) <= END_WAIT_MS || this.#writer.segment !== null) continue;
      await this.#writer.ledgerUpTo(claim.to, this.#claims.ids, NOTHING_CAME);
      await this.#endClaim(claim.id, claim.to);
      return true;
    }
    return false;
  }

  /** A new run that begins with more than one group of pictures of the past: only the last of these is needed. */
  #forgetRepeated(fragment: Fragment): boolean {
    const { coveredTo } = this.#writer;
    if (coveredTo === null) return false;
    this.#ring.forgetBefore(this.#monoOf(coveredTo));
    return this.#ring.first !== fragment;
  }

  #cutIsDue({ identity }: OpenSegment, fragment: Fragment): boolean {
    if (!fragment.info.startsWithKeyframe) return false;
    if (fragment.info.startMs - identity.mediaFromMs >= this.#segmentMs - CUT_TOLERANCE_MS) return true;
    const now = this.#claimsAt(fragment);
    return now.length !== identity.claims.length || now.some((id) => !identity.claims.includes(id));
  }

  /** The claims that the fragment is kept for; the pictures between a keyframe and the claim's own beginning belong to it too. */
  #claimsAt(fragment: Fragment): string[] {
    const start = fragmentStart(fragment);
    return this.#claims.open
      .filter(({ to }) => to === null || this.#monoOf(to) + CAPTURE_DELAY_MS >= start)
      .map(({ id }) => id);
  }

  async #write(fragment: Fragment): Promise<void> {
    // Taken out first: while the disk takes its time, memory may have to let go of what is oldest in it.
    this.#ring.shift();
    await this.#writer.write(fragment);
    this.#diskCause = null;
    const isOld = this.#world.clock.now().monoMs - this.#lastSyncMonoMs >= SYNC_EVERY_MS;
    if (this.#claims.areProven && !isOld) return;
    // A burst of pre-roll is synced once, when memory is empty; a claim that waits for its proof gets it at once.
    if (this.#ring.length > 0 && !isOld) return;
    await this.#writer.sync();
    this.#syncedAt = this.#world.clock.now();
    this.#lastSyncMonoMs = this.#syncedAt.monoMs;
    this.#claims.prove(this.#claimsAt(fragment));
    this.#world.changed();
  }

  /** Closes the open segment; `next` is the fragment that follows it without a break, if one does. */
  async #closeSegment(next: Fragment | null): Promise<void> {
    const to = await this.#writer.close(next);
    if (to === null) return;
    for (const claim of this.#claims.open) {
      if (claim.to !== null && this.#claims.size > 1 && between(claim.to, to) >= CAPTURE_DELAY_MS)
        await this.#endClaim(claim.id, claim.to);
    }
    this.#world.changed();
  }

  /** Every claim has ended: the rest of the span is covered or ledgered, then the claims are closed in the journal. */
  async #endSpan(to: Instant): Promise<void> {
    await this.#closeSegment(null);
    await this.#writer.ledgerUpTo(to, this.#claims.ids, NOTHING_CAME);
    for (const claim of this.#claims.open) await this.#endClaim(claim.id, claim.to ?? to);
    this.#writer.end();
    this.#inSpan = false;
    this.#syncedAt = null;
    this.#world.changed();
  }

  async #endClaim(id: string, to: Instant): Promise<void> {
    await this.#world.journal({ type: 'claim-ended', claim: id, stream: this.#stream, to });
    this.#claims.end(id);
  }

  /** The disk refused: keep what was written wholly, wait a moment, go on in a new segment. Memory holds what comes meanwhile. */
  async #diskRefused(error: unknown): Promise<void> {
    const errno = errnoOf(error);
    this.#diskCause = {
      code: errno === 'ENOSPC' || errno === 'EDQUOT' ? 'disk-full' : 'disk-failed',
      detail: errno ?? sentenceOf(error),
    };
    this.#writer.blame(this.#diskCause);
    this.#world.changed();
    this.#ring.putBack(await this.#writer.giveUp(errno));
    await new Promise((resolve) => setTimeout(resolve, DISK_RETRY_MS));
    this.#again = !this.#closing;
  }

  #monoOf(instant: Instant): number {
    const now = this.#world.clock.now();
    return now.monoMs - between(instant, now);
  }
}
