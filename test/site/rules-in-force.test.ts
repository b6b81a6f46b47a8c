/** A session is due, owed and kept by the rules it was held under, whatever the site follows later. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { SessionSnapshot } from '../../controller/core/hearing-desk.ts';
import { CHANGAN, type HEBEI } from './rules.ts';
import { PLAN, Stage } from './stage.ts';

const HOUR_MS = 3_600_000;

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.open();
});
afterEach(async () => {
  await stage.close();
});

const clerk = () => stage.caller('clerk');
const look = (id: string): SessionSnapshot => stage.desk.session(clerk(), id);

/** A hearing that was held and closed; its id. */
async function held(press: string, kind = 'hearing'): Promise<string> {
  const { session } = await stage.desk.open(clerk(), 'r1', { press: `press-${press}`, kind, matter: '案' });
  await stage.pass(1_800);
  await stage.desk.close(clerk(), session.id);
  await stage.pass(8_000);
  return session.id;
}

async function follow(rules: typeof HEBEI): Promise<void> {
  await stage.stop();
  stage.plan = { ...PLAN, rules };
  await stage.start();
  await stage.site.idle();
}

test('while it runs it has no deadline; once closed it has, with the clause that says so', async () => {
  const { session } = await stage.desk.open(clerk(), 'r1', { press: 'press-one', kind: 'hearing', matter: '案' });
  expect(look(session.id)).toMatchObject({ deadline: null, keep: null });
  await stage.desk.close(clerk(), session.id);
  expect(look(session.id).deadline).toMatchObject({
    clause: { zh: '河北地税办法第十九条第一款', en: 'Hebei tax measures, art. 19 para. 1' },
    ...{ force: 'binding', soon: false, overdue: false, kept: null, uncertain: false },
  });
});

test('under the tax measures a hearing is kept as long as its file, and nobody has said how long that is', async () => {
  expect(look(await held('one')).keep).toEqual({
    until: null,
    because: 'file-not-known',
    name: { zh: '与案卷同期', en: 'As long as the written file' },
    clauses: [{ zh: '河北地税办法第十九条第三款', en: 'Hebei tax measures, art. 19 para. 3', force: 'binding' }],
  });
});

test('under the Chang’an rules it is due in 24 hours, soon in the last six, then overdue, and kept for two years', async () => {
  await follow(CHANGAN);
  const id = await held('one');
  const { closedAt, deadline, keep } = look(id);
  expect(deadline).toMatchObject({
    dueAt: (closedAt ?? 0) + 24 * HOUR_MS,
    clause: { zh: '长安人社细则第六十五条第三款' },
    ...{ force: 'by-analogy', soon: false, overdue: false },
  });
  expect(keep).toMatchObject({
    because: 'period',
    clauses: [{ zh: '长安人社细则第六十五条第二款', force: 'binding' }],
  });
  expect(new Date((keep?.until ?? 0) + 8 * HOUR_MS).toISOString()).toMatch(/^2028-11-\d\dT00:00:00/);
  stage.clock.advance(18 * HOUR_MS);
  expect(look(id).deadline).toMatchObject({ soon: true, overdue: false });
  stage.clock.advance(6 * HOUR_MS);
  expect(look(id).deadline).toMatchObject({ soon: false, overdue: true, kept: null });
});

test('a clock that is set forward by days does not make 24 hours pass', async () => {
  await follow(CHANGAN);
  const id = await held('one');
  stage.clock.stepWall(30 * HOUR_MS);
  expect(look(id).deadline).toMatchObject({ soon: false, overdue: false });
});

test('what a site follows later changes nothing for a session that was held before', async () => {
  const before = await held('one');
  const { deadline, keep, debts } = look(before);
  await follow(CHANGAN);
  expect(look(before)).toMatchObject({ deadline, keep, debts });
  const after = look(await held('two'));
  expect(after.deadline?.clause.zh).toBe('长安人社细则第六十五条第三款');
  expect([debts.includes('unit'), after.debts.includes('unit')]).toEqual([false, true]);
});

test('a session of a kind that the rules do not know is kept without end, and the kind is owed', async () => {
  await follow(CHANGAN);
  const id = await held('one', 'random-draw');
  const known = look(id);
  expect(known.keep?.because).toBe('period');
  await stage.stop();
  const { set } = CHANGAN;
  const without = { ...set, kinds: set.kinds.filter((kind) => kind.id !== 'random-draw') };
  stage.plan = { ...PLAN, rules: { ...CHANGAN, set: without, all: [without] } };
  await stage.start();
  expect(look(id)).toMatchObject({
    debts: ['kind'],
    keep: { until: null, because: 'not-known', name: null, clauses: [] },
  });
});
