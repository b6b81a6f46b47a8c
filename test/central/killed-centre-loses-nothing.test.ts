import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { StoredFact } from '../../controller/central/facts.ts';
import { sha256 } from '../../controller/core/chain.ts';
import { indexOf } from '../forward/centre-index.ts';
import { Scene, SITE, until } from '../forward/scene.ts';

const DIST = new URL('../../dist/controller/', import.meta.url).pathname;

/** The built centre as a process of its own, so that it can be killed for real. */
const PROGRAM = `
const { Centre } = await import(${JSON.stringify(`${DIST}central/centre.js`)});
const { SystemClock } = await import(${JSON.stringify(`${DIST}ledger/system-clock.js`)});
const [url, folder] = process.argv.slice(1);
const say = (object, message) => console.log(message);
const log = { info: say, warn: say, error: say };
const backoff = { firstMs: 50, maxMs: 200 };
await new Centre({ url, folder, siteKeys: { mode: 'first-sight' }, clock: new SystemClock(), log, backoff }).start();
`;

let scene: Scene;
let centre: ChildProcess | null = null;
beforeEach(() => {
  scene = new Scene();
});
afterEach(async () => {
  await kill();
  await scene.end();
});

function startCentre(url: string): void {
  const args = ['--input-type=module', '-e', PROGRAM, '--', url, scene.centreFolder];
  centre = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
}

async function kill(): Promise<void> {
  const child = centre;
  centre = null;
  if (child === null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

test('a centre killed again and again in the middle keeps its chain whole and each segment once', async () => {
  const { url } = await scene.broker('mosquitto');
  startCentre(url);
  scene.forwarder(url);
  await scene.outbox.sealMany(60, 500_000);
  for (const count of [1, 9, 23, 38, 51]) {
    await until(`${count} receipts`, () => scene.outbox.receipts.size >= count);
    await kill();
    startCentre(url);
  }
  await scene.delivered();
  await kill();
  const stored = (await indexOf(scene.centreFolder)).filter((fact): fact is StoredFact => fact.type === 'stored');
  expect(stored.map(({ seg }) => seg).sort()).toEqual(scene.outbox.items.map(({ segment }) => segment.seg).sort());
  for (const { path, sha256: hash, receipt, seg } of stored) {
    expect(sha256(readFileSync(join(scene.centreFolder, path)))).toBe(hash);
    expect(scene.outbox.receipts.get(seg)).toEqual([receipt]);
  }
  // One file per segment and nothing else: no half file ever got a name.
  const runs = join(scene.centreFolder, SITE, 'cam-02');
  const files = readdirSync(runs).flatMap((run) => readdirSync(join(runs, run)));
  expect(files).toHaveLength(60);
});

test('a centre that cannot store says so, stores when it can, and loses nothing', async () => {
  const { url } = await scene.broker('aedes');
  mkdirSync(scene.centreFolder);
  // A file lies where the site's folder has to be.
  writeFileSync(join(scene.centreFolder, SITE), '');
  const first = await scene.centre(url);
  scene.forwarder(url);
  await scene.outbox.seal(200_000);
  await until('the centre’s alarm', () => scene.centreEar.alarms('disk-failed').length > 0);
  await until('the site’s alarm', () => scene.siteEar.alarms('centre-away').length > 0);
  expect(scene.outbox.receipts.size).toBe(0);
  rmSync(join(scene.centreFolder, SITE));
  // Coming back, the centre says so, and the site does not sit out its rest.
  await first.close();
  await scene.centre(url);
  await scene.delivered();
  expect(existsSync(join(scene.centreFolder, SITE, 'cam-02'))).toBe(true);
});
