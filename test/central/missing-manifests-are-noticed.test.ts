import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { MqttClient } from 'mqtt';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Archive } from '../../controller/central/archive.ts';
import { type ChainFaultRow, chainFaults, outboxGaps, streamGaps } from '../../controller/central/chain-rows.ts';
import { CHAPTERS } from '../../controller/central/chapters.ts';
import { type Manifest, topicsOf } from '../../controller/core/hrc.ts';
import { jwsHash, payloadOf } from '../../controller/core/jws.ts';
import type { OutboxItem } from '../../controller/core/ports.ts';
import { indexOf } from '../forward/centre-index.ts';
import { MemoryArchive } from '../forward/memory-archive.ts';
import { clock, Ear, Scene, SITE, until } from '../forward/scene.ts';

const topics = topicsOf(SITE);
const REPLAYS = { lookEveryMs: 20, quietMs: 100, retryMs: 50, restMs: 60_000 };

let scene: Scene;
let url: string;
beforeEach(async () => {
  scene = new Scene();
  ({ url } = await scene.broker('aedes'));
});
afterEach(() => scene.end());

/** The index of a folder whose centre is closed, as it is, or made anew. */
async function read<T>(look: (archive: Archive) => T, anew = false): Promise<T> {
  if (anew) rmSync(join(scene.centreFolder, '_index'), { recursive: true });
  const archive = new Archive({ folder: scene.centreFolder, chapters: CHAPTERS, clock, log: new Ear() });
  await archive.open();
  try {
    return look(archive);
  } finally {
    await archive.close();
  }
}

/** A client that says word by word what a site would. */
async function site(last: number, onCommand: (id: string) => void = () => undefined): Promise<MqttClient> {
  const client = await scene.client(url);
  client.on('message', (topic) => {
    if (topic.startsWith(topics.orders)) onCommand(topic.slice(topics.orders.length));
  });
  await client.subscribeAsync(topics.downFilter, { qos: 1 });
  const birth = { v: 1, online: true, site: SITE, keys: [scene.signer.publicKey], siteSeq: { last } };
  await client.publishAsync(topics.state, JSON.stringify(birth), { qos: 1 });
  return client;
}

async function announce(client: MqttClient, ...items: readonly Pick<OutboxItem, 'siteSeq' | 'jws'>[]): Promise<void> {
  const list = items.map(({ siteSeq, jws }) => ({ v: 1, siteSeq, state: 'local', jws }));
  await client.publishAsync(topics.seg, JSON.stringify(list), { qos: 1 });
}

const announcedCount = async () =>
  (await indexOf(scene.centreFolder)).filter(({ type }) => type === 'announced').length;
const resign = (item: OutboxItem, change: Partial<Manifest>): OutboxItem => ({
  ...item,
  jws: scene.signer.sign('hrc-seg', { ...(payloadOf(item.jws) as Manifest), ...change }),
});

describe('the chain of a stream', () => {
  test('holds in whatever order its manifests come, how often, and sealed again', async () => {
    const centre = await scene.centre(url);
    await scene.outbox.sealMany(6, 100);
    const [a, b, c, d, e, f] = scene.outbox.items as [
      ...[OutboxItem, OutboxItem, OutboxItem, OutboxItem, OutboxItem, OutboxItem],
    ];
    const client = await site(6);
    const again = resign(d, { was: jwsHash(d.jws) });
    await announce(client, e, b, e);
    await announce(client, again, f, a);
    await announce(client, c, d);
    await until('all are written down', async () => (await announcedCount()) === 8);
    await centre.close();
    const known = (archive: Archive) => ({
      faults: chainFaults(archive.sql, SITE, 10),
      gaps: outboxGaps(archive.sql, SITE, 6, 10),
      streams: streamGaps(archive.sql, SITE, 10),
      segments: archive.sql.all('SELECT seg, mh FROM segment ORDER BY seq'),
    });
    const kept = await read(known);
    expect(kept).toEqual({
      ...{ faults: [], gaps: [], streams: [] },
      segments: [a, b, c, again, e, f].map(({ segment, jws }) => ({ seg: segment.seg, mh: jwsHash(jws) })),
    });
    // The index is nothing but the journal read again.
    expect(await read(known, true)).toEqual(kept);
    expect(scene.centreEar.alarms('verify-failed')).toEqual([]);
  });

  test('shows two manifests under one number, and one that does not name the one before it, with one alarm each', async () => {
    const centre = await scene.centre(url);
    await scene.outbox.sealMany(4, 100);
    const [a, b, c, d] = scene.outbox.items as [OutboxItem, OutboxItem, OutboxItem, OutboxItem];
    const client = await site(4);
    const other = resign(b, { seg: '01KAJ9M3W6Z8Q4T1V7X2Y5N0BC' });
    const broken = resign(d, { prev: 'f'.repeat(64) });
    await announce(client, a, b, c, broken, other);
    await announce(client, other, broken);
    await announce(client, resign(a, { seq: 0, stream: 'mic-01', prev: 'f'.repeat(64) }));
    await until('all are written down', async () => (await announcedCount()) === 6);
    await until('the alarms', () => scene.centreEar.alarms('verify-failed').length === 3);
    await centre.close();
    const faults = await read(({ sql }) => chainFaults(sql, SITE, 10));
    const brief = ({ stream, seq, what, other: mh }: ChainFaultRow) => ({ stream, seq, what, mh });
    expect(faults.map(brief).sort((x, y) => x.seq - y.seq)).toEqual([
      { stream: 'mic-01', seq: 0, what: 'broken', mh: expect.any(String) },
      { stream: 'cam-02', seq: 1, what: 'twice', mh: jwsHash(other.jws) },
      { stream: 'cam-02', seq: 3, what: 'broken', mh: jwsHash(broken.jws) },
    ]);
    expect(scene.centreEar.alarms('verify-failed')).toHaveLength(3);
  });

  test('that misses a manifest although the whole outbox was heard is written down, once', async () => {
    const centre = await scene.centre(url, { replays: REPLAYS });
    await scene.outbox.sealMany(3, 100);
    const [a, , c] = scene.outbox.items as [OutboxItem, OutboxItem, OutboxItem];
    const client = await site(2);
    await announce(client, a, { ...c, siteSeq: 2 });
    await until('the alarm', () => scene.centreEar.alarms('manifests-missing').length === 1);
    await client.publishAsync(topics.seg, JSON.stringify([]), { qos: 1 });
    await centre.close();
    expect((await indexOf(scene.centreFolder)).filter(({ type }) => type === 'manifests-missing')).toEqual([
      { type: 'manifests-missing', site: SITE, stream: 'cam-02', first: 1, last: 1 },
    ]);
    expect(await read(({ sql }) => chainFaults(sql, SITE, 10))).toMatchObject([
      { stream: 'cam-02', what: 'missing', seq: 1, last: 1 },
    ]);
  });
});

describe('numbers of the outbox that nobody heard of', () => {
  test('are asked for, and a site says them again although it has receipts for them', async () => {
    await scene.outbox.sealMany(30, 100);
    // Another centre signed for these once.
    for (const { segment } of scene.outbox.items.slice(0, 25)) await scene.outbox.receipt(segment.seg, 'old');
    await scene.centre(url, { replays: REPLAYS });
    scene.forwarder(url, { archive: new MemoryArchive(scene.outbox) });
    await until('all 30 are known', async () => (await announcedCount()) === 30);
    const asked = (await indexOf(scene.centreFolder)).filter((fact) => fact.type === 'command-given');
    expect(asked).toMatchObject([{ kind: 'replay', body: { select: { siteSeqFrom: 1, siteSeqTo: 25 } } }]);
    expect(scene.centreEar.alarms('manifests-missing')).toEqual([]);
  });

  test('are not asked for for ever: a stretch that does not come is given up with an alarm, and the next one is asked for', async () => {
    await scene.outbox.sealMany(9, 100);
    const items = scene.outbox.items;
    const [fourth, seventh] = [items[3], items[6]] as [OutboxItem, OutboxItem];
    const asked: string[] = [];
    await scene.centre(url, { replays: REPLAYS });
    const client = await site(9, (id) => {
      if (asked.includes(id)) return;
      asked.push(id);
      const answer = { v: 1, id, n: 1, status: 'successful', at: clock.now().wallMs };
      client.publish(topics.answer(id), JSON.stringify(answer), { qos: 1 });
    });
    await announce(client, fourth, seventh);
    await until('three stretches are given up', () => scene.centreEar.alarms('manifests-missing').length === 3);
    const facts = await indexOf(scene.centreFolder);
    const stretches = facts.flatMap((fact) => (fact.type === 'command-given' ? [fact.body['select']] : []));
    const three = (first: number, last: number) => Array(3).fill({ siteSeqFrom: first, siteSeqTo: last });
    expect(stretches).toEqual([...three(1, 3), ...three(5, 6), ...three(8, 9)]);
    expect(facts.filter(({ type }) => type === 'manifests-missing')).toMatchObject([
      { stream: null, first: 1, last: 3 },
      { stream: null, first: 5, last: 6 },
      { stream: null, first: 8, last: 9 },
    ]);
    // What comes after all is taken.
    await announce(client, ...items);
    await until('all are known', async () => (await announcedCount()) === 9);
  });
});

test('a receipt is signed anew for the same bytes under a manifest that was sealed again', async () => {
  const archive = new MemoryArchive(scene.outbox);
  await scene.centre(url);
  const item = await scene.outbox.seal(randomBytes(1_000));
  scene.forwarder(url, { archive });
  await scene.delivered();
  const client = await scene.client(url);
  const receipts: string[] = [];
  client.on('message', (_topic, payload) => receipts.push(...(JSON.parse(payload.toString()) as string[])));
  await client.subscribeAsync(topics.receipt, { qos: 1 });
  const again = resign(item, { was: jwsHash(item.jws) });
  await announce(client, again);
  await announce(client, again);
  await until('two receipts', () => receipts.length === 2);
  expect(payloadOf(receipts[0] ?? '')).toMatchObject({ mh: jwsHash(again.jws), sha256: item.segment.sha256 });
  expect(receipts[1]).toBe(receipts[0]);
});
