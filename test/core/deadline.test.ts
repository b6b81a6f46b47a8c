/** A recording is due when the clause says, counted as the law counts, and it is said which clause that was. */
import { describe, expect, test } from 'vitest';
import type { Calendar } from '../../controller/core/calendar/calendar.ts';
import { handOverDeadline, periodEnd, timeLeftMs, urgencyAt } from '../../controller/core/deadline.ts';
import type { RuleSet } from '../../controller/core/rules/rule-set.ts';
import { type Instant, shift } from '../../controller/core/time.ts';
import { CHANGAN, HEBEI } from '../site/rules.ts';

const A = HEBEI.set;
const B = CHANGAN.set;
const { calendar } = HEBEI;
const HOUR_MS = 3_600_000;

/** A moment given as Shanghai shows it. */
const at = (shanghai: string, boot = 'boot', monoMs = 1_000_000): Instant => ({
  wallMs: Date.parse(`${shanghai}+08:00`),
  monoMs,
  boot,
});
const utc = (shanghai: string): number => Date.parse(`${shanghai}+08:00`);

/** An office that is bound by both: the tax measures, and the 24 hours of the other rules. */
const BOTH: RuleSet = {
  ...A,
  clauses: [...A.clauses, { id: '65.3', force: 'by-analogy', zh: '24小时', en: '24 hours', serves: ['hand-over'] }],
  handOver: [...A.handOver, ...B.handOver],
};

function due(set: RuleSet, closed: string, years: Calendar = calendar) {
  const deadline = handOverDeadline(set, years, at(closed));
  if (deadline === null) throw new Error('no deadline');
  return deadline;
}

describe('1 working day (冀地税发〔2017〕35号 art. 19 para. 1)', () => {
  test.each([
    ['a Monday afternoon', '2026-11-23T15:00:00', '2026-11-25T00:00:00'],
    ['a Friday', '2026-11-20T15:00:00', '2026-11-24T00:00:00'],
    ['a Saturday', '2026-11-21T10:00:00', '2026-11-24T00:00:00'],
    ['a minute before midnight', '2026-11-23T23:59:00', '2026-11-25T00:00:00'],
    ['a minute after midnight', '2026-11-24T00:01:00', '2026-11-26T00:00:00'],
    ['the Friday before a worked Saturday', '2026-02-13T15:00:00', '2026-02-15T00:00:00'],
    ['the last day before Spring Festival', '2026-02-14T15:00:00', '2026-02-25T00:00:00'],
    ['the last day before National Day', '2026-09-30T15:00:00', '2026-10-09T00:00:00'],
  ])('after %s', (_, closed, dueAt) => {
    const deadline = due(A, closed);
    expect(new Date(deadline.dueMs)).toEqual(new Date(utc(dueAt)));
    expect(deadline).toMatchObject({ clause: { id: '19.1', force: 'binding' }, basis: 'published', others: [] });
  });

  test('ends with office hours where an office says so', () => {
    const [asked] = A.handOver;
    if (asked === undefined) throw new Error('no deadline');
    const set: RuleSet = { ...A, handOver: [{ ...asked, dayEndsAt: '17:30' }] };
    expect(due(set, '2026-11-20T15:00:00').dueMs).toBe(utc('2026-11-23T17:30:00'));
  });

  test('in a year that is not known is the earliest possible, and says so', () => {
    expect(due(A, '2026-12-31T15:00:00')).toMatchObject({ dueMs: utc('2027-01-02T00:00:00'), basis: 'assumed' });
  });

  test('is never later for knowing less', () => {
    const less: Calendar = { years: [] };
    for (let ms = utc('2026-01-01T12:00:00'); ms < utc('2026-12-20T00:00:00'); ms += 24 * HOUR_MS) {
      const closed: Instant = { wallMs: ms, monoMs: 0, boot: 'b' };
      const truth = handOverDeadline(A, calendar, closed)?.dueMs ?? 0;
      const guess = handOverDeadline(A, less, closed);
      expect(guess?.dueMs).toBeLessThanOrEqual(truth);
      expect(guess?.basis).toBe('assumed');
    }
  });
});

describe('24 hours (长安区人社局实施细则 art. 65 para. 3)', () => {
  test('are hours, on any day', () => {
    expect(due(B, '2026-02-14T15:00:00')).toMatchObject({
      dueMs: utc('2026-02-15T15:00:00'),
      clause: { id: '65.3', force: 'by-analogy' },
      basis: 'published',
    });
  });

  test('are measured, so that a clock set later gives and takes nothing', () => {
    const closed = at('2026-11-23T15:00:00');
    const deadline = handOverDeadline(B, calendar, closed);
    if (deadline === null) throw new Error('no deadline');
    const anHourLater = shift(closed, HOUR_MS);
    expect(timeLeftMs(deadline, anHourLater)).toBe(23 * HOUR_MS);
    expect(timeLeftMs(deadline, { ...anHourLater, wallMs: anHourLater.wallMs + 30 * HOUR_MS })).toBe(23 * HOUR_MS);
    // After a reboot the wall is all there is.
    expect(timeLeftMs(deadline, { ...anHourLater, boot: 'next', monoMs: 5 })).toBe(23 * HOUR_MS);
  });
});

describe('where both bind', () => {
  test('the one that ends first counts, and is named; the other is kept beside it', () => {
    const friday = due(BOTH, '2026-11-20T15:00:00');
    expect(friday).toMatchObject({ clause: { id: '65.3' }, dueMs: utc('2026-11-21T15:00:00') });
    expect(friday.others).toMatchObject([{ clause: { id: '19.1' }, dueMs: utc('2026-11-24T00:00:00') }]);
  });

  test('office hours can make the working day the stricter one', () => {
    const [day, hours] = BOTH.handOver;
    if (day === undefined || hours === undefined) throw new Error('no deadline');
    const set: RuleSet = { ...BOTH, handOver: [hours, { ...day, dayEndsAt: '17:30' }] };
    expect(due(set, '2026-11-23T19:00:00')).toMatchObject({
      clause: { id: '19.1' },
      dueMs: utc('2026-11-24T17:30:00'),
    });
    expect(due(set, '2026-11-23T15:00:00')).toMatchObject({
      clause: { id: '65.3' },
      dueMs: utc('2026-11-24T15:00:00'),
    });
  });

  test('at the same moment the clause that binds as written is named', () => {
    expect(due(BOTH, '2026-11-24T00:00:00').clause.id).toBe('65.3');
    expect(due(BOTH, '2026-11-23T23:59:59.999').others[0]?.clause.id).toBe('19.1');
    const [day] = A.handOver;
    if (day === undefined) throw new Error('no deadline');
    const set: RuleSet = { ...BOTH, handOver: [...B.handOver, { ...day, dayEndsAt: '15:00' }] };
    expect(due(set, '2026-11-23T15:00:00').clause.id).toBe('19.1');
  });
});

describe('how pressing it is', () => {
  const closed = at('2026-11-23T15:00:00');
  const deadline = handOverDeadline(B, calendar, closed);

  test.each([
    ['at once', 0, 'ample'],
    ['before the last quarter', 17.9, 'ample'],
    ['in the last quarter', 18, 'soon'],
    ['at the last moment', 24, 'soon'],
    ['a moment later', 24.001, 'overdue'],
  ])('%s: after %d hours it is %s', (_, hours, urgency) => {
    if (deadline === null) throw new Error('no deadline');
    expect(urgencyAt(deadline, shift(closed, hours * HOUR_MS))).toBe(urgency);
  });
});

test('a rule set that asks for no hand-over has no deadline', () => {
  expect(handOverDeadline({ ...A, handOver: [] }, calendar, at('2026-11-23T15:00:00'))).toBeNull();
});

test('30 days, a month and two years end with their last day (Civil Code art. 201 to 203)', () => {
  const from = utc('2026-01-31T10:00:00');
  expect(periodEnd({ count: 30, unit: 'days' }, from, calendar).dueMs).toBe(utc('2026-03-03T00:00:00'));
  expect(periodEnd({ count: 1, unit: 'months' }, from, calendar).dueMs).toBe(utc('2026-03-01T00:00:00'));
  expect(periodEnd({ count: 2, unit: 'years' }, from, calendar).dueMs).toBe(utc('2028-02-01T00:00:00'));
});
