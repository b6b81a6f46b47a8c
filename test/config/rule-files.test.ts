/** A site has the rule set it chose, from the product or its own folder; a bad file is refused with every fault and stops nothing else. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadConfig } from '../../controller/config/load.ts';
import { findRules } from '../../controller/config/rule-files.ts';
import { dayIn } from '../../controller/core/calendar/calendar.ts';
import { AppError } from '../../controller/core/errors.ts';
import { ruleSetNamed, type SiteRules } from '../../controller/core/rules/site-rules.ts';

const CORE = new URL('../../controller/core/', import.meta.url).pathname;
const HEBEI_TEXT = readFileSync(join(CORE, 'rules/hebei-tax-2017.yaml'), 'utf8');

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'quancheng-rules-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const put = (name: string, text: string): void => writeFileSync(join(folder, name), text);
/** The tax measures as another office would begin from them. */
const ownSet = (id: string): string => HEBEI_TEXT.replace('id: hebei-tax-2017', `id: ${id}`);

/** The line, from 1, of the first place where a text stands in the tax measures. */
const lineOf = (text: string): number => HEBEI_TEXT.slice(0, HEBEI_TEXT.indexOf(text)).split('\n').length;

function found(chosen: string): SiteRules {
  const rules = findRules(chosen, folder);
  if (!rules.ok) throw new Error(JSON.stringify(rules.faults));
  return rules.rules;
}

function faults(chosen: string): { [field: string]: string } {
  const rules = findRules(chosen, folder);
  return rules.ok ? {} : Object.fromEntries(rules.faults.map(({ field, message }) => [field, message]));
}

describe('rule sets', () => {
  test('of the product are both there, and either can be chosen', () => {
    for (const id of ['hebei-tax-2017', 'changan-hrss-2017']) {
      const rules = found(id);
      expect(rules.set.id).toBe(id);
      expect(rules.all.map((set) => set.id).sort()).toEqual(['changan-hrss-2017', 'hebei-tax-2017']);
      expect(rules.refused).toEqual([]);
    }
  });

  test('are added by dropping in a file', () => {
    put('ours.yaml', ownSet('county-tax-2026'));
    put('notes.txt', 'not a rule set, and not looked at');
    expect(found('county-tax-2026').set.kinds).toHaveLength(5);
    expect(found('hebei-tax-2017').all.map((set) => set.id)).toContain('county-tax-2026');
  });

  test('that older sessions were held under stay at hand', () => {
    const rules = found('changan-hrss-2017');
    expect(ruleSetNamed(rules, 'hebei-tax-2017').id).toBe('hebei-tax-2017');
    expect(ruleSetNamed(rules, 'gone-2001').id).toBe('changan-hrss-2017');
    expect(ruleSetNamed(rules, undefined).id).toBe('changan-hrss-2017');
  });

  test('are read as text: a clause 15.10 stays one, and no word becomes a truth value', () => {
    put(
      'ours.yaml',
      ownSet('county-tax-2026')
        .replace('id: 15.2', 'id: 15.10')
        .replaceAll(', 15.2]', ', 15.10]')
        .replace('zh: 约谈', 'zh: yes'),
    );
    const { clauses, kinds } = found('county-tax-2026').set;
    expect(clauses.map(({ id }) => id)).toContain('15.10');
    expect(kinds[1]?.zh).toBe('yes');
  });

  test('may be JSON', () => {
    put('ours.json', '{"format": "quancheng-rule-set/1", "id": "x"}');
    expect(found('hebei-tax-2017').refused[0]?.faults.map(({ field }) => field)).toContain('kinds (line 1)');
  });
});

describe('a bad file', () => {
  test('that nobody chose is put aside with every fault, and the site starts', () => {
    put(
      'ours.yaml',
      ownSet('county-tax-2026').replaceAll('force: binding', 'force: strict').replace('zh: 听证', 'zh2: 听证'),
    );
    const { refused, set } = found('hebei-tax-2017');
    expect(set.id).toBe('hebei-tax-2017');
    expect(refused.map(({ path }) => path)).toEqual([join(folder, 'ours.yaml')]);
    const fields = refused[0]?.faults.map(({ field }) => field) ?? [];
    expect(fields).toEqual(
      expect.arrayContaining([
        `clauses[0].force (line ${lineOf('force: binding')})`,
        `kinds[0].zh (line ${lineOf('- id: hearing')})`,
        `kinds[0].zh2 (line ${lineOf('zh: 听证')})`,
      ]),
    );
  });

  test('that was chosen is refused with its name before every fault', () => {
    put(
      'ours.yaml',
      ownSet('county-tax-2026').replace('version: 1', 'version: one').replace('form: note', 'form: page'),
    );
    expect(faults('county-tax-2026')).toEqual({
      rules: expect.stringMatching(
        /not a rule set that could be used: write one of .*hebei-tax-2017.* \(value: "county-tax-2026"\)$/,
      ),
      'ours.yaml: version (line 5)': expect.stringMatching(/whole number.*value: "one"/),
      [`ours.yaml: fields[12].form (line ${lineOf('id: remarks')})`]: expect.stringMatching(/^must be text, note/),
    });
  });

  test('with broken YAML says line and column', () => {
    put('ours.yaml', 'format: quancheng-rule-set/1\nid: [');
    expect(Object.keys(faults('ours')).at(-1)).toMatch(/^ours\.yaml: line 2, column \d+$/);
  });

  test.each([
    ['is empty', '', /must be the first line: quancheng-rule-set\/1 or quancheng-calendar\/1/],
    ['is something else', 'colour: red\n', /must be the first line/],
    ['is of a format to come', 'format: quancheng-rule-set/2\n', /must be the first line/],
    ['is a list', '- 1\n', /must be the first line/],
  ])('that %s says what it should be', (_, text, message) => {
    put('ours.yaml', text);
    expect(found('hebei-tax-2017').refused[0]?.faults).toEqual([
      { field: 'format', message: expect.stringMatching(message) },
    ]);
  });

  test('that is too large is not even read', () => {
    put('ours.yaml', `format: quancheng-rule-set/1\n#${' '.repeat(1_000_001)}`);
    expect(found('hebei-tax-2017').refused[0]?.faults[0]?.message).toMatch(/larger than 1000000 bytes/);
  });

  test('that is a folder is said to be none', () => {
    mkdirSync(join(folder, 'ours.yaml'));
    expect(found('hebei-tax-2017').refused[0]?.faults[0]?.message).toMatch(/cannot be read: EISDIR/);
  });

  test('cannot take the place of a rule set of the product', () => {
    put('ours.yaml', HEBEI_TEXT.replace('period: 1 working-day,', 'period: 9 years,'));
    const { set, refused } = found('hebei-tax-2017');
    expect(set.handOver[0]?.period).toEqual({ count: 1, unit: 'working-days' });
    expect(refused[0]?.faults).toEqual([
      { field: 'id', message: expect.stringMatching(/hebei-tax-2017\.yaml already: choose another id/) },
    ]);
  });
});

describe('a folder', () => {
  test('that is not there is a fault of its own', () => {
    rmSync(folder, { recursive: true });
    expect(faults('hebei-tax-2017')).toEqual({ rulesFolder: `cannot be read: ENOENT (value: "${folder}")` });
  });
});

describe('calendars', () => {
  const NEXT = [
    'format: quancheng-calendar/1',
    'year: 2027',
    'notices: [{ number: 某号, title: 通知, published: 2026-11-04, address: "https://www.gov.cn/" }]',
    'off:',
    '  - { name: 元旦, from: 2027-01-01, to: 2027-01-03 }',
    '  - { name: 劳动节, from: 2027-05-01, to: 2027-05-05 }',
    '  - { name: 国庆节, from: 2027-10-01, to: 2027-10-07 }',
    'worked: []',
  ].join('\n');

  test('of a new year are dropped in', () => {
    expect(dayIn(found('hebei-tax-2017').calendar, '2027-10-01').basis).toBe('assumed');
    put('2027.yaml', NEXT);
    expect(dayIn(found('hebei-tax-2017').calendar, '2027-10-01')).toMatchObject({
      isWorking: false,
      basis: 'published',
    });
  });

  test('of the site stand before the product’s, because a notice may be changed within its year', () => {
    const text = readFileSync(join(CORE, 'calendar/2026.yaml'), 'utf8').replace('to: 2026-10-07', 'to: 2026-10-08');
    put('2026-changed.yaml', text);
    const { calendar, refused } = found('hebei-tax-2017');
    expect(dayIn(calendar, '2026-10-08').isWorking).toBe(false);
    expect([calendar.years.map(({ year }) => year), refused]).toEqual([[2024, 2025, 2026], []]);
  });

  test('of one year twice in the folder are a fault of the second', () => {
    put('2027.yaml', NEXT);
    put('2027-again.yaml', NEXT);
    expect(found('hebei-tax-2017').refused.map(({ faults: [fault] }) => fault?.field)).toEqual(['year']);
  });

  test('that do not hold are put aside: the year is not known then', () => {
    put('2027.yaml', NEXT.replace('2027-10-01', '2027-10-04'));
    const { calendar, refused } = found('hebei-tax-2017');
    expect(refused[0]?.faults[0]?.message).toMatch(/2027-10-01, 2027-10-02, 2027-10-03/);
    expect(dayIn(calendar, '2027-10-01').basis).toBe('assumed');
  });
});

describe('the site file', () => {
  function site(change: (text: string) => string): string {
    const text = readFileSync(join(CORE, '../config/sample.yaml'), 'utf8');
    cpSync(join(CORE, '../config/sample.secrets.yaml'), join(folder, 'secrets.yaml'));
    writeFileSync(join(folder, 'centre-receipts.pem'), 'a key');
    const path = join(folder, 'site.yml.txt');
    writeFileSync(
      path,
      change(text)
        .replace('secrets: secrets.yaml', '')
        .replaceAll(/^ {2}(?: {2})?login: .*$/gm, ''),
    );
    return path;
  }
  const refusal = (path: string): { [field: string]: string } => {
    try {
      loadConfig(path);
      return {};
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return Object.fromEntries(error.fields.map(({ field, message }) => [field, message]));
    }
  };

  test('without a word follows the tax measures', () => {
    expect(loadConfig(site((text) => text.replace('rules: hebei-tax-2017', ''))).rules.set.id).toBe('hebei-tax-2017');
  });

  test('chooses, and names a folder beside itself', () => {
    mkdirSync(join(folder, 'rules'));
    writeFileSync(join(folder, 'rules', 'ours.yaml'), ownSet('county-tax-2026'));
    const path = site((text) => text.replace('rules: hebei-tax-2017', 'rules: county-tax-2026\nrulesFolder: rules'));
    const { rules } = loadConfig(path);
    expect(rules.set.id).toBe('county-tax-2026');
    expect(Object.isFrozen(rules.set.kinds[0])).toBe(true);
  });

  test('that chooses what is not there is refused together with its other faults', () => {
    const path = site((text) => text.replace('rules: hebei-tax-2017', 'rules: x').replace('port: 8480', 'port: 84800'));
    expect(refusal(path)).toMatchObject({
      rules: expect.stringMatching(/write one of changan-hrss-2017, hebei-tax-2017.*value: "x"/),
      'listen.port': expect.stringMatching(/65535/),
    });
  });

  test('that chooses in another form says so once', () => {
    expect(refusal(site((text) => text.replace('rules: hebei-tax-2017', 'rules: [hebei-tax-2017]')))).toEqual({
      rules: expect.stringMatching(/must be the id of a rule set/),
    });
  });
});
