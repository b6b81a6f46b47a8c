/** Working days are those that the State Council published; what nobody has published is never passed off as known. */
import { describe, expect, test } from 'vitest';
import { type Calendar, dayIn, missingYears, workingDayAfter } from '../../../controller/core/calendar/calendar.ts';
import { dayAt, daysLater, momentOn, monthsLater, weekdayOf } from '../../../controller/core/calendar/shanghai.ts';
import { HEBEI } from '../../site/rules.ts';

const { calendar } = HEBEI;
const known = (...years: number[]): Calendar => ({ years: calendar.years.filter(({ year }) => years.includes(year)) });

/** Every day of a year. */
function daysOf(year: number): string[] {
  const days: string[] = [];
  for (let day = `${year}-01-01`; day.startsWith(`${year}-`); day = daysLater(day, 1)) days.push(day);
  return days;
}

describe('the calendars of the product', () => {
  test('hold 2024 to 2026, each with the notice it was copied from', () => {
    expect(calendar.years.map(({ year, notices }) => [year, notices.map(({ number }) => number)])).toEqual([
      [2024, ['国办发明电〔2023〕7号']],
      [2025, ['国办发明电〔2024〕12号']],
      [2026, ['国办发明电〔2025〕7号']],
    ]);
  });

  // Written down from the notices by hand, not from the data files.
  test.each([
    [2024, '02-04 02-18 04-07 04-28 05-11 09-14 09-29 10-12'],
    [2025, '01-26 02-08 04-27 09-28 10-11'],
    [2026, '01-04 02-14 02-28 05-09 09-20 10-10'],
  ])('%i: worked weekend days are %s', (year, days) => {
    const worked = daysOf(year).filter((day) => [0, 6].includes(weekdayOf(day)) && dayIn(calendar, day).isWorking);
    expect(worked.map((day) => day.slice(5)).join(' ')).toBe(days);
  });

  test.each([
    [
      2024,
      '01-01 02-12 02-13 02-14 02-15 02-16 04-04 04-05 05-01 05-02 05-03 06-10 09-16 09-17 10-01 10-02 10-03 10-04 10-07',
    ],
    [
      2025,
      '01-01 01-28 01-29 01-30 01-31 02-03 02-04 04-04 05-01 05-02 05-05 06-02 10-01 10-02 10-03 10-06 10-07 10-08',
    ],
    [
      2026,
      '01-01 01-02 02-16 02-17 02-18 02-19 02-20 02-23 04-06 05-01 05-04 05-05 06-19 09-25 10-01 10-02 10-05 10-06 10-07',
    ],
  ])('%i: weekdays off are %s', (year, days) => {
    const off = daysOf(year).filter((day) => ![0, 6].includes(weekdayOf(day)) && !dayIn(calendar, day).isWorking);
    expect(off.map((day) => day.slice(5)).join(' ')).toBe(days);
  });

  test.each([
    [2024, 251],
    [2025, 248],
    [2026, 248],
  ])('%i has %i working days', (year, count) => {
    expect(daysOf(year).filter((day) => dayIn(calendar, day).isWorking)).toHaveLength(count);
  });
});

describe('a day', () => {
  test('says which holiday it belongs to, or is worked for', () => {
    expect(dayIn(calendar, '2026-02-17')).toEqual({
      ...{ day: '2026-02-17', isWorking: false, basis: 'published', holiday: '春节' },
    });
    expect(dayIn(calendar, '2026-02-28')).toMatchObject({ isWorking: true, holiday: '春节' });
    expect(dayIn(calendar, '2026-03-04')).toMatchObject({ isWorking: true, holiday: null, basis: 'published' });
    expect(dayIn(calendar, '2026-03-07')).toMatchObject({ isWorking: false, holiday: null, basis: 'published' });
  });

  test('of a year that nobody published is taken by the week, and says so', () => {
    expect(dayIn(calendar, '2027-02-08')).toEqual({
      day: '2027-02-08',
      isWorking: true,
      basis: 'assumed',
      holiday: null,
    });
    expect(dayIn(calendar, '2027-10-01')).toMatchObject({ isWorking: true, basis: 'assumed' });
    expect(dayIn(calendar, '2027-02-06')).toMatchObject({ isWorking: false, basis: 'assumed' });
  });

  test('in the last week of December may change until the next year is known', () => {
    expect(dayIn(calendar, '2026-12-23').basis).toBe('published');
    expect(dayIn(calendar, '2026-12-24').basis).toBe('may-change');
    expect(dayIn(calendar, '2026-12-31')).toMatchObject({ isWorking: true, basis: 'may-change' });
    expect(dayIn(calendar, '2025-12-31').basis).toBe('published');
  });

  test('of December is changed by the notice for the next year', () => {
    const next: Calendar = {
      years: [
        ...calendar.years,
        {
          year: 2027,
          notices: [],
          off: [{ name: '元旦', from: '2026-12-31', to: '2027-01-02' }],
          worked: [{ name: '元旦', day: '2026-12-27' }],
        },
      ],
    };
    expect(dayIn(next, '2026-12-31')).toMatchObject({ isWorking: false, basis: 'published', holiday: '元旦' });
    expect(dayIn(next, '2026-12-27')).toMatchObject({ isWorking: true, basis: 'published' });
  });
});

describe('the next working day', () => {
  test.each([
    ['Monday', '2026-11-23', 1, '2026-11-24'],
    ['Friday', '2026-11-20', 1, '2026-11-23'],
    ['Saturday', '2026-11-21', 1, '2026-11-23'],
    ['the last day before Spring Festival (a worked Saturday)', '2026-02-14', 1, '2026-02-24'],
    ['the Friday before it', '2026-02-13', 1, '2026-02-14'],
    ['the Friday before a worked Saturday', '2026-05-08', 1, '2026-05-09'],
    ['30 September', '2026-09-30', 1, '2026-10-08'],
    ['five later over National Day', '2026-09-30', 5, '2026-10-13'],
    ['New Year with a worked Sunday', '2025-12-31', 1, '2026-01-04'],
  ])('after %s', (_, from, count, day) => {
    expect(workingDayAfter(calendar, from, count)).toEqual({ day, basis: 'published' });
  });

  test('where the calendar is not certain is the earliest that is possible', () => {
    // A Thursday: the Friday is New Year's Day in truth, but the notice is not known, so it counts.
    expect(workingDayAfter(calendar, '2026-12-31', 1)).toEqual({ day: '2027-01-01', basis: 'assumed' });
    expect(workingDayAfter(calendar, '2026-12-25', 1)).toEqual({ day: '2026-12-26', basis: 'may-change' });
    expect(workingDayAfter(calendar, '2026-12-22', 1)).toEqual({ day: '2026-12-23', basis: 'published' });
  });

  test('is never later for knowing less', () => {
    for (const year of [2024, 2025, 2026]) {
      const less = known(...[2024, 2025, 2026].filter((one) => one !== year));
      for (const day of daysOf(year)) {
        for (const count of [1, 2, 5]) {
          const guess = workingDayAfter(less, day, count);
          const truth = workingDayAfter(calendar, day, count);
          expect(guess.day <= truth.day, `${day} +${count}: ${guess.day} against ${truth.day}`).toBe(true);
          if (guess.day !== truth.day) expect(guess.basis).not.toBe('published');
        }
      }
    }
  });
});

test('a missing year is told of: this one at once, the next one once its notice should be out', () => {
  expect(missingYears(calendar, '2026-11-10')).toEqual([]);
  expect(missingYears(calendar, '2026-11-21')).toEqual([2027]);
  expect(missingYears(calendar, '2027-01-01')).toEqual([2027]);
  expect(missingYears(known(2026), '2025-12-01')).toEqual([2025]);
});

describe('days in Shanghai', () => {
  test('begin at 16:00 UTC of the day before', () => {
    expect(dayAt(Date.parse('2026-11-20T15:59:59.999Z'))).toBe('2026-11-20');
    expect(dayAt(Date.parse('2026-11-20T16:00:00Z'))).toBe('2026-11-21');
    expect(momentOn('2026-11-21', '00:00')).toBe(Date.parse('2026-11-20T16:00:00Z'));
    expect(momentOn('2026-11-21', '24:00')).toBe(momentOn('2026-11-22', '00:00'));
    expect(momentOn('2026-11-21', '17:30')).toBe(Date.parse('2026-11-21T09:30:00Z'));
  });

  test.each([
    ['2026-01-31', 1, '2026-02-28'],
    ['2024-01-31', 1, '2024-02-29'],
    ['2024-02-29', 12, '2025-02-28'],
    ['2024-02-29', 24, '2026-02-28'],
    ['2026-12-15', 1, '2027-01-15'],
    ['2026-11-30', 3, '2027-02-28'],
  ])('%s and %i months is %s', (day, count, later) => {
    expect(monthsLater(day, count)).toBe(later);
  });
});
