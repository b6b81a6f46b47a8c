/**
 * People press what they like, at two panels, while cameras die, clocks are set and the controller is started anew. Whatever the order:
 * never two sessions in a room, no refusal that says nothing, nothing of what was journaled changes, and the index is what the journals
 * say.
 */
import { expect, onTestFinished, test } from 'vitest';
import type { Caller } from '../../controller/core/desk.ts';
import { AppError } from '../../controller/core/errors.ts';
import { assertSession, isOpened, isRunning } from '../../controller/core/session.ts';
import { MARK_KINDS, NOTICE_ANSWERS } from '../../controller/core/session-facts.ts';
import { coverage } from '../../controller/core/timeline.ts';
import { reindex } from '../../controller/store/open-index.ts';
import { Stage } from './stage.ts';

const MINUTE = 60_000;
const DEAD = { code: 'camera-unreachable', detail: 'no route' } as const;
const STEPS = 120;
const ROOMS = ['r1', 'r2'] as const;

/** Facts that the days wrote. */
const seen = new Set<string>();
let stage: Stage;

/** Numbers below a bound that look random and are the same in every run (mulberry32). */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

async function walk(seed: number): Promise<{ readonly done: number; readonly refused: Set<string> }> {
  const random = numbers(seed);
  const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T;
  const people = (): readonly Caller[] => [stage.caller('presider'), stage.caller('presider')];
  const refused = new Set<string>();
  const presses: (() => Promise<unknown>)[] = [];
  let made = 0;
  let done = 0;
  const ids = (): readonly string[] =>
    stage.desk.hearings.docket(stage.caller('presider'), null, 0, 9e15).entries.map(({ id }) => id);
  const now = (): number => stage.clock.now().wallMs;
  const planned = () => {
    const from = now() + random(90) * MINUTE;
    return { from, to: random(3) === 0 ? null : from + (1 + random(90)) * MINUTE };
  };
  /** One thing that somebody may press; made once, so that it can be pressed again. */
  const press = (): (() => Promise<unknown>) => {
    made += 1;
    const id = `press-${String(made).padStart(4, '0')}`;
    const who = pick(people());
    const [room, other] = [pick(ROOMS), pick(ROOMS)];
    const session = pick(ids()) ?? 'NOBODY';
    const [plan, agoMs] = [planned(), random(5_000)];
    const h = () => stage.desk.hearings;
    const kind = pick(['hearing', 'interview', 'inquiry'] as const);
    const acts: readonly (() => Promise<unknown>)[] = [
      () =>
        h().schedule(who, { press: id, room, kind, matter: `案${made}`, planned: plan, fields: {}, continues: null }),
      () =>
        h().amend(who, session, { press: id, room: other, planned: plan, fields: { presider: [{ name: '张三' }] } }),
      () => h().cancel(who, session, id, '撤回'),
      () => stage.desk.open(who, room, { press: id, kind, matter: '' }),
      () => h().openPlanned(who, session, id),
      () => h().openPlanned(who, session, id),
      () => stage.desk.close(who, session),
      () => h().adjourn(who, session, { press: id, planned: plan, reason: '' }),
      () => h().beginCheck(who, room, id, random(2) === 0 ? null : session),
      () => h().mark(who, session, { press: id, kind: pick(MARK_KINDS), agoMs, note: '', page: '' }),
      () => h().tell(who, session, { press: id, answer: pick(NOTICE_ANSWERS), note: '', agoMs }),
      () => h().fill(who, session, { press: id, matter: `案${made}` }),
      () => h().extend(who, session, id, now() + random(120) * MINUTE),
      async () => {
        const cut = stage.desk.session(who, session).interruptions.find((one) => one.owed.length > 0);
        const said = { interruption: cut?.id ?? 'none', isSpoken: random(2) === 0, agoMs, reason: '断线' };
        return h().explain(who, session, { press: id, ...said });
      },
    ];
    return pick(acts);
  };
  const known = (error: unknown): void => {
    if (!(error instanceof AppError)) throw error;
    expect(error.message.length).toBeGreaterThan(10);
    expect(['conflict', 'not-found', 'invalid']).toContain(error.kind);
    refused.add(error.code);
  };
  for (let i = 0; i < STEPS; i++) {
    const what = random(20);
    if (what === 0) {
      await stage.stop();
      await stage.start();
    } else if (what === 1) stage.clock.stepWall((random(3) - 1) * random(30) * MINUTE);
    else if (what < 6)
      await stage.pass(900 * (1 + random(6)), random(3) === 0 ? { [pick(['cam', 'mic', 'cam2'])]: DEAD } : {});
    else {
      // Two at once, and now and then one that was pressed before.
      const both = [press(), random(4) === 0 && presses.length > 0 ? pick(presses) : press()];
      presses.push(...both);
      for (const result of await Promise.allSettled(both.map((act) => act()))) {
        if (result.status === 'rejected') known(result.reason);
        else done += 1;
      }
    }
    const opened = ids().flatMap((id) => {
      const session = stage.store.session(id);
      if (session === null) throw new Error(`${id} is in the docket and not in the index`);
      assertSession(session);
      return isOpened(session) ? [session] : [];
    });
    for (const room of ROOMS) {
      expect(opened.filter((one) => one.room === room && isRunning(one)).length).toBeLessThanOrEqual(1);
      stage.desk.room(stage.caller('presider'), room);
    }
  }
  return { done, refused };
}

/** Everybody goes home: what runs is closed, and every second of every claim is accounted for. */
async function goHome(): Promise<void> {
  const presider = stage.caller('presider');
  for (const room of ROOMS) {
    const running = stage.store.runningSession(room);
    if (running !== null) await stage.desk.close(presider, running.id);
  }
  await stage.pass(18_000);
  expect(stage.store.notes.checksUnderway()).toEqual([]);
  for (const session of stage.store.sessions([...ROOMS], 1_000)) {
    if (session.state !== 'closed' && session.state !== 'handed-over')
      throw new Error(`${session.id} is ${session.state}`);
    for (const { stream } of session.streams) {
      const segments = stage.store.segmentsOf(session.id, stream).map(({ fact }) => fact);
      const gaps = stage.store.gapsOf(session.id).filter((gap) => gap.stream === stream);
      expect(coverage({ from: session.from, to: session.to }, segments, gaps).unexplained).toEqual([]);
    }
  }
  const facts = await stage.facts();
  for (const { type } of facts) seen.add(type);
  for (const type of [
    'session-scheduled',
    'session-opened',
    'session-closing',
    'session-cancelled',
    'check-done',
  ] as const) {
    const about = facts.flatMap((fact) =>
      fact.type === type ? [fact.type === 'check-done' ? fact.check : fact.session] : [],
    );
    expect(new Set(about).size).toBe(about.length);
  }
  const presses = facts.flatMap((fact) => ('press' in fact && fact.press !== undefined ? [fact.press] : []));
  expect(new Set(presses).size).toBe(presses.length);
  const live = stage.dump();
  await stage.stop();
  await reindex(stage.folder, stage.log);
  await stage.start();
  expect(stage.dump()).toEqual(live);
  expect(stage.fatal).toEqual([]);
}

for (const seed of [1, 2, 3, 4]) {
  test(`a random day, number ${seed}`, async () => {
    stage = await Stage.open();
    onTestFinished(() => stage.close());
    const { done, refused } = await walk(seed);
    expect(done).toBeGreaterThan(20);
    expect(refused.size).toBeGreaterThan(2);
    await goHome();
  });
}

test('the days wrote every kind of fact that people and recorder make', () => {
  expect([...seen]).toEqual(
    expect.arrayContaining([
      ...['session-scheduled', 'session-amended', 'session-cancelled', 'check-begun', 'check-done', 'session-opened'],
      ...['session-confirmed', 'session-filled', 'notice-told', 'mark', 'interruption-explained', 'session-extended'],
      ...['session-closing', 'session-closed', 'stop-warned'],
    ]),
  );
});
