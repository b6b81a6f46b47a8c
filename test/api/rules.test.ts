/** The panel learns from the API which kinds there are, what each has to show and say, and which clause each thing stands for. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RulesView } from '../../controller/api/contract-docket.ts';
import { rulesView } from '../../controller/api/schemas-rules.ts';
import { ApiStage } from './api-stage.ts';

let api: ApiStage;
let rules: RulesView;
beforeAll(async () => {
  api = await ApiStage.open();
  const answer = await (await api.login('clerk')).get('/rules');
  expect(answer.status).toBe(200);
  rules = rulesView.parse(JSON.parse(answer.text));
});
afterAll(async () => {
  await api.close();
});

test('only people who are logged in are told', async () => {
  expect((await (await api.panelAt('r1')).get('/rules')).status).toBe(401);
});

test('names the rule set and its document', () => {
  expect(rules).toMatchObject({ id: 'hebei-tax-2017', version: 1, document: '冀地税发〔2017〕35号' });
  expect(rules.short.zh).toBe('河北地税办法');
});

describe('a kind', () => {
  test('comes with its fields in the order of the form, each with its clause', () => {
    const hearing = rules.kinds.find(({ id }) => id === 'hearing');
    expect(hearing?.fields.map(({ id, required }) => (required ? id : `(${id})`)).join(' ')).toBe(
      'time place matter parties presider officers recorder course (agents) (interpreter) (others) (file-number) (remarks)',
    );
    expect(hearing?.fields.find(({ id }) => id === 'officers')).toMatchObject({
      form: 'officers',
      clauses: [{ id: '13', zh: '第十三条', en: 'art. 13', force: 'binding' }],
    });
  });

  test('comes with the words that the parties are told, and their hash', () => {
    for (const { notice } of rules.kinds) {
      expect(notice).toMatchObject({ id: 'recording', version: 1, zh: expect.stringMatching(/^为保护您的合法权益/) });
      expect(notice.sha256).toMatch(/^[0-9a-f]{64}$/);
    }
  });
});

test('each thing that is shown has the clauses it stands for, and whether they bind as written', () => {
  expect(rules.duties.telling.clauses).toEqual([
    { id: '16.1', zh: '第十六条第一款', en: 'art. 16 para. 1', force: 'binding' },
  ]);
  expect(rules.duties['interruption-explained'].clauses).toMatchObject([{ id: '16.3', force: 'by-analogy' }]);
  expect(rules.duties.archive.clauses).toEqual([]);
});
