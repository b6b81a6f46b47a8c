/** A page that is loaded anew in any state of the day is in that state again, and asks for the same thing. */
import type { Page } from 'playwright-core';
import { expect, onTestFinished, test } from 'vitest';
import { until } from '../recorder/rig.ts';
import { walkDay } from './day.ts';
import { PanelStage } from './panel-stage.ts';

/** Long enough for every panel to have heard the same. */
const SETTLED_MS = 400;

/** The state that stays for a moment. */
async function settled(page: Page): Promise<string> {
  let state = '';
  await until(async () => {
    const before = state;
    state = await stateOf(page);
    if (state === before) return true;
    await page.waitForTimeout(SETTLED_MS);
    return false;
  });
  return state;
}

async function stateOf(page: Page): Promise<string> {
  const face = await page.locator('.face').getAttribute('data-face');
  const step = await page.locator('.steps').getAttribute('data-step');
  return `${face}, ${step}`;
}

test('every state of the day outlives a reload of the page', async () => {
  const stage = await PanelStage.open();
  onTestFinished(() => stage.close());
  const clerk = await stage.panel('clerk');
  const other = await stage.panel('clerk', { lang: 'en' });
  const lost: string[] = [];
  const seen: string[] = [];
  await walkDay(stage, clerk.page, async ({ name }) => {
    // Without a controller there is nothing to load.
    if (name.startsWith('stale')) return;
    const before = await settled(other.page);
    // On a loaded machine the other page may not have heard of it yet: what the clerk's own page says is as good.
    const truth = await settled(clerk.page);
    await other.page.reload();
    await other.page.locator('.face:not([data-face="waiting"])').waitFor();
    const after = await settled(other.page);
    seen.push(before);
    // What goes on by itself may be one step further.
    const mayMove = /^(closing|starting)/.test(before);
    if (after !== before && after !== truth && !mayMove) lost.push(`${name}: ${before}; loaded anew: ${after}`);
  });
  expect(lost).toEqual([]);
  expect(new Set(seen).size, 'states seen').toBeGreaterThan(8);
  expect([...clerk.broken, ...other.broken]).toEqual([]);
}, 280_000);
