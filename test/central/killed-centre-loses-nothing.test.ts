import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { StoredFact } from '../../controller/central/facts.ts';
import { sha256 } from '../../controller/core/chain.ts';
import { indexOf } from '../forward/centre-index.ts';
import { Scene, SITE, until } from '../forward/scene.ts';

const DIST = new URL('../../dist/controller/', import.meta.url).pathname;

/** The built centre as a process of its own, so that it can be killed for real; it kills itself at the step it is told. */
const PROGRAM = `
const [url, folder, step = '', when = ''] = process.argv.slice(1);
const part = (name) => import(${JSON.stringify(DIST)} + name);
const { Centre } = await part('central/centre.js');
const { SystemClock } = await part('ledger/system-clock.js');
const { open } = await import('node:fs/promises');
const file = await open('/dev/null');
const handles = Object.getPrototypeOf(file);
await file.close();
const places = {
  chunk: [(await part('central/parts.js')).Parts.prototype, 'chunk', () => true],
  sync: [handles, 'sync', () => syncing],
  store: [(await part('central/folder-store.js')).FolderStore.prototype, 'take', () => true],
  announced: [(await part('central/archive.js')).Archive.prototype, 'keep', (fact) => fact.type === 'announced'],
  journal: [(await part('central/archive.js')).Archive.prototype, 'keep', (fact) => fact.type === 'stored'],
  receipt: [(await part('central/replies.js')).Replies.prototype, 'send', (topic) => topic.endsWith('/dn/receipt')],
};
const die = () => process.kill(process.pid, 'SIGKILL');
let syncing = false;
const wrap = ([where, name, isIt], before, after) => {
  const real = where[name];
  where[name] = function (...args) {
    const hit = isIt(...args);
    if (hit) before();
    const result = real.apply(this, args);
    if (hit && result instanceof Promise) return result.then((value) => (after(), value));
    if (hit) after();
    return result;
  };
};
if (step === 'sync') wrap(places.store, () => (syncing = true), () => undefined);
if (step !== '') wrap(places[step], when === 'before' ? die : () => undefined, when === 'after' ? die : () => undefined);
const say = (object, message) => console.log(message);
const log = { info: say, warn: say, error: say };
const backoff = { firstMs: 50, maxMs: 200 };
await new Centre({ url, folder, siteKeys: { mode: 'first-sight' }, clock: new SystemClock(), log, backoff }).start();
`;

const STEPS = ['announced', 'chunk', 'store', 'sync', 'journal', 'receipt'].flatMap((step) => [
  [step, 'before'],
  [step, 'after'],
]);

let scene: Scene;
let centre: ChildProcess | null = null;
beforeEach(() => {
  scene = new Scene();
});
afterEach(async () => {
  await kill();
  await scene.end();
});

function startCentre(url: string, step: readonly string[] = []): ChildProcess {
  const args = ['--input-type=module', '-e', PROGRAM, '--', url, scene.centreFolder, ...step];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  centre = child;
  return child;
}

async function kill(): Promise<void> {
  const child = centre;
  centre = null;
  if (child === null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

/** Each sealed segment is held once, whole and with one receipt; no half file ever got a name. */
async function expectEachOnce(): Promise<void> {
  const stored = (await indexOf(scene.centreFolder)).filter((fact): fact is StoredFact => fact.type === 'stored');
  expect(stored.map(({ seg }) => seg).sort()).toEqual(scene.outbox.items.map(({ segment }) => segment.seg).sort());
  for (const { path, sha256: hash, receipt, seg } of stored) {
    expect(sha256(readFileSync(join(scene.centreFolder, path)))).toBe(hash);
    expect(new Set(scene.outbox.receipts.get(seg))).toEqual(new Set([receipt]));
  }
  const runs = join(scene.centreFolder, SITE, 'cam-02');
  expect(readdirSync(runs).flatMap((run) => readdirSync(join(runs, run)))).toHaveLength(stored.length);
}

test('a centre killed before and after each of its steps loses nothing and doubles nothing', async () => {
  const { url } = await scene.broker('mosquitto', ['set_tcp_nodelay true']);
  scene.forwarder(url);
  for (const step of STEPS) {
    await scene.outbox.seal(300_000);
    const child = startCentre(url, step);
    // The forwarder waits for its result; a centre that comes back makes it ask.
    await until(`it dies ${step.join(' ')}`, () => child.signalCode === 'SIGKILL');
  }
  startCentre(url);
  await scene.delivered();
  await kill();
  expect(scene.outbox.items).toHaveLength(STEPS.length);
  await expectEachOnce();
});

test('a centre killed again and again in the middle keeps its chain whole and each segment once', async () => {
  const { url } = await scene.broker('mosquitto');
  startCentre(url);
  scene.forwarder(url);
  await scene.outbox.sealMany(20, 300_000);
  for (const count of [1, 9]) {
    await until(`${count} receipts`, () => scene.outbox.receipts.size >= count);
    await kill();
    startCentre(url);
  }
  await scene.delivered();
  await kill();
  await expectEachOnce();
});

test('a centre whose index is gone, or full of noise, makes it anew and answers as before', async () => {
  const { url } = await scene.broker('aedes');
  const first = await scene.centre(url);
  const forwarder = scene.forwarder(url);
  await scene.outbox.sealMany(5, 1_000);
  await scene.delivered();
  const receipts = new Map(scene.outbox.receipts);
  await forwarder.close();
  await first.close();
  const folder = join(scene.centreFolder, '_index');
  const [file = ''] = readdirSync(folder);
  for (const harm of [
    () => rmSync(folder, { recursive: true }),
    () => writeFileSync(join(folder, file), 'noise'.repeat(10_000)),
  ]) {
    harm();
    const centre = await scene.centre(url);
    scene.outbox.receipts.clear();
    const site = scene.forwarder(url);
    await scene.delivered();
    expect(scene.outbox.receipts).toEqual(receipts);
    await site.close();
    await centre.close();
  }
  expect((await indexOf(scene.centreFolder)).filter(({ type }) => type === 'stored')).toHaveLength(5);
});

test('a second centre on the same folder is refused, and the first goes on', async () => {
  const { url } = await scene.broker('aedes');
  const first = await scene.centre(url);
  await expect(scene.centre(url)).rejects.toMatchObject({ code: 'centre-already-runs' });
  scene.forwarder(url);
  await scene.outbox.seal(1_000);
  await scene.delivered();
  await first.close();
  await scene.centre(url);
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
