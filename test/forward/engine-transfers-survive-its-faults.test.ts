import { afterEach, beforeEach, expect, test } from 'vitest';
import { sha256 } from '../../controller/core/chain.ts';
import type { ForwarderOptions } from '../../controller/forward/forwarder-options.ts';
import { EmqxEngine, type Faults } from './emqx-engine.ts';
import { PlainCentre } from './plain-centre.ts';
import { Scene, SITE, until } from './scene.ts';

let scene: Scene;
let engine: EmqxEngine;
beforeEach(() => {
  scene = new Scene();
});
afterEach(async () => {
  await scene.end();
  await engine.close();
});

/** An engine with faults, a centre that signs for what the engine exported, and a site. */
async function stage(faults: Faults = {}, change: Partial<ForwarderOptions> = {}, routes = ['A']) {
  engine = new EmqxEngine(faults);
  const url = await engine.start();
  const centre = await PlainCentre.begin(scene, url);
  engine.onExported = (fileId) => centre.sign(fileId.slice(0, 26));
  await centre.introduce({ routes });
  const forwarder = scene.forwarder(url, {
    trust: centre.trust,
    ...change,
    timing: { initResponseMs: 300, ...change.timing },
  });
  return { url, centre, forwarder };
}

function hashes(): string[] {
  return [...engine.exported.values()].map(({ bytes }) => sha256(bytes)).sort();
}

function sealed(): string[] {
  return scene.outbox.items.map(({ segment }) => segment.sha256).sort();
}

test('files arrive whole by the file transfer of the engine, with openings that fit an object store', async () => {
  await stage();
  await scene.outbox.sealMany(5, 700_000);
  await scene.delivered(12_000);
  expect(hashes()).toEqual(sealed());
  for (const init of engine.inits) {
    expect(init.length).toBeLessThan(1_024);
    expect(JSON.parse(init).name).not.toMatch(/[:/\\]/);
    expect(JSON.parse(init).user_data.site).toBe(SITE);
  }
  for (const fileId of engine.exported.keys()) expect(fileId).toHaveLength(46);
});

test.each<[string, Faults]>([
  ['refuses two chunks', { chunkSays: ['checksum_mismatch', 'enospc'] }],
  ['throws acknowledged chunks away', { dropsChunks: 2 }],
  ['says incomplete at the end, twice', { finSays: ['incomplete', 'read_segment'] }],
  ['finds another hash', { finSays: ['internal_error'] }],
  ['answers the end late', { finDelayMs: 300 }],
  ['cuts the connection in the middle', { cutAfterChunks: 2 }],
  ['takes two messages at a time', { receiveMaximum: 4 }],
  ['takes tiny packets', { maximumPacketSize: 9_000 }],
  ['says that a packet was too large', { disconnectsWith: 0x95 }],
  ['asks for rest', { disconnectsWith: 0x97 }],
  ['refuses the opening once', { initSays: ['filemeta_conflict'] }],
])('an engine that %s gets every file in the end', async (_what, faults) => {
  await stage(faults);
  await scene.outbox.sealMany(2, 600_000);
  await scene.delivered(12_000);
  expect(hashes()).toEqual(sealed());
  if (faults.receiveMaximum !== undefined) expect(engine.mostUnacknowledged).toBeLessThanOrEqual(2);
  if (faults.maximumPacketSize !== undefined) expect(engine.largestPacket).toBeLessThanOrEqual(9_000);
});

test('an engine without room for a chunk is given rest, and people are told', async () => {
  await stage({ chunkSays: ['enospc'] });
  await scene.outbox.seal(300_000);
  const said = () => scene.siteEar.alarms('centre-away').filter(({ message }) => message.includes('HRC-STORE'));
  await until('it rests', () => said().length === 1);
  expect(engine.fins).toEqual([]);
});

test('a connection cut in the middle goes on behind the last acknowledged chunk, word for word', async () => {
  await stage({ cutAfterChunks: 6, receiveMaximum: 3 });
  await scene.outbox.seal(2_600_000);
  await scene.delivered(12_000);
  expect(new Set(engine.inits).size).toBe(1);
  const offsets = engine.chunks.map(({ offset }) => offset);
  // Ten chunks; only what was on its way when the connection went is sent twice.
  expect(offsets.length).toBeLessThanOrEqual(12);
  expect(new Set(offsets).size).toBe(10);
});

test('a lost answer to the end is asked for, not taken for a loss', async () => {
  await stage({ losesResponses: 'fin' }, { timing: { finResultMs: 300 } });
  await scene.outbox.seal(300_000);
  await scene.delivered(12_000);
  expect(engine.chunks).toHaveLength(2);
});

test.each([
  ['says that nobody listens', {}],
  ['hides that nobody listens', { hides0x10: true }],
])('a broker without a file transfer that %s is found out; the next route takes over', async (_what, faults) => {
  const { centre } = await stage({ hasNoFileTransfer: true, ...faults }, {}, ['A', 'B']);
  await scene.outbox.sealMany(3, 300_000);
  await scene.delivered(12_000);
  expect(engine.exported.size).toBe(0);
  expect(centre.topics.filter((topic) => topic.includes('/ft/') && topic.includes('/fin/'))).toHaveLength(3);
  const alarms = scene.siteEar.alarms('centre-away').filter(({ message }) => message.includes('route A'));
  expect(alarms).toHaveLength(1);
});

test('mosquitto is such a broker', async () => {
  engine = new EmqxEngine();
  const { url } = await scene.broker('mosquitto');
  const centre = await PlainCentre.begin(scene, url);
  await centre.introduce({ routes: ['A', 'B'] });
  scene.forwarder(url, { trust: centre.trust });
  await scene.outbox.seal(1_000);
  await scene.delivered(12_000);
  expect(scene.siteEar.said.some(({ message }) => message.includes('this broker has no file transfer'))).toBe(true);
});

test('a second controller under the same id is named and stops the storm', async () => {
  const { url, centre } = await stage({}, { timing: { takenOverMs: 60_000 } });
  await until('it is there', () => scene.siteEar.said.length >= 0 && engine.mostUnacknowledged > 0);
  const other = scene.forwarder(url, { trust: centre.trust, timing: { takenOverMs: 60_000 } });
  await until('the other is in', () => other.link().state === 'connected');
  await until('the first one says why', () =>
    scene.siteEar.alarms('broker-away').some(({ message }) => message.includes('another controller')),
  );
  expect(scene.siteEar.alarms('broker-away').length).toBeLessThanOrEqual(2);
});

test('what the engine holds counts as sent, never as receipted', async () => {
  const { forwarder } = await stage();
  engine.onExported = () => undefined;
  await scene.outbox.seal(300_000);
  await until('the engine has it', () => engine.exported.size === 1);
  await until('its receipt is missed', () =>
    scene.siteEar.said.some(({ message }) => message.includes('tried again later')),
  );
  expect(scene.outbox.receipts.size).toBe(0);
  expect(engine.fins).toHaveLength(1);
  expect(forwarder.link().state).toBe('connected');
});
