import { expect, test } from 'vitest';
import { CHAPTERS } from '../../controller/central/chapters.ts';
import { Sql } from '../../controller/ledger/sql.ts';
import { Ear } from '../forward/scene.ts';

/** A plan that reads every manifest of a site takes longer with each segment that ever came, until the centre stands still. */
test.each([
  'SELECT * FROM segment WHERE site = ? AND seg = ?',
  'UPDATE manifest SET is_replaced = 1 WHERE site = ? AND seg = ? AND mh <> ?',
  'SELECT * FROM claim AS c JOIN segment AS s ON s.site = c.site AND s.seg = c.seg WHERE c.site = ? AND c.claim = ?',
  'SELECT * FROM segment WHERE site = ? AND stream = ? AND t0 >= ? AND t0 < ?',
])('%s', (question) => {
  const steps = CHAPTERS.map(({ schema }) => schema);
  const sql = new Sql(':memory:', steps, new Ear());
  const values = [...question.matchAll(/\?/g)].map(() => 'x');
  const plan = sql.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${question}`, ...values).map(({ detail }) => detail);
  expect(plan.filter((step) => /\(site=\?\)$/.test(step) || step.startsWith('SCAN'))).toEqual([]);
  sql.close();
});
