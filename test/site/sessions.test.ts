/** Opening, proving, closing: two panels, double presses, dead cameras, restarts at any step. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { OpenPress } from '../../controller/core/desk.ts';
import type { SiteFact } from '../../controller/core/facts.ts';
import type { Cause, DesiredStream } from '../../controller/core/recording.ts';
import { coverage } from '../../controller/core/timeline.ts';
import { Journal } from '../../controller/ledger/journal.ts';
import { PLAN, Stage } from './stage.ts';

const press = (id: string): OpenPress => ({ press: `press-${id}`, kind: 'hearing', matter: '案' });
const DEAD: Cause = { code: 'camera-unreachable', detail: 'no route' };

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.open();
});
afterEach(async () => {
  await stage.close();
});

const clerk = () => stage.caller('clerk');
const open = (id = 'one', who = clerk()) => stage.desk.open(who, 'r1', press(id));
const wish = (stream: string): DesiredStream | undefined => stage.recorder.wish?.streams[stream];

describe('opening', () => {
  test('answers at once, requested and not confirmed, and claims every stream from the press minus the pre-roll', async () => {
    const before = stage.clock.now();
    const { session, isNew } = await open();
    expect(isNew).toBe(true);
    expect(session).toMatchObject({ state: 'opening', requested: 'record', confirmed: false, confirmedAt: null });
    for (const stream of ['cam', 'mic', 'side']) {
      const wished = wish(stream);
      if (wished?.mode !== 'keep') throw new Error(`${stream} is not to be kept`);
      expect(wished.claims).toHaveLength(1);
      expect(wished.claims[0]?.id).toBe(session.id);
      expect(wished.claims[0]?.to).toBeNull();
      expect((wished.claims[0]?.from.monoMs ?? 0) - before.monoMs).toBeCloseTo(-10_000, -2);
      expect(wished.source.password).toBe(`secret-of-${stream}`);
    }
    expect(wish('cam2')?.mode).toBe('off');
  });

  test('is confirmed when every mandatory stream is proven, not before', async () => {
    const { session } = await open();
    await stage.pass(900, { mic: DEAD });
    expect(stage.desk.session(clerk(), session.id)).toMatchObject({ state: 'opening', confirmed: false });
    await stage.pass(900, { side: DEAD });
    const confirmed = stage.desk.session(clerk(), session.id);
    expect(confirmed).toMatchObject({ state: 'open', confirmed: true });
    expect(confirmed.confirmedAt).not.toBeNull();
  });

  test('the same press twice, even at the same time, is one session', async () => {
    const [first, second] = await Promise.all([open(), open()]);
    const third = await open();
    expect(second.session.id).toBe(first.session.id);
    expect(third.session.id).toBe(first.session.id);
    expect([first.isNew, second.isNew, third.isNew]).toEqual([true, false, false]);
    expect((await stage.facts()).filter((fact) => fact.type === 'session-opened')).toHaveLength(1);
  });

  test('of two panels one opens and the other is told which session runs', async () => {
    const results = await Promise.allSettled([open('one'), open('two', stage.caller('presider'))]);
    const opened = results.find((one) => one.status === 'fulfilled');
    const refused = results.find((one) => one.status === 'rejected');
    expect(refused?.reason).toMatchObject({ code: 'session-already-open' });
    expect(String(refused?.reason)).toContain(opened?.value.session.id);
  });

  test('is refused in a room without mandatory stream, in an unknown room and in a room of others', async () => {
    await expect(stage.desk.open(clerk(), 'bare', press('x'))).rejects.toMatchObject({ code: 'no-mandatory-stream' });
    await expect(stage.desk.open(clerk(), 'nope', press('x'))).rejects.toMatchObject({ code: 'room-unknown' });
    await expect(stage.desk.open(clerk(), 'r2', press('x'))).rejects.toMatchObject({ code: 'not-your-room' });
  });

  test('a press of one room is no press of another', async () => {
    await open('one', stage.caller('presider'));
    const again = stage.desk.open(stage.caller('presider'), 'r2', press('one'));
    await expect(again).rejects.toMatchObject({ code: 'bad-request' });
  });

  test('does not wait for a session that is still closing', async () => {
    const first = (await open('one')).session;
    await stage.pass(900);
    await stage.desk.close(clerk(), first.id);
    const second = (await open('two')).session;
    await stage.pass(900);
    const wished = wish('cam');
    expect(wished?.mode === 'keep' && wished.claims.map((claim) => claim.id)).toEqual([first.id, second.id]);
    await stage.pass(6_000);
    expect(stage.desk.session(clerk(), first.id).state).toBe('closed');
    expect(stage.desk.session(clerk(), second.id)).toMatchObject({ state: 'open', confirmed: true });
  });
});

describe('confirmed', () => {
  test('is lost when the recorder falls silent for two seconds, and comes back; the session stays open', async () => {
    const { session } = await open();
    await stage.pass(900);
    stage.clock.advance(1_800);
    expect(stage.desk.session(clerk(), session.id).confirmed).toBe(true);
    stage.clock.advance(300);
    expect(stage.desk.session(clerk(), session.id)).toMatchObject({ state: 'open', confirmed: false });
    expect(stage.desk.sign('r1').state).toBe('fault');
    await stage.pass(900);
    expect(stage.desk.session(clerk(), session.id).confirmed).toBe(true);
    // It records, and nobody has said yet that the parties were told.
    expect(stage.desk.sign('r1').state).toBe('notice');
  });

  test('is lost when one mandatory stream stops while the recorder goes on talking', async () => {
    const { session } = await open();
    await stage.pass(900);
    await stage.pass(900, { mic: DEAD });
    expect(stage.desk.session(clerk(), session.id).confirmed).toBe(false);
    const room = stage.desk.room(clerk(), 'r1');
    expect(room.streams.map((stream) => stream.state)).toEqual(['recording', 'lost', 'recording']);
    expect(room.alarms[0]).toMatchObject({ code: 'camera-unreachable', level: 'alarm', stream: 'mic' });
    expect(room.session?.gaps.find((gap) => gap.to === null)).toMatchObject({ stream: 'mic' });
  });
});

describe('closing', () => {
  test('gives the claims their end and closes when all have ended', async () => {
    const { session } = await open();
    await stage.pass(2_000);
    const closing = await stage.desk.close(clerk(), session.id);
    expect(closing).toMatchObject({ state: 'closing', requested: 'stop' });
    const wished = wish('cam');
    expect(wished?.mode === 'keep' && wished.claims[0]?.to).not.toBeNull();
    expect(wished?.mode === 'keep' && wished.after).toBe('armed');
    await stage.pass(6_000);
    expect(stage.desk.session(clerk(), session.id)).toMatchObject({ state: 'closed', confirmed: false });
    expect(wish('cam')?.mode).toBe('armed');
  });

  test('works while opening', async () => {
    const { session } = await open();
    expect((await stage.desk.close(clerk(), session.id)).state).toBe('closing');
    await stage.pass(6_000);
    expect(stage.desk.session(clerk(), session.id)).toMatchObject({ state: 'closed', confirmedAt: null });
  });

  test('what is closing or closed stays as it is, and is closed by whoever was first', async () => {
    const { session } = await open();
    const presider = stage.caller('presider');
    const [first, second] = await Promise.all([
      stage.desk.close(clerk(), session.id),
      stage.desk.close(presider, session.id),
    ]);
    expect(second).toEqual(first);
    await stage.pass(6_000);
    const closed = stage.desk.session(clerk(), session.id);
    expect(await stage.desk.close(presider, session.id)).toEqual(closed);
    expect(closed.closedBy).toBe('名-clerk');
  });

  test('every claim is covered or ledgered to the last millisecond (invariant 2)', async () => {
    const { session } = await open();
    await stage.pass(3_000);
    await stage.pass(2_000, { side: DEAD });
    await stage.desk.close(clerk(), session.id);
    await stage.pass(6_000);
    const closed = stage.store.session(session.id);
    if (closed?.state !== 'closed') throw new Error('not closed');
    for (const { stream } of closed.streams) {
      const segments = stage.store.segmentsOf(session.id, stream).map((row) => row.fact);
      const gaps = stage.store.gapsOf(session.id).filter((gap) => gap.stream === stream);
      const found = coverage({ from: closed.from, to: closed.to }, segments, gaps);
      expect(found.unexplained).toEqual([]);
      expect(found.ledgeredMs > 0).toBe(stream === 'side');
    }
  });
});

describe('a stream whose camera never answered', () => {
  beforeEach(async () => {
    await stage.close();
    stage = await Stage.open((one) => {
      one.plan = {
        ...PLAN,
        devices: PLAN.devices.map((device) =>
          device.id === 'side' ? { ...device, source: { onvif: '192.0.2.1' } } : device,
        ),
      };
    });
  });

  test('does not hold up the others, is shown with its reason, and its absence is ledgered at the close', async () => {
    await vi.waitFor(() => expect(stage.logged.map((one) => one.message)).toContain('source not known'));
    const { session } = await open();
    await stage.pass(900);
    expect(stage.desk.session(clerk(), session.id)).toMatchObject({ state: 'open', confirmed: true });
    const side = stage.desk.room(clerk(), 'r1').streams.find((stream) => stream.id === 'side');
    expect(side).toMatchObject({ state: 'lost', trouble: { code: 'camera-unreachable' } });
    await stage.desk.close(clerk(), session.id);
    await stage.pass(6_000);
    const closed = stage.store.session(session.id);
    if (closed?.state !== 'closed') throw new Error('not closed');
    const gaps = stage.store.gapsOf(session.id).filter((gap) => gap.stream === 'side');
    expect(coverage({ from: closed.from, to: closed.to }, [], gaps).unexplained).toEqual([]);
  });
});

describe('a controller that dies', () => {
  test('while opening, open and closing goes on where it was', async () => {
    const { session } = await open();
    await stage.stop();
    await stage.start();
    expect(stage.desk.session(clerk(), session.id).state).toBe('opening');
    expect(wish('cam')?.mode).toBe('keep');
    await stage.pass(900);
    await stage.stop();
    await stage.start();
    expect(stage.desk.session(clerk(), session.id)).toMatchObject({ state: 'open', confirmed: false });
    await stage.pass(900);
    expect(stage.desk.session(clerk(), session.id).confirmed).toBe(true);
    await stage.desk.close(clerk(), session.id);
    await stage.stop();
    stage.clock.advance(6_000);
    await stage.recorder.beat();
    await stage.start();
    await stage.site.idle();
    await vi.waitFor(() => expect(stage.desk.session(clerk(), session.id).state).toBe('closed'));
    expect((await open()).session.id).toBe(session.id);
  });

  test('right after a fact was journaled, before anybody heard of it, does at the next start what the fact says', async () => {
    const { session } = await open();
    await stage.pass(2_000);
    const whole = (await stage.facts()).find((fact) => fact.type === 'session-opened');
    if (whole?.type !== 'session-opened') throw new Error('not journaled');
    await stage.desk.close(clerk(), session.id);
    await stage.pass(6_000);
    await stage.stop();
    const journaled = async (fact: SiteFact): Promise<void> => {
      const journal = new Journal<SiteFact>(stage.layout.siteJournal, stage.clock);
      await journal.open();
      await journal.append(fact);
      await journal.close();
      await stage.start();
    };
    const at = stage.clock.now();
    await journaled({ ...whole, session: 'S2', press: 'press-two', openedAt: at, from: at });
    expect(stage.desk.session(clerk(), 'S2').state).toBe('opening');
    expect(wish('cam')).toMatchObject({ mode: 'keep', claims: [{ id: 'S2', to: null }] });
    expect((await open('two')).isNew).toBe(false);
    await stage.pass(2_000);
    await stage.stop();
    const to = stage.clock.now();
    await journaled({ type: 'session-closing', session: 'S2', by: 'clerk', closedAt: to, to });
    expect(wish('cam')).toMatchObject({ mode: 'keep', claims: [{ id: 'S2', to }] });
    await stage.pass(900);
    expect(stage.desk.session(clerk(), 'S2').state).toBe('closed');
    expect(wish('cam')?.mode).not.toBe('keep');
  });

  test('keeps an armed room awake', async () => {
    stage.desk.wake(clerk(), 'r1');
    expect(wish('cam')?.mode).toBe('armed');
    await stage.stop();
    await stage.start();
    expect(stage.recorder.wish?.streams['cam']?.mode).toBe('armed');
    stage.clock.advance(61_000);
    await vi.waitFor(() => expect(wish('cam')?.mode).toBe('off'), 3_000);
  });
});

test('presses stand at the time of the press although the wall clock is stepped in between', async () => {
  const { session } = await open();
  stage.clock.stepWall(-3_600_000);
  await stage.pass(900);
  await stage.desk.close(clerk(), session.id);
  await stage.pass(6_000);
  const closed = stage.store.session(session.id);
  if (closed?.state !== 'closed') throw new Error('not closed');
  expect(closed.to.monoMs - closed.from.monoMs).toBeGreaterThan(15_000);
  expect(closed.to.monoMs - closed.from.monoMs).toBeLessThan(25_000);
});
