/** The steps of the session machine before anybody presses open: the docket and the check. */
import { mergeFields } from './fields.ts';
import { type AwaitedSession, isAwaited, isOpened, type Session } from './session.ts';
import type {
  CheckFinding,
  CheckVerdict,
  DocketSource,
  FieldValues,
  Planned,
  SessionKind,
  SessionStream,
} from './session-facts.ts';
import { go, refuse, stay, type Verdict } from './session-verdict.ts';
import type { Instant } from './time.ts';

/** What of an entry of the docket may be changed. */
export interface Amendment {
  readonly room?: string;
  readonly kind?: SessionKind;
  readonly matter?: string;
  readonly planned?: Planned;
  readonly fields?: FieldValues;
}

export type DocketInput =
  | {
      readonly type: 'schedule';
      /** Id for the session, used only when one begins. */
      readonly session: string;
      readonly press: string;
      readonly room: string;
      readonly kind: SessionKind;
      readonly matter: string;
      readonly by: string;
      readonly source: DocketSource;
      readonly planned: Planned;
      readonly fields: FieldValues;
      readonly continues: string | null;
      readonly reference: string | null;
    }
  | ({ readonly type: 'amend'; readonly press: string; readonly by: string } & { readonly change: Amendment })
  | { readonly type: 'cancel'; readonly press: string; readonly by: string; readonly reason: string }
  | {
      readonly type: 'begin-check';
      readonly check: string;
      readonly press: string;
      readonly by: string;
      readonly from: Instant;
      readonly to: Instant;
      readonly streams: readonly SessionStream[];
    }
  /** The check ended by itself, or nobody could end it (`broken-off`). */
  | {
      readonly type: 'end-check';
      readonly check: string;
      readonly verdict: CheckVerdict;
      readonly findings: readonly CheckFinding[];
    };

/** A step before opening. A session that was opened or cancelled refuses to be planned anew. */
export function stepDocket(session: Session | null, input: DocketInput, at: Instant): Verdict {
  if (input.type === 'schedule') return schedule(session, input, at);
  if (session === null) return refuse('session-unknown', `there is no session to take ${input.type}`);
  // A check that outlives what it was made for still says what it found.
  if (input.type === 'end-check') return endCheck(session, input, at);
  if (isOpened(session)) {
    return refuse('session-already-open', `session ${session.id} was opened and is not planned any more`);
  }
  if (session.state === 'cancelled') {
    if (input.type === 'cancel') return stay(session);
    return refuse('session-cancelled', `session ${session.id} was cancelled`);
  }
  switch (input.type) {
    case 'amend':
      return amend(session, input, at);
    case 'cancel': {
      const { press, by, reason } = input;
      const next: Session = { ...session, state: 'cancelled', cancelledBy: by, cancelledAt: at, reason };
      return go(next, { type: 'session-cancelled', session: session.id, press, by, reason }, at, 'wish');
    }
    case 'begin-check':
      return beginCheck(session, input, at);
  }
}

function schedule(session: Session | null, input: Extract<DocketInput, { type: 'schedule' }>, at: Instant): Verdict {
  // Only the same press, or the same entry of the same system, leads here.
  if (session !== null) return stay(session);
  const { room, kind, matter, by, source, planned, fields, continues, reference } = input;
  const next: Session = {
    ...{ state: 'scheduled', id: input.session, room, kind, matter, fields, createdBy: by, createdAt: at },
    ...{ source, reference, planned, continues, check: null },
  };
  return go(
    next,
    {
      ...{
        type: 'session-scheduled',
        session: next.id,
        press: input.press,
        room,
        kind,
        matter,
        by,
        source,
        planned,
        fields,
      },
      ...(continues === null ? {} : { continues }),
      ...(reference === null ? {} : { reference }),
    },
    at,
    'wish',
  );
}

function amend(
  session: AwaitedSession,
  { press, by, change }: Extract<DocketInput, { type: 'amend' }>,
  at: Instant,
): Verdict {
  const next = amended(session, change);
  if (JSON.stringify(next) === JSON.stringify(session)) return stay(session);
  return go(next, { type: 'session-amended', session: session.id, press, by, ...change }, at, 'wish');
}

/** An entry of the docket with a change laid over it. What was checked was another room: it is ready no more. */
export function amended<S extends Session>(session: S, change: Amendment): S {
  const { fields, ...rest } = change;
  const isMoved = change.room !== undefined && change.room !== session.room && isAwaited(session);
  return {
    ...session,
    ...rest,
    ...(fields === undefined ? {} : { fields: mergeFields(session.fields, fields) }),
    ...(isMoved ? { state: 'scheduled', check: null } : {}),
  };
}

function beginCheck(
  session: AwaitedSession,
  { check, press, by, from, to, streams }: Extract<DocketInput, { type: 'begin-check' }>,
  at: Instant,
): Verdict {
  if (session.state === 'checking') {
    return refuse('check-running', `session ${session.id} is being checked by ${session.check}`);
  }
  const { id, room } = session;
  const next: Session = { ...session, state: 'checking', check };
  return go(next, { type: 'check-begun', check, press, room, session: id, by, from, to, streams }, at, 'wish');
}

function endCheck(
  session: Session,
  { check, verdict, findings }: Extract<DocketInput, { type: 'end-check' }>,
  at: Instant,
): Verdict {
  const isItsOwn = session.state === 'checking' && session.check === check;
  const next: Session = isItsOwn ? { ...session, state: verdict === 'passed' ? 'ready' : 'scheduled' } : session;
  return go(next, { type: 'check-done', check, session: session.id, verdict, findings }, at, 'wish');
}
