/**
 * What is written down beside a session and moves nothing: fields filled later, marks, the telling, explanations, more time. All of
 * it is added, never changed (invariant 7). The session must have been opened; what belongs into the recording (a mark, the telling,
 * a spoken reason) must have been pressed before it was closed, however late the press arrives.
 */
import { mergeFields } from './fields.ts';
import { isEnding, isOpened, isRunning, type OpenedSession, type Session } from './session.ts';
import type { FieldValues, MarkKind, NoticeAnswer, NoticeText, SessionKind, StopReason } from './session-facts.ts';
import { go, refuse, stay, type Verdict } from './session-verdict.ts';
import { between, type Instant, later } from './time.ts';

export type NoteInput =
  | {
      readonly type: 'fill';
      readonly press: string;
      readonly by: string;
      readonly change: { readonly kind?: SessionKind; readonly matter?: string; readonly fields?: FieldValues };
    }
  | {
      readonly type: 'mark';
      readonly mark: string;
      readonly kind: MarkKind;
      readonly by: string;
      readonly pressedAt: Instant;
      readonly note: string;
      readonly page: string;
    }
  | {
      readonly type: 'note-mark';
      readonly mark: string;
      readonly press: string;
      readonly by: string;
      readonly note: string;
      readonly page: string;
    }
  | ({
      readonly type: 'tell';
      readonly press: string;
      readonly by: string;
      readonly pressedAt: Instant;
      readonly answer: NoticeAnswer;
      readonly note: string;
    } & { readonly text: NoticeText })
  /** A sign acknowledged the wording: on its screen, or spoken to its end. */
  | {
      readonly type: 'notice-shown';
      readonly display: string;
      readonly ackedAt: Instant;
      readonly text: NoticeText;
    }
  | {
      readonly type: 'notice-spoken';
      readonly display: string;
      readonly ackedAt: Instant;
      readonly how: 'recorded' | 'synthesised';
      readonly text: NoticeText;
    }
  | {
      readonly type: 'explain';
      readonly press: string;
      readonly by: string;
      readonly gaps: readonly string[];
      /** When the reason was being spoken, or null when this is the typed reason alone. */
      readonly spokenAt: Instant | null;
      readonly reason: string | null;
    }
  | { readonly type: 'extend'; readonly press: string; readonly by: string; readonly untilMs: number }
  | { readonly type: 'warn'; readonly why: StopReason };

/** A note to a session. A walk-in, a docket entry and what is over differ in what may still be noted. */
export function stepNotes(session: Session | null, input: NoteInput, at: Instant): Verdict {
  if (session === null) return refuse('session-unknown', `there is no session to take ${input.type}`);
  if (!isOpened(session)) return refuse('session-not-open', `session ${session.id} is ${session.state}, not opened`);
  const { id } = session;
  switch (input.type) {
    case 'fill': {
      const { press, by, change } = input;
      const { fields, ...rest } = change;
      const next = { ...session, ...rest, fields: mergeFields(session.fields, fields ?? {}) };
      if (JSON.stringify(next) === JSON.stringify(session)) return stay(session);
      return go(next, { type: 'session-filled', session: id, press, by, ...change }, at);
    }
    case 'mark': {
      const { mark, kind, by, pressedAt, note, page } = input;
      if (!wasRunningAt(session, pressedAt)) return over(session, 'a mark');
      const markedAt = later(session.openedAt, pressedAt);
      return go(session, { type: 'mark', session: id, mark, kind, by, markedAt, note, page }, at);
    }
    case 'note-mark': {
      const { mark, press, by, note, page } = input;
      return go(session, { type: 'mark-noted', session: id, mark, press, by, note, page }, at);
    }
    case 'tell': {
      const { press, by, pressedAt, answer, note, text } = input;
      if (!wasRunningAt(session, pressedAt)) return over(session, 'the telling');
      const toldAt = later(session.openedAt, pressedAt);
      return go(session, { type: 'notice-told', session: id, press, by, toldAt, answer, note, ...text }, at);
    }
    case 'notice-shown': {
      const { display, ackedAt, text } = input;
      if (!wasRunningAt(session, ackedAt)) return over(session, 'the notice');
      return go(session, { type: 'notice-shown', session: id, display, shownAt: ackedAt, ...text }, at);
    }
    case 'notice-spoken': {
      const { display, ackedAt, how, text } = input;
      if (!wasRunningAt(session, ackedAt)) return over(session, 'the notice');
      return go(session, { type: 'notice-spoken', session: id, display, how, spokenAt: ackedAt, ...text }, at);
    }
    case 'explain': {
      const { press, by, gaps, spokenAt, reason } = input;
      if (spokenAt !== null && !wasRunningAt(session, spokenAt)) return over(session, 'a spoken reason');
      return go(session, { type: 'interruption-explained', session: id, press, by, gaps, spokenAt, reason }, at);
    }
    case 'extend': {
      if (!isRunning(session)) return over(session, 'more time');
      const { press, by, untilMs } = input;
      const next: Session = { ...session, extendedToMs: untilMs };
      return go(next, { type: 'session-extended', session: id, press, by, untilMs }, at);
    }
    case 'warn':
      return isRunning(session) ? go(session, { type: 'stop-warned', session: id, why: input.why }, at) : stay(session);
  }
}

/** True when the moment lies before the press to close. A press of the boot before counts by its wall label. */
function wasRunningAt(session: OpenedSession, moment: Instant): boolean {
  return !isEnding(session) || between(moment, session.closedAt) >= 0;
}

function over(session: Session, what: string): Verdict {
  return refuse(
    'session-over',
    `session ${session.id} is ${session.state}: ${what} cannot be in its recording any more`,
  );
}
