/**
 * The life of one session as a pure machine: (state, input) → next state and effects, or a refusal that people can read.
 *
 *             press-open           proof              press-close          claims-ended         all-receipted
 *   (nothing) ─────────▶ opening ─────────▶ open ─────────────▶ closing ───────────▶ closed ─────────────▶ handed-over
 *                           │                                      ▲
 *                           └────────────── press-close ───────────┘
 *
 * Who performs each arrow: people press; the recorder proves bytes (`proof`) and ends claims; the centre signs receipts.
 * What is true in each state:
 *   opening      the claim stands in the journal and in the wish; nothing is promised yet (invariant 1).
 *   open         every mandatory stream was proven on disk once; whether it is proven now is never kept here but always computed.
 *   closing      the claim has its end; the post-roll is still being kept.
 *   closed       every stream's claim has ended: all is on disk and in the journal, or ledgered as a gap (invariant 2).
 *   handed-over  the centre has signed for every segment.
 * There is no pause and no way back (invariant 7). A session that is closing does not stand in the way of the next one
 * (invariant 9): claims overlap freely.
 */
import type { ErrorCode } from './errors.ts';
import type { AbsentStretch, SessionKind, SessionStream, SiteFact } from './facts.ts';
import { between, type Instant, shift } from './time.ts';

/** What a session is from its first moment on. Its id is also the id of its claim on each of its streams. */
export interface SessionBasics {
  readonly id: string;
  readonly press: string;
  readonly room: string;
  readonly kind: SessionKind;
  readonly matter: string;
  readonly openedBy: string;
  readonly openedAt: Instant;
  /** Start of the claim: press minus pre-roll. */
  readonly from: Instant;
  readonly streams: readonly SessionStream[];
}

/** The press that ended it. `confirmedAt` is null when it was closed before every mandatory stream was proven. */
export interface SessionEnding {
  readonly confirmedAt: Instant | null;
  readonly closedBy: string;
  readonly closedAt: Instant;
  /** End of the claim: press plus post-roll. */
  readonly to: Instant;
}

export type Session =
  | (SessionBasics & { readonly state: 'opening' })
  | (SessionBasics & { readonly state: 'open'; readonly confirmedAt: Instant })
  | (SessionBasics & SessionEnding & { readonly state: 'closing' })
  | (SessionBasics & SessionEnding & { readonly state: 'closed'; readonly endedAt: Instant })
  | (SessionBasics &
      SessionEnding & { readonly state: 'handed-over'; readonly endedAt: Instant; readonly handedOverAt: Instant });

export type SessionState = Session['state'];
export const SESSION_STATES: readonly SessionState[] = ['opening', 'open', 'closing', 'closed', 'handed-over'];

export type SessionInput =
  | {
      readonly type: 'press-open';
      /** Id for the session, used only when one begins. */
      readonly session: string;
      readonly press: string;
      readonly room: string;
      readonly kind: SessionKind;
      readonly matter: string;
      readonly by: string;
      readonly preRollMs: number;
      readonly streams: readonly SessionStream[];
    }
  /** Every mandatory stream is proven on disk now. */
  | { readonly type: 'proof' }
  /** It was, and is not any more. */
  | { readonly type: 'proof-lost' }
  | { readonly type: 'press-close'; readonly by: string; readonly postRollMs: number }
  /** The recorder journaled the end of every stream's claim; `absent` are streams it never heard of. */
  | { readonly type: 'claims-ended'; readonly absent: readonly AbsentStretch[] }
  /** The centre has signed for every segment there is. */
  | { readonly type: 'all-receipted' };

export type SessionEffect =
  /** Journal first, then the index; everything behind it waits for it. */
  | { readonly type: 'append'; readonly fact: SiteFact; readonly at: Instant }
  /** Compute the wish again and send it to the recorder. */
  | { readonly type: 'wish' }
  /** Show the new truth to whoever watches the room. */
  | { readonly type: 'announce' };

export interface Refusal {
  readonly code: Extract<ErrorCode, 'session-already-open' | 'session-unknown' | 'no-mandatory-stream'>;
  readonly message: string;
}

export type Verdict =
  | { readonly ok: true; readonly next: Session; readonly effects: readonly SessionEffect[] }
  | { readonly ok: false; readonly refusal: Refusal };

/**
 * The next state and what is to be done, for an input that happened `at`. `session` is null where there is none yet. Throws on
 * an input that cannot happen (the recorder ends a claim that nobody ended).
 */
export function step(session: Session | null, input: SessionInput, at: Instant): Verdict {
  if (input.type === 'press-open') return pressOpen(session, input, at);
  if (session === null) return refuse('session-unknown', `there is no session to take ${input.type}`);
  switch (input.type) {
    case 'proof':
      return proof(session, at);
    case 'proof-lost':
      return isRunning(session) ? stay(session, [{ type: 'announce' }]) : stay(session);
    case 'press-close':
      return pressClose(session, input, at);
    case 'claims-ended':
      return claimsEnded(session, input.absent, at);
    case 'all-receipted':
      return allReceipted(session, at);
  }
}

/** True while people mean the session to record: asked to open and not asked to close. */
export function isRunning(session: Session): boolean {
  return session.state === 'opening' || session.state === 'open';
}

/** True while its claims may still be in the recorder's hands. */
export function holdsClaims(session: Session): boolean {
  return isRunning(session) || session.state === 'closing';
}

/** When every mandatory stream was proven first, or null. */
export function confirmedAtOf(session: Session): Instant | null {
  return session.state === 'opening' ? null : session.confirmedAt;
}

/** The end of the claim, or null while nobody has ended it. */
export function claimEndOf(session: Session): Instant | null {
  return isEnding(session) ? session.to : null;
}

/** True once somebody pressed close. */
export function isEnding(session: Session): session is Extract<Session, SessionEnding> {
  return session.state === 'closing' || session.state === 'closed' || session.state === 'handed-over';
}

/** Throws unless everything holds that must hold in the session's state. Moments of different boots are not compared. */
export function assertSession(session: Session): void {
  const must = (holds: boolean, what: string): void => {
    if (!holds) throw new Error(`session ${session.id} (${session.state}): ${what}`);
  };
  const inOrder = (a: Instant, b: Instant): boolean => a.boot !== b.boot || between(a, b) >= 0;
  must(session.id !== '' && session.press !== '' && session.room !== '', 'has id, press and room');
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
  if (session.state === 'closing') return;
  must(inOrder(session.closedAt, session.endedAt), 'ends after the press to close');
  if (session.state === 'handed-over') must(inOrder(session.endedAt, session.handedOverAt), 'is handed over last');
}

function pressOpen(
  session: Session | null,
  input: Extract<SessionInput, { type: 'press-open' }>,
  at: Instant,
): Verdict {
  if (session !== null) {
    // The same press sent twice (a second tap, a retry after a lost answer) is the same session, whatever became of it.
    if (session.press === input.press) return stay(session);
    const word = isRunning(session) ? 'is running' : 'is over and is never opened again';
    return refuse('session-already-open', `session ${session.id} of room ${session.room} ${word}`);
  }
  if (!input.streams.some((stream) => stream.mandatory)) {
    return refuse('no-mandatory-stream', `room ${input.room} has no mandatory stream`);
  }
  const next: Session = {
    state: 'opening',
    id: input.session,
    press: input.press,
    room: input.room,
    kind: input.kind,
    matter: input.matter,
    openedBy: input.by,
    openedAt: at,
    from: shift(at, -input.preRollMs),
    streams: input.streams,
  };
  const fact: SiteFact = {
    type: 'session-opened',
    session: next.id,
    press: next.press,
    room: next.room,
    kind: next.kind,
    matter: next.matter,
    by: next.openedBy,
    openedAt: next.openedAt,
    from: next.from,
    streams: next.streams,
  };
  return go(next, fact, at, 'wish');
}

function proof(session: Session, at: Instant): Verdict {
  if (session.state === 'open') return stay(session, [{ type: 'announce' }]);
  if (session.state !== 'opening') return stay(session);
  const next: Session = { ...session, state: 'open', confirmedAt: at };
  return go(next, { type: 'session-confirmed', session: session.id }, at);
}

function pressClose(session: Session, input: Extract<SessionInput, { type: 'press-close' }>, at: Instant): Verdict {
  if (session.state !== 'opening' && session.state !== 'open') return stay(session);
  const to = shift(at, input.postRollMs);
  const ending: SessionEnding = { confirmedAt: confirmedAtOf(session), closedBy: input.by, closedAt: at, to };
  const next: Session = { ...session, ...ending, state: 'closing' };
  return go(next, { type: 'session-closing', session: session.id, by: input.by, closedAt: at, to }, at, 'wish');
}

function claimsEnded(session: Session, absent: readonly AbsentStretch[], at: Instant): Verdict {
  if (isRunning(session)) throw new Error(`session ${session.id} is ${session.state}: its claims cannot have ended`);
  if (session.state !== 'closing') return stay(session);
  const next: Session = { ...session, state: 'closed', endedAt: at };
  const fact: SiteFact = {
    type: 'session-closed',
    session: session.id,
    ...(absent.length === 0 ? {} : { absent }),
  };
  return go(next, fact, at, 'wish');
}

function allReceipted(session: Session, at: Instant): Verdict {
  // While it still records, everything so far may well be signed for; only the whole counts.
  if (session.state !== 'closed') return stay(session);
  const next: Session = { ...session, state: 'handed-over', handedOverAt: at };
  return go(next, { type: 'session-handed-over', session: session.id }, at);
}

function go(next: Session, fact: SiteFact, at: Instant, wish?: 'wish'): Verdict {
  const effects: SessionEffect[] = [{ type: 'append', fact, at }];
  if (wish !== undefined) effects.push({ type: 'wish' });
  effects.push({ type: 'announce' });
  return { ok: true, next, effects };
}

function stay(session: Session, effects: readonly SessionEffect[] = []): Verdict {
  return { ok: true, next: session, effects };
}

function refuse(code: Refusal['code'], message: string): Verdict {
  return { ok: false, refusal: { code, message } };
}
