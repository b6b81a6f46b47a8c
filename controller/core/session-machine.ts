/**
 * The life of one session as a pure machine: (state, input) → next state and effects, or a refusal that people can read.
 *
 *              begin-check         end-check (passed)
 *   scheduled ────────────▶ checking ────────────▶ ready            cancel: from each of these three → cancelled
 *       ▲                      │
 *       └── end-check (other) ─┘
 *
 *                 press-open          proof          press-close          claims-ended         all-receipted
 *   (nothing),    ─────────▶ opening ───────▶ open ─────────────▶ closing ───────────▶ closed ─────────────▶ handed-over
 *   scheduled,                  │                                    ▲
 *   checking, ready             └─────────── press-close ────────────┘
 *
 * Who performs each arrow: people press; the check ends by itself; the recorder proves bytes (`proof`) and ends claims; the centre
 * signs receipts. What is written down beside a session and moves nothing is in session-notes.ts. README.md here holds the table of
 * states and inputs, which a test keeps equal to this file.
 */
import type { RuleSetRef } from './rules/rule-set.ts';
import {
  confirmedAtOf,
  isOpened,
  isRunning,
  type OpenedSession,
  type Session,
  type SessionEnding,
  type SessionOpening,
} from './session.ts';
import { type DocketInput, stepDocket } from './session-docket.ts';
import type { AbsentStretch, Adjournment, FieldValues, SessionKind, SessionStream } from './session-facts.ts';
import { type NoteInput, stepNotes } from './session-notes.ts';
import { go, refuse, stay, type Verdict } from './session-verdict.ts';
import { type Instant, shift } from './time.ts';

/** What opens a session that stands in no docket. */
export interface WalkIn {
  /** Id for the session, used only when one begins. */
  readonly session: string;
  readonly room: string;
  readonly kind: SessionKind;
  readonly matter: string;
  readonly fields: FieldValues;
}

export type SessionInput =
  | DocketInput
  | NoteInput
  | {
      readonly type: 'press-open';
      readonly press: string;
      readonly by: string;
      /** Used only where there is no session yet. */
      readonly walkIn: WalkIn | null;
      /** The session that runs in the room now, or null. */
      readonly running: string | null;
      readonly preRollMs: number;
      readonly streams: readonly SessionStream[];
      readonly rules: RuleSetRef | null;
    }
  /** Every mandatory stream is proven on disk now. */
  | { readonly type: 'proof' }
  /** It was, and is not any more. */
  | { readonly type: 'proof-lost' }
  | {
      readonly type: 'press-close';
      readonly press: string | null;
      readonly by: string;
      readonly postRollMs: number;
      /** Required fields that are empty now. */
      readonly debts: readonly string[];
      readonly adjourned: Adjournment | null;
    }
  /** The recorder journaled the end of every stream's claim; `absent` are streams it never heard of. */
  | { readonly type: 'claims-ended'; readonly absent: readonly AbsentStretch[] }
  /** The centre has signed for every segment there is. */
  | { readonly type: 'all-receipted' };

/**
 * The next state and what is to be done, for an input that happened `at`. `session` is null where there is none yet. Throws on
 * an input that cannot happen (the recorder ends a claim that nobody ended).
 */
export function step(session: Session | null, input: SessionInput, at: Instant): Verdict {
  switch (input.type) {
    case 'schedule':
    case 'amend':
    case 'cancel':
    case 'begin-check':
    case 'end-check':
      return stepDocket(session, input, at);
    case 'press-open':
      return pressOpen(session, input, at);
    case 'proof':
    case 'proof-lost':
    case 'press-close':
    case 'claims-ended':
    case 'all-receipted':
      return stepRecording(session, input, at);
    default:
      return stepNotes(session, input, at);
  }
}

type PressOpen = Extract<SessionInput, { type: 'press-open' }>;

function pressOpen(session: Session | null, input: PressOpen, at: Instant): Verdict {
  if (session !== null && isOpened(session)) {
    // The same press sent twice (a second tap, a retry after a lost answer) is the same session, whatever became of it.
    if (session.press === input.press) return stay(session);
    const word = isRunning(session) ? 'is running' : 'is over and is never opened again';
    return refuse('session-already-open', `session ${session.id} of room ${session.room} ${word}`);
  }
  if (session?.state === 'cancelled') return refuse('session-cancelled', `session ${session.id} was cancelled`);
  const { walkIn } = input;
  const room = session?.room ?? walkIn?.room ?? '';
  if (input.running !== null) {
    return refuse('session-already-open', `session ${input.running} of room ${room} is running`);
  }
  if (!input.streams.some((stream) => stream.mandatory)) {
    return refuse('no-mandatory-stream', `room ${room} has no mandatory stream`);
  }
  const opening: SessionOpening = {
    ...{ press: input.press, openedBy: input.by, openedAt: at, from: shift(at, -input.preRollMs) },
    ...{ streams: input.streams, rules: input.rules?.id ?? null, extendedToMs: null },
  };
  if (session !== null) return opened({ ...session, ...opening, state: 'opening' }, input, at);
  if (walkIn === null) return refuse('session-unknown', 'there is no session to open');
  const { kind, matter, fields } = walkIn;
  return opened(
    {
      ...{ state: 'opening', id: walkIn.session, room, kind, matter, fields, createdBy: input.by, createdAt: at },
      ...{ source: 'walk-in', reference: null, planned: null, continues: null, check: null },
      ...opening,
    },
    input,
    at,
  );
}

function opened(next: Extract<OpenedSession, { state: 'opening' }>, { by, rules }: PressOpen, at: Instant): Verdict {
  const { id, press, room, kind, matter, openedAt, from, streams, fields, source } = next;
  const isBringing = source === 'walk-in' && Object.keys(fields).length > 0;
  return go(
    next,
    {
      ...{ type: 'session-opened', session: id, press, room, kind, matter, by, openedAt, from, streams },
      ...(isBringing ? { fields } : {}),
      ...(rules === null ? {} : { rules }),
    },
    at,
    'wish',
  );
}

type RecordingInput = Extract<
  SessionInput,
  { type: 'proof' | 'proof-lost' | 'press-close' | 'claims-ended' | 'all-receipted' }
>;

function stepRecording(session: Session | null, input: RecordingInput, at: Instant): Verdict {
  if (session === null) return refuse('session-unknown', `there is no session to take ${input.type}`);
  if (!isOpened(session)) {
    if (input.type === 'press-close') {
      return refuse('session-not-open', `session ${session.id} is ${session.state}: there is nothing to close`);
    }
    throw new Error(`session ${session.id} is ${session.state}: it has no claim that ${input.type} could be about`);
  }
  switch (input.type) {
    case 'proof': {
      if (session.state === 'open') return stay(session, [{ type: 'announce' }]);
      if (session.state !== 'opening') return stay(session);
      const next: Session = { ...session, state: 'open', confirmedAt: at };
      return go(next, { type: 'session-confirmed', session: session.id }, at);
    }
    case 'proof-lost':
      return isRunning(session) ? stay(session, [{ type: 'announce' }]) : stay(session);
    case 'press-close':
      return pressClose(session, input, at);
    case 'claims-ended': {
      if (isRunning(session))
        throw new Error(`session ${session.id} is ${session.state}: its claims cannot have ended`);
      if (session.state !== 'closing') return stay(session);
      const next: Session = { ...session, state: 'closed', endedAt: at };
      const { absent } = input;
      return go(
        next,
        { type: 'session-closed', session: session.id, ...(absent.length === 0 ? {} : { absent }) },
        at,
        'wish',
      );
    }
    case 'all-receipted': {
      // While it still records, everything so far may well be signed for; only the whole counts.
      if (session.state !== 'closed') return stay(session);
      const next: Session = { ...session, state: 'handed-over', handedOverAt: at };
      return go(next, { type: 'session-handed-over', session: session.id }, at);
    }
  }
}

function pressClose(
  session: OpenedSession,
  { press, by, postRollMs, debts, adjourned }: Extract<SessionInput, { type: 'press-close' }>,
  at: Instant,
): Verdict {
  if (!isRunning(session)) {
    // Somebody closed it meanwhile: that it goes on another time is to be planned by itself.
    return adjourned === null
      ? stay(session)
      : refuse('session-over', `session ${session.id} is ${session.state} already`);
  }
  const to = shift(at, postRollMs);
  const ending: SessionEnding = {
    ...{ confirmedAt: confirmedAtOf(session), closedBy: by, closedAt: at, to },
    ...{ debtsAtClose: debts, continuedBy: adjourned?.session ?? null },
  };
  return go(
    { ...session, ...ending, state: 'closing' },
    {
      ...{ type: 'session-closing', session: session.id, by, closedAt: at, to },
      ...(press === null ? {} : { press }),
      ...(debts.length === 0 ? {} : { debts }),
      ...(adjourned === null ? {} : { adjourned }),
    },
    at,
    'wish',
  );
}
