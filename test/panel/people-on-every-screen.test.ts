/**
 * Pairing, logging in, the lock, screens, people and one's own logins, on every screen and in both languages: every target is large
 * enough, every text readable, nothing without a name, nothing wider than the screen. With QUANCHENG_SCREENSHOTS=folder also on large
 * screens, and what was seen is kept there.
 */
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { expect, onTestFinished, test } from 'vitest';
import { faultsOf } from './audit.ts';
import { LARGE, PanelStage, ROOM, SMALL } from './panel-stage.ts';

const SCREENS = [
  { lang: 'zh', viewport: SMALL, tag: '-zh-small', isAlways: true },
  { lang: 'en', viewport: SMALL, tag: '-en-small', isAlways: true },
  { lang: 'zh', viewport: LARGE, tag: '-zh-large', isAlways: false },
  { lang: 'en', viewport: LARGE, tag: '-en-large', isAlways: false },
] as const;

type Look = (name: string, page: Page) => Promise<void>;

async function typeDigits(page: Page, digits: string): Promise<void> {
  for (const digit of digits) await page.locator(`[data-key="${digit}"]`).click();
}

async function codeFor(stage: PanelStage, name: string): Promise<string> {
  return (await stage.stage.desk.staff.makeCode(stage.stage.caller('technician'), ROOM, name)).code;
}

/** A new touch screen, from nothing to locked. */
async function walkScreen(stage: PanelStage, page: Page, look: Look): Promise<void> {
  await page.goto(stage.url);
  await page.locator('[data-unpaired]').waitFor();
  await look('unpaired', page);
  await page.locator('[data-way="secret"]').click();
  await page.locator('[data-secret]:focus').fill('ABCDE');
  await look('secret', page);
  await page.goto(`${stage.url}/pair`);
  await page.locator('[data-pair]').waitFor();
  await typeDigits(page, '1234567890');
  await look('pair', page);
  await typeDigits(page, '12');
  await page.locator('[data-key="enter"]').click();
  await page.locator('.pin-note[data-bad="true"]').waitFor();
  await look('pair-wrong', page);
  await typeDigits(page, await codeFor(stage, '东墙触摸屏'));
  await page.locator('[data-key="enter"]').click();
  await page.locator('[data-person="clerk"]').waitFor();
  await look('names', page);
  await page.locator('[data-person="clerk"]').click();
  for (let i = 0; i < 5; i++) {
    const answered = page.waitForResponse('**/api/v1/login');
    await typeDigits(page, '000000');
    await page.locator('[data-key="enter"]').click();
    await answered;
    if (i > 0) continue;
    await page.locator('.pin-note[data-bad="true"]').waitFor();
    await look('wrong-pin', page);
  }
  await page.locator('.pin[data-locked="true"]').waitFor();
  await look('locked', page);
  await page.locator('.pin-other').click();
  await page.locator('.person-locked').waitFor();
  await look('names-locked', page);
}

/** The administrator's desk: screens, people, and one's own logins. */
async function walkDesk(stage: PanelStage, page: Page, look: Look): Promise<void> {
  await page.goto(`${stage.url}/login?next=/people`);
  await page.locator('[data-way="secret"]').click();
  await page.locator('[data-secret]:focus').fill(stage.stage.secrets.get('administrator') ?? '');
  await page.keyboard.press('Enter');
  await page.locator('[data-panel]').first().waitFor();
  await look('screens', page);
  await page.locator('[data-new-panel="name"]').fill('西墙触摸屏');
  await page.locator('[data-new-panel="make"]').click();
  await page.locator('[data-told]').waitFor();
  await look('code', page);
  await page.locator('[data-told-close]').click();
  await page.locator('[data-revoke]').first().click();
  await page.locator('[data-ask="no"]').waitFor();
  await look('revoke', page);
  await page.locator('[data-ask="no"]').click();
  await page.locator('[data-tab="people"]').click();
  await page.locator('[data-show="clerk"]').click();
  await page.locator('.lines').waitFor();
  await look('people', page);
  await page.locator('[data-give-secret="technician"]').click();
  await page.locator('[data-ask="yes"]').click();
  await page.locator('[data-told]').waitFor();
  await look('given', page);
  await page.locator('[data-told-close]').click();
  await page.locator('[data-tab="trail"]').click();
  await page.locator('[data-line]').first().waitFor();
  await look('log', page);
  await page.goto(`${stage.url}/me`);
  await page.locator('[data-login]').first().waitFor();
  await look('own-logins', page);
  await page.locator('[data-change]').click();
  await page.locator('[data-change-pin="old"]').waitFor();
  await look('own-pin', page);
}

test('every page about people, on every screen and in both languages', async () => {
  const stage = await PanelStage.open();
  onTestFinished(() => stage.close());
  const folder = process.env['QUANCHENG_SCREENSHOTS'];
  const faults: string[] = [];
  const broken: string[] = [];
  // Somebody is logged in elsewhere, and lends the browser.
  const { context: lent } = await stage.panel('clerk');
  const screens = folder === undefined ? SCREENS.filter(({ isAlways }) => isAlways) : SCREENS;
  for (const { lang, viewport, tag } of screens) {
    const look: Look = async (name, page) => {
      const wide = `the page scrolls: ${viewport.width}×`;
      // Lists may be longer than the screen, and never wider.
      const found = (await faultsOf(page)).filter((fault) => !fault.startsWith(wide));
      faults.push(...found.map((fault) => `${name}${tag}: ${fault}`));
      if (folder === undefined) return;
      await page.mouse.move(1, 1);
      await page.evaluate('scrollTo(0, 0)');
      await page.screenshot({ path: join(folder, `${name}${tag}.png`), animations: 'disabled' });
    };
    const open = async (): Promise<{ context: BrowserContext; page: Page }> => {
      const context = await lent.browser()?.newContext({ viewport });
      if (context === undefined) throw new Error('no browser');
      if (lang === 'en') await context.addInitScript("localStorage.setItem('quancheng.language', 'en')");
      const page = await context.newPage();
      page.on('pageerror', (error) => broken.push(error.message));
      return { context, page };
    };
    for (const walk of [walkScreen, walkDesk]) {
      const { context, page } = await open();
      await walk(stage, page, look);
      await context.close();
    }
    await stage.stage.desk.staff.unlockPerson(stage.stage.caller('administrator'), 'clerk');
  }
  expect(faults).toEqual([]);
  expect(broken).toEqual([]);
}, 240_000);
