/** A rule set is taken whole or refused with every fault: where it stands, what is wrong, and what to do. */
import { describe, expect, test } from 'vitest';
import { checkRuleSet } from '../../../controller/core/rules/check-rule-set.ts';

interface Mapping {
  [key: string]: unknown;
}

/** The smallest set there can be, fresh at each call. */
function small(): Mapping {
  return {
    format: 'quancheng-rule-set/1',
    id: 'office-2026',
    version: '1',
    title: { zh: '办法', en: 'Measures' },
    short: { zh: '办法', en: 'Measures' },
    document: { number: '某发〔2026〕1号', issuer: { zh: '某局', en: 'An office' }, inForceFrom: '2026-01-01' },
    clauses: [
      { id: '1', force: 'binding', zh: '录。', en: 'Record.', serves: ['recording'] },
      { id: '2.1', force: 'by-analogy', zh: '交。', en: 'Hand over.', serves: ['hand-over'] },
    ],
    fields: [
      { id: 'time', zh: '时间', en: 'Time', form: 'automatic', clauses: ['1'] },
      { id: 'matter', zh: '事项', en: 'Matter', form: 'text', clauses: ['1'] },
      { id: 'remarks', zh: '备注', en: 'Remarks', form: 'note' },
    ],
    kinds: [
      {
        ...{ id: 'hearing', zh: '听证', en: 'Hearing', recording: 'mandatory', clauses: ['1'] },
        ...{ required: ['time', 'matter'], offered: ['remarks'], notice: 'recording', retention: 'all' },
      },
    ],
    notices: [{ id: 'recording', version: '1', zh: '录音录像。', en: 'Recorded.' }],
    handOver: [{ clause: '2.1', period: '24 hours' }],
    retention: [{ id: 'all', zh: '两年', en: 'Two years', clauses: ['1'], atLeast: '2 years' }],
  };
}

/** The faults by field after a change of the small set. */
function faultsAfter(change: (set: Mapping) => void): { [field: string]: string } {
  const set = small();
  change(set);
  const checked = checkRuleSet(set);
  return checked.ok ? {} : Object.fromEntries(checked.faults.map(({ field, message }) => [field, message]));
}

const entry = (set: Mapping, list: string, i: number): Mapping => (set[list] as Mapping[])[i] as Mapping;

describe('a good set', () => {
  test('is taken, with what was left out filled in', () => {
    const checked = checkRuleSet(small());
    expect(checked).toMatchObject({
      ok: true,
      value: {
        ...{ id: 'office-2026', version: 1, note: null, holds: [], hall: null, archive: null },
        document: { inForceUntil: null },
        handOver: [{ clause: '2.1', period: { count: 24, unit: 'hours' }, dayEndsAt: '24:00' }],
        retention: [{ atLeast: { count: 2, unit: 'years' }, withFile: false }],
        notices: [{ version: 1, clauses: [] }],
      },
    });
  });

  test('may say its numbers with or without quotation marks', () => {
    expect(faultsAfter((set) => Object.assign(set, { version: 3 }))).toEqual({});
    expect(
      faultsAfter((set) => {
        entry(set, 'clauses', 0)['id'] = 1;
        entry(set, 'kinds', 0)['clauses'] = [1];
      }),
    ).toEqual({});
  });
});

describe('a bad set', () => {
  test('is refused with all its faults at once', () => {
    const faults = faultsAfter((set) => {
      set['id'] = 'Office 2026';
      delete set['title'];
      set['colour'] = 'red';
      entry(set, 'clauses', 0)['force'] = 'strict';
      entry(set, 'fields', 1)['form'] = 'number';
      entry(set, 'kinds', 0)['required'] = ['time', 'place'];
      entry(set, 'kinds', 0)['notice'] = 'other';
      entry(set, 'handOver', 0)['period'] = 'a day';
      entry(set, 'retention', 0)['clauses'] = ['9'];
    });
    expect(faults).toEqual({
      id: 'must be 1 to 40 small letters, digits and hyphens (value: "Office 2026")',
      title: expect.stringMatching(/^is missing: write it/),
      colour: expect.stringMatching(/^is not a known field: take it out, or write one of format, id, version,/),
      'clauses[0].force': 'must be binding or by-analogy (value: "strict")',
      'fields[1].form': expect.stringMatching(/^must be text, note, people, officers or automatic/),
      'kinds[0].required': 'is not in fields: add it there, or correct it (value: "place")',
      'kinds[0].notice': 'is not in notices: add it there, or correct it (value: "other")',
      'handOver[0].period': expect.stringMatching(/like "24 hours" \(value: "a day"\)$/),
      'retention[0].clauses': 'is not in clauses: add it there, or correct it (value: "9")',
    });
  });

  test.each<[string, (set: Mapping) => void, string, RegExp]>([
    ['another format', (set) => Object.assign(set, { format: 'x/1' }), 'format', /^must be quancheng-rule-set\/1/],
    ['no kinds', (set) => Object.assign(set, { kinds: [] }), 'kinds', /at least one entry/],
    ['a list that is none', (set) => Object.assign(set, { kinds: 'hearing' }), 'kinds', /must be a list/],
    ['an entry that is none', (set) => Object.assign(set, { kinds: ['hearing'] }), 'kinds[0]', /must be a mapping/],
    ['a version 0', (set) => Object.assign(set, { version: '0' }), 'version', /from 1 to/],
    ['only one language', (set) => Object.assign(set, { short: { zh: '办法' } }), 'short.en', /^is missing/],
    [
      'a day of no month',
      (set) => Object.assign(set['document'] as Mapping, { inForceFrom: '2026-02-30' }),
      'document.inForceFrom',
      /like 2026-02-14/,
    ],
    [
      'an end before the beginning',
      (set) => Object.assign(set['document'] as Mapping, { inForceUntil: '2025-01-01' }),
      'document.inForceUntil',
      /not lie before/,
    ],
    [
      'an id of a clause that is none',
      (set) => Object.assign(entry(set, 'clauses', 0), { id: 'A1' }),
      'clauses[0].id',
      /like 15, 15\.1/,
    ],
    [
      'a clause twice',
      (set) => (set['clauses'] as unknown[]).push(entry(set, 'clauses', 0)),
      'clauses[2].id',
      /clauses\[0\] already/,
    ],
    [
      'an unknown duty',
      (set) => Object.assign(entry(set, 'clauses', 1), { serves: ['fun'] }),
      'clauses[1].serves',
      /no duty .*value: "fun"/,
    ],
    [
      'a kind twice',
      (set) => (set['kinds'] as unknown[]).push(entry(set, 'kinds', 0)),
      'kinds[1].id',
      /kinds\[0\] already/,
    ],
    [
      'a name of two kinds',
      (set) =>
        (set['kinds'] as unknown[]).push({ ...entry(set, 'kinds', 0), id: 'x', zh: '会', en: 'X', also: ['Hearing'] }),
      'kinds[1]',
      /name of kinds\[0\].*value: "hearing"/,
    ],
    [
      'a field twice in a kind',
      (set) => Object.assign(entry(set, 'kinds', 0), { offered: ['matter'] }),
      'kinds[0].offered',
      /required already/,
    ],
    [
      'the same field twice',
      (set) => Object.assign(entry(set, 'kinds', 0), { offered: ['remarks', 'remarks'] }),
      'kinds[0].offered[1]',
      /twice/,
    ],
    [
      'a kind without clause',
      (set) => Object.assign(entry(set, 'kinds', 0), { clauses: [] }),
      'kinds[0].clauses',
      /at least one/,
    ],
    [
      'a must that no clause asks for',
      (set) => Object.assign(entry(set, 'kinds', 0), { clauses: ['2.1'] }),
      'kinds[0].clauses',
      /serves recording/,
    ],
    [
      'a notice version twice',
      (set) => (set['notices'] as unknown[]).push(entry(set, 'notices', 0)),
      'notices[1].version',
      /next number/,
    ],
    [
      'no end and no file',
      (set) => Object.assign(entry(set, 'retention', 0), { atLeast: null }),
      'retention[0]',
      /how long/,
    ],
    [
      'keeping for working days',
      (set) => Object.assign(entry(set, 'retention', 0), { atLeast: '3 working-days' }),
      'retention[0].atLeast',
      /working days/,
    ],
    [
      'an hour of no day',
      (set) => Object.assign(entry(set, 'handOver', 0), { dayEndsAt: '24:30' }),
      'handOver[0].dayEndsAt',
      /time of day/,
    ],
    [
      'a hall without its notice',
      (set) =>
        Object.assign(set, { hall: { zh: '大厅', en: 'Hall', clauses: ['1'], notice: 'hall', retention: 'all' } }),
      'hall.notice',
      /not in notices/,
    ],
    [
      'an archive without its clause',
      (set) => Object.assign(set, { archive: { clause: '63', period: '30 days' } }),
      'archive.clause',
      /not in clauses/,
    ],
    [
      'a text without end',
      (set) => Object.assign(entry(set, 'notices', 0), { zh: '字'.repeat(2_001) }),
      'notices[0].zh',
      /at most 2000/,
    ],
  ])('%s is named', (_, change, field, message) => {
    expect(faultsAfter(change)).toEqual({ [field]: expect.stringMatching(message) });
  });

  test.each([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'rules'],
    ['a number', 7],
    ['a list', []],
  ])('%s is refused in one sentence about the whole file', (_, raw) => {
    const checked = checkRuleSet(raw);
    expect(checked.ok).toBe(false);
    if (!checked.ok) expect(checked.faults[0]?.field).toBe('(whole file)');
  });

  test('never makes the check itself fail, whatever stands in any place', () => {
    const strange: readonly unknown[] = [
      null,
      undefined,
      '',
      0,
      -1,
      Number.NaN,
      true,
      [],
      {},
      [null],
      [[]],
      'x',
      ['x', 'x'],
      { id: {} },
    ];
    const places = pathsOf(small());
    expect(places.length).toBeGreaterThan(60);
    for (const place of places) {
      for (const value of strange) {
        const set = small();
        const last = place.at(-1) ?? '';
        const parent = place.slice(0, -1).reduce<Mapping>((at, key) => at[key] as Mapping, set);
        parent[last] = value;
        const checked = checkRuleSet(set);
        if (checked.ok) continue;
        for (const fault of checked.faults) {
          expect(fault.field, JSON.stringify({ place, value })).not.toBe('');
          expect(fault.message.length).toBeGreaterThan(10);
        }
      }
    }
  });
});

function pathsOf(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [[...path]];
  const inner = Object.entries(value).flatMap(([key, one]) => pathsOf(one, [...path, key]));
  return path.length === 0 ? inner : [[...path], ...inner];
}
