/**
 * A site's first day with its people, in real browsers: the administrator comes in with the secret, pairs the touch screen, a clerk
 * logs in with a PIN, somebody guesses and is locked out, and a screen that went missing is revoked in the middle of a recording.
 */
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { until } from '../recorder/rig.ts';
import { type House, openBrowser, startHouse } from './house.ts';

const SCREEN = { viewport: { width: 1024, height: 600 } };
const DESK = { viewport: { width: 1920, height: 1080 } };
const ROOM = 'hearing-1';

async function typeDigits(page: Page, digits: string): Promise<void> {
  for (const digit of digits) await page.locator(`[data-key="${digit}"]`).click();
  await page.locator('[data-key="enter"]').click();
}

async function secondsLeft(page: Page): Promise<number> {
  return Number(await page.locator('[data-left]').first().getAttribute('data-left')) / 1_000;
}

/** The administrator at a desk, by keyboard alone. */
async function administrator(page: Page, house: House): Promise<void> {
  await page.goto(`${house.panel}login?next=/people`);
  await page.locator('[data-unpaired] [data-way="secret"]').focus();
  await page.keyboard.press('Enter');
  await page.locator('[data-secret]:focus').waitFor();
  await page.keyboard.type((house.secrets['administrator'] ?? '').toLowerCase().replaceAll('-', ' '));
  await page.keyboard.press('Enter');
  await page.locator('[data-new-panel="make"]').waitFor();
}

/** A code for a new screen, read from the administrator's page. */
async function newCode(page: Page, name: string): Promise<string> {
  await page.locator('[data-new-panel="name"]').fill(name);
  await page.locator('[data-new-panel="make"]').click();
  const code = (await page.locator('[data-told]').textContent()) ?? '';
  expect(code).toMatch(/^\d{4} \d{4} \d{4}$/);
  await page.locator('[data-told-close]').click();
  return code.replaceAll(' ', '');
}

const recording = async (house: House): Promise<string> =>
  ((await (await fetch(`${house.panel}api/v1/signs/${ROOM}`)).json()) as { state: string }).state;

test('from the first secret to a revoked screen; a recording under way is not touched by any of it', async () => {
  const house = await startHouse();
  const browser = await openBrowser();
  const desk = await (await browser.newContext(DESK)).newPage();
  const [east, west] = [
    await (await browser.newContext(SCREEN)).newPage(),
    await (await browser.newContext(SCREEN)).newPage(),
  ];
  const broken: string[] = [];
  for (const page of [desk, east, west]) page.on('pageerror', (error) => broken.push(error.message));

  // Nobody comes in at a screen that is not paired, whatever they know.
  await east.goto(house.panel);
  await east.locator('[data-unpaired]').waitFor();
  expect(await east.locator('[data-person]').count()).toBe(0);
  const refused = await east.request.post(`${house.panel}api/v1/login`, {
    data: { person: 'clerk', pin: house.pins['clerk'] },
  });
  expect(refused.status()).toBe(403);

  // Paired by typing, and by the link; a code works once, and does not stay in the address.
  await administrator(desk, house);
  const code = await newCode(desk, '东墙');
  await east.locator('[data-way="pair"]').click();
  await typeDigits(east, code);
  await east.locator('[data-person="clerk"]').waitFor();
  await west.goto(`${house.panel}pair#${code}`);
  await west.locator('.pin-note[data-bad="true"]').waitFor();
  expect(west.url()).toBe(`${house.panel}pair`);
  const second = await newCode(desk, '西墙');
  await west.goto('about:blank');
  await west.goto(`${house.panel}pair#${second}`);
  await west.locator('[data-person="clerk"]').waitFor();
  expect(west.url()).not.toContain(second);

  // Somebody guesses at the east screen: the time left is shown there and known at the west one; the administrator ends it.
  await east.locator('[data-person="clerk"]').click();
  for (let i = 0; i < 5; i++) {
    const answered = east.waitForResponse('**/api/v1/login');
    await typeDigits(east, '000000');
    await answered;
  }
  await east.locator('.pin[data-locked="true"]').waitFor();
  const first = await secondsLeft(east);
  expect(first).toBeGreaterThan(40);
  expect(first).toBeLessThanOrEqual(60);
  await until(async () => (await secondsLeft(east)) < first - 1);
  expect(await east.locator('[data-key="1"]').isDisabled()).toBe(true);
  await west.reload();
  await west.locator('[data-person="clerk"] .person-locked').waitFor();
  await desk.locator('[data-tab="people"]').click();
  await desk.locator('[data-unlock="clerk"]').click();
  await desk.locator('[data-unlock="clerk"]').waitFor({ state: 'detached' });
  // The pad that waited opens by itself, because the page looks again.
  await east.locator('.pin[data-locked="false"]').waitFor({ timeout: 20_000 });

  // The clerk comes in at both screens, by finger at one and by keyboard at the other.
  await typeDigits(east, house.pins['clerk'] ?? '');
  await east.waitForURL(`**/room/${ROOM}`);
  await west.locator('[data-person="clerk"]').focus();
  await west.keyboard.press('Enter');
  await west.locator('.pin[data-locked="false"]').waitFor();
  await west.keyboard.type(house.pins['clerk'] ?? '');
  await west.keyboard.press('Enter');
  await west.waitForURL(`**/room/${ROOM}`);

  // A recording is under way when the west screen goes missing.
  await until(async () => {
    const room = await east.request.get(`${house.panel}api/v1/rooms/${ROOM}`);
    return ((await room.json()) as { readiness: string }).readiness === 'ready';
  });
  const opened = await east.request.post(`${house.panel}api/v1/rooms/${ROOM}/sessions`, {
    data: { press: 'press-of-the-people-test', kind: 'hearing' },
  });
  expect(opened.status()).toBe(201);
  const { id: session } = (await opened.json()) as { id: string };
  await until(async () => ['notice', 'recording'].includes(await recording(house)));
  const stolen = await west.context().storageState();
  await desk.locator('[data-tab="panels"]').click();
  const card = desk.locator('[data-panel]', { hasText: '西墙' });
  await card.getByText('书记员').waitFor();
  await card.locator('[data-revoke]').click();
  await desk.locator('[data-ask="yes"]').click();
  await west.locator('[data-unpaired]').waitFor();
  await card.waitFor({ state: 'detached' });

  // Both of its cookies, copied before, open nothing; the east screen and the recording go on.
  const thief = await browser.newContext({ storageState: stolen });
  expect((await thief.request.get(`${house.panel}api/v1/me`)).status()).toBe(401);
  const again = await thief.request.post(`${house.panel}api/v1/login`, {
    data: { person: 'clerk', pin: house.pins['clerk'] },
  });
  expect(again.status()).toBe(403);
  expect((await east.request.get(`${house.panel}api/v1/me`)).status()).toBe(200);
  expect(['notice', 'recording']).toContain(await recording(house));
  const closed = await east.request.post(`${house.panel}api/v1/sessions/${session}/close`, { data: {} });
  expect(closed.status()).toBe(200);

  const facts = await house.siteFacts();
  const audits = facts.flatMap((fact) => (fact.type === 'audit' ? [`${fact.who} ${fact.did}`] : []));
  for (const line of [
    'administrator login',
    'administrator pairing-code-made',
    'clerk login-refused',
    'clerk locked',
  ]) {
    expect(audits).toContain(line);
  }
  expect(audits).toContain('administrator unlocked');
  expect(facts.filter(({ type }) => type === 'panel-paired')).toHaveLength(2);
  expect(facts.filter(({ type }) => type === 'panel-revoked')).toHaveLength(1);
  expect(broken).toEqual([]);
}, 150_000);

test('a clerk chooses a PIN at the pad and logs out everywhere', async () => {
  const house = await startHouse();
  const browser = await openBrowser();
  const desk = await (await browser.newContext(DESK)).newPage();
  const screen = await (await browser.newContext(SCREEN)).newPage();
  await administrator(desk, house);
  await screen.goto(`${house.panel}pair#${await newCode(desk, '东墙')}`);
  await screen.locator('[data-person="clerk"]').click();
  await typeDigits(screen, house.pins['clerk'] ?? '');
  await screen.waitForURL(`**/room/${ROOM}`);
  await screen.goto(`${house.panel}me`);
  await screen.locator('[data-login][data-mine="true"]').waitFor();
  await screen.locator('[data-change]').click();
  await typeDigits(screen, house.pins['clerk'] ?? '');
  for (const weak of ['123456', '123456']) {
    await screen.locator('[data-change-pin="new"], [data-change-pin="again"]').waitFor();
    await typeDigits(screen, weak);
  }
  await screen.locator('.pin-note[data-bad="true"]').waitFor();
  for (const good of ['93847561', '93847561']) await typeDigits(screen, good);
  await screen.locator('.people-note[data-good="true"]').waitFor();
  await screen.locator('[data-everywhere]').click();
  await screen.locator('[data-ask="yes"]').click();
  await screen.locator('[data-person="clerk"]').click();
  await typeDigits(screen, house.pins['clerk'] ?? '');
  await screen.locator('.pin-note[data-bad="true"]').waitFor();
  await typeDigits(screen, '93847561');
  await screen.waitForURL(`**/room/${ROOM}`);
}, 90_000);
