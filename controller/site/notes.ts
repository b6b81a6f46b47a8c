/** What people add to a session while it runs and afterwards: fields, marks, the telling, explanations, more time. */
import { AppError } from '../core/errors.ts';
import type { Interruption } from '../core/interruptions.ts';
import { checkFieldValues } from '../core/rules/field-values.ts';
import { noticeOfKind } from '../core/rules/notices.ts';
import { kindOf, type RuleSet } from '../core/rules/rule-set.ts';
import type { OpenedSession, Session } from '../core/session.ts';
import type { FieldValues, MarkKind, NoticeAnswer, NoticeText, SessionKind } from '../core/session-facts.ts';
import type { MarkRow } from '../core/session-index.ts';
import type { SiteIndex } from '../core/site-index.ts';
import { type Clock, type Instant, shift } from '../core/time.ts';
import { unknownKind } from './docket.ts';
import type { SessionRunner } from './session-runner.ts';

/** A press that reaches the controller later than this is dated as if it were made so long ago. */
const AGO_MAX_MS = 10 * 60_000;

export interface NotesOptions {
  readonly rules: RuleSet;
  readonly index: SiteIndex;
  readonly clock: Clock;
  readonly runner: SessionRunner;
  readonly interruptions: (session: OpenedSession) => readonly Interruption[];
}

export class Notes {
  readonly #options: NotesOptions;

  constructor(options: NotesOptions) {
    this.#options = options;
  }

  /** Rejects with `bad-request` naming every field that does not fit, or `kind-unknown`. */
  async fill(
    session: OpenedSession,
    press: string,
    by: string,
    change: { readonly kind?: SessionKind; readonly matter?: string; readonly fields?: FieldValues },
  ): Promise<Session> {
    const { rules, runner, clock } = this.#options;
    const named = change.kind ?? session.kind;
    const kind = kindOf(rules, named);
    if (kind === null) throw unknownKind(rules, named);
    const { fields, ...rest } = change;
    const checked = fields === undefined ? null : checkFieldValues(rules, kind, fields);
    if (checked?.ok === false) {
      throw new AppError('bad-request', 'the fields do not fit this kind of session', { fields: checked.faults });
    }
    const whole = checked === null ? rest : { ...rest, fields: checked.value };
    return runner.press(session.id, press, { type: 'fill', press, by, change: whole }, clock.now());
  }

  /** The same press again is the same mark. Rejects with `session-over` when it was made after the press to close. */
  async mark(
    session: OpenedSession,
    by: string,
    mark: {
      readonly press: string;
      readonly kind: MarkKind;
      readonly agoMs: number;
      readonly note: string;
      readonly page: string;
    },
  ): Promise<{ mark: MarkRow; isNew: boolean }> {
    const { index, runner, clock } = this.#options;
    const at = clock.now();
    const { press, kind, agoMs, note, page } = mark;
    const isNew = index.notes.pressed(press) === null;
    const pressedAt = ago(at, agoMs);
    await runner.press(session.id, press, { type: 'mark', mark: press, kind, by, pressedAt, note, page }, at);
    return { mark: this.#mark(session, press), isNew };
  }

  /** Rejects with `mark-unknown`. */
  async noteMark(
    session: OpenedSession,
    mark: string,
    by: string,
    { press, note, page }: { readonly press: string; readonly note: string; readonly page: string },
  ): Promise<MarkRow> {
    this.#mark(session, mark);
    const { runner, clock } = this.#options;
    await runner.press(session.id, press, { type: 'note-mark', mark, press, by, note, page }, clock.now());
    return this.#mark(session, mark);
  }

  /** The wording is the one that the rules have for this kind now. */
  tell(
    session: OpenedSession,
    by: string,
    told: {
      readonly press: string;
      readonly answer: NoticeAnswer;
      readonly note: string;
      readonly agoMs: number;
    },
  ): Promise<Session> {
    const { runner, clock } = this.#options;
    const at = clock.now();
    const { press, answer, note, agoMs } = told;
    const text = this.textOf(session);
    return runner.press(
      session.id,
      press,
      { type: 'tell', press, by, pressedAt: ago(at, agoMs), answer, note, text },
      at,
    );
  }

  /** Which wording the parties of a session are told. */
  textOf(session: OpenedSession): NoticeText {
    const notice = noticeOfKind(this.#options.rules, session.kind);
    return { notice: notice.id, version: notice.version, textSha256: notice.sha256 };
  }

  /** Rejects with `interruption-unknown`, `bad-request` when nothing is said, or `session-over` for a spoken reason too late. */
  async explain(
    session: OpenedSession,
    by: string,
    said: {
      readonly press: string;
      readonly interruption: string;
      readonly isSpoken: boolean;
      readonly agoMs: number;
      readonly reason: string | null;
    },
  ): Promise<Session> {
    const { index, runner, clock, interruptions } = this.#options;
    const at = clock.now();
    const { press, isSpoken, agoMs, reason } = said;
    if (!isSpoken && reason === null)
      throw new AppError('bad-request', 'neither spoken nor typed: nothing is explained');
    const current = index.session(session.id);
    const found = interruptions(current === null || !('openedAt' in current) ? session : current).find(
      (one) => one.to !== null && one.gaps.includes(said.interruption),
    );
    if (found === undefined) {
      throw new AppError('interruption-unknown', `session ${session.id} has no interruption ${said.interruption}`);
    }
    const spokenAt = isSpoken ? ago(at, agoMs) : null;
    return runner.press(session.id, press, { type: 'explain', press, by, gaps: found.gaps, spokenAt, reason }, at);
  }

  /** `untilMs` is UTC ms. Rejects with `session-over`. */
  extend(session: OpenedSession, press: string, by: string, untilMs: number): Promise<Session> {
    const { runner, clock } = this.#options;
    return runner.press(session.id, press, { type: 'extend', press, by, untilMs }, clock.now());
  }

  #mark(session: OpenedSession, id: string): MarkRow {
    const mark = this.#options.index.notes.mark(id);
    if (mark === null || mark.session !== session.id) {
      throw new AppError('mark-unknown', `session ${session.id} has no mark ${id}`);
    }
    return mark;
  }
}

/** The moment so long ago, by the monotonic scale. */
function ago(at: Instant, agoMs: number): Instant {
  return shift(at, -Math.min(Math.max(0, agoMs), AGO_MAX_MS));
}
