/** What sessions, entries of the docket, checks and marks look like now: rows of the index, the rules, and the time it is. */
import { handOverDeadline, urgencyAt } from '../core/deadline.ts';
import { owedBy } from '../core/fields.ts';
import type {
  CheckSnapshot,
  DeadlineSnapshot,
  DocketSnapshot,
  GapSnapshot,
  InterruptionSnapshot,
  KeepSnapshot,
  MarkSnapshot,
  NoticeMark,
  NoticeSnapshot,
  PlannedSnapshot,
  SessionSnapshot,
} from '../core/hearing-desk.ts';
import { type Interruption, interruptionsOf, type OpenGap } from '../core/interruptions.ts';
import { isConfirmed } from '../core/proof.ts';
import type { RecorderStatus } from '../core/recording.ts';
import { fullCitationOf } from '../core/rules/cite.ts';
import { sessionKeptUntil } from '../core/rules/retention.ts';
import { clauseOf, kindOf, retentionClassOf } from '../core/rules/rule-set.ts';
import { ruleSetNamed } from '../core/rules/site-rules.ts';
import {
  confirmedAtOf,
  holdsClaims,
  isEnding,
  isOpened,
  isRunning,
  type OpenedSession,
  plannedEndOf,
  type Session,
} from '../core/session.ts';
import type { Planned } from '../core/session-facts.ts';
import type { CheckRow, ExplanationRow, MarkRow, NoticeRow } from '../core/session-index.ts';
import type { GapRow, HandOver, LiveIndex } from '../core/site-index.ts';
import type { SitePlan } from '../core/site-plan.ts';
import type { StopWarning } from '../core/stop-warnings.ts';
import type { Clock, Instant } from '../core/time.ts';

/** Marks that are sent with each look at a room; all of them are asked for by themselves. */
const NEWEST_MARKS = 8;
const TALLIES_MAX = 100;

export interface SessionViewsOptions {
  readonly plan: SitePlan;
  readonly index: LiveIndex;
  readonly clock: Clock;
  readonly status: () => RecorderStatus | null;
  /** Holes of a session's streams that go on. */
  readonly openGaps: (session: OpenedSession, now: Instant) => readonly OpenGap[];
  readonly warnings: (session: Session, now: Instant) => readonly StopWarning[];
}

/** What of a session changes with the index alone. */
interface Tally {
  readonly key: string;
  readonly gaps: readonly GapRow[];
  readonly explanations: readonly ExplanationRow[];
  readonly notices: readonly NoticeRow[];
  readonly marks: SessionSnapshot['marks'];
  readonly handOver: HandOver;
}

export class SessionViews {
  readonly #options: SessionViewsOptions;
  readonly #tallies = new Map<string, Tally>();

  constructor(options: SessionViewsOptions) {
    this.#options = options;
  }

  session(session: OpenedSession): SessionSnapshot {
    const { plan, clock, status, openGaps, warnings } = this.#options;
    const rules = ruleSetNamed(plan.rules, session.rules ?? undefined);
    const now = clock.now();
    const { gaps, marks, handOver, notices } = this.#tally(session.id);
    const open = isRunning(session) ? openGaps(session, now) : [];
    return {
      id: session.id,
      room: session.room,
      kind: session.kind,
      matter: session.matter,
      fields: session.fields,
      debts: owedBy(rules, session),
      state: session.state,
      requested: isRunning(session) ? 'record' : 'stop',
      confirmed: holdsClaims(session) && isConfirmed(session, status(), now),
      openedAt: session.openedAt.wallMs,
      confirmedAt: confirmedAtOf(session)?.wallMs ?? null,
      closedAt: isEnding(session) ? session.closedAt.wallMs : null,
      openedBy: this.#nameOf(session.openedBy),
      closedBy: isEnding(session) ? this.#nameOf(session.closedBy) : null,
      planned: plannedView(session.planned),
      until: plannedEndOf(session),
      debtsAtClose: isEnding(session) ? session.debtsAtClose : [],
      continues: session.continues,
      continuedBy: isEnding(session) ? session.continuedBy : null,
      streams: session.streams.map(({ stream, mandatory }) => {
        const device = plan.devices.find((one) => one.id === stream);
        return { id: stream, name: device?.name ?? stream, kind: device?.kind ?? 'camera', mandatory };
      }),
      gaps: [...gaps.map(gapView), ...open.map(openGapView)],
      interruptions: this.interruptions(session, open).map(interruptionView),
      notice: this.#notice(session, notices),
      marks,
      warnings: warnings(session, now),
      deadline: this.#deadline(session, now),
      keep: this.#keep(session),
      handOver,
    };
  }

  /** Also those that go on, when `open` names them. */
  interruptions(session: OpenedSession, open: readonly OpenGap[] = []): readonly Interruption[] {
    const { gaps, explanations } = this.#tally(session.id);
    return interruptionsOf(session, gaps, open, explanations);
  }

  entry(session: Session): DocketSnapshot {
    const { plan, index, clock, warnings } = this.#options;
    const check = session.check === null ? null : index.notes.check(session.check);
    const opened = isOpened(session) ? session : null;
    const rules = ruleSetNamed(plan.rules, opened?.rules ?? undefined);
    return {
      id: session.id,
      room: session.room,
      kind: session.kind,
      matter: session.matter,
      fields: session.fields,
      debts: owedBy(rules, session),
      state: session.state,
      planned: plannedView(session.planned),
      openedAt: opened?.openedAt.wallMs ?? null,
      closedAt: isEnding(session) ? session.closedAt.wallMs : null,
      source: session.source,
      createdBy: this.#nameOf(session.createdBy),
      continues: session.continues,
      continuedBy: isEnding(session) ? session.continuedBy : null,
      cancelled:
        session.state === 'cancelled'
          ? { at: session.cancelledAt.wallMs, by: this.#nameOf(session.cancelledBy), reason: session.reason }
          : null,
      check: check === null ? null : this.check(check),
      warnings: warnings(session, clock.now()),
    };
  }

  check(row: CheckRow): CheckSnapshot {
    const { plan } = this.#options;
    return {
      ...{ id: row.id, room: row.room, session: row.session, by: this.#nameOf(row.by) },
      from: row.from.wallMs,
      to: row.done?.at.wallMs ?? row.to.wallMs,
      state: row.done?.verdict ?? 'running',
      findings: row.done?.findings ?? [],
      streams: row.streams.map(({ stream }) => ({
        stream,
        name: plan.devices.find((one) => one.id === stream)?.name ?? stream,
      })),
      heard:
        row.heard === null
          ? null
          : {
              at: row.heard.at.wallMs,
              by: this.#nameOf(row.heard.by),
              streams: row.heard.streams,
              note: row.heard.note,
            },
    };
  }

  mark(row: MarkRow): MarkSnapshot {
    const { id, kind, markedAt, by, note, page, notes } = row;
    return {
      ...{ id, kind, at: Math.round(markedAt.wallMs), by: this.#nameOf(by), note, page },
      notes: notes.map((one) => ({ ...one, at: one.at.wallMs, by: this.#nameOf(one.by) })),
    };
  }

  noticeMark(row: NoticeRow): NoticeMark {
    const { how, who, at, notice, version, textSha256, answer, note } = row;
    const by = how === 'told' ? this.#nameOf(who) : who;
    return { how, at: Math.round(at.wallMs), by, notice, version, textSha256, answer, note: note ?? '' };
  }

  /** When it was shown, spoken and told first: that is what the law asks for. Whatever followed stands among the marks. */
  #notice(session: OpenedSession, rows: readonly NoticeRow[]): NoticeSnapshot {
    const first = (how: NoticeRow['how']) => rows.find((row) => row.how === how) ?? null;
    const [shown, spoken, told] = [first('shown'), first('spoken'), first('told')];
    const acked = (row: NoticeRow | null) =>
      row === null ? null : { at: Math.round(row.at.wallMs), display: row.who };
    return {
      owed: told === null && isRunning(session),
      shown: acked(shown),
      spoken: acked(spoken),
      told:
        told === null
          ? null
          : {
              at: Math.round(told.at.wallMs),
              by: this.#nameOf(told.who),
              answer: told.answer ?? 'silent',
              note: told.note ?? '',
            },
    };
  }

  #deadline(session: OpenedSession, now: Instant): DeadlineSnapshot | null {
    if (!isEnding(session)) return null;
    const { plan } = this.#options;
    const rules = ruleSetNamed(plan.rules, session.rules ?? undefined);
    const deadline = handOverDeadline(rules, plan.rules.calendar, session.closedAt);
    if (deadline === null) return null;
    const handedOverAt = session.state === 'handed-over' ? session.handedOverAt : null;
    const urgency = urgencyAt(deadline, handedOverAt ?? now);
    const isLate = urgency === 'overdue';
    return {
      dueAt: deadline.dueMs,
      clause: fullCitationOf(rules, deadline.clause),
      force: deadline.clause.force,
      soon: handedOverAt === null && urgency === 'soon',
      overdue: handedOverAt === null && isLate,
      kept: handedOverAt === null ? null : !isLate,
      uncertain: deadline.basis !== 'published',
    };
  }

  /** The written file's own period and holds are nowhere entered yet: without the one there is no end, and of the other there is none. */
  #keep(session: OpenedSession): KeepSnapshot | null {
    if (!isEnding(session)) return null;
    const { plan } = this.#options;
    const rules = ruleSetNamed(plan.rules, session.rules ?? undefined);
    const keeping = { endedAtMs: session.closedAt.wallMs, fileUntilMs: null, holds: [] };
    const { until, because, clauses } = sessionKeptUntil(rules, plan.rules.calendar, session.kind, keeping);
    const kind = kindOf(rules, session.kind);
    const name = kind === null ? null : retentionClassOf(rules, kind.retention);
    return {
      until,
      because,
      name: name === null ? null : { zh: name.zh, en: name.en },
      clauses: clauses.map((id) => {
        const clause = clauseOf(rules, id);
        return { ...fullCitationOf(rules, clause), force: clause.force };
      }),
    };
  }

  #tally(session: string): Tally {
    const { index } = this.#options;
    const key = `${index.progress('recorder').seq}/${index.progress('site').seq}`;
    const known = this.#tallies.get(session);
    if (known?.key === key) return known;
    const { count, newest } = index.notes.newestMarks(session, NEWEST_MARKS);
    const tally: Tally = {
      key,
      gaps: index.gapsOf(session),
      explanations: index.notes.explanationsOf(session),
      notices: index.notes.noticesOf(session),
      marks: { count, newest: newest.map((row) => this.mark(row)) },
      handOver: index.handOverOf(session),
    };
    if (this.#tallies.size > TALLIES_MAX) this.#tallies.clear();
    this.#tallies.set(session, tally);
    return tally;
  }

  #nameOf(person: string): string {
    return this.#options.plan.people.find((one) => one.id === person)?.name ?? person;
  }
}

export function plannedView(planned: Planned | null): PlannedSnapshot | null {
  return planned === null ? null : { from: planned.fromMs, to: planned.toMs };
}

function gapView({ stream, from, to, cause }: GapRow): GapSnapshot {
  return { stream, from: Math.round(from.wallMs), to: Math.round(to.wallMs), cause: cause.code };
}

function openGapView({ stream, from, cause }: OpenGap): GapSnapshot {
  return { stream, from: Math.round(from.wallMs), to: null, cause };
}

function interruptionView(one: Interruption): InterruptionSnapshot {
  const { gaps, from, to, streams, causes, isMandatory, spokenAt, reason, owed } = one;
  return {
    ...{ id: to === null ? null : (gaps[0] ?? null), streams, causes, mandatory: isMandatory, reason, owed },
    from: Math.round(from.wallMs),
    to: to === null ? null : Math.round(to.wallMs),
    spokenAt: spokenAt === null ? null : Math.round(spokenAt.wallMs),
  };
}
