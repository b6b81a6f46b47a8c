import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import express from 'express';
import S3rver from 's3rver';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { segmentPull } from '../../controller/api/pull.ts';
import type { CentreOptions } from '../../controller/central/centre.ts';
import type { IntakeWishes } from '../../controller/central/intake/intake.ts';
import { S3Store } from '../../controller/central/s3-store.ts';
import { sha256 } from '../../controller/core/chain.ts';
import type { Receipt } from '../../controller/core/hrc.ts';
import { payloadOf } from '../../controller/core/jws.ts';
import { EmqxEngine } from '../forward/emqx-engine.ts';
import { MemoryArchive } from '../forward/memory-archive.ts';
import { clock, Scene, SITE, until } from '../forward/scene.ts';
import { KEY, REGION, StrictStore } from './strict-store.ts';

let scene: Scene;
let url: string;
let stop: () => Promise<void>;
let restart: () => Promise<void>;
let endings: (() => Promise<unknown>)[];
beforeEach(async () => {
  scene = new Scene();
  endings = [];
  ({ url, stop, restart } = await scene.broker('mosquitto'));
});
afterEach(async () => {
  await scene.end();
  for (const ending of endings) await ending();
});

function storeAt(endpoint: string, key = KEY): S3Store {
  return new S3Store({
    access: { endpoint, region: REGION, bucket: 'evidence', pathStyle: true, ...key },
    durability: 'stored',
    clock,
    log: scene.centreEar,
    timing: { connectTimeoutMs: 500, idleTimeoutMs: 500, againFirstMs: 10 },
  });
}

async function strict(): Promise<StrictStore> {
  const there = await new StrictStore().start();
  endings.push(() => there.close());
  return there;
}

/** A real S3 server of others. */
async function s3rver(): Promise<S3Store> {
  const server = new S3rver({
    ...{ port: 0, address: '127.0.0.1', silent: true, directory: join(scene.root, 'buckets') },
    configureBuckets: [{ name: 'evidence', configs: [] }],
  });
  const { port } = await server.run();
  endings.push(() => server.close());
  return storeAt(`http://127.0.0.1:${port}`, { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' });
}

function centreWith(store: S3Store, routes: IntakeWishes['routes'], more: Partial<CentreOptions> = {}, at = url) {
  return scene.centre(at, { store, wishes: { routes, pullFrom: {} }, ...more });
}

/** What the receipts say, by segment. */
function receipts(): Receipt[] {
  return [...scene.outbox.receipts.values()].flat().map((jws) => payloadOf(jws) as Receipt);
}

/** Reads what a receipt names out of the store and compares it with what was sealed. */
async function expectWhole(store: S3Store): Promise<void> {
  expect(receipts()).toHaveLength(scene.outbox.items.length);
  for (const { seg, size, object } of receipts()) {
    const parts: Buffer[] = [];
    for await (const part of await store.read(object?.key ?? '', 0, size)) parts.push(part as Buffer);
    expect(sha256(Buffer.concat(parts))).toBe(scene.outbox.item(seg)?.segment.sha256);
  }
}

test('B into a bucket: chunks come to the centre, files lie in S3, read back from there', async () => {
  const store = await s3rver();
  await centreWith(store, ['B']);
  scene.forwarder(url);
  await scene.outbox.sealMany(3, 60_000);
  await scene.delivered(10_000);
  await expectWhole(store);
  expect(receipts()[0]).toMatchObject({ verified: 'read-back', durability: 'stored', object: { store: 'evidence' } });
});

test('C: the site puts its files into the bucket; the centre signs for what the store proves', async () => {
  const there = await strict();
  const store = storeAt(there.endpoint);
  await centreWith(store, ['C', 'B']);
  scene.forwarder(url);
  await scene.outbox.sealMany(3, 60_000);
  await scene.delivered(10_000);
  await expectWhole(store);
  expect(receipts()[0]).toMatchObject({ verified: 's3-checksum', object: { version: 'v1' } });
  for (const key of there.objects.keys())
    expect(key).toMatch(new RegExp(`^${SITE}-b/[0-9A-Z]{26}-[0-9a-f]{16}-01/cam-02_`));
});

test('A: the engine exports to the bucket; its word only says where to look', async () => {
  const engine = new EmqxEngine();
  const engineUrl = await engine.start();
  const there = await strict();
  const store = storeAt(there.endpoint);
  // EMQX sends its export without a checksum of S3: it has verified its own.
  engine.onExported = (fileId) => {
    const { init, bytes } = engine.exported.get(fileId) ?? { init: {}, bytes: Buffer.alloc(0) };
    there.objects.set(`${SITE}-b/${fileId}/${String(init['name'])}`, { bytes, checksum: null, version: 'v1' });
  };
  await centreWith(store, ['A'], {}, engineUrl);
  scene.forwarder(engineUrl);
  await scene.outbox.sealMany(2, 300_000);
  await scene.delivered(10_000);
  await expectWhole(store);
  expect(receipts()[0]).toMatchObject({ verified: 'read-back' });
  expect(receipts()[0]?.object?.key).toMatch(new RegExp(`^${SITE}-b/`));
  await engine.close();
});

test('A: a centre that was away when the engine ended finds the file when it is asked for the receipt', async () => {
  const engine = new EmqxEngine();
  const engineUrl = await engine.start();
  const there = await strict();
  const held: (() => void)[] = [];
  engine.onExported = (fileId) => {
    const { init, bytes } = engine.exported.get(fileId) ?? { init: {}, bytes: Buffer.alloc(0) };
    // The bucket shows it only later, as buckets may.
    held.push(() => {
      there.objects.set(`${SITE}-b/${fileId}/${String(init['name'])}`, { bytes, checksum: null, version: 'v1' });
    });
  };
  const first = await centreWith(storeAt(there.endpoint), ['A'], {}, engineUrl);
  scene.forwarder(engineUrl);
  await scene.outbox.seal(50_000);
  await until('the engine has it', () => held.length === 1);
  await first.close();
  for (const show of held) show();
  expect(receipts()).toEqual([]);
  await centreWith(storeAt(there.endpoint), ['A'], {}, engineUrl);
  await scene.delivered(10_000);
  expect(engine.fins).toHaveLength(1);
  await engine.close();
});

/** A site that may be fetched from; `breaks` cuts the first answers in the middle. */
async function pullable(breaks = 0): Promise<{ base: string; ranges: (string | undefined)[]; app: express.Express }> {
  const app = express();
  const ranges: (string | undefined)[] = [];
  let left = breaks;
  app.use((request, response, next) => {
    ranges.push(request.headers.range);
    if (left > 0) {
      left -= 1;
      const { write } = response;
      response.write = ((...args: Parameters<typeof write>) => {
        const more = write.apply(response, args);
        setImmediate(() => request.socket.destroy());
        return more;
      }) as typeof write;
    }
    next();
  });
  const server: Server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  endings.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const base = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  return { base, ranges, app };
}

test('D: the centre fetches what is offered, goes on behind a break, and only where the configuration knows the site', async () => {
  const store = await s3rver();
  const { base, ranges, app } = await pullable(1);
  await scene.centre(url, { store, wishes: { routes: ['D'], pullFrom: { [SITE]: [base] } } });
  const forwarder = scene.forwarder(url, {
    pullFrom: ['http://127.0.0.1:1', base],
    archive: new MemoryArchive(scene.outbox),
  });
  app.use('/v1/seg', segmentPull(forwarder.pull));
  await scene.outbox.seal(400_000);
  await scene.delivered(10_000);
  await expectWhole(store);
  expect(ranges[0]).toBeUndefined();
  expect(ranges[1]).toMatch(/^bytes=[1-9]\d*-$/);
});

test('D: an offer of somewhere else is not followed; the bytes go the next way', async () => {
  const { base, ranges } = await pullable();
  await scene.centre(url, { wishes: { routes: ['D', 'B'], pullFrom: { [SITE]: ['https://10.4.17.2:8480'] } } });
  scene.forwarder(url, { pullFrom: [base], archive: new MemoryArchive(scene.outbox) });
  await scene.outbox.seal(50_000);
  await scene.delivered(10_000);
  expect(ranges).toEqual([]);
  expect(scene.centreEar.said.some(({ message }) => message.includes('where the configuration does not know it'))).toBe(
    true,
  );
});

test('from A to C in the middle of a file: one receipt, nothing in the engine', async () => {
  const engine = new EmqxEngine({ receiveMaximum: 3 });
  const engineUrl = await engine.start();
  const there = await strict();
  const first = await centreWith(storeAt(there.endpoint), ['A', 'C'], {}, engineUrl);
  scene.forwarder(engineUrl, { rate: () => 1_000_000 });
  await scene.outbox.seal(1_500_000);
  await until('it is under way', () => engine.chunks.length >= 2);
  await first.close();
  const store = storeAt(there.endpoint);
  await centreWith(store, ['C', 'A'], {}, engineUrl);
  await scene.delivered(10_000);
  expect(engine.exported.size).toBe(0);
  await expectWhole(store);
  await engine.close();
});

test('a store that is away costs time and nothing else: no receipt before, all of them after', async () => {
  const there = await strict();
  const store = storeAt(there.endpoint);
  await centreWith(store, ['B']);
  there.isDown = true;
  scene.forwarder(url);
  await scene.outbox.sealMany(3, 40_000);
  await until('the centre says so', () => scene.centreEar.alarms('store-away').length > 0);
  expect(receipts()).toEqual([]);
  there.isDown = false;
  // A connection that is new wakes what rests.
  await stop();
  await restart();
  await scene.delivered(15_000);
  await expectWhole(store);
});

test('other bytes under the name of an announced file are told to its site, which brings its own', async () => {
  const there = await strict();
  const store = storeAt(there.endpoint);
  await centreWith(store, ['C']);
  const { segment } = await scene.outbox.seal(30_000);
  there.spoilsOnce = `${SITE}-b/${segment.seg}-${segment.sha256.slice(0, 16)}-01`;
  scene.forwarder(url);
  await scene.delivered(10_000);
  expect(receipts()[0]?.fileId).toMatch(/-02$/);
  await expectWhole(store);
});

test('a site gets addresses for what it announced, in its own folder, and for nothing else', async () => {
  const there = await strict();
  await centreWith(storeAt(there.endpoint), ['C']);
  const forwarder = scene.forwarder(url);
  await scene.outbox.seal(30_000);
  await scene.delivered(10_000);
  await forwarder.close();
  const client = await scene.client(url);
  const answers: { items?: object[]; err?: { code: string } }[] = [];
  await client.subscribeAsync(`hrc/1/${SITE}/dn/rsp/#`, { qos: 1 });
  client.on('message', (_topic, payload) => answers.push(JSON.parse(payload.toString()) as object));
  const { segment } = await scene.outbox.seal(30_000);
  const good = {
    ...{ seg: segment.seg, size: segment.bytes, sha256: segment.sha256 },
    ...{ fileId: `${segment.seg}-${segment.sha256.slice(0, 16)}-01`, name: '../../other' },
  };
  const ask = async (items: unknown) => {
    const before = answers.length;
    const id = `01KAJ9M3W6Z8Q4T1V7X2Y5N0${randomBytes(1)
      .toString('hex')
      .toUpperCase()
      .replaceAll(/[ILOU]/g, '0')}`;
    await client.publishAsync(`hrc/1/${SITE}/up/req/${id}`, JSON.stringify({ v: 1, type: 'upload-url', items }), {
      qos: 1,
    });
    await until('an answer', () => answers.length > before);
    return answers.at(-1);
  };
  expect(await ask([good])).toMatchObject({ err: { code: 'HRC-INCOMPLETE' } });
  expect(await ask([{ ...good, fileId: '../../x' }])).toMatchObject({ err: { code: 'HRC-BAD' } });
  expect(await ask(Array.from({ length: 21 }, () => good))).toMatchObject({ err: { code: 'HRC-BAD' } });
  const [first] = scene.outbox.items;
  const held = first?.segment;
  const again = { ...good, seg: held?.seg, size: held?.bytes, sha256: held?.sha256 };
  const fileId = `${held?.seg}-${held?.sha256.slice(0, 16)}-01`;
  expect(await ask([{ ...again, fileId }])).toMatchObject({ items: [] });
});
