import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sha256 } from '../../controller/core/chain.ts';
import { DiskShim } from '../faults/shim.ts';
import { indexOf } from '../forward/centre-index.ts';
import { Scene, until } from '../forward/scene.ts';

const PROGRAM = new URL('../../dist/controller/main.js', import.meta.url).pathname;

let scene: Scene;
let centre: ChildProcess | null = null;
beforeEach(() => {
  scene = new Scene();
});
afterEach(async () => {
  const child = centre;
  centre = null;
  if (child !== null && child.exitCode === null) {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }
  await scene.end();
});

test('a disk that is full under files, journal or index is said to the site, and what it sent is taken when there is room', async () => {
  const { url } = await scene.broker('mosquitto', ['set_tcp_nodelay true']);
  const config = join(scene.root, 'centre.yaml');
  writeFileSync(config, JSON.stringify({ centre: { folder: scene.centreFolder }, mqtt: { url } }));
  const beside = join(scene.root, 'shim');
  mkdirSync(beside);
  const shim = new DiskShim(scene.centreFolder, beside);
  await shim.open();
  const child = spawn(process.execPath, [PROGRAM, 'central', '--config', config], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...shim.environment },
  });
  centre = child;
  let log = '';
  child.stderr?.on('data', (bytes) => {
    log += bytes;
  });
  await until('the centre is connected', () => log.includes('the centre is connected'));
  let site = scene.forwarder(url);
  await scene.outbox.seal(200_000);
  await scene.delivered();
  for (const on of ['/_incoming/', '/_journal/', '/_index/']) {
    shim.rules({ call: 'write', on, fail: 'ENOSPC' });
    log = '';
    const { segment } = await scene.outbox.seal(200_000);
    await until(`the alarm about ${on}`, () => /"alarm":"(?:disk-full|disk-failed|data-not-writable)"/.test(log));
    await until('the site hears of it', () => scene.siteEar.alarms('centre-away').length > 0);
    expect(scene.outbox.isReceipted(segment.seg)).toBe(false);
    shim.rules();
    // The site sits out its rest; one that comes anew does not.
    await site.close();
    scene.siteEar.said.length = 0;
    site = scene.forwarder(url);
    await scene.delivered();
  }
  // The same process, the whole time.
  expect(child.exitCode).toBeNull();
  const stored = (await indexOf(scene.centreFolder)).flatMap((fact) => (fact.type === 'stored' ? [fact] : []));
  expect(stored.map(({ seg }) => seg)).toEqual(scene.outbox.items.map(({ segment }) => segment.seg));
  for (const { path, sha256: hash } of stored) expect(sha256(readFileSync(join(scene.centreFolder, path)))).toBe(hash);
  expect(readdirSync(join(scene.centreFolder, '_incoming'))).toEqual([]);
});
