/** The docket as a clerk makes it: planned, moved, cancelled, imported, started without one, adjourned; every panel sees the same. */
import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pressStep } from './day.ts';
import { PanelStage } from './panel-stage.ts';

let stage: PanelStage;
let clerk: Page;
let other: Page;
const broken: string[][] = [];

beforeAll(async () => {
  stage = await PanelStage.open();
  const panels = [await stage.panel('clerk'), await stage.panel('presider', { lang: 'en' })];
  broken.push(...panels.map((panel) => panel.broken));
  [clerk, other] = panels.map(({ page }) => page) as [Page, Page];
});
afterAll(() => stage.close());

const row = (page: Page, matter: string) => page.locator(`.docket-row:has-text("${matter}")`);
const out = (page: Page, sheet: string) => page.locator(`[data-sheet="${sheet}"]`).waitFor({ state: 'detached' });
const entries = () => {
  const { hearings } = stage.stage.desk;
  return hearings.docket(stage.stage.caller('clerk'), null, null, null).entries;
};

test('planned with its time in Shanghai, on whatever clock this machine keeps', async () => {
  await clerk.locator('[data-new]').click();
  await clerk.locator('[data-pick="from"] select').first().selectOption('10');
  await clerk.locator('[data-pick="from"] select').last().selectOption('30');
  await clerk.locator('[data-pick="to"] select').first().selectOption('11');
  await clerk.locator('[data-kind-pick]').selectOption('inquiry');
  await clerk.locator('#field-matter').fill('发票协查询问');
  await clerk.locator('[data-sheet-finish]').click();
  await out(clerk, 'entry');
  await row(other, '发票协查询问').waitFor();
  expect(await row(other, '发票协查询问').textContent()).toContain('10:30–11:00');
  const [made] = entries();
  expect(made).toMatchObject({
    kind: 'inquiry',
    planned: { from: Date.UTC(2026, 10, 23, 2, 30), to: Date.UTC(2026, 10, 23, 3) },
  });
});

test('an end before its beginning is not sent; a changed time is seen on the other panel', async () => {
  await row(clerk, '发票协查询问').locator('.docket-more').click();
  await clerk.locator('[data-pick="from"] select').first().selectOption('13');
  expect(await clerk.locator('[data-sheet-finish]').getAttribute('aria-disabled')).toBe('true');
  await clerk.locator('[data-pick="to"] select').first().selectOption('14');
  await clerk.locator('[data-sheet-finish]').click();
  await out(clerk, 'entry');
  await other.locator('.docket-row:has-text("13:30")').waitFor();
});

test('cancelled with a reason, and it stays in the docket', async () => {
  await row(clerk, '发票协查询问').locator('.docket-more').click();
  await clerk.locator('[data-cancel-entry]').click();
  expect(await clerk.locator('[data-sheet-finish]').getAttribute('aria-disabled')).toBe('true');
  await clerk.locator('[data-sheet="cancel"] input').fill('当事人申请改期');
  await clerk.locator('[data-sheet-finish]').click();
  await out(clerk, 'cancel');
  await other.locator('.docket-row[data-state="cancelled"]').waitFor();
  expect(entries()[0]?.cancelled?.reason).toBe('当事人申请改期');
});

test('a file with good and bad rows: the good ones are in the docket, the bad ones are listed with their line', async () => {
  const file = join(stage.panelFolder, 'docket.csv');
  const text =
    '日期,开始,结束,类别,案由\n2026-11-23,15:00,16:00,约谈,导入的约谈\n2026-11-23,25:00,16:00,约谈,坏的一行\n';
  // As a spreadsheet of an office saves it.
  await writeFile(file, execFileSync('iconv', ['-f', 'UTF-8', '-t', 'GB18030'], { input: text }));
  await clerk.locator('[data-import]').click();
  await clerk.locator('[data-sheet="import"] input[type="file"]').setInputFiles(file);
  await clerk.locator('[data-import-result]').waitFor();
  expect(await clerk.locator('.refused-row').count()).toBe(1);
  expect(await clerk.locator('.refused-row').textContent()).toContain('3');
  await clerk.locator('[data-sheet-out]').click();
  await row(other, '导入的约谈').waitFor();
  expect(await row(other, '坏的一行').count()).toBe(0);
});

test('what nobody planned starts with one press, and what is missing is owed', async () => {
  await clerk.locator('[data-tab="walk-in"]').click();
  await clerk.locator('[data-kind="reconsideration"]').click();
  await pressStep(clerk, 'start', '.face[data-face="recording"]');
  await other.locator('.face[data-face="recording"]').waitFor();
  const running = entries().find(({ source }) => source === 'walk-in');
  expect(running).toMatchObject({ kind: 'reconsideration', matter: '' });
  expect(running?.debts).toContain('matter');
});

test('adjourned: it ends, and what continues it stands in the docket', async () => {
  await clerk.locator('[data-tool="time"]').click();
  await clerk.locator('[data-adjourn]').click();
  await clerk.locator('[data-when="hour"]').click();
  await clerk.locator('[data-sheet-finish]').click();
  await clerk.locator('.face[data-face="closed"]').waitFor();
  await clerk.locator('[data-tool="back"]').click();
  await clerk.locator('[data-pane="before"]').waitFor();
  const next = entries().find(({ source }) => source === 'adjourned');
  expect(next?.continues).toBe(entries().find(({ source }) => source === 'walk-in')?.id);
  await clerk.locator(`[data-entry="${next?.id}"][data-chosen="true"]`).waitFor();
  expect(broken.flat()).toEqual([]);
});
