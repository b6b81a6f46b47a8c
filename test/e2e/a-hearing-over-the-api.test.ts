/** A hearing as a program at the API sees it, with real cameras, a real recorder and a controller that is killed in the middle. */
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import type { AdjournedView, CheckView, DocketEntry } from '../../controller/api/contract-docket.ts';
import type { MarkList, MarkView, SessionView } from '../../controller/api/contract-session.ts';
import { PROGRAM, until } from '../recorder/rig.ts';
import { ApiPanel } from './api-panel.ts';
import { startHouse } from './house.ts';

const HOUR_MS = 3_600_000;

test('planned, checked and played back, opened, the controller killed, a camera lost and explained, adjourned, handed over', async () => {
  const house = await startHouse();
  const panel = new ApiPanel(house);
  await panel.enter(house, 'clerk');
  const entry = await panel.post<DocketEntry>('/docket', {
    ...{ press: 'plan-0001', room: 'hearing-1', kind: 'hearing', matter: '甲公司案' },
    planned: { from: Date.now() + 60_000, to: Date.now() + HOUR_MS },
  });
  // What stands in the docket soon arms the room by itself.
  await until(async () => (await panel.get<{ readiness: string }>('/rooms/hearing-1')).readiness === 'ready', 30_000);

  const begun = await panel.post<CheckView>('/rooms/hearing-1/checks', { press: 'check-001', session: entry.id });
  let check = begun;
  await until(async () => {
    check = await panel.get<CheckView>(`/checks/${begun.id}`);
    return check.state !== 'running';
  }, 30_000);
  // The tiny camera's picture repeats every two seconds: whether it moves is not asked here.
  const bad = check.findings.filter(({ what, good }) => ['recorder', 'kept', 'sound'].includes(what) && good !== true);
  expect(bad).toEqual([]);
  expect(check.findings.filter(({ what }) => what === 'kept')).toHaveLength(2);
  const playlist = await panel.bytes(check.playlists[0]?.playlist ?? '');
  expect(playlist.text).toContain('#EXT-X-ENDLIST');
  const media = /^\/api\/v1\/segments\/.*$/m.exec(playlist.text)?.[0] ?? '';
  expect((await panel.bytes(media)).size).toBeGreaterThan(10_000);

  await panel.post(`/sessions/${entry.id}/open`, { press: 'open-0001' });
  const session = () => panel.get<SessionView>(`/sessions/${entry.id}`);
  await until(async () => (await session()).confirmed);
  await panel.post(`/sessions/${entry.id}/told`, { press: 'told-0001', answer: 'understood' });

  const mark = { press: 'mark-0001', kind: 'evidence', page: '1' };
  const first = await panel.post<MarkView>(`/sessions/${entry.id}/marks`, mark);
  process.kill(await house.pidOf('start'), 'SIGKILL');
  // The answer of the press before was lost, for all the panel knows; and one is made while nobody is there.
  expect(await panel.insist<MarkView>(`/sessions/${entry.id}/marks`, mark)).toEqual(first);
  await panel.insist(`/sessions/${entry.id}/marks`, { press: 'mark-0002', kind: 'objection', agoMs: 2_000 });
  expect((await panel.get<MarkList>(`/sessions/${entry.id}/marks`)).marks.map(({ id }) => id)).toEqual([
    ...['mark-0001', 'mark-0002'],
  ]);
  await until(async () => (await session()).confirmed, 30_000);
  expect((await session()).interruptions).toEqual([]);

  house.devices.device('panorama').leave();
  await until(async () => (await session()).interruptions[0]?.to === null, 30_000);
  house.devices.device('panorama').comeBack();
  await until(async () => ((await session()).interruptions[0]?.owed.length ?? 0) === 2, 40_000);
  const [cut] = (await session()).interruptions;
  const said = { press: 'expl-0001', interruption: cut?.id, spoken: true, reason: '摄像机断线' };
  expect((await panel.post<SessionView>(`/sessions/${entry.id}/explanations`, said)).interruptions[0]?.owed).toEqual(
    [],
  );

  const planned = { from: Date.now() + 48 * HOUR_MS, to: null };
  const adjourned = await panel.post<AdjournedView>(`/sessions/${entry.id}/adjourn`, {
    ...{ press: 'adjourn-1', planned, reason: '补充证据' },
  });
  expect(adjourned).toMatchObject({ session: { state: 'closing' }, next: { continues: entry.id, matter: '甲公司案' } });
  await until(async () => (await session()).state === 'handed-over', 40_000);
  expect((await session()).deadline).toMatchObject({ kept: true, overdue: false });
  const verify = spawnSync(process.execPath, [PROGRAM, 'verify', house.data], { encoding: 'utf8' });
  expect([verify.status, verify.stdout.includes('"ok":true')]).toEqual([0, true]);
}, 180_000);
