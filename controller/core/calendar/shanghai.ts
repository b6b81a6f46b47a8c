/**
 * Days as they are counted in Shanghai, where every regulation this product follows is in force: UTC+8, one zone for the whole
 * country, and no summer time since 1991. A day is written `2026-02-14`.
 */

const OFFSET_MS = 8 * 3_600_000;
const DAY_MS = 86_400_000;
/** 1 January 1970 was a Thursday. */
const WEEKDAY_OF_DAY_ZERO = 4;

/** The day in Shanghai at a moment (UTC milliseconds). */
export function dayAt(ms: number): string {
  return dayOfNumber(Math.floor((ms + OFFSET_MS) / DAY_MS));
}

/** UTC milliseconds at `timeOfDay` (`17:30`; `24:00` is where the next day begins) of a day in Shanghai. */
export function momentOn(day: string, timeOfDay: string): number {
  const [hours = 0, minutes = 0] = timeOfDay.split(':').map(Number);
  return numberOfDay(day) * DAY_MS - OFFSET_MS + (hours * 60 + minutes) * 60_000;
}

/** The day `count` days later. */
export function daysLater(day: string, count: number): string {
  return dayOfNumber(numberOfDay(day) + count);
}

/**
 * The day that corresponds `count` months later: the same number, or the last day of a month that has no such day (Civil Code,
 * art. 202).
 */
export function monthsLater(day: string, count: number): string {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number);
  const firstOfTarget = new Date(Date.UTC(year, month - 1 + count, 1));
  const lastDate = new Date(Date.UTC(firstOfTarget.getUTCFullYear(), firstOfTarget.getUTCMonth() + 1, 0)).getUTCDate();
  firstOfTarget.setUTCDate(Math.min(date, lastDate));
  return firstOfTarget.toISOString().slice(0, 10);
}

export function yearOf(day: string): number {
  return Number(day.slice(0, 4));
}

/** 0 is Sunday, 6 Saturday. */
export function weekdayOf(day: string): number {
  return (((numberOfDay(day) + WEEKDAY_OF_DAY_ZERO) % 7) + 7) % 7;
}

export function isWeekend(day: string): boolean {
  return weekdayOf(day) === 0 || weekdayOf(day) === 6;
}

/** Whole days from `from` to `to`; negative when `to` comes first. */
export function daysBetween(from: string, to: string): number {
  return numberOfDay(to) - numberOfDay(from);
}

function numberOfDay(day: string): number {
  return Date.parse(`${day}T00:00:00Z`) / DAY_MS;
}

function dayOfNumber(number: number): string {
  return new Date(number * DAY_MS).toISOString().slice(0, 10);
}
