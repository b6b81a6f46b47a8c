/** Recordings are kept as long as the rules say, and without end where a hold is laid or something is not known. */
import { describe, expect, test } from 'vitest';
import { hallKeptUntil, sessionKeptUntil } from '../../../controller/core/rules/retention.ts';
import type { RuleSet } from '../../../controller/core/rules/rule-set.ts';
import { CHANGAN, HEBEI } from '../../site/rules.ts';

const { calendar } = HEBEI;
const utc = (shanghai: string): number => Date.parse(`${shanghai}+08:00`);
const ended = { endedAtMs: utc('2026-11-23T15:00:00'), fileUntilMs: null, holds: [] };

describe('冀地税发〔2017〕35号', () => {
  test('art. 19 para. 3: a hearing is kept as long as its file, and without end while nobody said how long that is', () => {
    expect(sessionKeptUntil(HEBEI.set, calendar, 'hearing', ended)).toEqual({
      ...{ until: null, because: 'file-not-known', clauses: ['19.3'] },
    });
    const fileUntilMs = utc('2036-01-01T00:00:00');
    expect(sessionKeptUntil(HEBEI.set, calendar, 'hearing', { ...ended, fileUntilMs })).toEqual({
      ...{ until: fileUntilMs, because: 'file', clauses: ['19.3'] },
    });
  });

  test('art. 19 para. 2: the hall is kept for a month, its last day whole', () => {
    expect(hallKeptUntil(HEBEI.set, calendar, ended)).toEqual({
      ...{ until: utc('2026-12-24T00:00:00'), because: 'period', clauses: ['19.2'] },
    });
  });
});

describe('长安区人社局实施细则', () => {
  test('art. 65 para. 2: two years, in rooms and in the hall alike', () => {
    const kept = { until: utc('2028-11-24T00:00:00'), because: 'period', clauses: ['65.2'] };
    expect(sessionKeptUntil(CHANGAN.set, calendar, 'random-draw', ended)).toEqual(kept);
    expect(hallKeptUntil(CHANGAN.set, calendar, ended)).toEqual(kept);
  });

  test('art. 67: a hold beats every period, and says why', () => {
    expect(sessionKeptUntil(CHANGAN.set, calendar, 'hearing', { ...ended, holds: ['complaint'] })).toEqual({
      ...{ until: null, because: 'hold', clauses: ['67(2)'] },
    });
  });
});

describe('what is not known', () => {
  test('is kept: a kind that the set has not, a hold of another set, no hall', () => {
    expect(sessionKeptUntil(HEBEI.set, calendar, 'random-draw', ended)).toMatchObject({
      until: null,
      because: 'not-known',
    });
    expect(sessionKeptUntil(CHANGAN.set, calendar, 'hearing', { ...ended, holds: ['strange'] })).toMatchObject({
      ...{ until: null, because: 'hold' },
    });
    expect(hallKeptUntil({ ...HEBEI.set, hall: null }, calendar, ended)).toMatchObject({ until: null });
  });
});

test('a class with period and file keeps for the longer of the two', () => {
  const both: RuleSet = {
    ...HEBEI.set,
    retention: HEBEI.set.retention.map((one) => ({ ...one, atLeast: { count: 2, unit: 'years' }, withFile: true })),
  };
  const twoYears = utc('2028-11-24T00:00:00');
  const kept = (fileUntilMs: number) => sessionKeptUntil(both, calendar, 'hearing', { ...ended, fileUntilMs });
  expect(kept(twoYears - 1)).toMatchObject({ until: twoYears, because: 'period' });
  expect(kept(twoYears + 1)).toMatchObject({ until: twoYears + 1, because: 'file' });
});
