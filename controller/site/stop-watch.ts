/** Watches the times of sessions: which warnings stand, that they were given, and which rooms are kept ready for what is planned. */

import { isOpened, isRunning, type OpenedSession, type Session } from '../core/session.ts';
import type { StopReason } from '../core/session-facts.ts';
import type { SiteIndex } from '../core/site-index.ts';
import type { RoomPlan } from '../core/site-plan.ts';
import { isArmedFor, type StopWarning, type StopWarningKind, stopWarningsOf } from '../core/stop-warnings.ts';
import type { Clock, Instant } from '../core/time.ts';
import type { Docket } from './docket.ts';
import type { SessionRunner } from './session-runner.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Lengths in minutes and hours, as a site sets them. */
export interface HearingTimes {
  /** The cameras of a room are connected so long before what is planned in it. */
  readonly armBeforeMin: number;
  /** And so long after its time, while nobody opened it. */
  readonly patienceMin: number;
  readonly ceilingH: number;
  readonly silenceMin: number;
  readonly countdownMin: number;
  readonly leadMin: number;
}

export const USUAL_TIMES: HearingTimes = {
  ...{ armBeforeMin: 15, patienceMin: 60, ceilingH: 4, silenceMin: 15, countdownMin: 10, leadMin: 10 },
};

/** Warnings that are written down when they are given; the others are about the plan alone. */
const WRITTEN: readonly StopWarningKind[] = ['planned-end', 'silence', 'ceiling', 'next-booking'];

export interface StopWatchOptions {
  readonly rooms: readonly RoomPlan[];
  readonly times: HearingTimes;
  readonly index: SiteIndex;
  readonly clock: Clock;
  readonly docket: Docket;
  readonly runner: SessionRunner;
  /** Since when no microphone of a session heard anything; null while one does, or nobody knows. */
  readonly silentSince: (session: OpenedSession) => Instant | null;
}

export class StopWatch {
  readonly #options: StopWatchOptions;
  /** Warnings whose fact is on its way, by session and reason. */
  readonly #writing = new Set<string>();

  constructor(options: StopWatchOptions) {
    this.#options = options;
  }

  warnings(session: Session, now: Instant): readonly StopWarning[] {
    const { docket, times, silentSince } = this.#options;
    const at = session.planned?.fromMs ?? (isOpened(session) ? session.openedAt.wallMs : now.wallMs);
    return stopWarningsOf({
      session,
      others: docket.ofDay(session.room, isRunning(session) ? now.wallMs : at).filter((one) => one.id !== session.id),
      silentSince: isRunning(session) ? silentSince(session) : null,
      limits: {
        ceilingMs: times.ceilingH * HOUR_MS,
        silenceMs: times.silenceMin * MINUTE_MS,
        countdownMs: times.countdownMin * MINUTE_MS,
        leadMs: times.leadMin * MINUTE_MS,
      },
      now,
    });
  }

  /** Rooms in which something is planned soon, or is late. */
  armed(): readonly string[] {
    const { rooms, docket, times, clock } = this.#options;
    const now = clock.now();
    const isDue = (session: Session): boolean =>
      isArmedFor(session, times.armBeforeMin * MINUTE_MS, times.patienceMin * MINUTE_MS, now);
    return rooms.map((room) => room.id).filter((room) => docket.ofDay(room, now.wallMs).some(isDue));
  }

  /** Writes down warnings that are given from now on. Never throws. */
  look(): void {
    const { index, clock, runner } = this.#options;
    const now = clock.now();
    for (const session of index.sessionsHoldingClaims()) {
      if (!isRunning(session)) continue;
      const given = index.notes.stopWarningsOf(session.id);
      for (const { why, since } of this.warnings(session, now)) {
        const key = `${session.id} ${why}`;
        if (!WRITTEN.includes(why) || this.#writing.has(key)) continue;
        if (given.some((one) => one.why === why && one.at.wallMs >= since)) continue;
        this.#writing.add(key);
        runner.inBackground(session.room, async () => {
          try {
            await runner.step(index.session(session.id), { type: 'warn', why: why as StopReason }, clock.now());
          } finally {
            this.#writing.delete(key);
          }
        });
      }
    }
  }
}
