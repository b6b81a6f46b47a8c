/** The index of a site has no room while segments are forwarded: receipts are asked for again until it has, and nobody falls over. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sha256 } from '../../controller/core/chain.ts';
import type { Transfers } from '../../controller/core/site-archive.ts';
import type { ReadyFile } from './backlog.ts';
import { indexOf } from './centre-index.ts';
import { PlainCentre } from './plain-centre.ts';
import { Ear, Scene, SITE, until } from './scene.ts';
import { SealingSite } from './sealing-site.ts';

const SEGMENTS = 6;

let scene: Scene;
let site: SealingSite;
let ear: Ear;
beforeEach(async () => {
  scene = new Scene();
  ear = new Ear();
  site = await SealingSite.open(join(scene.root, 'data'), SITE, ear);
});
afterEach(async () => {
  await scene.end();
  await site.close();
});

function ready(name: string): ReadyFile {
  const bytes = randomBytes(40_000);
  const path = join(scene.root, name);
  writeFileSync(path, bytes);
  return { path, bytes: bytes.length, sha256: sha256(bytes) };
}

/** No page more than there are, or as many as SQLite can have. */
function pages(isFull: boolean): void {
  const there = site.store.sql.get<{ page_count: number }>('PRAGMA page_count')?.page_count ?? 0;
  site.store.sql.get(`PRAGMA max_page_count = ${isFull ? there : 2 ** 30}`);
}

test('a disk without room under the index raises an alarm, stops nothing else, and is gone on from when there is room', async () => {
  const { url } = await scene.broker('mosquitto');
  for (let i = 0; i < SEGMENTS; i++) await site.seal('cam-02', ready(`file-${i}`));
  pages(true);
  await scene.centre(url);
  const { outbox, archive, signer } = site;
  scene.forwarder(url, { outbox, archive, signer, transfers: archive });
  await until('the alarm', () => scene.siteEar.alarms('disk-full').length > 0);
  const stored = async () => (await indexOf(scene.centreFolder)).filter(({ type }) => type === 'stored');
  await until('the centre gets segments meanwhile', async () => (await stored()).length > 0);
  expect(outbox.pending(0, SEGMENTS).length).toBeGreaterThan(0);
  pages(false);
  await until('every receipt is kept', () => outbox.pending(0, 1).length === 0, 40_000);
  // What came while there was no room stands in the index now, once.
  await site.seal('cam-02', ready('later'));
  await until('what came later too', () => outbox.pending(0, 1).length === 0, 40_000);
  expect(await stored()).toHaveLength(SEGMENTS + 1);
  expect(outbox.lastSiteSeq()).toBe(SEGMENTS + 1);
});

test('how far a file got cannot be kept: it is sent again from the beginning, and nothing falls over', async () => {
  const { url } = await scene.broker('mosquitto');
  const centre = await PlainCentre.begin(scene, url);
  let ends = 0;
  // The first end is lost, so that there is something to be kept.
  centre.onEnd = (seg) => {
    ends += 1;
    if (ends > 1) centre.sign(seg);
  };
  await centre.introduce();
  const refuse = () => {
    throw new Error('database or disk is full');
  };
  const transfers: Transfers = { transfer: () => null, keepTransfer: refuse, forgetTransfer: refuse };
  await scene.outbox.seal(40_000);
  scene.forwarder(url, { trust: centre.trust, transfers, timing: { finResultMs: 200 } });
  await scene.delivered();
  expect(scene.siteEar.said.some(({ message }) => message.includes('was not kept'))).toBe(true);
});
