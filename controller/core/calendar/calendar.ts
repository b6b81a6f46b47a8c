/**
 * Working days as the State Council publishes them, year by year: days off, and weekend days that are worked instead. The years are
 * data files beside this one, each with the notice it was copied from. A year that nobody has published yet is never guessed at as if
 * it were known: every answer says what it rests on.
 */
import { daysBetween, daysLater, isWeekend, yearOf } from './shanghai.ts';

/** A notice of the General Office of the State Council. */
export interface HolidayNotice {
  readonly number: string;
  readonly title: string;
  /** The day it was published. */
  readonly published: string;
  readonly address: string;
}

/** What one year's notices say. Days may lie in the December before: the notice for a year can change the end of the last one. */
export interface CalendarYear {
  readonly year: number;
  readonly notices: readonly HolidayNotice[];
  /** First and last day of each holiday as published. */
  readonly off: readonly { readonly name: string; readonly from: string; readonly to: string }[];
  /** Saturdays and Sundays that are worked. */
  readonly worked: readonly { readonly name: string; readonly day: string }[];
}

export interface Calendar {
  /** Each year once. */
  readonly years: readonly CalendarYear[];
}

/**
 * What a day's answer rests on. `published`: the notice of its year. `may-change`: that too, but it lies so close to New Year that the
 * notice of the next year, which is not known, may change it. `assumed`: the year is not known, and the week alone is gone by.
 */
export type Basis = 'published' | 'may-change' | 'assumed';

export interface Day {
  readonly day: string;
  readonly isWorking: boolean;
  readonly basis: Basis;
  /** The holiday that it belongs to, or that it is worked for; null for a usual day. */
  readonly holiday: string | null;
}

/** Notices for a next year have changed the 29th to the 31st; the last week of December is allowed for. */
const OPEN_TO_CHANGE_FROM = '12-24';
/** How long before a year begins without a calendar somebody is told; notices come out in early November at the latest by custom. */
const MISSING_TOLD_DAYS_BEFORE = 45;

/**
 * Whether a day is worked. In a year that is not known Monday to Friday count as worked: what has to be recorded or done on a working
 * day is then done once too often, never once too seldom.
 */
export function dayIn(calendar: Calendar, day: string): Day {
  const year = yearOf(day);
  // The later notice changes the earlier one, so the next year's is asked first.
  for (const one of [yearIn(calendar, year + 1), yearIn(calendar, year)]) {
    const found = one === null ? null : exceptionIn(one, day);
    if (found !== null) return { day, basis: basisOf(calendar, day), ...found };
  }
  return { day, isWorking: !isWeekend(day), basis: basisOf(calendar, day), holiday: null };
}

/**
 * The `count`-th working day after `day`, which itself is not counted (Civil Code, art. 201). Where the calendar is not certain, a day
 * that may turn out to be worked counts, so that the answer is never later than the truth. `basis` is the weakest on the way.
 */
export function workingDayAfter(
  calendar: Calendar,
  day: string,
  count: number,
): { readonly day: string; readonly basis: Basis } {
  let [reached, left, weakest] = [day, count, 'published' as Basis];
  while (left > 0) {
    reached = daysLater(reached, 1);
    const { isWorking, basis } = dayIn(calendar, reached);
    weakest = weakerOf(weakest, basis);
    if (isWorking || basis !== 'published') left -= 1;
  }
  return { day: reached, basis: weakest };
}

/** The years without a calendar that matter today: this one, and the next one once its notice is due by custom. */
export function missingYears(calendar: Calendar, today: string): readonly number[] {
  const year = yearOf(today);
  const next = daysBetween(today, `${year + 1}-01-01`) <= MISSING_TOLD_DAYS_BEFORE ? [year + 1] : [];
  return [year, ...next].filter((one) => yearIn(calendar, one) === null);
}

function basisOf(calendar: Calendar, day: string): Basis {
  if (yearIn(calendar, yearOf(day)) === null) return 'assumed';
  const isOpenToChange = day.slice(5) >= OPEN_TO_CHANGE_FROM && yearIn(calendar, yearOf(day) + 1) === null;
  return isOpenToChange ? 'may-change' : 'published';
}

function exceptionIn(year: CalendarYear, day: string): { isWorking: boolean; holiday: string } | null {
  const worked = year.worked.find((one) => one.day === day);
  if (worked !== undefined) return { isWorking: true, holiday: worked.name };
  const off = year.off.find(({ from, to }) => from <= day && day <= to);
  return off === undefined ? null : { isWorking: false, holiday: off.name };
}

function yearIn(calendar: Calendar, year: number): CalendarYear | null {
  return calendar.years.find((one) => one.year === year) ?? null;
}

const STRENGTH: readonly Basis[] = ['assumed', 'may-change', 'published'];

function weakerOf(a: Basis, b: Basis): Basis {
  return STRENGTH.indexOf(a) < STRENGTH.indexOf(b) ? a : b;
}
