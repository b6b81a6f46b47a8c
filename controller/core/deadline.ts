/**
 * By when a recording has to be handed over: from the press that closed the session, by the rule set's periods and the calendar. Where
 * several periods are asked for, the one that ends first counts, and it is said which clause that is.
 */
import { type Basis, type Calendar, workingDayAfter } from './calendar/calendar.ts';
import { dayAt, daysLater, momentOn, monthsLater } from './calendar/shanghai.ts';
import { type Clause, clauseOf, type HandOver, type Period, type RuleSet } from './rules/rule-set.ts';
import { between, type Instant } from './time.ts';

export interface Deadline {
  /** The press that it is counted from. */
  readonly from: Instant;
  /** UTC milliseconds; the last moment that is in time. */
  readonly dueMs: number;
  /** The clause that bound, with its force. */
  readonly clause: Clause;
  readonly period: Period;
  /** What the working days on the way rest on; anything but `published` makes it the earliest moment that is possible. */
  readonly basis: Basis;
  /** Periods that end later, soonest first. */
  readonly others: readonly { readonly clause: Clause; readonly dueMs: number }[];
}

/** `ample`, then `soon` for the last quarter of the time, then `overdue`. */
export type Urgency = 'ample' | 'soon' | 'overdue';

/** Part of the whole time that is left when it becomes `soon`. */
const SOON_PART = 1 / 4;
const HOUR_MS = 3_600_000;

/**
 * The deadline of a session closed by the press at `closedAt`, or null when the rule set asks for none. Days are counted as the Civil
 * Code counts them (art. 201 to 203): the day of the press is not counted, and the last day ends when the rule set says that days end.
 */
export function handOverDeadline(set: RuleSet, calendar: Calendar, closedAt: Instant): Deadline | null {
  const all = set.handOver
    .map((asked) => ({ asked, clause: clauseOf(set, asked.clause), ...endOf(asked, calendar, closedAt.wallMs) }))
    .sort((a, b) => a.dueMs - b.dueMs || rankOf(a.clause) - rankOf(b.clause));
  const [first, ...later] = all;
  if (first === undefined) return null;
  return {
    from: closedAt,
    dueMs: first.dueMs,
    clause: first.clause,
    period: first.asked.period,
    basis: first.basis,
    others: later.map(({ clause, dueMs }) => ({ clause, dueMs })),
  };
}

/**
 * Milliseconds left at a moment; negative once it is overdue. Hours are counted on the monotonic scale, so that a clock that was wrong
 * at the press and was set since takes and gives nothing; days are days of the wall.
 */
export function timeLeftMs(deadline: Deadline, at: Instant): number {
  if (deadline.period.unit !== 'hours') return deadline.dueMs - at.wallMs;
  return deadline.period.count * HOUR_MS - between(deadline.from, at);
}

/** How pressing it is at a moment. With the moment of the hand-over: whether it was kept. */
export function urgencyAt(deadline: Deadline, at: Instant): Urgency {
  const left = timeLeftMs(deadline, at);
  if (left < 0) return 'overdue';
  return left <= (deadline.dueMs - deadline.from.wallMs) * SOON_PART ? 'soon' : 'ample';
}

/**
 * UTC milliseconds at which a period of days, months or years that began at `fromMs` is over (the last day counts whole), or one of
 * hours. Working days need the calendar.
 */
export function periodEnd(
  period: Period,
  fromMs: number,
  calendar: Calendar,
  dayEndsAt = '24:00',
): { readonly dueMs: number; readonly basis: Basis } {
  const day = dayAt(fromMs);
  const endOfDay = (last: string): number => momentOn(last, dayEndsAt);
  switch (period.unit) {
    case 'hours':
      return { dueMs: fromMs + period.count * HOUR_MS, basis: 'published' };
    case 'days':
      return { dueMs: endOfDay(daysLater(day, period.count)), basis: 'published' };
    case 'months':
      return { dueMs: endOfDay(monthsLater(day, period.count)), basis: 'published' };
    case 'years':
      return { dueMs: endOfDay(monthsLater(day, period.count * 12)), basis: 'published' };
    case 'working-days': {
      const last = workingDayAfter(calendar, day, period.count);
      return { dueMs: endOfDay(last.day), basis: last.basis };
    }
  }
}

function endOf(asked: HandOver, calendar: Calendar, fromMs: number): { dueMs: number; basis: Basis } {
  return periodEnd(asked.period, fromMs, calendar, asked.dayEndsAt);
}

function rankOf({ force }: Clause): number {
  return force === 'binding' ? 0 : 1;
}
