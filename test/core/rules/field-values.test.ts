/** What a record has to show is owed until it is there, and nothing that does not belong gets in. */
import { describe, expect, test } from 'vitest';
import { checkFieldValues, debtsOf } from '../../../controller/core/rules/field-values.ts';
import { kindOf, type RuleSet } from '../../../controller/core/rules/rule-set.ts';
import type { FieldValues } from '../../../controller/core/session-facts.ts';
import { CHANGAN, HEBEI } from '../../site/rules.ts';

const OFFICER = { name: '赵', certificate: '冀税1301' };
const WHOLE: FieldValues = {
  parties: [{ name: '某公司' }],
  presider: [{ name: '钱' }],
  officers: [OFFICER],
  recorder: [{ name: '孙' }],
};

function check(set: RuleSet, kind: string, raw: unknown) {
  const known = kindOf(set, kind);
  if (known === null) throw new Error(`no kind ${kind}`);
  const checked = checkFieldValues(set, known, raw);
  return checked.ok ? checked.value : checked.faults;
}

describe('debts', () => {
  const debts = (matter: string, fields: FieldValues, kind = 'hearing'): readonly string[] =>
    debtsOf(HEBEI.set, kind, { matter, fields });

  test('are all required fields at first, in the order of the rule set; time, place and course are filled by the product', () => {
    expect(debts('', {})).toEqual(['matter', 'parties', 'presider', 'officers', 'recorder']);
  });

  test('go as they are filled', () => {
    expect(debts('税务处罚听证', {})).toEqual(['parties', 'presider', 'officers', 'recorder']);
    expect(debts('税务处罚听证', WHOLE)).toEqual([]);
  });

  test('stay while an officer has no certificate number, or a text holds nothing but spaces', () => {
    expect(debts(' ', WHOLE)).toEqual(['matter']);
    expect(debts('事', { ...WHOLE, officers: [OFFICER, { name: '李' }] })).toEqual(['officers']);
    expect(debts('事', { ...WHOLE, officers: [{ name: '李', certificate: ' ' }] })).toEqual(['officers']);
    expect(debts('事', { ...WHOLE, parties: [] })).toEqual(['parties']);
    expect(debts('事', { ...WHOLE, parties: [{ name: ' ' }] })).toEqual(['parties']);
  });

  test('are none for a kind that the set does not know', () => {
    expect(debts('', {}, 'random-draw')).toEqual([]);
  });

  test('of an inquiry in Chang’an are those of art. 23', () => {
    expect(debtsOf(CHANGAN.set, 'inquiry', { matter: '欠薪', fields: {} })).toEqual(['officers', 'questioned']);
  });
});

describe('values', () => {
  test('are kept as given, trimmed, without people who have no name', () => {
    expect(
      check(HEBEI.set, 'hearing', {
        parties: [{ name: ' 某公司 ', capacity: '申请人' }, { name: '' }],
        officers: [OFFICER],
        remarks: ' 一\n二 ',
        'file-number': '',
      }),
    ).toEqual({
      parties: [{ name: '某公司', capacity: '申请人' }],
      officers: [OFFICER],
      remarks: '一\n二',
      'file-number': '',
    });
  });

  test('may take a field of people away with an empty text', () => {
    expect(check(HEBEI.set, 'hearing', { parties: '' })).toEqual({ parties: '' });
  });

  test.each<[string, unknown, string, RegExp]>([
    ['a field of another kind', { experts: [] }, 'fields.experts', /known are parties, presider/],
    ['a field of the product', { time: '10:00' }, 'fields.time', /not a field that is filled in here/],
    ['the matter, which stands by itself', { matter: '事' }, 'fields.matter', /not a field that is filled in here/],
    ['a text where people belong', { parties: '某公司' }, 'fields.parties', /list of at most 50/],
    ['people where a text belongs', { remarks: [OFFICER] }, 'fields.remarks', /must be a text/],
    ['a line that is a page', { 'file-number': '号'.repeat(201) }, 'fields.file-number', /at most 200/],
    ['a note without end', { remarks: '号'.repeat(4_001) }, 'fields.remarks', /at most 4000/],
    ['a crowd', { parties: Array.from({ length: 51 }, () => OFFICER) }, 'fields.parties', /at most 50/],
    ['a certificate of nobody', { officers: [{ name: '', certificate: '1' }] }, 'fields.officers[0].name', /missing/],
    ['a person who is none', { parties: ['某'] }, 'fields.parties[0]', /must be a person/],
    ['something else about a person', { parties: [{ name: '某', age: 3 }] }, 'fields.parties[0].age', /not known/],
    ['no fields at all', 'x', 'fields', /must be a mapping/],
  ])('%s is refused', (_, raw, field, message) => {
    expect(check(HEBEI.set, 'hearing', raw)).toEqual([{ field, message: expect.stringMatching(message) }]);
  });

  test('are refused with all faults at once', () => {
    expect(check(HEBEI.set, 'hearing', { experts: [], remarks: 1, parties: [1] })).toHaveLength(3);
  });
});
