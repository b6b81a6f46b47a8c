/** Hearings at the desk: docket, checks, two panels at once, interruptions, times, and a long one with many marks. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { RoomSnapshot } from '../../controller/core/desk.ts';
import type { DocketSnapshot, SchedulePress } from '../../controller/core/hearing-desk.ts';
import type { Cause } from '../../controller/core/recording.ts';
import { PLAN, Stage } from './stage.ts';

const DEAD: Cause = { code: 'camera-unreachable', detail: 'no route' };
const MINUTE = 60_000;

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.open();
});
afterEach(async () => {
  await stage.close();
});

const clerk = () => stage.caller('clerk');
const presider = () => stage.caller('presider');
const hearings = () => stage.desk.hearings;
const room = (): RoomSnapshot => stage.desk.room(clerk(), 'r1');
const NOT_GONE = new AbortController().signal;
const now = (): number => stage.clock.now().wallMs;
const wish = (stream: string) => stage.recorder.wish?.streams[stream]?.mode;

function plan(
  press: string,
  inMinutes: number,
  forMinutes: number | null,
  more: Partial<SchedulePress> = {},
): SchedulePress {
  const from = now() + inMinutes * MINUTE;
  return {
    ...{ press, room: 'r1', kind: 'hearing', matter: '案', fields: {}, continues: null },
    planned: { from, to: forMinutes === null ? null : from + forMinutes * MINUTE },
    ...more,
  };
}
const scheduled = async (press: string, inMinutes: number, forMinutes: number | null): Promise<DocketSnapshot> =>
  (await hearings().schedule(clerk(), plan(press, inMinutes, forMinutes))).made;
const factsOf = async (type: string) => (await stage.facts()).filter((fact) => fact.type === type);

describe('the docket', () => {
  test('is in the order of its times, and what was held as a walk-in stands in it', async () => {
    const late = await scheduled('plan-late', 120, 60);
    const early = await scheduled('plan-early', 30, 60);
    const { session } = await stage.desk.open(clerk(), 'r1', { press: 'walk-in-1', kind: 'interview', matter: '' });
    expect(room().docket.map(({ id }) => id)).toEqual([session.id, early.id, late.id]);
    expect(room().docket[0]).toMatchObject({ source: 'walk-in', planned: null, state: 'opening' });
    expect(hearings().docket(clerk(), null, null, null).entries).toHaveLength(3);
    expect(hearings().docket(stage.caller('clerk2'), null, null, null).entries).toEqual([]);
  });

  test('takes the same press once, and refuses it for something else', async () => {
    const press = plan('plan-0001', 30, 60);
    const answers = await Promise.all([hearings().schedule(clerk(), press), hearings().schedule(clerk(), press)]);
    expect(answers.map(({ isNew }) => isNew)).toEqual([true, false]);
    expect(answers[0]?.made.id).toBe(answers[1]?.made.id);
    await expect(hearings().cancel(clerk(), answers[0]?.made.id ?? '', 'plan-0001', '')).rejects.toMatchObject({
      code: 'bad-request',
    });
    expect(await factsOf('session-scheduled')).toHaveLength(1);
  });

  test('names every fault of an entry, and journals nothing of it', async () => {
    const bad = plan('plan-0001', 30, -5, { fields: { colour: 'red' } });
    await expect(hearings().schedule(clerk(), bad)).rejects.toMatchObject({
      code: 'bad-request',
      fields: [{ field: 'planned.to' }, { field: 'fields.colour' }],
    });
    const odd = plan('plan-0002', 30, 60, { kind: 'party' });
    await expect(hearings().schedule(clerk(), odd)).rejects.toMatchObject({ code: 'kind-unknown' });
    await expect(hearings().schedule(clerk(), plan('plan-0003', 5e6, null))).rejects.toMatchObject({
      code: 'bad-request',
    });
    expect(await factsOf('session-scheduled')).toEqual([]);
  });

  test('is planned by those who record there and by nobody else', async () => {
    for (const who of ['technician', 'administrator', 'auditor', 'custodian']) {
      await expect(hearings().schedule(stage.caller(who), plan('plan-0001', 30, 60))).rejects.toMatchObject({
        kind: 'forbidden',
      });
    }
    const other = plan('plan-0001', 30, 60, { room: 'r2' });
    await expect(hearings().schedule(clerk(), other)).rejects.toMatchObject({ code: 'not-your-room' });
    const { id } = await scheduled('plan-0002', 30, 60);
    const move = { press: 'amend-001', room: 'r2' };
    await expect(hearings().amend(clerk(), id, move)).rejects.toMatchObject({ code: 'not-your-room' });
    expect(await hearings().amend(presider(), id, move)).toMatchObject({ room: 'r2' });
    expect(room().docket).toEqual([]);
    expect(stage.desk.room(presider(), 'r2').docket).toHaveLength(1);
  });

  test('a cancelled entry stays and says why; it is opened, amended and checked no more', async () => {
    const { id } = await scheduled('plan-0001', 30, 60);
    expect(await hearings().cancel(clerk(), id, 'cancel-01', '撤回')).toMatchObject({
      state: 'cancelled',
      cancelled: { by: '名-clerk', reason: '撤回' },
    });
    expect(await hearings().cancel(presider(), id, 'cancel-02', '另')).toMatchObject({ cancelled: { reason: '撤回' } });
    const code = 'session-cancelled';
    await expect(hearings().openPlanned(clerk(), id, 'open-0001')).rejects.toMatchObject({ code });
    await expect(hearings().amend(clerk(), id, { press: 'amend-001', matter: 'x' })).rejects.toMatchObject({ code });
    await expect(hearings().beginCheck(clerk(), 'r1', 'check-001', id)).rejects.toMatchObject({ code });
    expect(room().docket).toHaveLength(1);
  });

  test('arms its room fifteen minutes before, in memory only, and lets it sleep when nobody came', async () => {
    await scheduled('plan-0001', 30, 20);
    await stage.pass(900);
    expect(wish('cam')).toBe('off');
    stage.clock.advance(15 * MINUTE);
    await stage.pass(900);
    await vi.waitFor(() => expect([wish('cam'), wish('cam2')]).toEqual(['armed', 'off']));
    await stage.pass(900);
    expect(room()).toMatchObject({ readiness: 'ready', session: null });
    stage.clock.advance(76 * MINUTE);
    await vi.waitFor(() => expect(wish('cam')).toBe('off'));
    expect(await factsOf('session-opened')).toEqual([]);
  });

  test('a late start is warned about, and opened late it is the same entry', async () => {
    const { id } = await scheduled('plan-0001', 1, 60);
    stage.clock.advance(12 * MINUTE);
    expect(room().docket[0]?.warnings).toMatchObject([{ why: 'late-start', level: 'alarm' }]);
    const { made } = await hearings().openPlanned(clerk(), id, 'open-0001');
    expect(made).toMatchObject({ id, matter: '案', planned: { from: expect.any(Number) } });
    expect(room().docket[0]).toMatchObject({ id, state: 'opening', warnings: [] });
  });
});

describe('two panels at once', () => {
  test('opening the same entry: the same session for both presses would be two; one is, the other hears which', async () => {
    const { id } = await scheduled('plan-0001', 1, 60);
    const both = await Promise.allSettled([
      hearings().openPlanned(clerk(), id, 'open-0001'),
      hearings().openPlanned(presider(), id, 'open-0002'),
    ]);
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(both[1]).toMatchObject({ reason: { code: 'session-already-open', message: expect.stringContaining(id) } });
    expect(await factsOf('session-opened')).toHaveLength(1);
  });

  test('an entry and a walk-in of one room: the second is refused and the running one named', async () => {
    const { id } = await scheduled('plan-0001', 1, 60);
    const walkIn = await stage.desk.open(clerk(), 'r1', { press: 'walk-in-1', kind: 'hearing', matter: '' });
    await expect(hearings().openPlanned(presider(), id, 'open-0001')).rejects.toMatchObject({
      code: 'session-already-open',
      message: expect.stringContaining(walkIn.session.id),
    });
    await stage.desk.close(clerk(), walkIn.session.id);
    // Closing does not stand in the way of the next one.
    expect((await hearings().openPlanned(presider(), id, 'open-0001')).made.state).toBe('opening');
  });

  test('closing and adjourning: one outcome, and who came second hears of it', async () => {
    const { session } = await stage.desk.open(clerk(), 'r1', { press: 'walk-in-1', kind: 'hearing', matter: '案' });
    const when = { planned: { from: now() + 48 * 60 * MINUTE, to: null }, reason: '' };
    const [closed, adjourned] = await Promise.allSettled([
      stage.desk.close(clerk(), session.id),
      hearings().adjourn(presider(), session.id, { press: 'adjourn-1', ...when }),
    ]);
    expect(closed).toMatchObject({ status: 'fulfilled', value: { state: 'closing', continuedBy: null } });
    expect(adjourned).toMatchObject({ status: 'rejected', reason: { code: 'session-over' } });
    expect(await factsOf('session-closing')).toHaveLength(1);
    expect(hearings().docket(clerk(), 'r1', 0, now() + 1e12).entries).toHaveLength(1);
  });

  test('amending and cancelling: in the order they came', async () => {
    const { id } = await scheduled('plan-0001', 30, 60);
    const [amended, cancelled, late] = await Promise.allSettled([
      hearings().amend(clerk(), id, { press: 'amend-001', matter: '新' }),
      hearings().cancel(presider(), id, 'cancel-01', '撤回'),
      hearings().openPlanned(clerk(), id, 'open-0001'),
    ]);
    expect([amended.status, cancelled.status, late.status]).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(hearings().entry(clerk(), id)).toMatchObject({ state: 'cancelled', matter: '新' });
  });

  test('both see the same thing, and soon', async () => {
    const seen: { readonly [who: string]: RoomSnapshot[] } = { clerk: [], presider: [] };
    const stops = [clerk(), presider()].map((who) =>
      stage.desk.watchRoom(who, 'r1', (view) => seen[who.person.id]?.push(view)),
    );
    const { session } = await stage.desk.open(clerk(), 'r1', { press: 'walk-in-1', kind: 'hearing', matter: '' });
    const pressed = performance.now();
    await hearings().mark(presider(), session.id, {
      ...{ press: 'mark-0001', kind: 'objection', agoMs: 0, note: '', page: '' },
    });
    const has = (who: string) => seen[who]?.at(-1)?.session?.marks.count === 1;
    while (!(has('clerk') && has('presider'))) {
      if (performance.now() - pressed > 5_000) throw new Error('a panel does not see the mark');
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(performance.now() - pressed).toBeLessThan(300);
    for (const stop of stops) stop();
  });
});

describe('the check before opening', () => {
  test('keeps some seconds of every stream under a claim of its own, says what it found, and is played back', async () => {
    const { id } = await scheduled('plan-0001', 5, 60);
    const { made } = await hearings().beginCheck(clerk(), 'r1', 'check-001', id);
    expect(made).toMatchObject({ state: 'running', session: id });
    expect(wish('cam')).toBe('keep');
    expect(hearings().entry(clerk(), id).state).toBe('checking');
    await expect(hearings().beginCheck(presider(), 'r1', 'check-002', null)).rejects.toMatchObject({
      code: 'check-running',
    });
    await stage.pass(8_100);
    const done = hearings().check(clerk(), made.id);
    expect(done.findings.filter(({ what }) => what === 'kept').map(({ stream, isGood }) => [stream, isGood])).toEqual([
      ['cam', true],
      ['mic', true],
      ['side', true],
    ]);
    const media = await hearings().checkMedia(clerk(), made.id, 'cam');
    expect(media.isWhole).toBe(true);
    const seg = media.segments[0]?.seg ?? '';
    expect((await stage.desk.media(clerk(), seg, NOT_GONE)).bytes).toBeGreaterThan(0);
    expect((await stage.desk.media(stage.caller('technician'), seg, NOT_GONE)).bytes).toBeGreaterThan(0);
    await expect(stage.desk.media(stage.caller('auditor'), seg, NOT_GONE)).rejects.toMatchObject({ kind: 'forbidden' });
    const heard = await hearings().hear(clerk(), made.id, 'heard-001', [{ stream: 'mic', isGood: false }], '有杂音');
    expect(heard.heard).toMatchObject({ by: '名-clerk', note: '有杂音', streams: [{ stream: 'mic', isGood: false }] });
    expect(room().check?.id).toBe(made.id);
    await stage.pass(900);
    expect(wish('cam')).toBe('armed');
  });

  test('warns about a camera that is dead, and forbids nothing', async () => {
    const { id } = await scheduled('plan-0001', 5, 60);
    const { made } = await hearings().beginCheck(clerk(), 'r1', 'check-001', id);
    await stage.pass(17_100, { cam: DEAD });
    const done = hearings().check(clerk(), made.id);
    expect(done.state).toBe('warned');
    expect(done.findings).toContainEqual(expect.objectContaining({ what: 'kept', stream: 'cam', isGood: false }));
    expect(done.findings).toContainEqual(expect.objectContaining({ what: 'picture', stream: 'cam', isGood: false }));
    expect(hearings().entry(clerk(), id)).toMatchObject({ state: 'scheduled', check: { state: 'warned' } });
    expect((await hearings().openPlanned(clerk(), id, 'open-0001')).made.state).toBe('opening');
  });

  test('goes on beside a session that is opened meanwhile, and what both kept is a hearing', async () => {
    const { id } = await scheduled('plan-0001', 5, 60);
    const { made } = await hearings().beginCheck(clerk(), 'r1', 'check-001', id);
    await hearings().openPlanned(clerk(), id, 'open-0001');
    await stage.pass(9_000);
    expect(hearings().check(clerk(), made.id).state).not.toBe('running');
    expect(hearings().entry(clerk(), id).state).toBe('open');
    const [first] = (await hearings().checkMedia(clerk(), made.id, 'cam')).segments;
    // As the real recorder does it: one segment for both claims.
    await stage.recorder.append({
      ...(first as NonNullable<typeof first>),
      ...{ seg: 'SEGBOTH0000000000000000001', sequence: 99, claims: [made.id, id] },
    });
    await stage.site.idle();
    const seg = 'SEGBOTH0000000000000000001';
    expect((await stage.desk.media(clerk(), seg, NOT_GONE)).seg).toBe(seg);
    await expect(stage.desk.media(stage.caller('technician'), seg, NOT_GONE)).rejects.toMatchObject({
      kind: 'forbidden',
    });
  });

  test('is ended by a box that came back without its clock, and stands in nobody’s way', async () => {
    const { id } = await scheduled('plan-0001', 50, 60);
    const { made } = await hearings().beginCheck(clerk(), 'r1', 'check-001', id);
    await stage.stop();
    stage.clock.reboot();
    stage.clock.stepWall(-50 * 365 * 86_400_000);
    await stage.start();
    await vi.waitFor(() => expect(hearings().check(clerk(), made.id).state).toBe('broken-off'));
    expect((await hearings().beginCheck(clerk(), 'r1', 'check-002', id)).made.state).toBe('running');
    expect((await hearings().openPlanned(clerk(), id, 'open-0001')).made.state).toBe('opening');
  });

  test('that nobody could end is ended when the box is back', async () => {
    const { id } = await scheduled('plan-0001', 50, 60);
    const { made } = await hearings().beginCheck(clerk(), 'r1', 'check-001', id);
    await stage.stop();
    stage.clock.advance(5 * MINUTE);
    await stage.start();
    await stage.pass(1_800);
    expect(hearings().check(clerk(), made.id).state).toBe('broken-off');
    expect(hearings().entry(clerk(), id).state).toBe('scheduled');
  });
});

describe('during the session', () => {
  const open = async (): Promise<string> => {
    const press = { press: 'walk-in-1', kind: 'hearing', matter: '' };
    const { session } = await stage.desk.open(clerk(), 'r1', press);
    await stage.pass(1_800);
    return session.id;
  };
  const session = () => stage.desk.session(clerk(), room().session?.id ?? '');

  test('what was not known at the start is a debt until it is filled, and closing with debts says which', async () => {
    const id = await open();
    const owed = session().debts;
    expect(owed).toContain('matter');
    expect(owed.length).toBeGreaterThan(1);
    const filled = await hearings().fill(clerk(), id, { press: 'fill-0001', matter: '甲公司案' });
    expect(filled.debts).toEqual(owed.filter((field) => field !== 'matter'));
    await expect(hearings().fill(clerk(), id, { press: 'fill-0002', fields: { colour: 'red' } })).rejects.toMatchObject(
      { code: 'bad-request', fields: [{ field: 'fields.colour' }] },
    );
    const closed = await stage.desk.close(clerk(), id);
    expect(closed.debtsAtClose).toEqual(filled.debts);
    // Completed later, the close still says what was missing then.
    const later = await hearings()
      .fill(clerk(), id, { press: 'fill-0003', kind: 'expert-review-none' })
      .catch((e) => e.code);
    expect(later).toBe('kind-unknown');
    expect(session().debtsAtClose).toEqual(filled.debts);
  });

  test('a kind that the rules do not know is opened all the same, and owed', async () => {
    const { session } = await stage.desk.open(clerk(), 'r1', { press: 'walk-in-1', kind: 'old-kind', matter: 'x' });
    expect(session).toMatchObject({ state: 'opening', kind: 'old-kind', debts: ['kind'] });
    const named = await hearings().fill(clerk(), session.id, { press: 'fill-0001', kind: 'hearing' });
    expect(named.debts).not.toContain('kind');
  });

  test('marks carry the time of their first press, however late they arrive', async () => {
    const id = await open();
    const mark = { press: 'mark-0001', kind: 'evidence', agoMs: 60_000, note: '', page: '12' } as const;
    stage.clock.advance(2 * MINUTE);
    const first = await hearings().mark(clerk(), id, mark);
    expect(first.isNew).toBe(true);
    expect(Math.abs(first.made.at - (now() - 60_000))).toBeLessThan(1_000);
    stage.clock.advance(MINUTE);
    const again = await hearings().mark(clerk(), id, mark);
    expect(again).toEqual({ made: first.made, isNew: false });
    await hearings().noteMark(presider(), id, 'mark-0001', { press: 'note-0001', note: '证据三', page: '13' });
    expect(session().marks).toMatchObject({
      count: 1,
      newest: [{ note: '', page: '12', notes: [{ by: '名-presider', note: '证据三', page: '13' }] }],
    });
    await stage.desk.close(clerk(), id);
    const late = { ...mark, press: 'mark-0002', agoMs: 0 };
    await expect(hearings().mark(clerk(), id, late)).rejects.toMatchObject({ code: 'session-over' });
    expect((await hearings().mark(clerk(), id, { ...late, agoMs: 30_000 })).isNew).toBe(true);
    const odd = { press: 'note-0002', note: '', page: '' };
    await expect(hearings().noteMark(clerk(), id, 'no-such-mark', odd)).rejects.toMatchObject({ code: 'mark-unknown' });
  });

  test('the telling is owed until somebody confirms it, with the wording that was told', async () => {
    const id = await open();
    expect(session().notice).toEqual({ owed: true, shown: null, spoken: null, told: null });
    const told = await hearings().tell(clerk(), id, {
      press: 'told-0001',
      answer: 'objected',
      note: '要求律师',
      agoMs: 0,
    });
    expect(told.notice).toMatchObject({ owed: false, told: { by: '名-clerk', answer: 'objected', note: '要求律师' } });
    const [fact] = await factsOf('notice-told');
    expect(fact).toMatchObject({ version: 1, textSha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(hearings().marks(clerk(), id).notices).toMatchObject([
      { how: 'told', by: '名-clerk', answer: 'objected', note: '要求律师', version: 1 },
    ]);
  });

  test('a camera that is lost is an alarm at once, an interruption when it is back, and owed until it is explained', async () => {
    const id = await open();
    await stage.pass(3_600, { cam: DEAD });
    expect(session().interruptions).toMatchObject([{ id: null, to: null, mandatory: true, owed: [] }]);
    expect(room().alarms[0]).toMatchObject({ code: 'camera-unreachable', level: 'alarm' });
    await stage.pass(900);
    const [cut] = session().interruptions;
    expect(cut).toMatchObject({ streams: ['cam'], causes: ['camera-unreachable'], owed: ['spoken', 'typed'] });
    const interruption = cut?.id ?? '';
    await hearings().explain(clerk(), id, { press: 'expl-0001', interruption, isSpoken: true, agoMs: 0, reason: null });
    expect(session().interruptions[0]?.owed).toEqual(['typed']);
    const typed = { press: 'expl-0002', interruption, isSpoken: false, agoMs: 0, reason: '摄像机断电' };
    expect((await hearings().explain(presider(), id, typed)).interruptions).toMatchObject([
      { owed: [], reason: '摄像机断电', spokenAt: expect.any(Number) },
    ]);
    await expect(
      hearings().explain(clerk(), id, { ...typed, press: 'expl-0003', interruption: 'recorder-9999' }),
    ).rejects.toMatchObject({ code: 'interruption-unknown' });
  });

  test('a camera that was never there, and one that goes after the close, interrupt nothing', async () => {
    const press = { press: 'walk-in-1', kind: 'hearing', matter: '' };
    const { session: opened } = await stage.desk.open(clerk(), 'r1', press);
    await stage.pass(5_400, { cam: DEAD });
    await stage.pass(1_800);
    expect(stage.desk.session(clerk(), opened.id)).toMatchObject({ state: 'open', interruptions: [] });
    expect(stage.desk.session(clerk(), opened.id).gaps.length).toBeGreaterThan(0);
    await stage.desk.close(clerk(), opened.id);
    await stage.pass(6_300, { cam: DEAD });
    expect(stage.desk.session(clerk(), opened.id).interruptions).toEqual([]);
  });

  test('its planned end, its ceiling and the next booking are warned about and written down once; nothing is cut', async () => {
    const { id } = await scheduled('plan-0001', 1, 30);
    const next = await scheduled('plan-0002', 60, 30);
    await hearings().openPlanned(clerk(), id, 'open-0001');
    await stage.pass(1_800);
    stage.clock.advance(32 * MINUTE);
    await stage.pass(900);
    expect(session().warnings).toMatchObject([{ why: 'planned-end', level: 'warning' }]);
    expect((await factsOf('stop-warned')).map((fact) => 'why' in fact && fact.why)).toEqual(['planned-end']);
    const until = now() + 40 * MINUTE;
    const extended = await hearings().extend(clerk(), id, 'extend-01', until);
    expect(extended).toMatchObject({ until, warnings: [{ why: 'next-booking', other: next.id }] });
    stage.clock.advance(41 * MINUTE);
    await stage.pass(1_800);
    expect(
      session()
        .warnings.map(({ why }) => why)
        .sort(),
    ).toEqual(['next-booking', 'planned-end']);
    expect(
      hearings()
        .entry(clerk(), next.id)
        .warnings.map(({ why }) => why),
    ).toContain('next-booking');
    expect((await factsOf('stop-warned')).map((fact) => 'why' in fact && fact.why)).toEqual([
      ...['planned-end', 'next-booking', 'planned-end'],
    ]);
    stage.clock.advance(200 * MINUTE);
    await stage.pass(900);
    expect(session()).toMatchObject({ state: 'open', requested: 'record' });
    expect(session().warnings).toContainEqual(expect.objectContaining({ why: 'ceiling' }));
  });

  test('after it the deadline counts, with the clause that binds', async () => {
    const id = await open();
    expect(session().deadline).toBeNull();
    const { deadline } = await stage.desk.close(clerk(), id);
    expect(deadline).toMatchObject({ overdue: false, kept: null, force: expect.stringMatching(/binding|by-analogy/) });
    expect(deadline?.dueAt).toBeGreaterThan(now());
    await stage.pass(6_300);
    stage.clock.advance((deadline?.dueAt ?? 0) - now() + 1_000);
    expect(stage.desk.session(clerk(), id).deadline).toMatchObject({ overdue: true, kept: null });
  });

  test('what is not handed over in time is an alarm, unless there is no centre', async () => {
    const id = await open();
    const { deadline } = await stage.desk.close(clerk(), id);
    await stage.pass(6_300);
    const late = () => room().alarms.filter(({ code }) => code === 'hand-over-late');
    expect(late()).toEqual([]);
    stage.clock.advance((deadline?.dueAt ?? 0) - now() - MINUTE);
    await stage.pass(900);
    expect(late()).toMatchObject([{ level: 'warning', message: expect.stringContaining(id) }]);
    stage.clock.advance(2 * MINUTE);
    await stage.pass(900);
    expect(late()).toMatchObject([{ level: 'alarm' }]);
    stage.centre = { state: 'not-configured', trouble: null };
    expect(late()).toEqual([]);
    stage.centre = { state: 'connected', trouble: null };
    for (const { stream } of stage.desk.session(clerk(), id).streams.map((one) => ({ stream: one.id }))) {
      for (const { fact } of stage.store.segmentsOf(id, stream)) {
        await stage.site.journal.append({ type: 'receipted', seg: fact.seg, receipt: 'r' });
      }
    }
    await stage.site.idle();
    expect(stage.store.session(id)?.state).toBe('handed-over');
    expect(late()).toEqual([]);
    expect(stage.desk.session(clerk(), id).deadline).toMatchObject({ kept: false });
  });

  test('a stepped wall clock moves no mark out of its session and ends nothing', async () => {
    const id = await open();
    stage.clock.stepWall(-3_600_000);
    const mark = { press: 'mark-0001', kind: 'other', agoMs: 1_000, note: '', page: '' } as const;
    await hearings().mark(clerk(), id, mark);
    await hearings().tell(clerk(), id, { press: 'told-0001', answer: 'understood', note: '', agoMs: 0 });
    stage.clock.stepWall(7_200_000);
    await stage.pass(900);
    expect(session()).toMatchObject({ state: 'open', confirmed: true, marks: { count: 1 } });
    const closed = await stage.desk.close(clerk(), id);
    expect(closed.state).toBe('closing');
    await stage.pass(6_300);
    const row = stage.store.session(id);
    expect(row?.state).toBe('closed');
    const markedAt = stage.store.notes.marksOf(id)[0]?.markedAt.monoMs;
    if (row === null || !('openedAt' in row) || !('closedAt' in row)) throw new Error('it is not closed');
    expect(markedAt).toBeGreaterThan(row.openedAt.monoMs);
    expect(markedAt).toBeLessThan(row.closedAt.monoMs);
  });

  test('three hours with five hundred marks: each look stays small and quick, and all marks are there', async () => {
    const id = await open();
    const kinds = ['evidence', 'objection', 'statement', 'quarrel', 'other'] as const;
    for (let i = 0; i < 500; i++) {
      stage.clock.advance(21_600);
      const kind = kinds[i % kinds.length] ?? 'other';
      const press = `mark-${String(i).padStart(4, '0')}`;
      await hearings().mark(clerk(), id, { press, kind, agoMs: 0, note: `第 ${i} 条`, page: String(i) });
      if (i % 50 === 0) await stage.pass(900);
    }
    await stage.pass(900);
    const { marks } = hearings().marks(clerk(), id);
    expect(marks).toHaveLength(500);
    expect(marks.map(({ at }) => at)).toEqual(marks.map(({ at }) => at).sort((a, b) => a - b));
    expect(JSON.stringify(room()).length).toBeLessThan(16_000);
    const began = performance.now();
    for (let i = 0; i < 50; i++) room();
    expect((performance.now() - began) / 50).toBeLessThan(20);
    await stage.desk.close(clerk(), id);
    await stage.pass(6_300);
    const before = stage.dump();
    await stage.stop();
    await stage.start();
    expect(stage.dump()).toEqual(before);
    expect(hearings().marks(clerk(), id).marks).toEqual(marks);
  });
});

describe('adjourning', () => {
  test('closes, and the same matter stands in the docket of another day with what is known of it', async () => {
    const { session } = await stage.desk.open(clerk(), 'r1', { press: 'walk-in-1', kind: 'hearing', matter: '甲' });
    await stage.pass(1_800);
    await hearings().fill(clerk(), session.id, { press: 'fill-0001', fields: { presider: [{ name: '张三' }] } });
    const planned = { from: now() + 48 * 60 * MINUTE, to: now() + 50 * 60 * MINUTE };
    const press = { press: 'adjourn-1', planned, reason: '补充证据' };
    const one = await hearings().adjourn(clerk(), session.id, press);
    expect(one.session).toMatchObject({ state: 'closing', continuedBy: one.next.id });
    expect(one.next).toMatchObject({
      state: 'scheduled',
      matter: '甲',
      continues: session.id,
      source: 'adjourned',
      planned,
    });
    expect(one.next.fields).toEqual({ presider: [{ name: '张三' }] });
    const again = await hearings().adjourn(clerk(), session.id, press);
    expect(again.next.id).toBe(one.next.id);
    await expect(
      hearings().adjourn(clerk(), session.id, { ...press, planned: { from: planned.to, to: planned.from } }),
    ).rejects.toMatchObject({ code: 'bad-request' });
  });
});

describe('a docket from a file', () => {
  const csv = (...rows: readonly string[]) => ['id,room,kind,matter,date,start,end,status', ...rows].join('\n');
  const take = (text: string, press: string, who = clerk()) =>
    hearings().importDocket(who, { press, format: 'csv', text, room: null, kind: null });
  const counts = (outcome: Awaited<ReturnType<typeof take>>) =>
    Object.entries(outcome).map(([list, rows]) => `${list} ${rows.length}`);

  test('good rows go in, bad ones are listed; the same file changes nothing, a changed row amends, a cancelled one cancels', async () => {
    const text = csv(
      'a,一,听证,甲案,2026-11-23,9:00,10:00,',
      'b,nowhere,听证,乙案,2026-11-23,9:00,10:00,',
      'c,二,听证,丙案,2026-11-23,9:00,10:00,',
      'd,一,hearing,丁案,2026-11-23,11:00,12:00,',
    );
    const first = await take(text, 'file-0001');
    expect(counts(first)).toEqual(['created 2', 'amended 0', 'unchanged 0', 'cancelled 0', 'refused 2']);
    expect(first.refused.map(({ line, faults }) => [line, faults[0]?.field])).toEqual([
      [3, 'room'],
      [4, 'not-your-room'],
    ]);
    expect(counts(await take(text, 'file-0002'))).toEqual([
      'created 0',
      'amended 0',
      'unchanged 2',
      'cancelled 0',
      'refused 2',
    ]);
    const changed = csv('a,一,听证,甲案（二）,2026-11-23,9:30,10:00,', 'd,一,hearing,丁案,2026-11-23,11:00,12:00,取消');
    const third = await take(changed, 'file-0003');
    expect(counts(third)).toEqual(['created 0', 'amended 1', 'unchanged 0', 'cancelled 1', 'refused 0']);
    expect(hearings().entry(clerk(), first.created[0]?.session ?? '')).toMatchObject({
      matter: '甲案（二）',
      state: 'scheduled',
    });
    expect(hearings().entry(clerk(), first.created[1]?.session ?? '')).toMatchObject({ state: 'cancelled' });
    expect(await factsOf('session-scheduled')).toHaveLength(2);
  });

  test('an entry that was opened meanwhile is left alone', async () => {
    const row = 'a,一,听证,甲案,2026-11-23,9:00,10:00,';
    const { created } = await take(csv(row), 'file-0001');
    await hearings().openPlanned(clerk(), created[0]?.session ?? '', 'open-0001');
    expect(counts(await take(csv(row), 'file-0002'))).toContain('unchanged 1');
    const { refused } = await take(csv(row.replace('甲案', '别案')), 'file-0003');
    expect(refused).toMatchObject([{ line: 2, faults: [{ field: 'session-already-open' }] }]);
  });

  test('nobody imports who plans nowhere', async () => {
    await expect(async () => take(csv(), 'file-0001', stage.caller('auditor'))).rejects.toMatchObject({
      kind: 'forbidden',
    });
  });
});

test('a site names its own times', async () => {
  await stage.close();
  stage = await Stage.open((one) => {
    one.plan = {
      ...PLAN,
      hearings: { armBeforeMin: 2, patienceMin: 5, ceilingH: 1, silenceMin: 5, countdownMin: 1, leadMin: 1 },
    };
  });
  await scheduled('plan-0001', 3, 2);
  await stage.pass(900);
  expect(wish('cam')).toBe('off');
  stage.clock.advance(MINUTE);
  await vi.waitFor(() => expect(wish('cam')).toBe('armed'));
});
