/** A rule set with ten kinds of long names: each can be reached and chosen, in both languages, and nothing is cut off. */
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { CHANGAN } from '../site/rules.ts';
import { faultsOf } from './audit.ts';
import { pressStep } from './day.ts';
import { PanelStage, PLAN } from './panel-stage.ts';

test('every kind can be chosen for a start that nobody planned', async () => {
  const stage = await PanelStage.open({ ...PLAN, rules: CHANGAN });
  onTestFinished(() => stage.close());
  const folder = process.env['QUANCHENG_SCREENSHOTS'];
  for (const lang of ['en', 'zh'] as const) {
    const { page, broken } = await stage.panel('clerk', { lang });
    await page.locator('[data-pane="before"] .kind').first().waitFor();
    expect(await page.locator('.kind').count()).toBe(CHANGAN.set.kinds.length);
    expect(await faultsOf(page)).toEqual([]);
    if (folder !== undefined) await page.screenshot({ path: join(folder, `many-kinds-${lang}-small.png`) });
    for (const { id } of CHANGAN.set.kinds) {
      await page.locator(`[data-kind="${id}"]`).click();
      expect(await page.locator(`[data-kind="${id}"] input`).isChecked()).toBe(true);
    }
    expect(broken).toEqual([]);
    if (lang === 'en') continue;
    const last = CHANGAN.set.kinds.at(-1);
    await pressStep(page, 'start', '.face[data-face="recording"]');
    const { entries } = stage.stage.desk.hearings.docket(stage.stage.caller('clerk'), null, null, null);
    expect(entries.map(({ kind }) => kind)).toEqual([last?.id]);
    expect(await faultsOf(page)).toEqual([]);
  }
}, 120_000);
