/**
 * A matter from the docket to the centre, pressed by a clerk on the real panel of a real house: planned, checked and played back on the
 * spot, opened, told, marked, interrupted and explained, filled in, closed with what is still owed, handed over in time.
 */
import { spawnSync } from 'node:child_process';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import type { SiteFact } from '../../controller/core/facts.ts';
import { layoutOf } from '../../controller/ledger/layout.ts';
import { faultsOf } from '../panel/audit.ts';
import { pressStep } from '../panel/day.ts';
import { PROGRAM, until } from '../recorder/rig.ts';
import { type House, logIn, openBrowser, segmentsOf, startHouse } from './house.ts';
import { ringsAreFull } from './rings.ts';

const STREAMS = ['panorama', 'microphone'] as const;
/** From the moment at which nothing comes any more: noticed by the recorder, and shown. */
const ALARM_MS_MAX = 3_000;
const LOADED_MS = 1_500;
const MATTER = '某科技有限公司税务行政处罚听证';

/** What a `<video>` says of itself in the page. */
interface Picture {
  readonly videoWidth: number;
  readonly currentTime: number;
}

async function factsOf<T extends SiteFact['type']>(house: House, type: T): Promise<Extract<SiteFact, { type: T }>[]> {
  return (await house.siteFacts()).filter((fact): fact is Extract<SiteFact, { type: T }> => fact.type === type);
}

async function save(page: Page, sheet: string): Promise<void> {
  await page.locator(`[data-sheet="${sheet}"] [data-sheet-finish]`).click();
  await page.locator(`[data-sheet="${sheet}"]`).waitFor({ state: 'detached' });
}

test('one matter, from the docket to the signed receipt', async () => {
  const house = await startHouse();
  const browser = await openBrowser();
  const clerk = await (await browser.newContext({ viewport: { width: 1024, height: 600 } })).newPage();
  const other = await (await browser.newContext({ viewport: { width: 1920, height: 1080 } })).newPage();
  const broken: string[] = [];
  for (const page of [clerk, other]) {
    page.on('pageerror', (error) => broken.push(error.message));
    await logIn(page, house, 'clerk');
    await page.locator('.face[data-face="ready"]').waitFor();
  }
  await ringsAreFull(layoutOf(house.data).recorderSocket, STREAMS);

  // Planned on one panel, seen on the other.
  await clerk.locator('[data-new]').click();
  await clerk.locator('#field-matter').fill(MATTER);
  await clerk.locator('fieldset[data-field="parties"] [data-person-name="0"]').fill('陈志远');
  await save(clerk, 'entry');
  await other.locator(`.docket-row[data-chosen="true"]:has-text("${MATTER}")`).waitFor();
  expect(await factsOf(house, 'session-scheduled')).toHaveLength(1);

  // Pictures and sound of now, then some seconds on disk, played back on the spot.
  await clerk.locator('[data-stream="panorama"] img').waitFor();
  await clerk.locator('[data-stream="microphone"] .meter[data-known="true"]').waitFor();
  await pressStep(clerk, 'check', '.act-button[data-act="checking"], .act-button[data-act="listen"]');
  await clerk.locator('.act-button[data-act="listen"]').waitFor();
  await pressStep(clerk, 'listen', '[data-sheet="check"]');
  await clerk.locator('[data-check-stream="panorama"] .check-play').click();
  await until(() =>
    clerk.locator('[data-check-stream="panorama"] video').evaluate((video) => {
      const { videoWidth, currentTime } = video as unknown as Picture;
      return videoWidth > 0 && currentTime > 0.3;
    }),
  );
  await save(clerk, 'check');
  expect(
    (await factsOf(house, 'check-done')).map(({ findings }) => findings.filter(({ isGood }) => isGood === false)),
  ).toEqual([[]]);

  // Opened, told, marked.
  await pressStep(clerk, 'start', '.face[data-face="recording"]');
  await other.locator('.face[data-face="recording"]').waitFor();
  const [opened] = await factsOf(house, 'session-opened');
  expect(opened?.session).toBe((await factsOf(house, 'session-scheduled'))[0]?.session);
  await pressStep(clerk, 'tell', '[data-sheet="told"]');
  await clerk.locator('[data-answer="understood"]').click();
  await clerk.locator('[data-step="fill"]').waitFor();
  await clerk.locator('[data-mark-kind="evidence"]').click();
  await clerk.locator('.newest-mark[aria-disabled="false"]').click();
  await clerk.locator('[data-sheet="note"] textarea').fill('现场照片三张');
  await clerk.locator('[data-sheet="note"] input').fill('3');
  await save(clerk, 'note');
  await other.locator('.newest-mark:has-text("现场照片三张")').waitFor();

  // A camera falls silent. The alarm is there in time, on both panels, and nothing else stops.
  const lostMs = performance.now();
  house.devices.device('panorama').freeze('packets');
  await clerk.locator('.face[data-face="fault"]').waitFor();
  expect(performance.now() - lostMs).toBeLessThan(ALARM_MS_MAX + LOADED_MS);
  await clerk.locator('[data-reasons]').waitFor();
  await other.locator('.face[data-face="fault"]').waitFor();
  house.devices.device('panorama').freeze('off');
  await clerk.locator('[data-step="explain"]').waitFor();
  await pressStep(clerk, 'explain', '[data-sheet="explain"]');
  await clerk.locator('[data-speak-reason]').click();
  await clerk.locator('[data-spoken]').waitFor();
  await clerk.locator('[data-reason="network"]').click();
  await save(clerk, 'explain');
  await until(async () => {
    const explained = await factsOf(house, 'interruption-explained');
    return explained.some(({ spokenAt }) => spokenAt !== null) && explained.some(({ reason }) => reason !== null);
  });

  // Part of what is missing is filled in, the rest stays a debt: closing is allowed and says so.
  await pressStep(clerk, 'fill', '[data-sheet="fields"]');
  await clerk.locator('fieldset[data-field="presider"] [data-person-name="0"]').fill('王建国');
  await save(clerk, 'fields');
  expect(await faultsOf(clerk)).toEqual([]);
  await pressStep(clerk, 'stop', '.stop-dialog');
  await clerk.locator('[data-stop-owed]').waitFor();
  await clerk.locator('[data-stop="end"]').click();
  await other.locator('.face[data-face="closed"], .face[data-face="handed-over"]').waitFor();
  await clerk.locator('.face[data-face="handed-over"]').waitFor();
  await clerk.locator('[data-deadline="kept"]').waitFor();
  const [closing] = await factsOf(house, 'session-closing');
  expect(closing?.debts).toContain('recorder');
  expect(closing?.debts).not.toContain('presider');

  // The debt is paid afterwards, and the day goes on.
  await pressStep(clerk, 'fill', '[data-sheet="fields"]');
  await clerk.locator('fieldset[data-field="recorder"] [data-person-name="0"]').fill('李敏');
  await clerk.locator('fieldset[data-field="officers"] [data-person-name="0"]').fill('刘洋');
  await clerk.locator('fieldset[data-field="officers"] [data-person-more="0"]').fill('冀税 13010045');
  await save(clerk, 'fields');
  await pressStep(clerk, 'back', '[data-pane="before"]');
  await clerk.locator(`.docket-row[data-state="handed-over"]:has-text("${MATTER}")`).waitFor();

  expect(segmentsOf(await house.recorderFacts(), 'microphone').length).toBeGreaterThan(0);
  expect(broken).toEqual([]);
  const { status } = spawnSync(process.execPath, [PROGRAM, 'verify', house.data]);
  expect(status).toBe(0);
}, 240_000);
