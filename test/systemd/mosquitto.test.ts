/**
 * Debian's mosquitto with our configuration and access list as they are, under Debian's own main file, and certificates made by the
 * commands of the README as they stand there.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { freePort, Scene, until } from '../forward/scene.ts';

const PROJECT = new URL('../../', import.meta.url).pathname;
const RECIPE = readFileSync(join(PROJECT, 'systemd/mosquitto/README.md'), 'utf8');
const [SITE, OTHER] = ['court-0417', 'court-0418'];

let scene: Scene;
let folder: string;
let broker: ChildProcess;
let port: number;
let said = '';
const clients: MqttClient[] = [];

/** Runs one block of the recipe in the folder of the authority. */
function run(name: string, environment: object = {}): void {
  const block = new RegExp(`<!-- run: ${name} -->\\s+\`\`\`sh\\n([\\s\\S]*?)\`\`\``).exec(RECIPE)?.[1];
  if (block === undefined) throw new Error(`the recipe has no block ${name}`);
  const commands = block.replaceAll('/opt/quancheng/', PROJECT);
  execFileSync('bash', ['-euc', commands], { cwd: folder, env: { ...process.env, ...environment }, stdio: 'pipe' });
}

function issue(site: string): void {
  run('site request', { SITE: site });
  run('site', { SITE: site });
}

beforeAll(async () => {
  scene = new Scene(SITE);
  folder = scene.root;
  // The broker drops its rights to those of its own user.
  chmodSync(folder, 0o777);
  run('authority');
  run('broker', { BROKER: 'localhost' });
  for (const name of [SITE, OTHER, 'centre']) issue(name);
  chmodSync(join(folder, 'broker.key'), 0o644);
  port = await freePort();
  mkdirSync(join(folder, 'conf.d'));
  const moved = (text: string, from: string, to: string): string => {
    expect(text).toContain(from);
    return text.replaceAll(from, to);
  };
  const ours = readFileSync(join(PROJECT, 'systemd/mosquitto/quancheng.conf'), 'utf8');
  const placed = moved(moved(ours, '/etc/mosquitto/certs', folder), 'listener 8883', `listener ${port} 127.0.0.1`);
  const acl = join(PROJECT, 'systemd/mosquitto/quancheng.acl');
  writeFileSync(join(folder, 'conf.d/quancheng.conf'), moved(placed, '/etc/mosquitto/quancheng.acl', acl));
  // As Debian installs it, but for its places.
  const main = [
    'persistence true',
    `persistence_location ${folder}/`,
    'log_dest stderr',
    `include_dir ${folder}/conf.d`,
  ];
  writeFileSync(join(folder, 'mosquitto.conf'), `${main.join('\n')}\n`);
  await start();
});

afterAll(async () => {
  for (const client of clients) client.end(true);
  await stop();
  await scene.end();
  rmSync(folder, { recursive: true, force: true });
});

async function start(): Promise<void> {
  said = '';
  broker = spawn('/usr/sbin/mosquitto', ['-v', '-c', join(folder, 'mosquitto.conf')]);
  for (const stream of [broker.stdout, broker.stderr])
    stream?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
  await vi.waitFor(() => expect(said).toMatch(/running/), { timeout: 10_000 });
}

async function stop(): Promise<void> {
  const gone = new Promise((resolve) => broker.once('exit', resolve));
  broker.kill();
  await gone;
}

const pem = (name: string): string => readFileSync(join(folder, name), 'utf8');
const tlsOf = (name: string) => ({ ca: pem('ca.pem'), cert: pem(`${name}.pem`), key: pem(`${name}.key`) });

async function connect(options: IClientOptions): Promise<MqttClient> {
  const client = await mqtt.connectAsync(`mqtts://localhost:${port}`, {
    ...{ protocolVersion: 5, reconnectPeriod: 0, connectTimeout: 3_000, ...options },
  });
  client.on('error', () => undefined);
  clients.push(client);
  return client;
}

/** What a client received so far, as topics. */
function topicsAt(client: MqttClient): string[] {
  const topics: string[] = [];
  client.on('message', (topic) => topics.push(topic));
  return topics;
}

const send = (client: MqttClient, topic: string) => client.publishAsync(topic, 'x', { qos: 1 }).catch(() => undefined);

test('the configuration has no line that mosquitto complains about', () => {
  // The access list says why it has one pattern without a place for the user.
  const remarks = said.split('\n').filter((line) => !line.includes("ACL pattern 'hrc/1/all/dn/#'"));
  expect(remarks.join('\n')).not.toMatch(/error|unknown|deprecated|warning/i);
});

test('a site reaches the centre and the centre the site, and no site sees another', async () => {
  const [a, b, centre] = [await connect(tlsOf(SITE)), await connect(tlsOf(OTHER)), await connect(tlsOf('centre'))];
  const [atA, atB, atCentre] = [topicsAt(a), topicsAt(b), topicsAt(centre)];
  await centre.subscribeAsync(['hrc/1/+/up/#', 'hrc/1/+/ft/#'], { qos: 1 });
  await a.subscribeAsync([`hrc/1/${SITE}/dn/#`, `hrc/1/${SITE}/df/#`, 'hrc/1/all/dn/#'], { qos: 1 });
  // Refused or not, nothing may come of it.
  const greedy = ['#', `hrc/1/${SITE}/dn/#`, `hrc/1/${SITE}/df/#`, 'hrc/1/+/up/#', 'hrc/1/all/dn/#'];
  await b.subscribeAsync(greedy, { qos: 1 }).catch(() => undefined);
  await send(a, `hrc/1/${SITE}/up/seg`);
  await send(a, `hrc/1/${SITE}/ft/1/init`);
  await send(a, `hrc/1/${OTHER}/up/seg`);
  await send(a, `hrc/1/${SITE}/df/1/2`);
  await send(b, `hrc/1/${SITE}/dn/receipt`);
  await send(b, `hrc/1/${SITE}/ft/1/init`);
  await send(b, 'hrc/1/all/dn/centre');
  await send(centre, `hrc/1/${SITE}/dn/receipt`);
  await send(centre, `hrc/1/${SITE}/df/1/2`);
  await send(centre, 'hrc/1/all/dn/centre');
  await send(a, `hrc/1/${SITE}/up/last`);
  await expect
    .poll(() => atCentre)
    .toEqual([`hrc/1/${SITE}/up/seg`, `hrc/1/${SITE}/ft/1/init`, `hrc/1/${SITE}/up/last`]);
  await expect.poll(() => atA).toEqual([`hrc/1/${SITE}/dn/receipt`, `hrc/1/${SITE}/df/1/2`, 'hrc/1/all/dn/centre']);
  // Its subscriptions overlap, so it may get the same message more than once.
  await expect.poll(() => [...new Set(atB)]).toEqual(['hrc/1/all/dn/centre']);
});

test('who has no certificate of this authority for a client does not come in', async () => {
  const ca = pem('ca.pem');
  await expect(connect({ ca })).rejects.toThrow();
  await expect(connect({ ca, username: SITE, password: 'x' })).rejects.toThrow();
  await expect(connect(tlsOf('broker'))).rejects.toThrow();
  const own = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  execFileSync('openssl', [...own, '-subj', `/CN=${SITE}`, '-keyout', 'own.key', '-out', 'own.pem'], {
    cwd: folder,
    stdio: 'ignore',
  });
  await expect(connect(tlsOf('own'))).rejects.toThrow();
});

test('a user name that is said counts for nothing beside the one in the certificate', async () => {
  const centre = await connect(tlsOf('centre'));
  const heard = topicsAt(centre);
  await centre.subscribeAsync('hrc/1/+/up/#', { qos: 1 });
  const b = await connect({ ...tlsOf(OTHER), username: SITE, password: 'x' });
  await send(b, `hrc/1/${SITE}/up/seg`);
  await send(b, `hrc/1/${OTHER}/up/seg`);
  await expect.poll(() => heard).toEqual([`hrc/1/${OTHER}/up/seg`]);
});

test('a site can throw another off by its client id, and gains nothing by it: what mosquitto cannot prevent', async () => {
  const a = await connect({ ...tlsOf(SITE), clientId: SITE });
  const persistent = { clean: false, properties: { sessionExpiryInterval: 600 } };
  await a.subscribeAsync(`hrc/1/${SITE}/dn/#`, { qos: 1 });
  const b = await connect({ ...tlsOf(OTHER), clientId: SITE, ...persistent });
  const heard = topicsAt(b);
  await expect.poll(() => a.connected).toBe(false);
  await b.subscribeAsync([`hrc/1/${SITE}/dn/#`, `hrc/1/${OTHER}/dn/#`], { qos: 1 }).catch(() => undefined);
  const centre = await connect(tlsOf('centre'));
  await send(centre, `hrc/1/${SITE}/dn/receipt`);
  await send(centre, `hrc/1/${OTHER}/dn/receipt`);
  await expect.poll(() => heard).toEqual([`hrc/1/${OTHER}/dn/receipt`]);
});

test('segments go through it, from a real site to a real centre', async () => {
  const url = `mqtts://localhost:${port}`;
  await scene.centre(url, { tls: tlsOf('centre') });
  const forwarder = scene.forwarder(url, { tls: tlsOf(SITE) });
  await scene.outbox.sealMany(2, 50_000);
  await scene.delivered(10_000);
  await forwarder.close();
});

test('a key that was stolen is taken back, and its owner comes in again with another one', async () => {
  const b = await connect(tlsOf(OTHER));
  run('revoke', { SITE: OTHER });
  broker.kill('SIGHUP');
  await until('the list is read again', async () => {
    const client = await connect(tlsOf(OTHER)).catch(() => null);
    client?.end(true);
    return client === null;
  });
  // Who is connected stays: that is why the recipe says restart.
  expect(b.connected).toBe(true);
  await stop();
  await start();
  await expect(connect(tlsOf(OTHER))).rejects.toThrow();
  issue(OTHER);
  expect((await connect(tlsOf(OTHER))).connected).toBe(true);
  run('ends');
});
