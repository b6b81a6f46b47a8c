import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import express from 'express';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { segmentPull } from '../../controller/api/pull.ts';
import { sha256 } from '../../controller/core/chain.ts';
import { MemoryTransfers } from '../../controller/forward/progress.ts';
import { EmqxEngine } from './emqx-engine.ts';
import { MemoryArchive } from './memory-archive.ts';
import { PlainCentre } from './plain-centre.ts';
import { Scene, until } from './scene.ts';

let scene: Scene;
let centre: PlainCentre;
let url: string;
let servers: Server[] = [];
beforeEach(async () => {
  scene = new Scene();
  ({ url } = await scene.broker('mosquitto'));
  centre = await PlainCentre.begin(scene, url);
});
afterEach(async () => {
  await scene.end();
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  servers = [];
});

function listen(server: Server): Promise<string> {
  servers.push(server);
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(`http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`);
    });
  });
}

interface Store {
  readonly origin: string;
  readonly puts: { readonly path: string; readonly bytes: Buffer; readonly headers: object }[];
  /** What the next PUTs are answered, then 200. */
  readonly says: [number, string][];
}

/** An object store as far as route C needs one. */
async function store(): Promise<Store> {
  const puts: Store['puts'] = [];
  const says: Store['says'] = [];
  const origin = await listen(
    createServer(async (request, response) => {
      const parts: Buffer[] = [];
      try {
        for await (const bytes of request) parts.push(bytes as Buffer);
      } catch {
        return;
      }
      const bytes = Buffer.concat(parts);
      const said = says.shift();
      if (said === undefined) puts.push({ path: request.url ?? '', bytes, headers: request.headers });
      response.writeHead(said?.[0] ?? 200, {
        'x-amz-checksum-sha256': createHash('sha256').update(bytes).digest('base64'),
      });
      response.end(said === undefined ? '' : `<Error><Code>${said[1]}</Code></Error>`);
    }),
  );
  return { origin, puts, says };
}

/** The centre hands out addresses of `store` and signs for what is there. */
function handsOut({ origin, puts }: Store, base = origin): void {
  centre.onRequest = (id, body) => {
    if (body['type'] !== 'upload-url') return;
    const items = (body['items'] as { seg: string; sha256: string; fileId: string; name: string }[]).map(
      ({ seg, sha256: hash, fileId, name }) => {
        void until('the file is in the store', () => puts.some(({ bytes }) => sha256(bytes) === hash)).then(
          () => centre.sign(seg),
          () => undefined,
        );
        const checksum = Buffer.from(hash, 'hex').toString('base64');
        return { seg, url: `${base}/${fileId}/${name}?signed=1`, headers: { 'x-amz-checksum-sha256': checksum } };
      },
    );
    centre.respond(id, { type: 'upload-url', items });
  };
}

test('files are put where the centre says, with the checksum it signed', async () => {
  const there = await store();
  handsOut(there);
  await centre.introduce({ routes: ['C'], put: { maxUrls: 20, origins: [there.origin] } });
  scene.forwarder(url, { trust: centre.trust });
  await scene.outbox.sealMany(3, 400_000);
  await scene.delivered(10_000);
  expect(there.puts.map(({ bytes }) => sha256(bytes)).sort()).toEqual(
    scene.outbox.items.map(({ segment }) => segment.sha256).sort(),
  );
  expect(there.puts[0]?.headers).toMatchObject({ 'content-length': '400000' });
  expect(centre.topics.some((topic) => topic.includes('/ft/'))).toBe(false);
});

test('an expired address is asked for again; a store that fails is given rest; a wrong sum is sent again', async () => {
  const there = await store();
  handsOut(there);
  there.says.push([403, 'AccessDenied'], [400, 'BadDigest']);
  await centre.introduce({ routes: ['C'], put: { maxUrls: 20, origins: [there.origin] } });
  scene.forwarder(url, { trust: centre.trust });
  await scene.outbox.seal(50_000);
  await scene.delivered(10_000);
  expect(there.puts).toHaveLength(1);
  there.says.push([503, 'InternalError']);
  await scene.outbox.seal(50_000);
  const said = () => scene.siteEar.alarms('centre-away').filter(({ message }) => message.includes('HRC-STORE'));
  await until('it rests', () => said().length === 1);
});

test('an address that is refused is heeded: asked for later, or another way is taken', async () => {
  const there = await store();
  handsOut(there);
  const give = centre.onRequest;
  const refusals = [{ code: 'HRC-QUOTA', retryS: 0 }, { code: 'HRC-INCOMPLETE' }, { code: 'HRC-NOROUTE' }];
  centre.onRequest = (id, body) => {
    const err = refusals.shift();
    if (err === undefined) give(id, body);
    else centre.respond(id, { type: 'upload-url', err });
  };
  await centre.introduce({ routes: ['C', 'B'], put: { maxUrls: 20, origins: [there.origin] } });
  scene.forwarder(url, { trust: centre.trust });
  const { segment } = await scene.outbox.seal(50_000);
  await scene.delivered(15_000);
  expect(refusals).toEqual([]);
  expect(there.puts).toEqual([]);
  expect(centre.topics.some((topic) => topic.includes(`/ft/${segment.seg}`))).toBe(true);
});

test('a file never leaves for an address that the signed document does not list', async () => {
  const [listed, other] = [await store(), await store()];
  handsOut(listed, other.origin);
  await centre.introduce({ routes: ['C'], put: { maxUrls: 20, origins: [listed.origin] } });
  scene.forwarder(url, { trust: centre.trust });
  await scene.outbox.seal(50_000);
  await until('the alarm', () =>
    scene.siteEar.alarms('centre-away').some(({ message }) => message.includes('does not list')),
  );
  expect(other.puts).toEqual([]);
  expect(scene.outbox.receipts.size).toBe(0);
});

test('a file that is changed after sealing is never put whole', async () => {
  const there = await store();
  handsOut(there);
  await centre.introduce({ routes: ['C'], put: { maxUrls: 20, origins: [there.origin] } });
  await scene.outbox.seal(600_000, { sha256: 'ab'.repeat(32) });
  scene.forwarder(url, { trust: centre.trust });
  await until('the alarm', () => scene.siteEar.alarms('verify-failed').length === 1);
  expect(there.puts).toEqual([]);
});

test('the centre pulls what is offered, with ranges, by its token only', async () => {
  const app = express();
  const server = createServer(app);
  const base = await listen(server);
  const archive = new MemoryArchive(scene.outbox);
  const forwarder = scene.forwarder(url, { trust: centre.trust, pullFrom: [base], archive });
  app.use('/v1/seg', segmentPull(forwarder.pull));
  const got = new Map<string, string>();
  const refusals: number[] = [];
  centre.onRequest = async (_id, body) => {
    const { token, items } = body as unknown as { token: string; items: { seg: string; sha256: string }[] };
    for (const { seg } of items) {
      const address = `${base}/v1/seg/${seg}`;
      const authorization = `Bearer ${token}`;
      refusals.push((await fetch(address)).status);
      refusals.push((await fetch(address, { headers: { authorization: `Bearer ${'A'.repeat(43)}` } })).status);
      const first = await fetch(address, { headers: { authorization, range: 'bytes=0-999' } });
      const etag = first.headers.get('etag') ?? '';
      const rest = await fetch(address, { headers: { authorization, range: 'bytes=1000-', 'if-range': etag } });
      expect([first.status, rest.status]).toEqual([206, 206]);
      const bytes = Buffer.concat([Buffer.from(await first.arrayBuffer()), Buffer.from(await rest.arrayBuffer())]);
      got.set(seg, sha256(bytes));
      expect(etag).toBe(`"${sha256(bytes)}"`);
      centre.sign(seg);
    }
  };
  await centre.introduce({ routes: ['D'] });
  await scene.outbox.seal(30_000);
  await scene.delivered(10_000);
  const [item] = scene.outbox.items;
  expect(got.get(item?.segment.seg ?? '')).toBe(item?.segment.sha256);
  expect(refusals).toEqual([404, 404]);
});

test('from chunks to the store in the middle of a file: same identity, one receipt', async () => {
  const engine = new EmqxEngine({ receiveMaximum: 3 });
  const engineUrl = await engine.start();
  centre = await PlainCentre.begin(scene, engineUrl);
  const there = await store();
  handsOut(there);
  await centre.introduce({ routes: ['A'] });
  scene.forwarder(engineUrl, { trust: centre.trust, rate: () => 1_000_000 });
  await scene.outbox.seal(2_000_000);
  await until('it is under way', () => engine.chunks.length >= 2);
  await centre.introduce({ routes: ['C', 'A'], put: { maxUrls: 20, origins: [there.origin] } });
  await scene.delivered(15_000);
  expect(engine.exported.size).toBe(0);
  expect(there.puts.map(({ bytes }) => sha256(bytes))).toEqual([scene.outbox.items[0]?.segment.sha256]);
  expect([...scene.outbox.receipts.values()].map((list) => list.length)).toEqual([1]);
  await engine.close();
});

test('a program that ends in the middle of a file goes on behind the last acknowledged chunk', async () => {
  const engine = new EmqxEngine({ receiveMaximum: 3 });
  const engineUrl = await engine.start();
  centre = await PlainCentre.begin(scene, engineUrl);
  engine.onExported = (fileId) => centre.sign(fileId.slice(0, 26));
  await centre.introduce({ routes: ['A'] });
  const transfers = new MemoryTransfers();
  const first = scene.forwarder(engineUrl, { trust: centre.trust, transfers, rate: () => 2_000_000 });
  const { segment } = await scene.outbox.seal(2_600_000);
  await until('some of it is there', () => engine.chunks.length >= 5);
  await first.close();
  expect(transfers.transfer(segment.seg)?.attempt).toBe(1);
  scene.forwarder(engineUrl, { trust: centre.trust, transfers });
  await scene.delivered(10_000);
  expect(engine.chunks.length).toBeLessThanOrEqual(12);
  expect(new Set(engine.inits).size).toBe(1);
  expect(transfers.transfer(segment.seg)).toBeNull();
  await engine.close();
});

test('bytes leave at the rate that is allowed, over all files together', async () => {
  await centre.introduce();
  scene.forwarder(url, { trust: centre.trust, rate: () => 1_000_000 });
  const began = performance.now();
  await scene.outbox.sealMany(3, 500_000);
  await scene.delivered(10_000);
  const tookMs = performance.now() - began;
  expect(tookMs).toBeGreaterThan(1_200);
  expect(tookMs).toBeLessThan(4_000);
});

test('after an outage newest and oldest take turns; what is no session waits', async () => {
  const order: number[] = [];
  centre.onEnd = (seg) => {
    order.push(scene.outbox.item(seg)?.siteSeq ?? 0);
    centre.sign(seg);
  };
  await scene.outbox.sealMany(40, 200);
  for (const i of [0, 1, 2]) {
    const item = scene.outbox.items[i];
    if (item !== undefined) scene.outbox.items[i] = { ...item, isSession: false };
  }
  await centre.introduce();
  scene.forwarder(url, { trust: centre.trust });
  await scene.delivered(10_000);
  expect(order.slice(0, 6).some((seq) => seq >= 38)).toBe(true);
  expect(order.slice(0, 6).some((seq) => seq === 4)).toBe(true);
  expect(order.slice(-3).every((seq) => seq <= 4 || seq > 20)).toBe(true);
  expect(order.slice(0, 10).filter((seq) => seq <= 3)).toEqual([]);
});
