import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { indexOf } from './centre-index.ts';
import { Scene, type TestBroker, until } from './scene.ts';

let scene: Scene;
beforeEach(() => {
  scene = new Scene();
});
afterEach(() => scene.end());

/** Every sealed segment is in the centre's index exactly once. */
async function expectEachOnce(): Promise<void> {
  const stored = (await indexOf(scene.centreFolder)).filter((fact) => fact.type === 'stored');
  expect(stored.map(({ seg }) => seg).sort()).toEqual(scene.outbox.items.map(({ segment }) => segment.seg).sort());
  for (const { segment } of scene.outbox.items) expect(scene.outbox.receipts.get(segment.seg)).toHaveLength(1);
  const alarms = scene.siteEar.said.filter(({ fields }) => fields.alarm !== undefined);
  expect(alarms).toEqual([]);
}

async function receipts(atLeast: number): Promise<void> {
  await until(`${atLeast} receipts`, () => scene.outbox.receipts.size >= atLeast);
}

describe.each(['aedes', 'mosquitto'] as const)('over %s', (kind) => {
  test('a broker that is away at the start and killed twice in the middle costs nothing but time', async () => {
    const started = await scene.broker(kind);
    await started.stop();
    await scene.outbox.sealMany(40, 900_000);
    const forwarder = scene.forwarder(started.url);
    await scene.centre(started.url);
    await until('the trouble is named', () => forwarder.link().trouble?.includes('ECONNREFUSED') === true);
    expect(forwarder.link().state).toBe('away');
    await started.restart();
    for (const count of [8, 20]) {
      await receipts(count);
      await killAndRestart(started);
    }
    await scene.delivered();
    await expectEachOnce();
    await until('the link is connected', () => forwarder.link().state === 'connected');
  });

  test('a centre that goes away in the middle and comes back is caught up with', async () => {
    const { url } = await scene.broker(kind);
    const first = await scene.centre(url);
    const forwarder = scene.forwarder(url);
    await scene.outbox.sealMany(40, 900_000);
    await receipts(10);
    await first.close();
    await until('the site sees it', () => forwarder.link().trouble === 'the centre is away');
    await scene.outbox.sealMany(3, 100_000);
    await scene.centre(url);
    await scene.delivered();
    await expectEachOnce();
    expect(forwarder.link()).toEqual({ state: 'connected', trouble: null });
  });
});

test('what the centre stored just before it went, and could not answer, is asked for and not sent again', async () => {
  const { url } = await scene.broker('mosquitto');
  await scene.centre(url);
  const first = scene.forwarder(url);
  await scene.outbox.sealMany(5, 300_000);
  await scene.delivered();
  await first.close();
  // As after a power cut of the site before the receipts were on its disk.
  scene.outbox.receipts.clear();
  const ear = await scene.client(url);
  const transfers: string[] = [];
  ear.on('message', (topic) => transfers.push(topic));
  await ear.subscribeAsync('hrc/1/+/ft/#', { qos: 1 });
  scene.forwarder(url);
  await scene.delivered();
  expect(transfers).toEqual([]);
  await expectEachOnce();
});

async function killAndRestart(started: TestBroker): Promise<void> {
  await started.stop();
  await started.restart();
}
