/**
 * The whole day of one room in both languages, before a real control plane: in every state every target is large enough, every text
 * readable, no label cut, and what has its place keeps it. QUANCHENG_SCREEN=large does it at 1920×1080; QUANCHENG_SCREENSHOTS=folder
 * keeps what was seen.
 */
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { faultsOf, placesOf } from './audit.ts';
import { walkDay } from './day.ts';
import { LARGE, PanelStage, SMALL } from './panel-stage.ts';

const isLarge = process.env['QUANCHENG_SCREEN'] === 'large';
const SCREENS = [
  { lang: 'zh', viewport: isLarge ? LARGE : SMALL },
  { lang: 'en', viewport: isLarge ? LARGE : SMALL },
] as const;

test('every state of the day, on every screen and in both languages', async () => {
  const stage = await PanelStage.open();
  onTestFinished(() => stage.close());
  const panels: (Awaited<ReturnType<PanelStage['panel']>> & { readonly tag: string; readonly places: string })[] = [];
  for (const screen of SCREENS) {
    const panel = await stage.panel('clerk', screen);
    panels.push({
      ...panel,
      tag: `-${screen.lang}-${isLarge ? 'large' : 'small'}`,
      places: await placesOf(panel.page),
    });
  }
  const [clerk] = panels;
  if (clerk === undefined) throw new Error('no panel');
  const folder = process.env['QUANCHENG_SCREENSHOTS'];
  const faults: string[] = [];
  await walkDay(stage, clerk.page, async ({ name, open, shut }) => {
    for (const { page, tag, places } of panels) {
      await open?.(page);
      const found = await faultsOf(page);
      const moved = (await placesOf(page)) === places ? [] : ['something moved'];
      faults.push(...[...found, ...moved].map((fault) => `${name}${tag}: ${fault}`));
      if (folder !== undefined) {
        await page.mouse.move(1, 1);
        await page.screenshot({ path: join(folder, `${name}${tag}.png`), animations: 'disabled' });
      }
      await shut?.(page);
    }
  });
  expect(faults).toEqual([]);
  expect(panels.flatMap(({ broken }) => broken)).toEqual([]);
}, 280_000);
