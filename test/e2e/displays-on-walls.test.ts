/** Displays in a real browser: every face readable at every size, what is painted is proven, the notice is heard, the hall stays up. */
import { mkdir } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { describe, expect, test, vi } from 'vitest';
import { KIOSK, linesOf, Wall } from './wall.ts';

const SIZES = [
  [1024, 600],
  [1920, 1080],
  [1080, 1920],
  [600, 1024],
] as const;
/** WCAG 2 asks for 4.5 of ordinary text; a wall is read from afar and in every light. */
const CONTRAST_MIN = 7;
/** Of the screen's shorter side: what a person across a room should make out, and what one in front of it should. */
const STATE_PART_MIN = 0.05;
const LINE_PART_MIN = 0.025;
const WITHIN_MS = 10_000;
/** Pictures for people to look at, when a folder for them is given. */
const PICTURES = process.env['QUANCHENG_PICTURES'];

const TWO_FRAMES = 'new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve())))';
const DOT_MOTION = "getComputedStyle(document.querySelector('.rec-dot')).animationName";

const press = { press: 'press-1', kind: 'hearing', matter: '', fields: {} } as const;

async function expectReadable(page: Page, face: string): Promise<void> {
  for (const [width, height] of SIZES) {
    await page.setViewportSize({ width, height });
    await page.evaluate(TWO_FRAMES);
    const lines = await linesOf(page);
    const where = `${face} at ${width}×${height}: ${JSON.stringify(lines)}`;
    expect(lines.length, where).toBeGreaterThan(1);
    const side = Math.min(width, height);
    expect(Math.max(...lines.map((line) => line.fontPx)), where).toBeGreaterThanOrEqual(side * STATE_PART_MIN);
    for (const line of lines) {
      expect(line.isWhole, where).toBe(true);
      expect(line.contrast, where).toBeGreaterThanOrEqual(CONTRAST_MIN);
      expect(line.fontPx, where).toBeGreaterThanOrEqual(side * LINE_PART_MIN);
    }
    if (PICTURES !== undefined) {
      await mkdir(PICTURES, { recursive: true });
      await page.screenshot({ path: `${PICTURES}/${face}-${width}x${height}.png` });
    }
  }
  await page.setViewportSize({ width: 1024, height: 600 });
}

const faceIs = (page: Page, face: string) => page.locator(`[data-sign="${face}"]`).waitFor({ timeout: WITHIN_MS });

test('every face is whole, large and high in contrast at every size and both ways up', {
  timeout: 90_000,
}, async () => {
  const wall = await Wall.begin();
  const { stage } = wall;
  const clerk = stage.caller('clerk');
  const page = await wall.screen('/display/door');
  const broken: string[] = [];
  page.on('pageerror', (error) => broken.push(error.message));
  await faceIs(page, 'idle');
  await expectReadable(page, 'idle');
  const at = stage.desk.now() + 20 * 60_000;
  await stage.desk.hearings.schedule(clerk, {
    ...{ press: 'press-0', room: 'r1', kind: 'hearing', matter: '秘密', fields: {}, continues: null },
    planned: { from: at, to: at + 3_600_000 },
  });
  await faceIs(page, 'next');
  await expectReadable(page, 'next');
  expect(await page.textContent('body')).not.toContain('秘密');
  const { session } = await stage.desk.open(clerk, 'r1', press);
  await faceIs(page, 'starting');
  await expectReadable(page, 'starting');
  /** The recorder behaves for as long as the test looks. */
  let isBeating = true;
  const beating = (async () => {
    while (isBeating) {
      await stage.pass(400);
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  })();
  try {
    await faceIs(page, 'notice');
    await expectReadable(page, 'notice');
    await stage.desk.hearings.tell(clerk, session.id, { press: 'press-2', answer: 'understood', note: '', agoMs: 0 });
    await faceIs(page, 'recording');
    await expectReadable(page, 'recording');
    await page.emulateMedia({ reducedMotion: 'reduce' });
    const motion = () => page.evaluate(DOT_MOTION);
    expect(await motion()).toBe('none');
    await page.emulateMedia({ reducedMotion: 'no-preference' });
    expect(await motion()).not.toBe('none');
  } finally {
    isBeating = false;
    await beating;
  }
  await faceIs(page, 'fault');
  await expectReadable(page, 'fault');
  await wall.goAway();
  await faceIs(page, 'unknown');
  await expectReadable(page, 'unknown');
  const hall = await wall.comeBack().then(() => wall.screen('/hall/hall'));
  await hall.locator('[data-words=zh]').waitFor();
  await expectReadable(hall, 'hall');
  expect(broken).toEqual([]);
});

describe('what is painted', () => {
  test('is read back out of the page and proven, and a page that paints no more is dark', {
    timeout: 60_000,
  }, async () => {
    const wall = await Wall.begin();
    const { stage } = wall;
    const page = await wall.screen('/display/door');
    await vi.waitFor(async () => expect(await wall.log('door')).toHaveLength(1), WITHIN_MS);
    expect((await wall.log('door'))[0]).toMatchObject({
      face: 'idle',
      lines: ['第一听证室 Hearing Room 1', '未在录音录像', 'Not recording'],
      address: '127.0.0.1',
      width: 1024,
      height: 600,
    });
    await stage.desk.open(stage.caller('clerk'), 'r1', press);
    await stage.pass(400);
    await vi.waitFor(async () => expect((await wall.log('door')).at(-1)).toMatchObject({ face: 'notice' }), WITHIN_MS);
    const lines = (await wall.log('door')).at(-1);
    expect(JSON.stringify(lines)).toContain('为保护您的合法权益，监督我的执法行为，对本次执法事项将全程录音录像。');
    await vi.waitFor(() => {
      const shown = stage.desk.room(stage.caller('clerk'), 'r1').session?.notice.shown;
      expect(shown?.display).toBe('door');
    }, WITHIN_MS);
    // No frame is painted any more, as when the screen is gone or the page is covered: timers and network still work.
    await page.evaluate('globalThis.paint = requestAnimationFrame; globalThis.requestAnimationFrame = () => 0');
    await vi.waitFor(
      async () => expect((await wall.log('door')).at(-1)).toMatchObject({ type: 'display-dark', why: 'silent' }),
      20_000,
    );
    const codes = () =>
      stage.desk.room(stage.caller('clerk'), 'r1').alarms.map(({ code, level }) => `${code} ${level}`);
    expect(codes()).toContain('sign-dark alarm');
    await page.evaluate('globalThis.requestAnimationFrame = globalThis.paint');
    await vi.waitFor(async () => expect((await wall.log('door')).at(-1)?.type).toBe('display-shown'), WITHIN_MS);
  });

  test('by a second browser proves nothing, and an unplugged one is dark', { timeout: 60_000 }, async () => {
    const wall = await Wall.begin();
    const first = await wall.screen('/display/door');
    await vi.waitFor(async () => expect(await wall.log('door')).toHaveLength(1), WITHIN_MS);
    const second = await wall.screen('/display/door');
    await second.locator('.sign-corner').waitFor({ timeout: WITHIN_MS });
    await faceIs(second, 'idle');
    // The same browser that loads its page anew is the same display at once.
    await first.reload();
    await faceIs(first, 'idle');
    expect(await first.locator('.sign-corner').count()).toBe(0);
    await first.close();
    await second.locator('.sign-corner').waitFor({ state: 'detached', timeout: 15_000 });
    await second.close();
    await vi.waitFor(async () => expect((await wall.log('door')).at(-1)?.type).toBe('display-dark'), 20_000);
  });
});

describe('the notice', () => {
  test('is played to its end by the display with the loudspeaker, and journaled', { timeout: 60_000 }, async () => {
    const wall = await Wall.begin([KIOSK]);
    const { stage } = wall;
    await faceIs(await wall.screen('/display/inside'), 'idle');
    await vi.waitFor(async () => expect(await wall.log('inside')).toHaveLength(1), WITHIN_MS);
    const { session } = await stage.desk.open(stage.caller('clerk'), 'r1', press);
    await stage.pass(400);
    await vi.waitFor(async () => {
      await stage.recorder.beat();
      const facts = (await stage.facts()).filter((fact) => fact.type === 'notice-spoken');
      expect(facts).toMatchObject([{ session: session.id, display: 'inside', how: 'recorded' }]);
    }, WITHIN_MS);
  });

  test('that the browser blocks is said to the clerk', { timeout: 60_000 }, async () => {
    const wall = await Wall.begin();
    const { stage } = wall;
    const page = await wall.screen('/display/inside');
    // What a browser without the kiosk's flag says; one without a screen never does.
    await page.addInitScript(
      "HTMLMediaElement.prototype.play = () => Promise.reject(new DOMException('not allowed', 'NotAllowedError'))",
    );
    await page.reload();
    await faceIs(page, 'idle');
    await vi.waitFor(async () => expect((await wall.log('inside')).length).toBeGreaterThan(0), WITHIN_MS);
    await stage.desk.open(stage.caller('clerk'), 'r1', press);
    await stage.pass(400);
    await vi.waitFor(async () => {
      await stage.recorder.beat();
      expect(stage.desk.signs.signs(stage.caller('clerk'), 'r1').speech).toBe('blocked');
    }, WITHIN_MS);
    expect(stage.desk.room(stage.caller('clerk'), 'r1').alarms.map(({ code }) => code)).toContain('notice-unspoken');
  });
});

test('the hall’s sign stays up and comes up again without controller and network', { timeout: 60_000 }, async () => {
  const wall = await Wall.begin();
  const page = await wall.screen('/hall/hall');
  const words = async (one: Page) => one.textContent('[data-words=zh]');
  await vi.waitFor(async () => expect(await wall.log('hall')).toHaveLength(1), WITHIN_MS);
  await page.locator('html[data-kept=true]').waitFor({ timeout: WITHIN_MS });
  await vi.waitFor(() => {
    const [, , hall] = wall.stage.desk.signs.displays(wall.stage.caller('technician'));
    expect(hall).toMatchObject({ id: 'hall', state: 'lit', isKept: true });
  }, WITHIN_MS);
  await wall.goAway();
  expect(await words(page)).toBe('您已进入监控区域');
  await page.reload();
  expect(await words(page)).toBe('您已进入监控区域');
  expect((await linesOf(page))[0]?.fontPx).toBeGreaterThan(50);
  // The screen was switched off and on: a page that never saw the controller.
  const again = await page.context().newPage();
  await page.close();
  await again.goto(`${wall.url}/hall/hall`);
  expect(await words(again)).toBe('您已进入监控区域');
  await again.context().setOffline(true);
  await again.reload();
  expect(await words(again)).toBe('您已进入监控区域');
  expect((await linesOf(again))[0]?.fontPx).toBeGreaterThan(50);
  await again.context().setOffline(false);
  await wall.comeBack();
  await vi.waitFor(async () => expect((await wall.log('hall')).at(-1)?.type).toBe('display-shown'), 15_000);
});
