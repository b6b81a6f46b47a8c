/** A day of a room over real HTTP: docket, check, opening, marks, the telling, an interruption, more time, adjourning; and refusals. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type {
  AdjournedView,
  CheckView,
  Docket,
  DocketEntry,
  ImportResult,
} from '../../controller/api/contract-docket.ts';
import type { MarkList, MarkView, SessionView } from '../../controller/api/contract-session.ts';
import { docketEntry, importResult } from '../../controller/api/schemas-docket.ts';
import { roomView } from '../../controller/api/schemas-room.ts';
import { sessionView } from '../../controller/api/schemas-session.ts';
import { type Answer, ApiStage, type Client } from './api-stage.ts';

let api: ApiStage;
let clerk: Client;
beforeEach(async () => {
  api = await ApiStage.open();
  clerk = await api.login('clerk');
});
afterEach(async () => {
  await api.close();
});

const HOUR = 3_600_000;
const now = (): number => api.stage.clock.now().wallMs;
const said = <T>(answer: Answer, status = 200): T => {
  if (answer.status !== status) throw new Error(`${answer.status} ${answer.text}`);
  return answer.body as unknown as T;
};
const entry = (press = 'plan-0001') => ({
  ...{ press, room: 'r1', kind: 'hearing', matter: '案' },
  planned: { from: now() + HOUR, to: now() + 2 * HOUR },
});

test('a day of a room', async () => {
  const planned = said<DocketEntry>(await clerk.post('/docket', entry()), 201);
  expect(said<DocketEntry>(await clerk.post('/docket', entry())).id).toBe(planned.id);
  docketEntry.parse(planned);
  const amended = said<DocketEntry>(
    await clerk.post(`/docket/${planned.id}/amend`, { press: 'amend-001', fields: { presider: [{ name: '张三' }] } }),
  );
  expect(amended.fields).toEqual({ presider: [{ name: '张三' }] });
  expect(amended.debts.length).toBeLessThan(planned.debts.length);
  expect(said<Docket>(await clerk.get('/docket?room=r1')).entries.map(({ id }) => id)).toEqual([planned.id]);

  const check = said<CheckView>(await clerk.post('/rooms/r1/checks', { press: 'check-001', session: planned.id }), 201);
  expect(check.state).toBe('running');
  await api.stage.pass(8_100);
  const checked = said<CheckView>(await clerk.get(`/checks/${check.id}`));
  expect(checked.state).not.toBe('running');
  const playlist = await clerk.get(checked.playlists[0]?.playlist.replace('/api/v1', '') ?? '');
  expect(playlist.text).toContain('#EXTM3U');
  expect(playlist.text).toContain('#EXT-X-ENDLIST');
  const heard = { press: 'heard-001', streams: [{ stream: 'cam', good: true }], note: '清楚' };
  expect(said<CheckView>(await clerk.post(`/checks/${check.id}/heard`, heard)).heard).toMatchObject({ note: '清楚' });

  const opened = said<SessionView>(await clerk.post(`/sessions/${planned.id}/open`, { press: 'open-0001' }), 201);
  expect(opened).toMatchObject({ id: planned.id, state: 'opening', planned: planned.planned });
  expect(said<SessionView>(await clerk.post(`/sessions/${planned.id}/open`, { press: 'open-0001' })).id).toBe(
    planned.id,
  );
  await api.stage.pass(1_800);
  const told = { press: 'told-0001', answer: 'understood' };
  expect(said<SessionView>(await clerk.post(`/sessions/${planned.id}/told`, told)).notice.owed).toBe(false);
  const mark = { press: 'mark-0001', kind: 'evidence', agoMs: 300, page: '3' };
  const marked = said<MarkView>(await clerk.post(`/sessions/${planned.id}/marks`, mark), 201);
  expect(said<MarkView>(await clerk.post(`/sessions/${planned.id}/marks`, mark))).toEqual(marked);
  await clerk.post(`/sessions/${planned.id}/marks/mark-0001/notes`, { press: 'note-0001', note: '合同原件' });
  expect(said<MarkList>(await clerk.get(`/sessions/${planned.id}/marks`)).marks).toMatchObject([
    { id: 'mark-0001', page: '3', notes: [{ note: '合同原件' }] },
  ]);

  await api.stage.pass(3_600, { cam: { code: 'camera-unreachable', detail: 'no route' } });
  await api.stage.pass(900);
  const cut = said<SessionView>(await clerk.get(`/sessions/${planned.id}`)).interruptions[0];
  expect(cut?.owed).toEqual(['spoken', 'typed']);
  const explained = { press: 'expl-0001', interruption: cut?.id, spoken: true, reason: '断电' };
  const after = said<SessionView>(await clerk.post(`/sessions/${planned.id}/explanations`, explained));
  expect(after.interruptions[0]?.owed).toEqual([]);
  const filled = { press: 'fill-0001', matter: '甲公司案' };
  expect(said<SessionView>(await clerk.post(`/sessions/${planned.id}/fields`, filled)).matter).toBe('甲公司案');
  const longer = said<SessionView>(
    await clerk.post(`/sessions/${planned.id}/extend`, { press: 'extend-01', byMs: HOUR }),
  );
  expect(Math.abs((longer.until ?? 0) - (now() + HOUR))).toBeLessThan(2_000);
  sessionView.parse(longer);
  roomView.parse((await clerk.get('/rooms/r1')).body);

  const next = { press: 'adjourn-1', planned: { from: now() + 48 * HOUR, to: null }, reason: '补充证据' };
  const adjourned = said<AdjournedView>(await clerk.post(`/sessions/${planned.id}/adjourn`, next));
  expect(adjourned).toMatchObject({
    session: { state: 'closing' },
    next: { continues: planned.id, matter: '甲公司案' },
  });
  await api.stage.pass(6_300);
  const cancelled = await clerk.post(`/docket/${adjourned.next.id}/cancel`, { press: 'cancel-01', reason: '撤回' });
  expect(said<DocketEntry>(cancelled)).toMatchObject({ state: 'cancelled' });
});

describe('refusals', () => {
  const expectRefusal = (answer: Answer, status: number, code: string): void =>
    expect([answer.status, answer.body.error?.code]).toEqual([status, code]);

  test('an entry that is not open takes no mark, and what is over no more time', async () => {
    const { id } = said<DocketEntry>(await clerk.post('/docket', entry()), 201);
    for (const [path, body] of [
      ['marks', { press: 'mark-0001', kind: 'other' }],
      ['told', { press: 'told-0001', answer: 'silent' }],
      ['close', {}],
      ['extend', { press: 'extend-01', byMs: HOUR }],
    ] as const) {
      expectRefusal(await clerk.post(`/sessions/${id}/${path}`, body), 409, 'session-not-open');
    }
    expectRefusal(await clerk.get(`/sessions/${id}`), 409, 'session-not-open');
    expect((await clerk.get(`/docket/${id}`)).status).toBe(200);
    await clerk.post(`/sessions/${id}/open`, { press: 'open-0001' });
    await clerk.post(`/sessions/${id}/close`);
    const extend = { press: 'extend-02', byMs: HOUR };
    expectRefusal(await clerk.post(`/sessions/${id}/extend`, extend), 409, 'session-over');
    expectRefusal(
      await clerk.post(`/docket/${id}/cancel`, { press: 'cancel-01', reason: '' }),
      409,
      'session-already-open',
    );
  });

  test('ids that nobody has, rooms of others, bodies that are wrong', async () => {
    const other = await api.login('clerk2');
    const { id } = said<DocketEntry>(await clerk.post('/docket', entry()), 201);
    expectRefusal(await other.get(`/docket/${id}`), 403, 'not-your-room');
    expectRefusal(await other.post(`/sessions/${id}/open`, { press: 'open-0001' }), 403, 'not-your-room');
    expectRefusal(await clerk.get('/docket/NOBODY'), 404, 'session-unknown');
    expectRefusal(await clerk.get('/checks/NOBODY'), 404, 'check-unknown');
    for (const body of [
      { ...entry('plan-0002'), planned: { from: 'soon', to: null } },
      { ...entry('plan-0002'), planned: { from: now() } },
      { ...entry('plan-0002'), extra: 1 },
      { ...entry('plan-0002'), fields: { presider: [{ name: '张', age: 7 }] } },
    ]) {
      expectRefusal(await clerk.post('/docket', body), 400, 'bad-request');
    }
    await clerk.post(`/sessions/${id}/open`, { press: 'open-0001' });
    const extend = `/sessions/${id}/extend`;
    for (const body of [
      { press: 'extend-01' },
      { press: 'extend-01', byMs: HOUR, until: now() },
      { press: 'extend-01', byMs: 1 },
    ]) {
      expectRefusal(await clerk.post(extend, body), 400, 'bad-request');
    }
    const ghost = { press: 'note-0001', note: 'x' };
    expectRefusal(await clerk.post(`/sessions/${id}/marks/no-such-mark/notes`, ghost), 404, 'mark-unknown');
  });
});

test('a docket file may be long, other bodies not', async () => {
  const rows = Array.from({ length: 400 }, (_, i) => `n${i},一,听证,${'案'.repeat(60)},2026-11-23,9:00`).join('\n');
  const text = `id,room,kind,matter,date,start\n${rows}\nbad,nowhere,听证,x,2026-11-23,9:00`;
  const result = said<ImportResult>(await clerk.post('/docket/import', { press: 'file-0001', format: 'csv', text }));
  importResult.parse(result);
  expect([result.created.length, result.refused.map(({ line }) => line)]).toEqual([400, [402]]);
  const day = said<Docket>(await clerk.get(`/docket?from=${Date.UTC(2026, 10, 22)}&to=${Date.UTC(2026, 10, 25)}`));
  expect(day.entries).toHaveLength(400);
  const long = { ...entry(), matter: 'x'.repeat(20_000) };
  expect((await clerk.post('/docket', long)).status).toBe(400);
});
