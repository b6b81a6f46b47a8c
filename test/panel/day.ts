/** The whole day of one room as a clerk lives it, state by state. Whoever walks it looks at every panel in every state. */
import type { Page } from 'playwright-core';
import { until } from '../recorder/rig.ts';
import { HOUR_MS, MINUTE_MS, type PanelStage, ROOM } from './panel-stage.ts';

/** What is looked at: a name, and what opens it on a panel where it is not open by itself. */
export interface Sight {
  readonly name: string;
  readonly open?: (page: Page) => Promise<void>;
  readonly shut?: (page: Page) => Promise<void>;
}

export type Look = (sight: Sight) => Promise<void>;

/** Presses a big button until it does what it says: in the moment after its meaning changed it takes no press. */
export async function pressStep(page: Page, act: string, then: string): Promise<void> {
  await until(async () => {
    if (await page.locator(then).first().isVisible()) return true;
    await page
      .locator(`.act-button[data-act="${act}"]`)
      .click({ timeout: 1_000 })
      .catch(() => undefined);
    return page.locator(then).first().isVisible();
  }, 20_000);
}

const sheetOut = (page: Page) => page.locator('[data-sheet-out]').click();
const cause = { code: 'camera-stalled' as const, detail: 'nothing for 3 s' };

/** Puts a day into the docket: three matters, one right after another, and one that was cancelled. */
export async function fillDocket(stage: PanelStage): Promise<{ readonly first: string; readonly second: string }> {
  const { hearings } = stage.stage.desk;
  const caller = stage.stage.caller('clerk');
  const at = (hour: number, minute: number) => Date.UTC(2026, 10, 23, hour - 8, minute);
  const add = async (press: string, kind: string, matter: string, from: number, to: number, fields = {}) => {
    const { made } = await hearings.schedule(caller, {
      ...{ press, room: ROOM, kind, matter, planned: { from, to }, fields, continues: null },
    });
    return made.id;
  };
  const parties = [{ name: '陈志远', capacity: '法定代表人' }];
  const first = await add('press-first', 'hearing', '某科技有限公司税务行政处罚听证', at(9, 30), at(11, 0), {
    parties,
  });
  const second = await add('press-second', 'interview', '某商贸公司涉税事项约谈', at(11, 0), at(11, 30));
  await add('press-third', 'reconsideration', '张某某不服税务处理决定复议案', at(14, 30), at(16, 0));
  const gone = await add('press-gone', 'inquiry', '某建筑公司发票协查询问', at(16, 30), at(17, 0));
  await hearings.cancel(caller, gone, 'press-cancel', '当事人申请改期');
  return { first, second };
}

/** Walks the day. `clerk` is the panel that presses; `look` is called in every state. */
export async function walkDay(stage: PanelStage, clerk: Page, look: Look): Promise<void> {
  const { first } = await fillDocket(stage);
  await clerk.locator(`[data-entry="${first}"][data-chosen="true"]`).waitFor();
  await clerk.locator('.face[data-face="ready"]').waitFor();
  await clerk.locator('.stream .still img').first().waitFor();
  await look({ name: 'docket' });
  const tab = (to: string) => (page: Page) => page.locator(`[data-tab="${to}"]`).click();
  await look({ name: 'walk-in', open: tab('walk-in'), shut: tab('docket') });
  await look({
    name: 'entry',
    open: (page) => page.locator(`[data-entry="${first}"] .docket-more`).click(),
    shut: sheetOut,
  });
  await look({ name: 'import', open: (page) => page.locator('[data-import]').click(), shut: sheetOut });

  stage.dead['evidence'] = cause;
  await clerk.locator('.face[data-face="partly-ready"]').waitFor();
  await look({ name: 'partly-ready' });
  delete stage.dead['evidence'];
  await clerk.locator('.face[data-face="ready"]').waitFor();

  await pressStep(clerk, 'check', '.act-button[data-act="checking"]');
  await look({ name: 'checking' });
  await clerk.locator('.act-button[data-act="listen"]').waitFor();
  await look({
    name: 'checked',
    open: (page) => pressStep(page, 'listen', '[data-sheet="check"]'),
    shut: sheetOut,
  });
  await pressStep(clerk, 'listen', '[data-sheet="check"]');
  // What was found bad has to be judged by itself.
  await clerk.locator('[data-sheet-finish][aria-disabled="true"]').waitFor();
  await clerk.locator('[data-check-stream="mic"] [data-say="good"]').click();
  await clerk.locator('[data-sheet-finish]').click();
  await clerk.locator('[data-sheet="check"]').waitFor({ state: 'detached' });

  await stage.advance(23 * MINUTE_MS);
  await clerk.locator('[data-late]').waitFor();
  await look({ name: 'late' });

  stage.isHeldUp = true;
  await pressStep(clerk, 'start', '.face[data-face="starting"]');
  await clerk.locator('.face[data-face="starting"]').waitFor();
  await look({ name: 'starting' });
  stage.isHeldUp = false;
  await clerk.locator('.face[data-face="recording"]').waitFor();
  await clerk.locator('[data-step="tell"]').waitFor();
  await look({ name: 'tell' });
  const tell = (page: Page) => pressStep(page, 'tell', '[data-sheet="told"]');
  await look({ name: 'told', open: tell, shut: sheetOut });
  await tell(clerk);
  await clerk.locator('[data-answer="understood"]').click();
  await clerk.locator('[data-step="fill"]').waitFor();

  await stage.advance(12 * MINUTE_MS);
  for (const kind of ['statement', 'evidence', 'objection']) {
    await clerk.locator(`[data-mark-kind="${kind}"]`).click();
    await clerk.locator(`[data-mark-kind="${kind}"][data-sent="true"] .mark-at:has-text("✓")`).waitFor();
    await stage.advance(3 * MINUTE_MS);
  }
  await clerk.locator('.newest-mark').click();
  await clerk.locator('[data-sheet="note"] textarea').fill('对现场照片的来源提出异议');
  await clerk.locator('[data-sheet="note"] input').fill('7');
  await look({
    name: 'note',
    open: async (page) => {
      if (!(await page.locator('[data-sheet="note"]').isVisible())) await page.locator('.newest-mark').click();
    },
  });
  await clerk.locator('[data-sheet-finish]').click();
  await clerk.locator('[data-sheet="note"]').waitFor({ state: 'detached' });
  await look({
    name: 'recording',
    open: async (page) => {
      if (await page.locator('[data-sheet="note"]').isVisible()) await sheetOut(page);
    },
  });
  await look({ name: 'marks', open: (page) => page.locator('[data-tool="marks"]').click(), shut: sheetOut });
  await look({ name: 'fields', open: (page) => page.locator('[data-tool="fields"]').click(), shut: sheetOut });
  await look({ name: 'time', open: (page) => page.locator('[data-tool="time"]').click(), shut: sheetOut });
  await look({
    name: 'adjourn',
    open: async (page) => {
      await page.locator('[data-tool="time"]').click();
      await page.locator('[data-adjourn]').click();
    },
    shut: sheetOut,
  });

  await look({
    name: 'stop-owed',
    open: (page) => pressStep(page, 'stop', '.stop-dialog'),
    shut: (page) => page.locator('[data-stop="keep"]').click(),
  });

  stage.dead['evidence'] = cause;
  await clerk.locator('.face[data-face="fault"]').waitFor();
  await look({ name: 'fault' });
  await stage.advance(30_000);
  delete stage.dead['evidence'];
  await clerk.locator('[data-step="explain"]').waitFor();
  await look({ name: 'interrupted' });
  const explain = (page: Page) => pressStep(page, 'explain', '[data-sheet="explain"]');
  await look({ name: 'explain', open: explain, shut: sheetOut });
  await explain(clerk);
  await clerk.locator('[data-speak-reason]').click();
  await clerk.locator('[data-spoken]:has-text("已口述")').waitFor();
  await clerk.locator('[data-reason="network"]').click();
  await clerk.locator('[data-sheet-finish]').click();
  await clerk.locator('[data-sheet="explain"]').waitFor({ state: 'detached' });

  await clerk.locator('[data-tool="fields"]').click();
  await clerk.locator('fieldset[data-field="presider"] [data-person-name="0"]').fill('王建国');
  await clerk.locator('fieldset[data-field="recorder"] [data-person-name="0"]').fill('李敏');
  await clerk.locator('fieldset[data-field="officers"] [data-person-name="0"]').fill('刘洋');
  await clerk.locator('fieldset[data-field="officers"] [data-person-more="0"]').fill('冀税 13010045');
  await clerk.locator('[data-sheet-finish]').click();
  await clerk.locator('[data-step="calm"]').waitFor();
  await look({ name: 'calm' });
  await stage.closeApi();
  await clerk.locator('.clerk[data-stale="true"]').waitFor();
  await clerk.locator('[data-mark-kind="quarrel"]').click();
  await clerk.locator('.act-note[data-note="asking"]').waitFor();
  await look({ name: 'stale-recording' });
  await stage.startApi();
  await clerk.locator('.clerk[data-stale="false"] [data-mark-kind="quarrel"][data-sent="true"]').waitFor();

  await stage.advance(HOUR_MS + 5 * MINUTE_MS);
  await clerk.locator('[data-step="extend"]').waitFor();
  await clerk.locator('.face[data-face="recording"]').waitFor();
  await look({ name: 'planned-end' });
  await stage.advance(10 * MINUTE_MS);
  await clerk.locator('.act-button[data-tone="alarm"]').waitFor();
  await clerk.locator('.face[data-face="recording"]').waitFor();
  await look({ name: 'forgotten' });
  await pressStep(clerk, 'extend', '[data-step="calm"]');
  await clerk.locator('[data-step="calm"]').waitFor();
  await look({ name: 'extended' });

  await pressStep(clerk, 'stop', '.stop-dialog');
  await look({
    name: 'stop',
    open: (page) => pressStep(page, 'stop', '.stop-dialog'),
  });
  await clerk.locator('[data-stop="end"]').click();
  await clerk.locator('.face[data-face="closing"]').waitFor();
  await look({ name: 'closing' });
  await clerk.locator('.face[data-face="closed"]').waitFor();
  await look({ name: 'closed' });
  await pressStep(clerk, 'back', '[data-pane="before"]');
  await look({
    name: 'held',
    open: async (page) => {
      await pressStep(page, 'back', '[data-pane="before"]');
      await page.locator(`[data-entry="${first}"] .docket-choose`).click();
      await page.locator('[data-deadline]').waitFor();
    },
    shut: sheetOut,
  });

  await stage.closeApi();
  await clerk.locator('.clerk[data-stale="true"]').waitFor();
  await look({ name: 'stale' });
  await stage.startApi();
  await clerk.locator('.clerk[data-stale="false"]').waitFor();
}
