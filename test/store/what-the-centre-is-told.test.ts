/** Events and deadlines as the forwarder reads them out of the index of a site with real journals. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { handOverDeadline } from '../../controller/core/deadline.ts';
import { EVENT_JOURNALS, type EventJournal, type HrcEvent } from '../../controller/core/hrc-events.ts';
import { nextOf } from '../../controller/core/hrc-next.ts';
import { SessionDeadlines } from '../../controller/store/deadlines.ts';
import { StoreEvents } from '../../controller/store/event-rows.ts';
import { StoreOutbox } from '../../controller/store/outbox.ts';
import { Stage } from '../site/stage.ts';

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.open();
});
afterEach(() => stage.close());

const deadlines = () => new SessionDeadlines(stage.store.sql, stage.plan.rules);
const events = () => new StoreEvents(stage.store, deadlines());

async function hearing(room: string, press: string): Promise<string> {
  const { session } = await stage.desk.open(stage.caller('clerk'), room, {
    press,
    kind: 'hearing',
    matter: '王某诉甲局',
  });
  await stage.pass(8_000);
  return session.id;
}

async function end(session: string): Promise<void> {
  await stage.desk.close(stage.caller('clerk'), session);
  await stage.pass(8_000);
  await stage.site.idle();
}

function everything(source: StoreEvents, journal: EventJournal, step: number): HrcEvent[] {
  const told: HrcEvent[] = [];
  for (;;) {
    const page = source.events(journal, told.at(-1)?.seq ?? 0, step);
    told.push(...page);
    if (page.length < step) return told;
  }
}

test('a hearing is told in the order in which it went, with its due time and its clause, and without a name', async () => {
  let heard = 0;
  const source = events();
  source.onEvent(() => {
    heard += 1;
  });
  const session = await hearing('r1', 'press-a');
  await end(session);
  const told = everything(source, 'site', 100);
  expect(told.map(({ type }) => type)).toEqual([
    ...['session-opened', 'session-confirmed', 'session-closing', 'session-closed'],
  ]);
  expect(heard).toBe(EVENT_JOURNALS.flatMap((journal) => everything(source, journal, 100)).length);
  expect(told.every((event) => 'session' in event && event.session === session)).toBe(true);
  const closing = told.find(({ type }) => type === 'session-closing');
  const closed = stage.store.session(session);
  if (closing?.type !== 'session-closing' || closed === null || !('closedAt' in closed)) throw new Error('not closed');
  const { set, calendar } = stage.plan.rules;
  const deadline = handOverDeadline(set, calendar, closed.closedAt);
  expect(deadline).not.toBeNull();
  expect(closing.due).toEqual({
    ms: deadline?.dueMs,
    clause: deadline?.clause.id,
    force: deadline?.clause.force,
    basis: deadline?.basis,
  });
  expect(JSON.stringify(told)).not.toMatch(/王|甲|clerk/);
  expect(everything(source, 'site', 1)).toEqual(told);
});

test('events are there again after the index was built anew, and again after it was brought up to date twice', async () => {
  await end(await hearing('r1', 'press-a'));
  const before = EVENT_JOURNALS.map((journal) => everything(events(), journal, 100));
  await stage.stop();
  await stage.start();
  expect(EVENT_JOURNALS.map((journal) => everything(events(), journal, 100))).toEqual(before);
  // As after a change of the schema: everything is read once more over what is there.
  stage.store.sql.run('DELETE FROM progress');
  await stage.stop();
  await stage.start();
  expect(EVENT_JOURNALS.map((journal) => everything(events(), journal, 100))).toEqual(before);
});

test('what is due first goes first, whatever was recorded first', async () => {
  const early = await hearing('r1', 'press-a');
  await end(early);
  const late = await hearing('r1', 'press-b');
  const outbox = new StoreOutbox(stage.store, stage.site.journal, deadlines(), ({ seg }) => `/${seg}`);
  expect(outbox.urgent(0, 1)[0]?.segment.claims).toContain(early);
  await end(late);
  const closed = (id: string) => deadlines().of(id)?.dueMs ?? 0;
  expect(closed(late)).toBeGreaterThanOrEqual(closed(early));
  // The second one is due first when its rules say so.
  const { set } = stage.plan.rules;
  const [period] = set.handOver;
  if (period === undefined) throw new Error('no period');
  const swift = { ...set, id: 'swift', handOver: [{ ...period, period: { unit: 'hours' as const, count: 1 } }] };
  stage.store.sql.run("UPDATE session SET rules = 'swift' WHERE id = ?", late);
  const rules = { ...stage.plan.rules, all: [...stage.plan.rules.all, swift] };
  const other = new StoreOutbox(
    stage.store,
    stage.site.journal,
    new SessionDeadlines(stage.store.sql, rules),
    ({ seg }) => `/${seg}`,
  );
  const order = other.urgent(0, 1_000);
  const ofLate = order.filter(({ segment }) => segment.claims.includes(late));
  expect(ofLate.length).toBeGreaterThan(2);
  expect(order.slice(0, ofLate.length)).toEqual(ofLate);
  expect(ofLate.every(({ dueMs }) => dueMs === (ofLate[0]?.dueMs ?? 0))).toBe(true);
  // In pages it is the same list.
  const paged = [];
  for (let skip = 0; skip < order.length; skip += 2) paged.push(...other.urgent(skip, 2));
  expect(paged).toEqual(order);
  const waiting = other.pending(0, 1_000).map((item) => ({
    ...{ seg: item.segment.seg, siteSeq: item.siteSeq, ordered: 0 },
    ...{ dueMs: item.dueMs ?? null, isSession: true },
  }));
  const next = nextOf(waiting, stage.clock.now().wallMs, false);
  expect(next?.siteSeq).toBe(ofLate[0]?.siteSeq);
});
