/**
 * The check before opening. It keeps a few seconds of every stream of a room under a claim of its own, by the same way that a hearing
 * is kept, looks at what came of it, and leaves it to be played back on the spot. It warns; it never stands in the way of opening.
 */
import { randomBytes } from 'node:crypto';
import { checkFindings, type Sense, verdictOf } from '../core/check-findings.ts';
import { AppError } from '../core/errors.ts';
import type { SiteJournal } from '../core/ports.ts';
import type { RecorderStatus } from '../core/recording.ts';
import type { Session } from '../core/session.ts';
import type { Heard } from '../core/session-facts.ts';
import type { CheckRow } from '../core/session-index.ts';
import type { SiteIndex } from '../core/site-index.ts';
import type { SitePlan } from '../core/site-plan.ts';
import { between, type Clock, type ClockState, type Instant, shift } from '../core/time.ts';
import { ULID_RANDOM_BYTES, ulid } from '../core/ulid.ts';
import type { SessionRunner } from './session-runner.ts';
import { streamsOf } from './sessions.ts';

/** What is kept: from the press, so that nothing of what was said in the room before is on a disk (invariant 6). */
export const CHECK_KEEPS_MS = 6_000;
/** A camera that sleeps needs a moment; the recorder needs one to write down what it kept. */
const PATIENCE_MS = 10_000;
/** A check nobody could end (the controller was down): its end is written down when it is back. */
const FORGOTTEN_MS = 60_000;

export interface ChecksOptions {
  readonly plan: SitePlan;
  readonly index: SiteIndex;
  readonly journal: SiteJournal;
  readonly clock: Clock;
  readonly runner: SessionRunner;
  readonly wish: () => void;
  readonly announce: (room: string) => void;
  readonly status: () => RecorderStatus | null;
  /** Hours of recording that fit on the disk, or null when nobody knows. */
  readonly hoursLeft: () => number | null;
  /** What a stream looks and sounds like now; null when nobody looked. */
  readonly sense: (stream: string) => Sense | null;
}

export class Checks {
  readonly #options: ChecksOptions;
  readonly #ending = new Set<string>();
  /** What each stream of a check was seen to do while it ran. */
  readonly #seen = new Map<string, Map<string, Sense>>();

  constructor(options: ChecksOptions) {
    this.#options = options;
  }

  /**
   * Begins a check of a room, for an entry of its docket or for none. The same press again is the same check. Rejects with
   * `check-running` or `no-mandatory-stream`.
   */
  begin(
    room: string,
    session: Session | null,
    press: string,
    by: string,
  ): Promise<{ check: CheckRow; isNew: boolean }> {
    const { clock, index, journal, plan, runner, wish, announce } = this.#options;
    const at = clock.now();
    return runner.inRoom(room, async () => {
      const before = index.notes.checkByPress(press);
      if (before !== null) return { check: before, isNew: false };
      runner.isRepeated(press, 'check-begun', session?.id ?? null);
      const underway = index.notes.checksUnderway().find((one) => one.room === room);
      if (underway !== undefined)
        throw new AppError('check-running', `room ${room} is being checked by ${underway.id}`);
      const streams = streamsOf(plan, room);
      if (streams.length === 0) throw new AppError('no-mandatory-stream', `room ${room} has no stream to check`);
      const check = ulid(at.wallMs, randomBytes(ULID_RANDOM_BYTES));
      const claim = { from: at, to: shift(at, CHECK_KEEPS_MS), streams };
      if (session === null) {
        await journal.append({ type: 'check-begun', check, press, room, session: null, by, ...claim }, at);
        wish();
        announce(room);
      } else {
        const now = index.session(session.id);
        await runner.step(now, { type: 'begin-check', check, press, by, ...claim }, at);
      }
      return { check: this.#row(check), isNew: true };
    });
  }

  /** Ends checks whose time is over. Never throws. */
  look(): void {
    const { clock, index, runner } = this.#options;
    const now = clock.now();
    for (const check of index.notes.checksUnderway()) {
      this.#sense(check);
      if (this.#ending.has(check.id) || !this.#isDue(check, now)) continue;
      this.#ending.add(check.id);
      runner.inBackground(check.room, async () => {
        try {
          await this.#end(check.id);
        } finally {
          this.#ending.delete(check.id);
        }
      });
    }
  }

  /** Somebody played it back. Rejects with `check-unknown` or `check-running`. */
  async hear(id: string, press: string, by: string, heard: readonly Heard[], note: string): Promise<CheckRow> {
    const { index, journal, runner, announce, clock } = this.#options;
    const at = clock.now();
    const { room } = this.#row(id);
    return runner.inRoom(room, async () => {
      const check = this.#row(id);
      const before = index.notes.pressed(press);
      if (before !== null) {
        runner.isRepeated(press, 'check-heard', before.session);
        return check;
      }
      if (check.done === null) throw new AppError('check-running', `check ${id} still keeps`);
      await journal.append({ type: 'check-heard', check: id, press, by, heard, note }, at);
      announce(room);
      return this.#row(id);
    });
  }

  #isDue(check: CheckRow, now: Instant): boolean {
    // A box that came back without its clock would wait for ever.
    if (check.to.boot !== now.boot) return true;
    if (between(check.to, now) < 0) return false;
    const claims = this.#options.index.claimsOf(check.id);
    const isKept = check.streams.every(({ stream }) =>
      claims.some((one) => one.stream === stream && one.ended !== null),
    );
    return isKept || between(check.to, now) > PATIENCE_MS;
  }

  #sense(check: CheckRow): void {
    for (const { stream } of check.streams) {
      const sense = this.#options.sense(stream);
      if (sense === null) continue;
      const seen = this.#seen.get(check.id) ?? new Map<string, Sense>();
      this.#seen.set(check.id, seen);
      const before = seen.get(stream);
      // One moving picture and one sound are enough; one frozen look alone says nothing.
      seen.set(stream, {
        isMoving: before?.isMoving === true ? true : (sense.isMoving ?? before?.isMoving ?? null),
        hasSound: before?.hasSound === true ? true : (sense.hasSound ?? before?.hasSound ?? null),
        isDark: sense.isDark ?? before?.isDark ?? null,
      });
    }
  }

  async #end(id: string): Promise<void> {
    const { clock, index, journal, plan, runner, wish, announce, status, hoursLeft } = this.#options;
    const now = clock.now();
    const check = this.#row(id);
    if (check.done !== null) return;
    const isForgotten = check.to.boot !== now.boot || between(check.to, now) > FORGOTTEN_MS;
    const clockState: ClockState = clock.state();
    const findings = checkFindings({
      ...{ check, now, status: status(), clock: clockState, hoursLeft: hoursLeft() },
      devices: plan.devices.filter((device) => check.streams.some((one) => one.stream === device.id)),
      kept: (stream) => index.segmentsOf(id, stream).map((row) => row.fact),
      sense: (stream) => this.#seen.get(id)?.get(stream) ?? null,
    });
    this.#seen.delete(id);
    const verdict = isForgotten ? 'broken-off' : verdictOf(findings);
    const session = check.session === null ? null : index.session(check.session);
    if (session === null) {
      await journal.append({ type: 'check-done', check: id, session: null, verdict, findings }, now);
      wish();
      announce(check.room);
    } else await runner.step(session, { type: 'end-check', check: id, verdict, findings }, now);
  }

  #row(id: string): CheckRow {
    const row = this.#options.index.notes.check(id);
    if (row === null) throw new AppError('check-unknown', `there is no check ${id}`);
    return row;
  }
}
