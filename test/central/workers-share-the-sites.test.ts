import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { publicKeysFileOf } from '../../controller/central/folders.ts';
import { workerOf } from '../../controller/central/workers.ts';
import { indexOf } from '../forward/centre-index.ts';
import { Scene, slowWayTo, until } from '../forward/scene.ts';

const PROGRAM = new URL('../../dist/controller/main.js', import.meta.url).pathname;
/** One site for each of two workers. */
const SITES = Array.from({ length: 20 }, (_, i) => `court-${i}0`);
const [FIRST = '', SECOND = ''] = [0, 1].map((index) => SITES.find((site) => workerOf(site, 2) === index));

let scene: Scene;
let other: Scene;
let centre: ChildProcess | null = null;
let log = '';
beforeEach(() => {
  scene = new Scene(FIRST);
  other = new Scene(SECOND);
  log = '';
});
afterEach(async () => {
  await stop('SIGKILL');
  await other.end();
  await scene.end();
});

/** `quancheng central` with two workers, by a file of its own. */
async function startCentre(url: string): Promise<void> {
  const config = join(scene.root, 'centre.yaml');
  writeFileSync(config, JSON.stringify({ centre: { folder: scene.centreFolder, workers: 2 }, mqtt: { url } }));
  const child = spawn(process.execPath, [PROGRAM, 'central', '--config', config], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  centre = child;
  let out = '';
  child.stdout?.on('data', (bytes) => {
    out += bytes;
  });
  child.stderr?.on('data', (bytes) => {
    log += bytes;
  });
  await until('the centre is ready', () => out.includes('ready '));
  await until('three connections', () => log.split('the centre is connected').length === 4);
}

async function stop(signal: NodeJS.Signals): Promise<number | null> {
  const child = centre;
  centre = null;
  if (child === null || child.exitCode !== null) return null;
  const gone = new Promise<number | null>((resolve) => child.once('exit', resolve));
  child.kill(signal);
  return gone;
}

/** Process ids of the workers, as the kernel lists the children of the centre. */
function workers(): number[] {
  const pid = String(centre?.pid);
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
}

function pidOf(worker: number): number {
  const args = `--worker\0${worker}\0`;
  return workers().find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(args)) ?? 0;
}

const forward = (from: Scene, url: string, site: string) =>
  from.forwarder(url, { site, trust: { file: publicKeysFileOf(scene.centreFolder) } });

test('each site has its worker; one killed in the middle of a file comes back, and nothing is lost or doubled', async () => {
  const { url, port } = await scene.broker('mosquitto', ['set_tcp_nodelay true']);
  await startCentre(url);
  expect(workers()).toHaveLength(2);
  const slow = await slowWayTo(port, 2_000_000);
  forward(scene, slow.url, FIRST);
  forward(other, url, SECOND);
  await scene.outbox.sealMany(2, 50_000);
  await other.outbox.sealMany(8, 50_000);
  await scene.delivered();
  await other.delivered();
  // A file of a second and a half, of which some has arrived.
  const large = await scene.outbox.seal(3_000_000);
  const incoming = join(scene.centreFolder, '_incoming', '0');
  const arriving = () => readdirSync(incoming).map((name) => statSync(join(incoming, name)).size);
  await until('half of a file is there', () => arriving().some((size) => size > 1_000_000));
  const killed = pidOf(0);
  process.kill(killed, 'SIGKILL');
  await other.outbox.sealMany(3, 50_000);
  await scene.delivered();
  await other.delivered();
  expect(pidOf(0)).not.toBe(killed);
  expect(log.split('"alarm":"worker-died"')).toHaveLength(2);
  slow.close();
  const children = workers();
  expect(await stop('SIGTERM')).toBe(0);
  expect(children.filter((pid) => existsSync(`/proc/${pid}`))).toEqual([]);
  const stored = (await indexOf(scene.centreFolder)).flatMap((fact) => (fact.type === 'stored' ? [fact] : []));
  const sealed = [...scene.outbox.items, ...other.outbox.items].map(({ segment }) => segment.seg);
  expect(stored.map(({ seg }) => seg).sort()).toEqual(sealed.sort());
  expect(stored.find(({ seg }) => seg === large.segment.seg)?.site).toBe(FIRST);
  for (const { path, sha256 } of stored)
    expect(
      createHash('sha256')
        .update(readFileSync(join(scene.centreFolder, path)))
        .digest('hex'),
    ).toBe(sha256);
});

test('another number of workers moves as few sites as can be', () => {
  const sites = Array.from({ length: 400 }, (_, i) => `site-${i}`);
  const of = (count: number) => sites.map((site) => workerOf(site, count));
  for (const index of [0, 1, 2, 3]) expect(of(4).filter((one) => one === index).length).toBeGreaterThan(70);
  const moved = sites.filter((site) => workerOf(site, 4) !== workerOf(site, 5));
  expect(moved.every((site) => workerOf(site, 5) === 4)).toBe(true);
});
