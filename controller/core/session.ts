/**
 * A session through its life, and what is true in each state. How it gets from one to the next is in session-machine.ts.
 *
 *   scheduled    it stands in the docket. A walk-in never does: it begins in `opening`.
 *   checking     the room is being checked for it.
 *   ready        the last check found everything good.
 *   cancelled    it will not take place; the docket keeps it.
 *   opening      the claim stands in the journal and in the wish; nothing is promised yet (invariant 1).
 *   open         every mandatory stream was proven on disk once; whether it is proven now is never kept here but always computed.
 *   closing      the claim has its end; the post-roll is still being kept.
 *   closed       every stream's claim has ended: all is on disk and in the journal, or ledgered as a gap (invariant 2).
 *   handed-over  the centre has signed for every segment.
 *
 * There is no pause and no way back (invariant 7): an adjourned session is closed and goes on as another one. A session that is
 * closing does not stand in the way of the next one (invariant 9): claims overlap freely.
 */
import type { DocketSource, FieldValues, Planned, SessionKind, SessionStream } from './session-facts.ts';
import { between, type Instant } from './time.ts';

/** What a session is in every state. Its id is also the id of its claim on each of its streams. */
export interface SessionRoot {
  readonly id: string;
  readonly room: string;
  readonly kind: SessionKind;
  readonly matter: string;
  readonly fields: FieldValues;
  /** Who put it into the docket, or opened it as a walk-in; `centre` for an order of the centre. */
  readonly createdBy: string;
  readonly createdAt: Instant;
  readonly source: DocketSource | 'walk-in';
  /** How the system that it came from calls it. */
  readonly reference: string | null;
  readonly planned: Planned | null;
  readonly continues: string | null;
  /** The newest check that was made for it. */
  readonly check: string | null;
}

/** What it is from the press to open on. */
export interface SessionOpening {
  readonly press: string;
  readonly openedBy: string;
  readonly openedAt: Instant;
  /** Start of the claim: press minus pre-roll. */
  readonly from: Instant;
  readonly streams: readonly SessionStream[];
  /** Id of the rule set that it is held under; null where the fact of an older version does not say. */
  readonly rules: string | null;
  /** UTC ms up to which people said it will go on; null when nobody said. */
  readonly extendedToMs: number | null;
}

/** The press that ended it. `confirmedAt` is null when it was closed before every mandatory stream was proven. */
export interface SessionEnding {
  readonly confirmedAt: Instant | null;
  readonly closedBy: string;
  readonly closedAt: Instant;
  /** End of the claim: press plus post-roll. */
  readonly to: Instant;
  /** Required fields that were empty at the press to close. */
  readonly debtsAtClose: readonly string[];
  /** The session that it goes on as, when it was adjourned. */
  readonly continuedBy: string | null;
}

/** Before anybody pressed open. */
export type DocketSession = SessionRoot &
  (
    | { readonly state: 'scheduled' | 'checking' | 'ready' }
    | {
        readonly state: 'cancelled';
        readonly cancelledBy: string;
        readonly cancelledAt: Instant;
        readonly reason: string;
      }
  );

/** From the press to open on: it has a claim. */
export type OpenedSession = SessionRoot &
  SessionOpening &
  (
    | { readonly state: 'opening' }
    | { readonly state: 'open'; readonly confirmedAt: Instant }
    | (SessionEnding & { readonly state: 'closing' })
    | (SessionEnding & { readonly state: 'closed'; readonly endedAt: Instant })
    | (SessionEnding & { readonly state: 'handed-over'; readonly endedAt: Instant; readonly handedOverAt: Instant })
  );

export type Session = DocketSession | OpenedSession;
export type AwaitedSession = Exclude<DocketSession, { readonly state: 'cancelled' }>;
export type EndingSession = Extract<OpenedSession, SessionEnding>;

export type SessionState = Session['state'];
export type OpenedState = OpenedSession['state'];
export const SESSION_STATES: readonly SessionState[] = [
  ...(['scheduled', 'checking', 'ready', 'cancelled'] as const),
  ...(['opening', 'open', 'closing', 'closed', 'handed-over'] as const),
];

/** True from the press to open on. */
export function isOpened(session: Session): session is OpenedSession {
  return 'openedAt' in session;
}

/** True while it stands in the docket and may still be opened. */
export function isAwaited(session: Session): session is AwaitedSession {
  return session.state === 'scheduled' || session.state === 'checking' || session.state === 'ready';
}

/** True while people mean the session to record: asked to open and not asked to close. */
export function isRunning(session: Session): session is Extract<OpenedSession, { state: 'opening' | 'open' }> {
  return session.state === 'opening' || session.state === 'open';
}

/** True while its claims may still be in the recorder's hands. */
export function holdsClaims(
  session: Session,
): session is Extract<OpenedSession, { state: 'opening' | 'open' | 'closing' }> {
  return isRunning(session) || session.state === 'closing';
}

/** When every mandatory stream was proven first, or null. */
export function confirmedAtOf(session: OpenedSession): Instant | null {
  return session.state === 'opening' ? null : session.confirmedAt;
}

/** The end of the claim, or null while nobody has ended it. */
export function claimEndOf(session: OpenedSession): Instant | null {
  return isEnding(session) ? session.to : null;
}

/** True once somebody pressed close. */
export function isEnding(session: Session): session is EndingSession {
  return session.state === 'closing' || session.state === 'closed' || session.state === 'handed-over';
}

/** UTC ms at which people meant it to end: as extended last, else as planned; null when nobody said. */
export function plannedEndOf(session: OpenedSession): number | null {
  return session.extendedToMs ?? session.planned?.toMs ?? null;
}

/** Throws unless everything holds that must hold in the session's state. Moments of different boots are not compared. */
export function assertSession(session: Session): void {
  const must = (holds: boolean, what: string): void => {
    if (!holds) throw new Error(`session ${session.id} (${session.state}): ${what}`);
  };
  const inOrder = (a: Instant, b: Instant): boolean => a.boot !== b.boot || between(a, b) >= 0;
  must(session.id !== '' && session.room !== '', 'has id and room');
  must(session.continues !== session.id, 'does not continue itself');
  must((session.planned === null) === (session.source === 'walk-in'), 'has planned times unless it is a walk-in');
  const { planned } = session;
  must(planned === null || planned.toMs === null || planned.toMs > planned.fromMs, 'is planned to end after it begins');
  if (!isOpened(session)) {
    must(session.state !== 'ready' || session.check !== null, 'is ready by a check');
    must(session.state !== 'checking' || session.check !== null, 'is checked by a check');
    return;
  }
  must(session.press !== '', 'has its press');
  must(inOrder(session.from, session.openedAt), 'the claim begins no later than the press');
  must(
    session.streams.some((stream) => stream.mandatory),
    'has a mandatory stream',
  );
  must(new Set(session.streams.map((one) => one.stream)).size === session.streams.length, 'names each stream once');
  const confirmedAt = confirmedAtOf(session);
  if (confirmedAt !== null) must(inOrder(session.openedAt, confirmedAt), 'is confirmed after the press');
  if (!isEnding(session)) return;
  must(inOrder(session.openedAt, session.closedAt), 'is closed after it was opened');
  must(inOrder(session.closedAt, session.to), 'the claim ends no earlier than the press to close');
  must(session.continuedBy !== session.id, 'is not continued by itself');
  if (session.state === 'closing') return;
  must(inOrder(session.closedAt, session.endedAt), 'ends after the press to close');
  if (session.state === 'handed-over') must(inOrder(session.endedAt, session.handedOverAt), 'is handed over last');
}
