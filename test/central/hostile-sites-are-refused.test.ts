import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { MqttClient } from 'mqtt';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CHAPTERS } from '../../controller/central/chapters.ts';
import { sha256 } from '../../controller/core/chain.ts';
import { fileIdOf, initOf, type Manifest, topicsOf } from '../../controller/core/hrc.ts';
import { readManifest } from '../../controller/core/hrc-reading.ts';
import { payloadOf, signJws } from '../../controller/core/jws.ts';
import type { OutboxItem } from '../../controller/core/ports.ts';
import { openKeyFile } from '../../controller/ledger/key-file.ts';
import { Sql } from '../../controller/ledger/sql.ts';
import { indexOf } from '../forward/centre-index.ts';
import { Scene, SITE, until } from '../forward/scene.ts';

const topics = topicsOf(SITE);

let scene: Scene;
let site: MqttClient;
let results: { topic: string; code?: string; reason_code: number }[];
let receipts: string[];

/** A centre with small limits, and a client that speaks for the site word by word. */
beforeEach(async () => {
  scene = new Scene();
  const { url } = await scene.broker('aedes');
  await scene.centre(url, {
    limits: { filesPerSite: 2, bytesPerSite: 3_000_000, fileBytesMax: 2_000_000, chunkBytesMax: 100_000 },
  });
  await until('the centre is connected', () =>
    scene.centreEar.said.some(({ message }) => message.includes('connected')),
  );
  site = await scene.client(url);
  results = [];
  receipts = [];
  site.on('message', (topic, payload) => {
    if (topic === topics.result) results.push(JSON.parse(payload.toString()));
    if (topic === topics.receipt) receipts.push(...JSON.parse(payload.toString()));
  });
  await site.subscribeAsync(topics.downFilter, { qos: 1 });
});
afterEach(() => scene.end());

async function say(topic: string, payload: unknown): Promise<void> {
  const body = Buffer.isBuffer(payload) || typeof payload === 'string' ? payload : JSON.stringify(payload);
  await site.publishAsync(topic, body, { qos: 1 });
}

const birth = (keys: unknown[]) => ({ v: 1, online: true, site: SITE, keys });
const announcement = (jws: unknown) => [{ v: 1, siteSeq: 1, state: 'queued', jws }];

async function answered(topic: string): Promise<string | undefined> {
  await until(`an answer about ${topic}`, () => results.some((result) => result.topic === topic));
  const result = results.find((one) => one.topic === topic);
  results = results.filter((one) => one !== result);
  return result?.code;
}

/** The transfer of an item, word by word; each part can be changed. */
async function parts(size = 1_000): Promise<{
  item: OutboxItem;
  bytes: Buffer;
  fileId: string;
  init: ReturnType<typeof initOf>;
}> {
  const bytes = randomBytes(size);
  const item = await scene.outbox.seal(bytes);
  const manifest = readManifest(payloadOf(item.jws)) as Manifest;
  return { item, bytes, fileId: fileIdOf(item.segment.seg, item.segment.sha256, 1), init: initOf(manifest, item.jws) };
}

describe('a site that is not known', () => {
  test('is refused, whatever it says', async () => {
    const { item, bytes, fileId, init } = await parts();
    for (const [topic, payload] of [
      [topics.seg, announcement(item.jws)],
      [topics.init(fileId), init],
      [topics.chunk(fileId, 0, sha256(bytes)), bytes],
      [topics.fin(fileId, bytes.length, sha256(bytes)), ''],
      [topics.request(item.segment.seg), { v: 1, type: 'receipts.query', segs: [] }],
    ] as const) {
      await say(topic, payload);
      expect(await answered(topic)).toBe('HRC-SIG');
    }
  });

  test('is known by the key of its first birth, and any other key later is refused with an alarm', async () => {
    await say(topics.state, birth([scene.signer.publicKey]));
    await say(topics.state, birth([scene.signer.publicKey]));
    const other = openKeyFile(join(scene.root, 'other.pem'));
    await say(topics.state, birth([other.publicKey]));
    expect(await answered(topics.state)).toBe('HRC-SIG');
    expect(scene.centreEar.alarms('verify-failed')).toHaveLength(1);
    const { item } = await parts();
    const forged = signJws('hrc-seg', other.publicKey.kid, payloadOf(item.jws) as object, other.privateKey);
    await say(topics.seg, announcement(forged));
    expect(await answered(topics.seg)).toBe('HRC-SIG');
    expect((await indexOf(scene.centreFolder)).map(({ type }) => type)).toEqual(['site-pinned']);
  });
});

describe('a site that is known', () => {
  beforeEach(async () => {
    await say(topics.state, birth([scene.signer.publicKey]));
  });

  test.each<[string, (manifest: Manifest) => object]>([
    ['stream', (manifest) => ({ ...manifest, stream: '../../../etc' })],
    ['run', (manifest) => ({ ...manifest, run: '../../../etc' })],
    ['run of dots', (manifest) => ({ ...manifest, run: '..' })],
    ['site', (manifest) => ({ ...manifest, site: 'court-0418' })],
    ['segment', (manifest) => ({ ...manifest, seg: '../x' })],
    ['everything', () => ({})],
  ])('cannot name a place with a hostile %s, although it signed it', async (_what, change) => {
    const { item } = await parts();
    const manifest = readManifest(payloadOf(item.jws)) as Manifest;
    await say(topics.seg, announcement(scene.signer.sign('hrc-seg', change(manifest))));
    expect(await answered(topics.seg)).toBe('HRC-BAD');
  });

  test('gets a code for each way of doing it wrong', async () => {
    const { item, bytes, fileId, init } = await parts();
    const { sha256: hash } = item.segment;
    const fin = topics.fin(fileId, bytes.length, hash);
    await say(fin, '');
    expect(await answered(fin)).toBe('HRC-INCOMPLETE');
    await say(topics.init(fileId), { ...init, size: 'x' });
    expect(await answered(topics.init(fileId))).toBe('HRC-META');
    await say(topics.init(fileIdOf(item.segment.seg, 'f'.repeat(64), 1)), init);
    expect(await answered(topics.init(fileIdOf(item.segment.seg, 'f'.repeat(64), 1)))).toBe('HRC-META');
    await say(topics.init(fileId), init);
    await say(topics.init(fileId), { ...init, name: 'other.mp4' });
    expect(await answered(topics.init(fileId))).toBe('HRC-META');
    await say(topics.chunk(fileId, 0, 'f'.repeat(64)), bytes);
    expect(await answered(topics.chunk(fileId, 0, 'f'.repeat(64)))).toBe('HRC-CHUNK');
    await say(topics.chunk(fileId, 1, hash), bytes);
    expect(await answered(topics.chunk(fileId, 1, hash))).toBe('HRC-META');
    const half = bytes.subarray(0, 500);
    await say(topics.chunk(fileId, 0, sha256(half)), half);
    await say(fin, '');
    expect(await answered(fin)).toBe('HRC-INCOMPLETE');
    await say(topics.chunk(fileId, 500, sha256(half)), half);
    await say(topics.fin(fileId, 999, hash), '');
    expect(await answered(topics.fin(fileId, 999, hash))).toBe('HRC-META');
    // Complete, but nobody announced it; then announced, but the bytes are others.
    await say(fin, '');
    expect(await answered(fin)).toBe('HRC-INCOMPLETE');
    await say(topics.seg, announcement(item.jws));
    await say(fin, '');
    expect(await answered(fin)).toBe('HRC-FILEHASH');
    // And once right, out of order and twice.
    await say(topics.init(fileId), init);
    const end = bytes.subarray(400);
    await say(topics.chunk(fileId, 400, sha256(end)), end);
    await say(topics.chunk(fileId, 0, sha256(half)), half);
    await say(topics.chunk(fileId, 0, sha256(half)), half);
    await say(fin, '');
    expect(await answered(fin)).toBeUndefined();
    await say(fin, '');
    expect(await answered(fin)).toBeUndefined();
    await say(topics.seg, announcement(item.jws));
    await until('the receipt three times', () => receipts.length === 3);
    expect(new Set(receipts).size).toBe(1);
  });

  test('cannot fill the disk with beginnings', async () => {
    const first = await parts();
    const second = await parts();
    const third = await parts();
    const huge = { ...first.init, size: 2_000_001 };
    await say(topics.init(first.fileId), huge);
    expect(await answered(topics.init(first.fileId))).toBe('HRC-META');
    for (const one of [first, second]) await say(topics.init(one.fileId), one.init);
    await say(topics.init(third.fileId), third.init);
    expect(await answered(topics.init(third.fileId))).toBe('HRC-QUOTA');
    // A second attempt takes the place of the first one; giving up makes room.
    await say(topics.init(fileIdOf(first.item.segment.seg, first.item.segment.sha256, 2)), first.init);
    await say(topics.abort(second.fileId), '');
    await say(topics.init(third.fileId), third.init);
    await until('two begun files', () => readdirSync(join(scene.centreFolder, '_incoming')).length === 2);
    const big = Buffer.alloc(100_001);
    await say(topics.chunk(third.fileId, 0, sha256(big)), big);
    expect(await answered(topics.chunk(third.fileId, 0, sha256(big)))).toBe('HRC-META');
    expect(results).toEqual([]);
  });

  test('can send ten megabytes of JSON, noise and strange topics without harm to others', async () => {
    const huge = `[${'"x",'.repeat(2_500_000)}"x"]`;
    for (const topic of [topics.seg, topics.state, topics.request('01KAJ9M3W6Z8Q4T1V7X2Y5N0BC')]) {
      await say(topic, huge);
      expect(await answered(topic)).toBe('HRC-BAD');
    }
    const { fileId } = await parts();
    for (const payload of [
      '',
      '{',
      'null',
      '[]',
      '{"v":1}',
      '[[[[',
      '"x"',
      randomBytes(5_000),
      '{"__proto__":{"v":1}}',
    ]) {
      for (const topic of [
        topics.seg,
        topics.state,
        topics.backlog,
        topics.request('01KAJ9M3W6Z8Q4T1V7X2Y5N0BC'),
        topics.init(fileId),
        'hrc/1/court-0417/up',
        'hrc/1/court-0417/ft/../../x/init',
        'hrc/1/court-0417/ft//init',
        'hrc/1/_keys/up/state',
        `hrc/1/court-0417/up/${'x/'.repeat(50)}`,
      ])
        await say(topic, payload);
    }
    const good = await parts(250_000);
    await say(topics.seg, announcement(good.item.jws));
    await say(topics.init(good.fileId), good.init);
    for (let offset = 0; offset < 250_000; offset += 100_000) {
      const chunk = good.bytes.subarray(offset, offset + 100_000);
      await say(topics.chunk(good.fileId, offset, sha256(chunk)), chunk);
    }
    await say(topics.fin(good.fileId, 250_000, good.item.segment.sha256), '');
    await until('the receipt', () => receipts.length === 1);
    expect(readdirSync(scene.centreFolder).sort()).toEqual(['_incoming', '_index', '_journal', '_keys', SITE]);
    expect(readdirSync(join(scene.centreFolder, SITE))).toEqual(['cam-02']);
  });
});

test('sites that nobody knows, unknown topics and deep JSON leave nothing behind', async () => {
  const deep = `${'['.repeat(60_000)}${']'.repeat(60_000)}`;
  const objects = `${'{"v":'.repeat(30_000)}1${'}'.repeat(30_000)}`;
  await say(topics.state, birth([scene.signer.publicKey]));
  for (const topic of [topics.seg, topics.state, topics.request('01KAJ9M3W6Z8Q4T1V7X2Y5N0BC')]) {
    for (const payload of [deep, objects]) {
      await say(topic, payload);
      expect(await answered(topic)).toBe('HRC-BAD');
    }
  }
  await say(topics.backlog, objects);
  for (let i = 0; i < 500; i++) {
    const stranger = topicsOf(`stranger-${i}`);
    site.publish(stranger.backlog, '{"v":1}', { qos: 0 });
    site.publish(stranger.state, '{"v":1,"online":false}', { qos: 0 });
    site.publish(`hrc/1/stranger-${i}/up/what-${i}`, 'x', { qos: 0 });
    site.publish(stranger.fin('01KAJ9M3W6Z8Q4T1V7X2Y5N0BC-0123456789abcdef-01', 1, 'f'.repeat(64)), '', { qos: 0 });
  }
  // Taken in their order: behind the last of them everything before it was looked at.
  await say(topics.backlog, { v: 1, segments: 7 });
  const steps = CHAPTERS.map(({ schema }) => schema);
  const folder = join(scene.centreFolder, '_index');
  const index = new Sql(join(folder, readdirSync(folder)[0] ?? ''), steps, scene.centreEar);
  try {
    const heard = () => index.all<{ site: string; backlog: string | null }>('SELECT site, backlog FROM presence');
    await until('the last word', () => heard().some(({ backlog }) => backlog?.includes('"segments":7') === true));
    expect(heard().map(({ site: name }) => name)).toEqual([SITE]);
  } finally {
    index.close();
  }
  expect((await indexOf(scene.centreFolder)).map(({ type }) => type)).toEqual(['site-pinned']);
});

test('a site that is not on the list of a centre with a list stays unknown', async () => {
  const { url } = await scene.broker('aedes');
  const folder = join(scene.root, 'listed');
  await scene.centre(url, { folder, siteKeys: { mode: 'listed', sites: {} } });
  const client = await scene.client(url);
  const codes: string[] = [];
  client.on('message', (_topic, payload) => codes.push((JSON.parse(payload.toString()) as { code: string }).code));
  await client.subscribeAsync(topics.downFilter, { qos: 1 });
  await until('it answers', async () => {
    await client.publishAsync(topics.state, JSON.stringify(birth([scene.signer.publicKey])), { qos: 1 });
    return codes.length > 0;
  });
  expect(codes[0]).toBe('HRC-SIG');
});
