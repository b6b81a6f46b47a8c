/**
 * The shell around the session machine: one bounded queue per room takes presses and looks in order; each step is journaled, put
 * into the index, and only then told to the recorder and to people. All it knows stands in the index, so that being killed at any
 * step loses nothing.
 */
import { randomBytes } from 'node:crypto';
import { AppError, sentenceOf } from '../core/errors.ts';
import type { AbsentStretch, SessionKind } from '../core/facts.ts';
import type { Log, SiteJournal } from '../core/ports.ts';
import { isConfirmed } from '../core/proof.ts';
import type { Cause, RecorderStatus } from '../core/recording.ts';
import { assertSession, type Session, type SessionInput, step } from '../core/session.ts';
import type { SiteIndex } from '../core/site-index.ts';
import type { SitePlan } from '../core/site-plan.ts';
import { between, type Clock, type Instant } from '../core/time.ts';
import { ULID_RANDOM_BYTES, ulid } from '../core/ulid.ts';
import { Lane } from './lane.ts';

/** Presses and looks that may wait in one room. */
const LANE_LIMIT = 64;
const MS = 1_000;

export interface SessionsOptions {
  readonly plan: SitePlan;
  readonly index: SiteIndex;
  readonly journal: SiteJournal;
  readonly clock: Clock;
  readonly log: Log;
  /** Compute the wish again and send it. */
  readonly wish: () => void;
  /** Show the room to whoever watches it. */
  readonly announce: (room: string) => void;
  /** The recorder's newest word. */
  readonly status: () => RecorderStatus | null;
  /** Why nobody knows where a stream comes from; null when its source is known. */
  readonly absence: (stream: string) => Cause | null;
}

export class Sessions {
  readonly #options: SessionsOptions;
  readonly #lanes = new Map<string, Lane>();
  /** Rooms with a look waiting in their lane. */
  readonly #looking = new Set<string>();
  /** Open sessions that were proven at the last look: only edges are inputs of the machine. */
  readonly #proven = new Set<string>();
  #isClosed = false;

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  /** Takes up every session where it stands. */
  start(): void {
    this.look();
    for (const id of this.#options.index.sessionsDueForHandOver()) this.handOver(id);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.idle();
  }

  async idle(): Promise<void> {
    await Promise.all([...this.#lanes.values()].map((lane) => lane.idle()));
  }

  /**
   * Opens a session from the moment of the call; answers as soon as it is journaled and asked for (invariant 9). The same press
   * again is the same session. Rejects with `session-already-open` or `no-mandatory-stream`.
   */
  open(
    room: string,
    press: string,
    what: { readonly kind: SessionKind; readonly matter: string; readonly by: string },
  ): Promise<{ session: Session; isNew: boolean }> {
    const { clock, index, plan } = this.#options;
    const at = clock.now();
    return this.#lane(room).run(async () => {
      const before = index.sessionByPress(press);
      if (before !== null && before.room !== room) {
        throw new AppError('bad-request', `press ${press} was made in another room`);
      }
      const session = await this.#do(
        before ?? index.runningSession(room),
        {
          type: 'press-open',
          session: ulid(at.wallMs, randomBytes(ULID_RANDOM_BYTES)),
          press,
          room,
          ...what,
          preRollMs: plan.recording.preRollS * MS,
          streams: plan.devices
            .filter((device) => device.room === room)
            .map((device) => ({ stream: device.id, mandatory: device.mandatory })),
        },
        at,
      );
      return { session, isNew: before === null };
    });
  }

  /** Ends the claim at the moment of the call plus the post-roll. Closing what is closing or closed changes nothing. */
  closeSession(session: Session, by: string): Promise<Session> {
    const { clock, index, plan } = this.#options;
    const at = clock.now();
    const postRollMs = plan.recording.postRollS * MS;
    return this.#lane(session.room).run(() =>
      this.#do(index.session(session.id), { type: 'press-close', by, postRollMs }, at),
    );
  }

  /** Something may have changed: see what it means for every session that still holds claims. Never throws. */
  look(): void {
    for (const room of new Set(this.#options.index.sessionsHoldingClaims().map((session) => session.room))) {
      if (this.#looking.has(room)) continue;
      this.#looking.add(room);
      this.#inBackground(room, async () => {
        this.#looking.delete(room);
        for (const session of this.#options.index.sessionsHoldingClaims()) {
          if (session.room === room) await this.#lookAt(session);
        }
      });
    }
  }

  /** The centre signed for something of this session. */
  handOver(id: string): void {
    const { index, clock } = this.#options;
    const found = index.session(id);
    if (found?.state !== 'closed') return;
    this.#inBackground(found.room, async () => {
      const { done, total } = index.handOverOf(id);
      if (total > 0 && done === total) await this.#do(index.session(id), { type: 'all-receipted' }, clock.now());
    });
  }

  async #lookAt(session: Session): Promise<void> {
    const now = this.#options.clock.now();
    if (session.state === 'closing') {
      const absent = this.#allEnded(session, now);
      if (absent === null) return;
      await this.#do(session, { type: 'claims-ended', absent }, now);
      this.#proven.delete(session.id);
      // Everything may have been signed for while the last claim was ending.
      this.handOver(session.id);
      return;
    }
    const isProvenNow = isConfirmed(session, this.#options.status(), now);
    if (isProvenNow === this.#proven.has(session.id)) return;
    await this.#do(session, { type: isProvenNow ? 'proof' : 'proof-lost' }, now);
    if (isProvenNow) this.#proven.add(session.id);
    else this.#proven.delete(session.id);
  }

  /** Null while the recorder still holds a claim of it; else the streams it never heard of, because their source was never known. */
  #allEnded(session: Extract<Session, { state: 'closing' }>, now: Instant): readonly AbsentStretch[] | null {
    const claims = this.#options.index.claimsOf(session.id);
    const absent: AbsentStretch[] = [];
    for (const { stream } of session.streams) {
      const claim = claims.find((one) => one.stream === stream);
      if (claim !== undefined) {
        if (claim.ended === null) return null;
        continue;
      }
      const cause = this.#options.absence(stream);
      if (cause === null || between(session.to, now) < 0) return null;
      absent.push({ stream, from: session.from, to: session.to, cause });
    }
    return absent;
  }

  async #do(session: Session | null, input: SessionInput, at: Instant): Promise<Session> {
    const { index, journal, wish, announce } = this.#options;
    const verdict = step(session, input, at);
    if (!verdict.ok) throw new AppError(verdict.refusal.code, verdict.refusal.message);
    assertSession(verdict.next);
    for (const effect of verdict.effects) {
      if (effect.type === 'append') await journal.append(effect.fact, effect.at);
      else if (effect.type === 'wish') wish();
      else announce(verdict.next.room);
    }
    return index.session(verdict.next.id) ?? verdict.next;
  }

  #inBackground(room: string, act: () => Promise<void>): void {
    if (this.#isClosed) return;
    this.#lane(room)
      .run(act)
      .catch((error: unknown) => {
        this.#options.log.error({ room, why: sentenceOf(error) }, 'a look at the sessions failed, tried again');
      });
  }

  #lane(room: string): Lane {
    let lane = this.#lanes.get(room);
    if (lane === undefined) {
      lane = new Lane(LANE_LIMIT, () => new AppError('room-busy', `room ${room}: ${LANE_LIMIT} requests wait already`));
      this.#lanes.set(room, lane);
    }
    return lane;
  }
}
