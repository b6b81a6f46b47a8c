/** Debian's mosquitto takes the configuration as it is, and its access list keeps sites apart. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mqtt, { type MqttClient } from 'mqtt';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

const CONFIGURATION = new URL('../../systemd/mosquitto/', import.meta.url).pathname;
const PASSWORD = 'of-the-test';

let folder: string;
let broker: ChildProcess;
let port: number;
let said = '';
const clients: MqttClient[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'quancheng-broker-'));
  chmodSync(folder, 0o777);
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  const [key, pem] = ['broker.key', 'broker.pem'];
  openssl(
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '2',
    '-subj',
    '/CN=localhost',
    '-keyout',
    key,
    '-out',
    pem,
  );
  chmodSync(join(folder, key), 0o644);
  for (const user of ['site-a', 'site-b', 'centre']) {
    const isFirst = user === 'site-a' ? ['-c'] : [];
    execFileSync('mosquitto_passwd', [...isFirst, '-b', 'passwd', user, PASSWORD], { cwd: folder });
  }
  chmodSync(join(folder, 'passwd'), 0o644);
  port = await freePort();
  const configuration = readFileSync(join(CONFIGURATION, 'quancheng.conf'), 'utf8');
  const places: readonly (readonly [string, string])[] = [
    ['listener 8883', `listener ${port} 127.0.0.1`],
    ['/etc/mosquitto/quancheng.passwd\nacl', `${folder}/passwd\nacl`],
    ['acl_file /etc/mosquitto/quancheng.acl', `acl_file ${CONFIGURATION}quancheng.acl`],
    ['/etc/mosquitto/certs/ca.pem', `${folder}/${pem}`],
    ['/etc/mosquitto/certs/broker.pem', `${folder}/${pem}`],
    ['/etc/mosquitto/certs/broker.key', `${folder}/${key}`],
    ['/var/lib/mosquitto/', `${folder}/`],
  ];
  const adapted = places.reduce((text, [from, to]) => {
    expect(text).toContain(from);
    return text.replace(from, to);
  }, configuration);
  writeFileSync(join(folder, 'mosquitto.conf'), adapted);
  broker = spawn('mosquitto', ['-v', '-c', join(folder, 'mosquitto.conf')], {
    env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` },
  });
  for (const stream of [broker.stdout, broker.stderr])
    stream?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await vi.waitFor(() => expect(said).toMatch(/running/), { timeout: 10_000 });
});

afterAll(async () => {
  for (const client of clients) client.end(true);
  broker.kill();
  rmSync(folder, { recursive: true, force: true });
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

async function connect(username: string, password = PASSWORD): Promise<MqttClient> {
  const ca = readFileSync(join(folder, 'broker.pem'));
  const url = `mqtts://localhost:${port}`;
  const client = await mqtt.connectAsync(url, {
    username,
    password,
    ca,
    protocolVersion: 5,
    reconnectPeriod: 0,
  });
  clients.push(client);
  return client;
}

/** What a client received so far, as topics. */
function topicsAt(client: MqttClient): string[] {
  const topics: string[] = [];
  client.on('message', (topic) => topics.push(topic));
  return topics;
}

test('the configuration has no line that mosquitto complains about', () => {
  // The access list says why it has one pattern without a place for the user.
  const remarks = said.split('\n').filter((line) => !line.includes("ACL pattern 'hrc/1/all/dn/#'"));
  expect(remarks.join('\n')).not.toMatch(/error|unknown|deprecated|warning/i);
});

test('a site reaches the centre and the centre the site, and no site sees another', async () => {
  const [a, b, centre] = [await connect('site-a'), await connect('site-b'), await connect('centre')];
  const [atA, atB, atCentre] = [topicsAt(a), topicsAt(b), topicsAt(centre)];
  await centre.subscribeAsync(['hrc/1/+/up/#', 'hrc/1/+/ft/#'], { qos: 1 });
  await a.subscribeAsync(['hrc/1/site-a/dn/#', 'hrc/1/all/dn/#'], { qos: 1 });
  // Refused or not, nothing may come of it.
  await b
    .subscribeAsync(['#', 'hrc/1/site-a/dn/#', 'hrc/1/+/up/#', 'hrc/1/all/dn/#'], { qos: 1 })
    .catch(() => undefined);

  const send = (client: MqttClient, topic: string) =>
    client.publishAsync(topic, 'x', { qos: 1 }).catch(() => undefined);
  await send(a, 'hrc/1/site-a/up/seg');
  await send(a, 'hrc/1/site-a/ft/1/init');
  await send(a, 'hrc/1/site-b/up/seg');
  await send(b, 'hrc/1/site-a/dn/receipt');
  await send(b, 'hrc/1/all/dn/centre');
  await send(centre, 'hrc/1/site-a/dn/receipt');
  await send(centre, 'hrc/1/all/dn/centre');
  await send(a, 'hrc/1/site-a/up/last');
  await expect.poll(() => atCentre).toEqual(['hrc/1/site-a/up/seg', 'hrc/1/site-a/ft/1/init', 'hrc/1/site-a/up/last']);
  await expect.poll(() => atA).toEqual(['hrc/1/site-a/dn/receipt', 'hrc/1/all/dn/centre']);
  // Its subscriptions overlap, so it may get the same message more than once.
  await expect.poll(() => [...new Set(atB)]).toEqual(['hrc/1/all/dn/centre']);
});

test('a wrong password and no password do not come in', async () => {
  await expect(connect('site-a', 'wrong')).rejects.toThrow(/not authorized/i);
  await expect(connect('', '')).rejects.toThrow(/not authorized|bad user/i);
});
