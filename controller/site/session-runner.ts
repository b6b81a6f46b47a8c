/**
 * The shell around the session machine: one bounded queue per room takes presses and looks in order; each step is journaled, put
 * into the index, and only then told to the recorder and to people. All it knows stands in the index, so that being killed at any
 * step loses nothing.
 */
import { AppError, sentenceOf } from '../core/errors.ts';
import { Lane } from '../core/lane.ts';
import type { Log, SiteJournal } from '../core/ports.ts';
import { assertSession, type Session } from '../core/session.ts';
import type { SessionFact } from '../core/session-facts.ts';
import { type SessionInput, step } from '../core/session-machine.ts';
import type { SiteIndex } from '../core/site-index.ts';
import type { Clock, Instant } from '../core/time.ts';

/** Presses and looks that may wait in one room. */
const LANE_LIMIT = 64;

export interface SessionRunnerOptions {
  readonly index: SiteIndex;
  readonly journal: SiteJournal;
  readonly clock: Clock;
  readonly log: Log;
  /** Compute the wish again and send it. */
  readonly wish: () => void;
  /** Show the room to whoever watches it. */
  readonly announce: (room: string) => void;
}

export class SessionRunner {
  readonly #options: SessionRunnerOptions;
  readonly #lanes = new Map<string, Lane>();
  #isClosed = false;

  constructor(options: SessionRunnerOptions) {
    this.#options = options;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.idle();
  }

  async idle(): Promise<void> {
    await Promise.all([...this.#lanes.values()].map((lane) => lane.idle()));
  }

  /** Does `act` after everything that was asked of the room before. Rejects with `room-busy` when too much waits. */
  inRoom<T>(room: string, act: () => Promise<T>): Promise<T> {
    let lane = this.#lanes.get(room);
    if (lane === undefined) {
      lane = new Lane(LANE_LIMIT, () => new AppError('room-busy', `room ${room}: ${LANE_LIMIT} requests wait already`));
      this.#lanes.set(room, lane);
    }
    return lane.run(act);
  }

  /** The same for what nobody waits for: what fails is logged and tried again at the next look. */
  inBackground(room: string, act: () => Promise<void>): void {
    if (this.#isClosed) return;
    this.inRoom(room, act).catch((error: unknown) => {
      this.#options.log.error({ room, why: sentenceOf(error) }, 'a look at the sessions failed, tried again');
    });
  }

  /** One step of the machine, with its effects. To be called in the room's queue. Rejects with the machine's refusal. */
  async step(session: Session | null, input: SessionInput, at: Instant): Promise<Session> {
    const { index, journal, wish, announce } = this.#options;
    const verdict = step(session, input, at);
    if (!verdict.ok) throw new AppError(verdict.refusal.code, verdict.refusal.message);
    assertSession(verdict.next);
    for (const effect of verdict.effects) {
      if (effect.type === 'append') await journal.append(effect.fact, effect.at);
      else if (effect.type === 'wish') wish();
      else announce(verdict.next.room);
    }
    if (session !== null && session.room !== verdict.next.room) announce(session.room);
    return index.session(verdict.next.id) ?? verdict.next;
  }

  /**
   * One step for a person's press, in the queue of the session's room. A press that became a fact already changes nothing: it
   * answers the session as it is now. Rejects with `bad-request` when it became something else.
   */
  press(
    id: string,
    press: string,
    input: SessionInput & { readonly type: PressedInput },
    at: Instant,
  ): Promise<Session> {
    const { index } = this.#options;
    const room = index.session(id)?.room ?? '';
    return this.inRoom(room, async () => {
      const session = index.session(id);
      if (session !== null && this.isRepeated(press, FACT_OF[input.type], id)) return session;
      return this.step(session, input, at);
    });
  }

  /** True when this press became this fact of this session. Throws `bad-request` when it became another. */
  isRepeated(press: string, did: SessionFact['type'], session: string | null): boolean {
    const before = this.#options.index.notes.pressed(press);
    if (before === null) return false;
    if (before.did === did && before.session === session) return true;
    throw new AppError('bad-request', `press ${press} was made already, for ${before.did} of ${before.session}`);
  }
}

type PressedInput = keyof typeof FACT_OF;
const FACT_OF = {
  amend: 'session-amended',
  cancel: 'session-cancelled',
  fill: 'session-filled',
  mark: 'mark',
  'note-mark': 'mark-noted',
  tell: 'notice-told',
  explain: 'interruption-explained',
  extend: 'session-extended',
} as const satisfies { readonly [input: string]: SessionFact['type'] };
