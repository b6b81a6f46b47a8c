/** The built program, with its workers, from a configuration file with a bucket in it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { publicKeysFileOf } from '../../controller/central/folders.ts';
import { sha256 } from '../../controller/core/chain.ts';
import type { Receipt } from '../../controller/core/hrc.ts';
import { payloadOf } from '../../controller/core/jws.ts';
import { Scene, until } from '../forward/scene.ts';
import { KEY, REGION, StrictStore } from './strict-store.ts';

const PROGRAM = new URL('../../dist/controller/main.js', import.meta.url).pathname;

let scene: Scene;
let there: StrictStore;
let program: ChildProcess | null;
beforeEach(async () => {
  scene = new Scene();
  there = await new StrictStore().start();
  program = null;
});
afterEach(async () => {
  const child = program;
  if (child !== null && child.exitCode === null) {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill();
    await gone;
  }
  await scene.end();
  await there.close();
});

/** Starts `quancheng central` and answers what it prints. */
function central(url: string, routes: string, workers: number): () => string {
  const file = join(scene.root, 'centre.yaml');
  const store = `{ endpoint: "${there.endpoint}", region: ${REGION}, bucket: evidence, login: bucket }`;
  const lines = [`mqtt: { url: "${url}" }`, 'secrets: secrets.yaml', 'centre:', `  folder: ${scene.centreFolder}`];
  writeFileSync(file, [...lines, `  routes: ${routes}`, `  workers: ${workers}`, `  store: ${store}`, ''].join('\n'));
  const { accessKeyId, secretAccessKey } = KEY;
  const secrets = `logins:\n  bucket: { user: ${accessKeyId}, password: "${secretAccessKey}" }\n`;
  writeFileSync(join(scene.root, 'secrets.yaml'), secrets, { mode: 0o600 });
  const child = spawn(process.execPath, [PROGRAM, 'central', '--config', file]);
  program = child;
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (bytes: Buffer) => {
      said += bytes.toString();
    });
  return () => said;
}

test.each([
  ['B, by a worker', '[B]', 1],
  ['C, by the site itself', '[C, B]', 0],
])('%s', async (_way, routes, workers) => {
  const { url } = await scene.broker('mosquitto');
  const said = central(url, routes, workers);
  await until('it is ready', () => said().includes('ready {'));
  scene.forwarder(url, { trust: { file: publicKeysFileOf(scene.centreFolder) } });
  await scene.outbox.sealMany(2, 40_000);
  await scene.delivered(20_000);
  for (const jws of [...scene.outbox.receipts.values()].flat()) {
    const { seg, object, verified } = payloadOf(jws) as Receipt;
    const kept = there.objects.get(object?.key ?? '');
    expect(sha256(kept?.bytes ?? Buffer.alloc(0))).toBe(scene.outbox.item(seg)?.segment.sha256);
    expect(verified).toBe('s3-checksum');
    expect(object?.key?.includes('-b/')).toBe(workers === 0);
  }
  expect(said()).not.toContain(KEY.secretAccessKey);
});

test('without its bucket it says so, and what to do', async () => {
  there.deniesWrites = true;
  const said = central('mqtt://127.0.0.1:9', '[B]', 0);
  await until('it ends', () => program?.exitCode !== null);
  expect(program?.exitCode).toBe(2);
  expect(said()).toContain('[store-refused]');
  expect(said()).not.toContain(KEY.secretAccessKey);
});
