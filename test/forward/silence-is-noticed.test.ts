import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CENTRE_STATE_TOPIC, CENTRE_TOPIC } from '../../controller/core/hrc.ts';
import { publicKeyOf, signJws } from '../../controller/core/jws.ts';
import type { CentreLink } from '../../controller/core/ports.ts';
import { Scene, until } from './scene.ts';

let scene: Scene;
beforeEach(() => {
  scene = new Scene();
});
afterEach(() => scene.end());

const { privateKey } = generateKeyPairSync('ed25519');
const key = publicKeyOf(privateKey);

function documentOf(change: object = {}): string {
  const document = {
    v: 1,
    centre: 'test',
    iat: 1,
    routes: ['B'],
    ft: { chunkMax: 65_536, filesInFlight: 2 },
    receipt: { keys: [key], minDurability: 'stored' },
    min: 1,
    max: 1,
    ...change,
  };
  return signJws('hrc-centre', key.kid, document, privateKey);
}

test('a broker that keeps the word of a centre that is gone does not hide that nobody answers', async () => {
  const { url } = await scene.broker('mosquitto');
  const remains = await scene.client(url);
  await remains.publishAsync(CENTRE_TOPIC, documentOf(), { qos: 1, retain: true });
  await scene.outbox.sealMany(3, 1_000);
  const links: CentreLink[] = [];
  const forwarder = scene.forwarder(url, { trust: { keys: [key] } });
  forwarder.onLink((link) => links.push(link));
  await until('the silence is noticed', () => forwarder.link().trouble === 'the centre does not answer');
  expect(forwarder.link().state).toBe('away');
  expect(scene.outbox.receipts.size).toBe(0);
  expect(links.length).toBeLessThan(6);
});

test.each([
  ['a route this site does not have', { routes: ['D', 'E'] }, 'the centre takes routes D, E only'],
  ['another major version', { min: 2, max: 3 }, 'the centre speaks hrc/2 to hrc/3 only'],
])('a centre with %s is named as the trouble, and gets no bytes', async (_what, change, sentence) => {
  const { url } = await scene.broker('aedes');
  const centre = await scene.client(url);
  const topics: string[] = [];
  centre.on('message', (topic) => topics.push(topic));
  await centre.subscribeAsync('hrc/1/+/ft/#', { qos: 1 });
  await centre.publishAsync(CENTRE_TOPIC, documentOf(change), { qos: 1, retain: true });
  const forwarder = scene.forwarder(url, { trust: { keys: [key] }, timing: { documentMs: 100 } });
  await scene.outbox.seal(1_000);
  await until('the trouble is named', () => forwarder.link().trouble?.startsWith(sentence) === true);
  expect(topics).toEqual([]);
});

test('a centre that says nothing, and one whose word is not trusted, are told apart', async () => {
  const { url } = await scene.broker('aedes');
  const forwarder = scene.forwarder(url, { trust: { keys: [] }, timing: { documentMs: 100 } });
  await until('it is missed', () => forwarder.link().trouble === 'the centre has not said what it can do');
  const centre = await scene.client(url);
  await centre.publishAsync(CENTRE_TOPIC, documentOf(), { qos: 1, retain: true });
  await until('it is not trusted', () => forwarder.link().trouble?.includes('is not trusted') === true);
  expect(scene.siteEar.alarms('centre-away')).toHaveLength(1);
});

test('the last will of the centre stops deliveries, its return starts them again', async () => {
  const { url } = await scene.broker('mosquitto');
  await scene.centre(url);
  const forwarder = scene.forwarder(url);
  await until('connected', () => forwarder.link().state === 'connected');
  const voice = await scene.client(url);
  await voice.publishAsync(CENTRE_STATE_TOPIC, JSON.stringify({ v: 1, online: false }), { qos: 1 });
  await until('away', () => forwarder.link().trouble === 'the centre is away');
  await scene.outbox.seal(1_000);
  await voice.publishAsync(CENTRE_STATE_TOPIC, JSON.stringify({ v: 1, online: true }), { qos: 1 });
  await scene.delivered();
});

test('a broker that forbids the bytes (MQTT 5) is reported and not stormed', async () => {
  const acl = join(scene.root, 'acl');
  writeFileSync(acl, 'topic readwrite hrc/1/+/up/#\ntopic readwrite hrc/1/+/dn/#\ntopic read hrc/1/+/ft/#\n');
  const { url } = await scene.broker('mosquitto', [`acl_file ${acl}`]);
  await scene.centre(url);
  scene.forwarder(url);
  await scene.outbox.seal(1_000);
  await until('the alarm', () => scene.siteEar.alarms('broker-away').length > 0);
  expect(scene.siteEar.alarms('broker-away')[0]?.message).toContain('refused a message');
  expect(scene.outbox.receipts.size).toBe(0);
  expect(scene.siteEar.said.length).toBeLessThan(20);
});
