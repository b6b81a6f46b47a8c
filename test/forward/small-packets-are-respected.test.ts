import { afterEach, beforeEach, expect, test } from 'vitest';
import { Scene, SITE, until } from './scene.ts';

let scene: Scene;
beforeEach(() => {
  scene = new Scene();
});
afterEach(() => scene.end());

/** Sizes of the chunks that pass, and how often the bulk connection was made. */
async function watch(url: string): Promise<{ readonly sizes: number[] }> {
  const sizes: number[] = [];
  const ear = await scene.client(url);
  ear.on('message', (topic, payload) => {
    if (!topic.endsWith('/init') && !topic.includes('/fin/')) sizes.push(payload.length);
  });
  await ear.subscribeAsync('hrc/1/+/ft/#', { qos: 1 });
  return { sizes };
}

const dropped = () => scene.siteEar.said.filter(({ message }) => message.includes('no connection')).length;

test('a broker that announces small packets gets small chunks and never loses the connection over them', async () => {
  const { url } = await scene.broker('mosquitto', ['max_packet_size 20000']);
  const { sizes } = await watch(url);
  await scene.centre(url);
  scene.forwarder(url);
  await scene.outbox.sealMany(3, 300_000);
  await scene.delivered();
  await until('all chunks were seen', () => sizes.reduce((sum, size) => sum + size, 0) >= 900_000);
  expect(Math.max(...sizes)).toBeLessThan(20_000);
  expect(Math.max(...sizes)).toBeGreaterThan(19_000);
  expect(dropped()).toBe(0);
});

test('a broker that cannot announce it (3.1.1) is found out instead of being hit for ever', async () => {
  const { url } = await scene.broker('mosquitto', ['max_packet_size 70000']);
  const { sizes } = await watch(url);
  await scene.centre(url);
  scene.forwarder(url, { protocol: 4 });
  await scene.outbox.sealMany(2, 300_000);
  await scene.delivered();
  expect(Math.max(...sizes)).toBe(65_536);
  // 256 and 128 KiB fail twice each.
  expect(dropped()).toBeLessThanOrEqual(8);
});

test('a broker whose packets cannot even hold a manifest is reported, and not hit for ever', async () => {
  const { url } = await scene.broker('mosquitto', ['max_packet_size 1000']);
  await scene.centre(url);
  const forwarder = scene.forwarder(url);
  await scene.outbox.seal(1_000, { claims: Array.from({ length: 12 }, () => '01KAJ9M3W6Z8Q4T1V7X2Y5N0BD') });
  await until('the alarm', () => scene.siteEar.alarms('broker-away').length > 0);
  expect(scene.siteEar.alarms('broker-away')[0]?.message).toContain('1000 bytes');
  expect(dropped()).toBe(0);
  expect(forwarder.link()).toEqual({ state: 'connected', trouble: null });
  expect(scene.outbox.receipts.size).toBe(0);
});

test('a broker without MQTT 5 is spoken to in 3.1.1, and this is remembered', async () => {
  const started = await scene.broker('aedes');
  await scene.centre(started.url);
  const forwarder = scene.forwarder(started.url);
  await scene.outbox.seal(1_000);
  await scene.delivered();
  const noticed = () => scene.siteEar.said.filter(({ message }) => message.includes('3.1.1')).length;
  expect(noticed()).toBeGreaterThanOrEqual(1);
  const before = noticed();
  await started.stop();
  await until('the site sees it', () => forwarder.link().state === 'away');
  await started.restart();
  await scene.outbox.seal(1_000);
  await scene.delivered();
  expect(noticed()).toBe(before);
});

test('the site says that it is there, how much waits, and, when it is cut off, that it is gone', async () => {
  const { url } = await scene.broker('mosquitto');
  const ear = await scene.client(url);
  const states: { online: boolean }[] = [];
  const backlogs: { segments: number; bytes: number }[] = [];
  ear.on('message', (topic, payload) => {
    if (topic.endsWith('/state')) states.push(JSON.parse(payload.toString()));
    if (topic.endsWith('/backlog')) backlogs.push(JSON.parse(payload.toString()));
  });
  await ear.subscribeAsync(`hrc/1/${SITE}/up/#`, { qos: 1 });
  await scene.outbox.sealMany(2, 500);
  const forwarder = scene.forwarder(url);
  await until('birth and backlog', () => states.length > 0 && backlogs.length > 0);
  expect(states[0]).toMatchObject({ online: true, site: SITE, keys: [scene.signer.publicKey], siteSeq: { last: 2 } });
  expect(backlogs[0]).toMatchObject({ segments: 2, bytes: 1_000 });
  // Another client under our id throws us out without a word: the last will speaks.
  const intruder = await scene.client(url, SITE);
  await until('the last will', () => states.some(({ online }) => !online));
  await intruder.endAsync(true);
  await until('it is back', () => states.at(-1)?.online === true);
  await forwarder.close();
  await until('the farewell', () => states.at(-1)?.online === false);
  await forwarder.close();
});
