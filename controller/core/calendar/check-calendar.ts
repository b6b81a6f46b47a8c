/** Makes a year of the calendar of what stands in a file, or names every fault in it: the path in the file, what is wrong, what to do. */
import { type Checked, isDate, Reading, shown } from '../data-file.ts';
import type { FieldFault } from '../errors.ts';
import type { CalendarYear } from './calendar.ts';
import { daysBetween, isWeekend, yearOf } from './shanghai.ts';

/** The first line of every calendar file; the number grows when old files could no longer be read. */
export const CALENDAR_FORMAT = 'quancheng-calendar/1';

/** No holiday was ever longer; a longer one is a slip of the pen. */
const HOLIDAY_MAX_DAYS = 15;
/** Days that are off in every year by the Regulation on Public Holidays. */
const ALWAYS_OFF = ['01-01', '05-01', '10-01', '10-02', '10-03'];

/** The calendar year in `raw` (what a YAML or JSON reader made of the file), or every fault. */
export function checkCalendarYear(raw: unknown): Checked<CalendarYear> {
  const faults: FieldFault[] = [];
  const file = new Reading(raw, '', faults);
  file.choice('format', [CALENDAR_FORMAT]);
  const year: CalendarYear = {
    year: file.count('year', 2008, 2100),
    notices: file.parts('notices', 1, (part) => {
      const notice = {
        number: part.text('number'),
        title: part.text('title'),
        published: part.date('published'),
        address: part.text('address'),
      };
      part.end();
      return notice;
    }),
    off: file.parts('off', 1, (part) => {
      const off = { name: part.text('name'), from: part.date('from'), to: part.date('to') };
      part.end();
      return off;
    }),
    worked: file.parts('worked', 0, (part) => {
      const worked = { name: part.text('name'), day: part.date('day') };
      part.end();
      return worked;
    }),
  };
  file.end();
  if (typeof raw === 'object' && raw !== null) faults.push(...faultsBetween(year));
  return faults.length === 0 ? { ok: true, value: year } : { ok: false, faults };
}

function faultsBetween(year: CalendarYear): FieldFault[] {
  return [...strayDays(year), ...badStretches(year), ...badWorkedDays(year), ...missingHolidays(year)];
}

function strayDays({ year, off, worked }: CalendarYear): FieldFault[] {
  const named: [string, string][] = [
    ...off.flatMap(({ from, to }, i): [string, string][] => [
      [`off[${i}].from`, from],
      [`off[${i}].to`, to],
    ]),
    ...worked.map(({ day }, i): [string, string] => [`worked[${i}].day`, day]),
  ];
  return named
    .filter(([, day]) => isDate(day) && yearOf(day) !== year && !day.startsWith(`${year - 1}-12-`))
    .map(([field, day]) => ({
      field,
      message: `must lie in ${year} or in the December before: correct it${shown(day)}`,
    }));
}

function badStretches({ off }: CalendarYear): FieldFault[] {
  return off.flatMap(({ from, to }, i) => {
    if (!isDate(from) || !isDate(to)) return [];
    const days = daysBetween(from, to) + 1;
    const message =
      days < 1
        ? `must not lie before from${shown(to)}`
        : days > HOLIDAY_MAX_DAYS
          ? `makes a holiday of ${days} days: correct it, at most ${HOLIDAY_MAX_DAYS} are possible${shown(to)}`
          : null;
    const before = off.findIndex((one, j) => j < i && one.from <= to && from <= one.to);
    return [
      ...(message === null ? [] : [{ field: `off[${i}].to`, message }]),
      ...(before < 0 ? [] : [{ field: `off[${i}]`, message: `overlaps off[${before}]: correct one of them` }]),
    ];
  });
}

function badWorkedDays({ off, worked }: CalendarYear): FieldFault[] {
  return worked.flatMap(({ day }, i): FieldFault[] => {
    if (!isDate(day)) return [];
    const field = `worked[${i}].day`;
    const holiday = off.findIndex(({ from, to }) => from <= day && day <= to);
    const before = worked.findIndex((one) => one.day === day);
    return [
      ...(isWeekend(day)
        ? []
        : [{ field, message: `must be a Saturday or Sunday: other days are worked anyway${shown(day)}` }]),
      ...(holiday < 0 ? [] : [{ field, message: `is off by off[${holiday}]: correct one of them${shown(day)}` }]),
      ...(before === i ? [] : [{ field, message: `stands in worked[${before}] already: take one out${shown(day)}` }]),
    ];
  });
}

/** A file with a holiday left out would call days off worked, and a hall or a deadline would follow it. */
function missingHolidays({ year, off }: CalendarYear): FieldFault[] {
  if (off.length === 0) return [];
  const missing = ALWAYS_OFF.map((day) => `${year}-${day}`).filter(
    (day) => !off.some(({ from, to }) => from <= day && day <= to),
  );
  if (missing.length === 0) return [];
  return [{ field: 'off', message: `must hold ${missing.join(', ')}, which are holidays in every year` }];
}
