/** A calendar that somebody typed in is taken whole or refused with every fault. */
import { describe, expect, test } from 'vitest';
import { checkCalendarYear } from '../../../controller/core/calendar/check-calendar.ts';

interface Year {
  [key: string]: unknown;
  off: { name?: string; from?: string; to?: string }[];
  worked: { name?: string; day?: string }[];
}

const small = (): Year => ({
  format: 'quancheng-calendar/1',
  year: '2027',
  notices: [{ number: '某号', title: '通知', published: '2026-11-04', address: 'https://www.gov.cn/x.htm' }],
  off: [
    { name: '元旦', from: '2026-12-31', to: '2027-01-02' },
    { name: '劳动节', from: '2027-05-01', to: '2027-05-05' },
    { name: '国庆节', from: '2027-10-01', to: '2027-10-07' },
  ],
  worked: [{ name: '元旦', day: '2026-12-27' }],
});

function faultsAfter(change: (year: Year) => void): { [field: string]: string } {
  const year = small();
  change(year);
  const checked = checkCalendarYear(year);
  return checked.ok ? {} : Object.fromEntries(checked.faults.map(({ field, message }) => [field, message]));
}

test('a good year is taken, December before it included', () => {
  expect(checkCalendarYear(small())).toMatchObject({
    ok: true,
    value: { year: 2027, worked: [{ day: '2026-12-27' }] },
  });
});

describe('a bad year', () => {
  test.each<[string, (year: Year) => void, string, RegExp]>([
    ['without a notice', (year) => Object.assign(year, { notices: [] }), 'notices', /at least one/],
    [
      'of another year',
      (year) => year.off.push({ name: '春节', from: '2028-02-05', to: '2028-02-06' }),
      'off[3].from',
      /must lie in 2027/,
    ],
    [
      'of November before',
      (year) => year.worked.push({ name: '元旦', day: '2026-11-28' }),
      'worked[1].day',
      /December before/,
    ],
    [
      'with a holiday backwards',
      (year) => year.off.push({ name: '春节', from: '2027-02-12', to: '2027-02-06' }),
      'off[3].to',
      /not lie before/,
    ],
    [
      'with a holiday of a month',
      (year) => year.off.push({ name: '春节', from: '2027-02-01', to: '2027-02-28' }),
      'off[3].to',
      /28 days/,
    ],
    [
      'with holidays that overlap',
      (year) => year.off.push({ name: '国庆节', from: '2027-10-07', to: '2027-10-08' }),
      'off[3]',
      /overlaps off\[2\]/,
    ],
    [
      'with a weekday that is worked',
      (year) => year.worked.push({ name: '春节', day: '2027-02-01' }),
      'worked[1].day',
      /Saturday or Sunday/,
    ],
    [
      'with a worked day that is off',
      (year) => year.worked.push({ name: '国庆节', day: '2027-10-02' }),
      'worked[1].day',
      /is off by off\[2\]/,
    ],
    [
      'with a worked day twice',
      (year) => year.worked.push({ name: '元旦', day: '2026-12-27' }),
      'worked[1].day',
      /worked\[0\] already/,
    ],
    ['without National Day', (year) => year.off.pop(), 'off', /2027-10-01, 2027-10-02, 2027-10-03/],
    [
      'with a day of no calendar',
      (year) => year.worked.push({ name: '元旦', day: '2027-02-29' }),
      'worked[1].day',
      /like 2026-02-14/,
    ],
    ['with a misspelt field', (year) => Object.assign(year, { work: [] }), 'work', /not a known field/],
  ])('%s is refused', (_, change, field, message) => {
    const faults = faultsAfter(change);
    expect(faults[field], JSON.stringify(faults)).toMatch(message);
  });

  test('is refused with all its faults at once', () => {
    expect(
      Object.keys(
        faultsAfter((year) => {
          year['year'] = '27';
          year.worked.push({ name: '元旦' });
          year.off.push({ from: '2027-02-06', to: '2027-02-06' });
        }),
      ).sort(),
    ).toEqual(expect.arrayContaining(['off[3].name', 'worked[1].day', 'year']));
  });
});
