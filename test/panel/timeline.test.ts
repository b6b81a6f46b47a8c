import { expect, test } from 'vitest';
import { coverage, rulerMarks } from '../../panel/review/coverage.ts';

const place = 'here' as const;

test('segments that follow each other are one bar, a gap of half a second is not bridged', () => {
  const parts = [
    { from: 0, to: 10_000, place },
    { from: 10_000, to: 20_040, place },
    { from: 20_020, to: 30_000, place },
    { from: 30_500, to: 40_000, place },
  ];
  expect(coverage(parts)).toEqual([
    { from: 0, to: 30_000, place },
    { from: 30_500, to: 40_000, place },
  ]);
});

test('what lies at the centre is a bar of its own', () => {
  const parts = [
    { from: 0, to: 10_000, place: 'centre' },
    { from: 10_000, to: 20_000, place: 'centre' },
    { from: 20_000, to: 30_000, place },
  ] as const;
  expect(coverage(parts)).toEqual([{ from: 0, to: 20_000, place: 'centre' }, parts[2]]);
});

test('the ruler has round times and eight marks at most, for a minute as for a day', () => {
  const nine = Date.UTC(2026, 10, 21, 1, 0, 3);
  for (const lengthMs of [20_000, 60_000, 3_600_000, 8 * 3_600_000, 24 * 3_600_000]) {
    const marks = rulerMarks(nine, nine + lengthMs);
    expect(marks.length).toBeGreaterThan(0);
    expect(marks.length).toBeLessThanOrEqual(8);
    for (const mark of marks) expect(mark % 5_000).toBe(0);
  }
});
