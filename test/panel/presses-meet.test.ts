/** Hands in a hurry, two panels in one room, pages loaded anew, networks that go away: one outcome, and every panel shows it. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SiteFact } from '../../controller/core/facts.ts';
import { until } from '../recorder/rig.ts';
import { fillDocket, pressStep } from './day.ts';
import { HOUR_MS, PanelStage } from './panel-stage.ts';

/** What people in one room must see alike. */
const TOGETHER_MS = 300;
const FRAMES_MS = 4_000;

let stage: PanelStage;
let left: Page;
let right: Page;
const broken: string[][] = [];

beforeAll(async () => {
  stage = await PanelStage.open();
  await fillDocket(stage);
  for (const person of ['clerk', 'presider']) {
    const panel = await stage.panel(person);
    broken.push(panel.broken);
    if (person === 'clerk') left = panel.page;
    else right = panel.page;
  }
});
afterAll(() => stage.close());

const both = () => [left, right];
const seen = (selector: string) => Promise.all(both().map((page) => page.locator(selector).first().waitFor()));
const button = (page: Page, act: string) => page.locator(`.act-button[data-act="${act}"]`);
const facts = async <T extends SiteFact['type']>(type: T) =>
  (await stage.stage.facts()).filter((fact): fact is Extract<SiteFact, { type: T }> => fact.type === type);

describe('one room, two panels', () => {
  test('both press start, one of them twice: one session, and both record it', async () => {
    await seen('.act-button[data-act="start"][aria-disabled="false"]');
    await until(async () => {
      await Promise.all([
        button(left, 'start').dblclick({ timeout: 1_000 }),
        button(right, 'start').click({ timeout: 1_000 }),
      ]).catch(() => undefined);
      return left.locator('[data-pane="during"]').isVisible();
    });
    await seen('.face[data-face="recording"]');
    expect(await facts('session-opened')).toHaveLength(1);
    // The one that came second was told so, or was answered with the same session.
    expect(await left.locator('[data-elapsed]').count()).toBe(1);
    expect(await right.locator('[data-elapsed]').count()).toBe(1);
  });

  test('both confirm the telling with different answers: the first counts, and the other panel says whose it was', async () => {
    for (const page of both()) await pressStep(page, 'tell', '[data-sheet="told"]');
    await left.locator('[data-answer="objected"]').click();
    await right.locator('.told-done').waitFor();
    expect(await right.locator('.told-done').textContent()).toContain('李敏');
    await right.locator('[data-sheet-out]').click();
    await seen('[data-step="fill"]');
    expect((await facts('notice-told')).map(({ answer }) => answer)).toEqual(['objected']);
  });

  test('a mark stands on the other panel soon after it was pressed', async () => {
    const shown = right.locator('.newest-mark[data-newest]:not([data-newest=""])');
    await left.locator('[data-mark-kind="evidence"]').click();
    const pressed = performance.now();
    await shown.waitFor();
    // The browser itself answers a question only every few milliseconds.
    expect(performance.now() - pressed).toBeLessThan(TOGETHER_MS + 200);
    expect(await facts('mark')).toHaveLength(1);
  });

  test('a hand that trembles makes one mark', async () => {
    await left.locator('[data-mark-kind="quarrel"]').dblclick();
    await left.locator('[data-mark-kind="quarrel"] .mark-at:has-text("✓")').waitFor();
    expect((await facts('mark')).filter(({ kind }) => kind === 'quarrel')).toHaveLength(1);
  });
});

describe('without a controller', () => {
  test('marks keep the moment of the finger, wait through a reload of the page, and arrive once', async () => {
    const before = (await facts('mark')).length;
    const [at] = [stage.now];
    await stage.closeApi();
    await left.locator('.clerk[data-stale="true"]').waitFor();
    await left.locator('[data-mark-kind="objection"]').click();
    await left.locator('[data-mark-kind="objection"][data-sent="false"]').waitFor();
    await left.locator('.act-note[data-note="asking"]').waitFor();
    const pressedAt = stage.now;
    await stage.startApi();
    await left.reload();
    await left.locator('.clerk[data-stale="false"] [data-pane="during"]').waitFor();
    await until(async () => (await facts('mark')).length > before);
    const made = (await facts('mark')).slice(before);
    expect(made.map(({ kind }) => kind)).toEqual(['objection']);
    expect(made[0]?.markedAt.wallMs).toBeGreaterThan(at);
    expect(Math.abs((made[0]?.markedAt.wallMs ?? 0) - pressedAt)).toBeLessThan(3_000);
  });

  test('what is shown is called old, nothing counts on, and it comes back by itself', async () => {
    await stage.closeApi();
    await seen('.face[data-stale="true"]');
    const before = await left.locator('[data-elapsed]').textContent();
    await seen('.stale-banner[data-shown="true"]');
    expect(await left.locator('.face').textContent()).toContain('以下是');
    expect(await left.locator('[data-elapsed]').textContent()).toBe(before);
    await stage.startApi();
    await seen('.face[data-stale="false"]');
  });
});

test('a page loaded anew in the middle is where it was, with what was typed', async () => {
  await left.locator('[data-tool="fields"]').click();
  await left.locator('#field-matter').fill('补充后的事由');
  await left.reload();
  await left.locator('[data-pane="during"]').waitFor();
  expect(await left.locator('.face').getAttribute('data-face')).toBe('recording');
  await left.locator('[data-tool="fields"]').click();
  expect(await left.locator('#field-matter').inputValue()).toBe('补充后的事由');
  await left.locator('[data-sheet-finish]').click();
  await left.locator('[data-sheet]').waitFor({ state: 'detached' });
  expect((await facts('session-filled')).at(-1)?.matter).toBe('补充后的事由');
});

test('by keyboard alone: a mark, its note, and back to where the focus was', async () => {
  await left.locator('[data-mark-kind="other"]').focus();
  await left.keyboard.press('Enter');
  await left.locator('[data-sheet="note"]').waitFor();
  expect(await left.evaluate('document.activeElement.tagName')).toBe('TEXTAREA');
  await left.keyboard.type('note by keyboard');
  await left.keyboard.press('Escape');
  await left.locator('[data-sheet]').waitFor({ state: 'detached' });
  expect(await left.evaluate("document.activeElement.getAttribute('data-mark-kind')")).toBe('other');
});

test('Tab goes from the top of the page to its bottom, and a sheet hides from it what it covers', async () => {
  const regionsOfTabs = async (tabs: number): Promise<readonly string[]> => {
    await left.locator('.header a').first().focus();
    const regions: string[] = [];
    for (let n = 0; n < tabs; n += 1) {
      await left.keyboard.press('Tab');
      const region = (await left.evaluate(
        "document.activeElement.closest('.header, .pane, .streams, .sheet, .steps, .foot')?.className.split(' ')[0] ?? ''",
      )) as string;
      if (region !== '' && region !== regions.at(-1)) regions.push(region);
    }
    return regions;
  };
  expect(await regionsOfTabs(14)).toEqual(['header', 'pane', 'steps']);
  await left.locator('[data-tool="time"]').click();
  expect(await regionsOfTabs(11)).not.toContain('pane');
  await left.keyboard.press('Tab');
  await left.locator('[data-sheet-out]').click();
});

test('somebody who wants no motion gets none', async () => {
  const { page, context } = await stage.panel('clerk', { calm: true });
  await page.locator('.face[data-face="recording"]').waitFor();
  expect(await page.evaluate('document.getAnimations().length')).toBe(0);
  expect(await left.evaluate('document.getAnimations().length')).toBeGreaterThan(0);
  await context.close();
});

/** Times from frame to frame in a page, sorted, while something goes on. */
async function framesWhile(page: Page, act: () => Promise<void>): Promise<readonly number[]> {
  const measured = page.evaluate(`new Promise((resolve) => {
    const gaps = [];
    let last = performance.now();
    const end = last + ${FRAMES_MS};
    const frame = (now) => {
      gaps.push(now - last);
      last = now;
      if (now < end) requestAnimationFrame(frame); else resolve(gaps.sort((a, b) => a - b));
    };
    requestAnimationFrame(frame);
  })`) as Promise<readonly number[]>;
  await act();
  return measured;
}

function expectOnTime(gaps: readonly number[]): void {
  const median = gaps[Math.floor(gaps.length / 2)] ?? Number.POSITIVE_INFINITY;
  expect(median, 'milliseconds from frame to frame').toBeLessThan(18);
  // Some are lost to whatever else this machine does.
  expect(gaps.filter((gap) => gap > 34).length / gaps.length, 'part of the frames that came late').toBeLessThan(0.1);
}

async function makeMarks(name: string, count: number, eachMs: number): Promise<void> {
  const { hearings } = stage.stage.desk;
  const session = (await facts('session-opened'))[0]?.session ?? '';
  for (let n = 0; n < count; n += 1) {
    const mark = { press: `press-${name}-${n}`, kind: 'statement', agoMs: 0, note: `第 ${n} 句`, page: '' } as const;
    await hearings.mark(stage.stage.caller('clerk'), session, mark);
    if (eachMs > 0) await left.waitForTimeout(eachMs);
  }
}

test('frames come on time while marks and meters move', async () => {
  expectOnTime(await framesWhile(left, () => makeMarks('frames', 20, FRAMES_MS / 25)));
});

test('three hours and 500 marks: the list holds them all, and frames still come on time', async () => {
  const before = (await facts('mark')).length;
  await makeMarks('many', 500 - before, 0);
  await stage.advance(3 * HOUR_MS);
  await left.locator('[data-step="extend"]').waitFor();
  expect(await left.locator('[data-tool="marks"]').textContent()).toBe('500');
  await left.locator('[data-tool="marks"]').click();
  await until(async () => (await left.locator('.mark-line').count()) === 500);
  expectOnTime(await framesWhile(left, () => makeMarks('more', 5, FRAMES_MS / 10)));
  await until(async () => (await left.locator('.mark-line').count()) === 505);
  await left.locator('[data-sheet-out]').click();
  await pressStep(left, 'extend', '[data-step="fill"]');
});

test('one stops while the other has a sheet open: both see the end, and nothing is asked that cannot be done any more', async () => {
  await right.locator('[data-tool="time"]').click();
  await pressStep(left, 'stop', '.stop-dialog');
  expect(await left.evaluate("document.activeElement.getAttribute('data-stop')")).toBe('keep');
  await left.locator('[data-stop="end"]').click();
  await seen('.face[data-face="closed"]');
  expect(await right.locator('[data-sheet]').count()).toBe(0);
  expect((await facts('session-closing')).map(({ debts }) => debts)).toEqual([['presider', 'officers', 'recorder']]);
  expect(broken.flat()).toEqual([]);
}, 60_000);
