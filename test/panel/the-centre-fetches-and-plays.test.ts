import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MemoryArchive } from '../forward/memory-archive.ts';
import { SITE, until } from '../forward/scene.ts';
import { faultsOf } from './audit.ts';
import { CentreStage, SESSION, STREAMS } from './centre-stage.ts';
import { LARGE, SMALL } from './panel-stage.ts';

/** Where pictures of each state go; nowhere unless asked for. */
const PICTURES = process.env['QUANCHENG_SCREENSHOTS'];

let stage: CentreStage;
beforeAll(async () => {
  stage = await CentreStage.open();
});
afterAll(() => stage.close());

/** Every text has its contrast and everything that can be used a name, in each state that is pictured. */
async function picture(page: Page, name: string): Promise<void> {
  expect((await faultsOf(page)).filter((fault) => /^(?:contrast|no name|a picture)/.test(fault))).toEqual([]);
  if (PICTURES === undefined) return;
  mkdirSync(PICTURES, { recursive: true });
  for (const [size, viewport] of [
    ['large', LARGE],
    ['small', SMALL],
  ] as const) {
    await page.setViewportSize(viewport);
    await page.screenshot({ path: join(PICTURES, `${name}-${size}.png`) });
  }
}

test('an overdue session is found, fetched before one’s eyes, played, and all of it stands in the trail', async () => {
  const { desk } = stage;
  await desk.siteComes();
  await until('the site is known', () => desk.desk.sites(desk.caller).length === 1);
  await stage.neighbour('court-0200', true);
  await stage.neighbour('court-0300', false);
  await stage.eventsAreTold();
  await stage.sessionIsTold();
  await until('the session is known', () => desk.desk.sites(desk.caller).some(({ overdue }) => overdue === 1));
  const { page, broken } = await stage.browser(SMALL);
  await page.locator('[data-name]').waitFor();
  await picture(page, 'login-zh');
  await page.locator('[data-name]').fill('admin');
  await page.locator('[data-secret]').fill('00000-00000-00000-00000-00000');
  await page.locator('.button-main').click();
  await page.locator('.pin-note[data-bad="true"]').waitFor();
  await stage.login(page);

  // The one with something overdue comes first.
  await page.locator('[data-site]').nth(2).waitFor();
  expect(await page.locator('[data-site]').first().getAttribute('data-site')).toBe(SITE);
  await picture(page, 'sites-zh');
  await page.locator(`[data-site="${SITE}"] .row-link`).click();
  const row = page.locator(`[data-session="${SESSION}"]`);
  await row.waitFor();
  expect(await row.getAttribute('data-overdue')).toBe('true');
  expect(await page.locator('tr[data-session]').first().getAttribute('data-session')).toBe(SESSION);
  await picture(page, 'site-zh');
  await row.locator('.row-link').click();
  await page.locator('[data-fetching="open"]').waitFor();
  expect(await page.locator('[data-stream="panorama"] [data-held]').getAttribute('data-held')).toBe('0');
  await picture(page, 'session-zh');
  const above = await page.locator('.player').boundingBox();

  // One press, one command; the site begins, and its progress is seen.
  await page.locator('[data-fetch]').click();
  await until('the command', () => desk.came.some(({ type }) => type === 'fetch'));
  const id = desk.came.find(({ type }) => type === 'fetch')?.id ?? '';
  await desk.answer(id, { status: 'accepted', plan: { segs: 12, bytes: 300_000 } });
  await desk.answer(id, { status: 'executing', plan: { segs: 12, bytes: 300_000 }, done: { segs: 5, bytes: 90_000 } });
  await page.locator('.fetching [data-status="executing"]').waitFor();
  expect(await page.locator('.fetching progress').getAttribute('value')).toBe('5');
  expect(await page.locator('[data-fetch]').isDisabled()).toBe(true);
  await picture(page, 'fetching-zh');
  await page.setViewportSize(SMALL);
  // Nothing below moved.
  expect((await page.locator('.player').boundingBox())?.y).toBe(above?.y);

  // The real site takes over: the bytes come, and the same command is answered from its own index.
  await desk.siteGoes();
  desk.scene.forwarder(desk.broker.url, { archive: new MemoryArchive(desk.scene.outbox) });
  await page.locator('[data-fetching="whole"]').waitFor();
  await page.locator('.fetching [data-status="successful"]').waitFor();
  await page.locator('.tile').nth(1).waitFor();
  expect(await page.locator('.tile').count()).toBe(STREAMS.length);
  await page.locator('[data-play]').click();
  await page.locator('.tile[data-tile="panorama"][data-state="playing"]').waitFor();
  const at = () => page.locator('video').evaluate((video: { readonly currentTime?: number }) => video.currentTime ?? 0);
  const before = await at();
  await until('pictures move', async () => (await at()) > before + 0.5);
  await picture(page, 'playing-zh');
  await until('the trail', () => {
    const trail = desk.desk.door.trail(desk.caller, 100, null);
    return ['fetch', 'review', 'play', 'login-refused'].every((did) => trail.some((line) => line.did === did));
  });
  expect(broken).toEqual([]);

  // The same in English, and the list of commands; a range that somebody types shows the same.
  const english = await stage.browser(SMALL, 'en');
  await stage.login(english.page);
  await picture(english.page, 'sites-en');
  await english.page.locator('a[href="/commands"]').click();
  await english.page.locator(`[data-command="${id}"][data-status="successful"]`).waitFor();
  await picture(english.page, 'commands-en');
  await english.page.goto(`${stage.url}/sites/${SITE}`);
  await english.page.locator('[data-range-form]').waitFor();
  // Shanghai's clock, wherever the browser thinks it is.
  const field = (ms: number) => new Date(ms + 8 * 3_600_000).toISOString().slice(0, 19);
  await english.page.locator('[data-from]').fill(field(stage.openedMs));
  await english.page.locator('[data-to]').fill(field(stage.openedMs + 4_000));
  await english.page.locator('[data-range-form] button').click();
  await english.page.locator('[data-fetching="whole"]').waitFor();
  expect(await english.page.locator('[data-stream="panorama"] [data-held]').getAttribute('data-held')).toBe('2');
  await picture(english.page, 'range-en');
  expect(english.broken).toEqual([]);
});

test('an administrator adds a reader, who sees everything and may not hold or add anybody', async () => {
  const { page } = await stage.browser(SMALL);
  await stage.login(page);
  await page.locator('a[href="/people"]').click();
  await page.locator('[data-new-name]').fill('王芳');
  await picture(page, 'people-zh');
  await page.locator('[data-new-person] button').click();
  const secret = (await page.locator('[data-told]').getAttribute('data-told')) ?? '';
  await page.locator('[data-told-close]').click();
  await page.locator('[data-person="王芳"]').waitFor();
  const reader = await stage.browser(SMALL);
  await stage.login(reader.page, '王芳', secret);
  await reader.page.locator('[data-site]').first().waitFor();
  expect(await reader.page.locator('a[href="/people"]').count()).toBe(0);
  await reader.page.goto(`${stage.url}/sites/${SITE}/sessions/${SESSION}`);
  await reader.page.locator('[data-fetching]').waitFor();
  expect(await reader.page.locator('[data-hold]').count()).toBe(0);
  // Removed, the reader is out at once.
  await page.locator('[data-person="王芳"] [data-remove]').click();
  await page.locator('[data-ask="yes"]').click();
  await reader.page.locator('[data-name]').waitFor();
});
