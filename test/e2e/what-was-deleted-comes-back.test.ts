/** A hearing is handed over, deleted here by policy, and fetched back from the centre when somebody looks at it. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import type { SegmentFact } from '../../controller/core/facts.ts';
import { layoutOf } from '../../controller/ledger/layout.ts';
import { hashFile } from '../../controller/ledger/segment-file.ts';
import { PROGRAM, until } from '../recorder/rig.ts';
import { type House, logIn, openBrowser, segmentsOf, siteFiles, startHouse } from './house.ts';
import { ringsAreFull } from './rings.ts';

const STREAMS = ['panorama', 'microphone'] as const;
const SEGMENTS = 3;

/** What a `<video>` says of itself in the page. */
interface Picture {
  readonly videoWidth: number;
  readonly currentTime: number;
  readonly paused: boolean;
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

async function recordHearing(house: House, clerk: Page): Promise<string> {
  await logIn(clerk, house, 'clerk');
  await clerk.locator('[data-face="ready"]').waitFor();
  await ringsAreFull(layoutOf(house.data).recorderSocket, STREAMS);
  await clerk.locator('.act-button[data-act="start"]').click();
  await clerk.locator('[data-face="recording"]').waitFor();
  await until(async () => segmentsOf(await house.recorderFacts(), 'panorama').length >= SEGMENTS);
  await clerk.locator('.act-button[data-act="stop"]').click();
  await clerk.locator('[data-stop="end"]').click();
  await clerk.locator('[data-face="handed-over"]').waitFor();
  const opened = (await house.siteFacts()).find((fact) => fact.type === 'session-opened');
  return opened?.type === 'session-opened' ? opened.session : '';
}

async function allSegments(house: House): Promise<SegmentFact[]> {
  const facts = await house.recorderFacts();
  return STREAMS.flatMap((stream) => segmentsOf(facts, stream));
}

async function mediaFiles(house: House): Promise<string[]> {
  const facts = await house.recorderFacts();
  return STREAMS.flatMap((stream) => siteFiles(house, facts, stream)).filter((file) => existsSync(file));
}

function verifyByCommand(house: House): {
  status: number | null;
  summary: { ok: boolean; gaps: number; purged: number };
} {
  const { status, stdout } = spawnSync(process.execPath, [PROGRAM, 'verify', house.data], { encoding: 'utf8' });
  return { status, summary: JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}') };
}

async function boxesOf(page: Page): Promise<Box[]> {
  const boxes: Box[] = [];
  for (const part of ['.tiles', '.bar', '.timeline', '.segments'])
    boxes.push((await page.locator(part).boundingBox()) as Box);
  return boxes;
}

async function isPlaying(page: Page): Promise<boolean> {
  return page
    .locator('video')
    .first()
    .evaluate((video) => {
      const { videoWidth, currentTime, paused } = video as unknown as Picture;
      return videoWidth > 0 && currentTime > 0 && !paused;
    });
}

test('a session forwarded, receipted, deleted here by policy, and fetched back from the centre into review', async () => {
  const house = await startHouse({ keepDays: 0 });
  const browser = await openBrowser();
  const clerk = await (await browser.newContext({ viewport: { width: 1024, height: 600 } })).newPage();
  const broken: string[] = [];
  clerk.on('pageerror', (error) => broken.push(error.message));
  const session = await recordHearing(house, clerk);
  const segments = await allSegments(house);
  const purged = segments.length;
  expect(purged).toBeGreaterThanOrEqual(2 * SEGMENTS);
  await until(async () => (await mediaFiles(house)).length === 0, 60_000);
  expect((await house.siteFacts()).filter(({ type }) => type === 'purged')).toHaveLength(purged);
  expect(verifyByCommand(house)).toMatchObject({ status: 0, summary: { ok: true, gaps: 0, purged } });

  // Nobody can look at it while the way to the centre is away; the page says so, and nothing on it moves.
  await house.broker.stop();
  await clerk.goto(`${house.panel}review/${session}`);
  await clerk.locator('.review-away').waitFor();
  const before = await boxesOf(clerk);
  await clerk.locator('[data-play]').click();
  for (const stream of STREAMS) await clerk.locator(`[data-tile="${stream}"] [data-recall="centre-away"]`).waitFor();
  expect(await boxesOf(clerk)).toEqual(before);

  await house.broker.start();
  await until(() => isPlaying(clerk), 60_000);
  const position = async () => Number(await clerk.locator('[data-playhead]').first().getAttribute('data-playhead'));
  const at = await position();
  await until(async () => (await position()) > at + 2_500);
  expect(await clerk.locator('[data-recall]').count()).toBe(0);
  expect(await boxesOf(clerk)).toEqual(before);

  // What is shown is what was recorded, and every look at it stands in the journal.
  const recalled = layoutOf(house.data).recalled;
  const copies = (await readdir(recalled)).filter((name) => name.endsWith('.mp4'));
  expect(copies.length).toBeGreaterThanOrEqual(4);
  for (const copy of copies) {
    const fact = segments.find(({ seg }) => seg === basename(copy, '.mp4'));
    expect(await hashFile(join(recalled, copy))).toBe(fact?.sha256);
  }
  const audits = (await house.siteFacts()).filter((fact) => fact.type === 'audit');
  const seen = audits.flatMap((fact) => (fact.type === 'audit' && fact.did === 'recall' ? [fact.object] : []));
  expect(segments.map(({ seg }) => seg)).toEqual(expect.arrayContaining(seen));
  expect(seen.length).toBeGreaterThanOrEqual(2);
  expect(broken).toEqual([]);
  expect(verifyByCommand(house)).toMatchObject({ status: 0, summary: { ok: true, gaps: 0, purged } });
}, 180_000);
