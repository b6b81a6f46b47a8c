/** What lies at the centre only comes back: whole, once, after any break, and never as something else than was recorded. */
import { existsSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { placeOf } from '../../controller/central/registrar.ts';
import { S3Store } from '../../controller/central/s3-store.ts';
import { sha256 } from '../../controller/core/chain.ts';
import { topicsOf } from '../../controller/core/hrc.ts';
import { readManifest } from '../../controller/core/hrc-reading.ts';
import { payloadOf } from '../../controller/core/jws.ts';
import type { OutboxItem } from '../../controller/core/ports.ts';
import type { Recalls } from '../../controller/core/recall.ts';
import type { Forwarder } from '../../controller/forward/forwarder.ts';
import type { ForwarderOptions } from '../../controller/forward/forwarder-options.ts';
import { KEY, REGION, StrictStore } from '../central/strict-store.ts';
import { PlainCentre } from './plain-centre.ts';
import { type BrokerKind, clock, Scene, SITE, until } from './scene.ts';

let scene: Scene;
beforeEach(() => {
  scene = new Scene();
});
afterEach(() => scene.end());

const TOPICS = topicsOf(SITE);
const NEVER = new AbortController().signal;
/** More than one piece, and an odd end. */
const BYTES = 700_001;
const QUICK_RECALL = { recallWaitMs: 10_000, recallRetryMs: 20, recallLingerMs: 200, recallRestMs: 300 };

interface Held {
  readonly item: OutboxItem;
  readonly was: Buffer;
}

function recalledFolder(): string {
  return join(scene.root, 'recalled');
}

function lines(change: Partial<ForwarderOptions> = {}): Partial<ForwarderOptions> {
  return { recalled: { folder: recalledFolder() }, ...change, timing: { ...QUICK_RECALL, ...change.timing } };
}

function recallsOf(forwarder: Forwarder): Recalls {
  if (forwarder.recalls === null) throw new Error('this forwarder has no place for what comes back');
  return forwarder.recalls;
}

/** Segments that the centre holds and that are deleted here; what they were. */
async function heldAtTheCentre(count: number, bytes = BYTES): Promise<readonly Held[]> {
  await scene.outbox.sealMany(count, bytes);
  const held = scene.outbox.items.map((item) => ({ item, was: readFileSync(item.path) }));
  await scene.delivered();
  for (const { item } of held) rmSync(item.path);
  return held;
}

/** Segments that were asked back. */
function askedOf(centre: PlainCentre): unknown[] {
  return centre.requests.flatMap(({ body }) => (body['type'] === 'recall' ? [body['seg']] : []));
}

function centreFileOf(item: OutboxItem): string {
  const manifest = readManifest(payloadOf(item.jws));
  if (manifest === null) throw new Error('unreachable');
  return join(scene.centreFolder, placeOf(manifest));
}

describe.each<[BrokerKind, 4 | 5]>([
  ['aedes', 4],
  ['mosquitto', 5],
  ['mosquitto', 4],
])('%s, MQTT %i', (kind, protocol) => {
  test('a deleted segment comes back whole, once for all who ask', async () => {
    const { url } = await scene.broker(kind);
    await scene.centre(url);
    const recalls = recallsOf(scene.forwarder(url, lines({ protocol })));
    const [{ item, was }] = (await heldAtTheCentre(1)) as [Held];
    expect(recalls.standing(item.segment).state).toBe('away');
    const paths = await Promise.all([1, 2, 3].map(() => recalls.bring(item.segment, NEVER)));
    expect(new Set(paths)).toEqual(new Set([join(recalledFolder(), `${item.segment.seg}.mp4`)]));
    expect(readFileSync(paths[0] ?? '').equals(was)).toBe(true);
    expect(recalls.standing(item.segment)).toEqual({ state: 'here', bytesHere: BYTES, trouble: null });
    expect(scene.siteEar.said.filter(({ message }) => message.startsWith('a segment came back'))).toHaveLength(1);
    expect(readdirSync(recalledFolder())).toEqual([`${item.segment.seg}.mp4`]);
  });
});

test('a broker that goes in the middle costs what was on its way, not what is here', async () => {
  const broker = await scene.broker('mosquitto');
  await scene.centre(broker.url);
  const recalls = recallsOf(scene.forwarder(broker.url, lines({ rate: () => 2_000_000 })));
  const [{ item, was }] = (await heldAtTheCentre(1, 2_000_000)) as [Held];
  const bringing = recalls.bring(item.segment, NEVER);
  await until('some of it is here', () => recalls.standing(item.segment).bytesHere >= 500_000);
  await broker.stop();
  const before = recalls.standing(item.segment).bytesHere;
  await until('the loss is noticed', () => recalls.standing(item.segment).trouble?.code === 'centre-away');
  expect(recalls.standing(item.segment).state).toBe('coming');
  expect(recalls.standing(item.segment).bytesHere).toBeGreaterThanOrEqual(before);
  await broker.restart();
  const asked: number[] = [];
  const listener = await scene.client(broker.url);
  listener.on('message', (_topic, payload) => {
    const request = JSON.parse(payload.toString()) as { readonly type: string; readonly from: number };
    if (request.type === 'recall') asked.push(request.from);
  });
  await listener.subscribeAsync(TOPICS.request('+'), { qos: 1 });
  expect(readFileSync(await bringing).equals(was)).toBe(true);
  // It went on where it was: nothing from the beginning was asked for again.
  expect(asked.length).toBeGreaterThan(0);
  expect(Math.min(...asked)).toBeGreaterThan(0);
});

describe('what is not what was recorded is never shown', () => {
  test('other bytes at the centre are an alarm, rest for a while, and come when they are right again', async () => {
    const { url } = await scene.broker('aedes');
    await scene.centre(url);
    const recalls = recallsOf(scene.forwarder(url, lines()));
    const [{ item, was }] = (await heldAtTheCentre(1)) as [Held];
    const spoiled = Buffer.from(was);
    spoiled.writeUInt8(was.readUInt8(650_000) ^ 1, 650_000);
    writeFileSync(centreFileOf(item), spoiled);
    await expect(recalls.bring(item.segment, NEVER)).rejects.toMatchObject({ code: 'recall-failed' });
    expect(scene.siteEar.alarms('recall-failed')).toMatchObject([{ fields: { code: 'HRC-FILEHASH' } }]);
    expect(readdirSync(recalledFolder())).toEqual([]);
    // Whoever asks again hears the same, and the centre is not bothered.
    writeFileSync(centreFileOf(item), was);
    await expect(recalls.bring(item.segment, NEVER)).rejects.toMatchObject({ code: 'recall-failed' });
    expect(recalls.standing(item.segment)).toMatchObject({ state: 'refused', trouble: { code: 'recall-failed' } });
    await until('it has rested', () => recalls.standing(item.segment).state === 'away');
    expect(readFileSync(await recalls.bring(item.segment, NEVER)).equals(was)).toBe(true);
  });

  test('pieces that are not what their hashes say are asked for again, and not for ever', async () => {
    const { url } = await scene.broker('mosquitto');
    const centre = await PlainCentre.begin(scene, url);
    await centre.introduce();
    const recalls = recallsOf(scene.forwarder(url, lines({ trust: centre.trust })));
    const [{ item, was }] = (await heldAtTheCentre(1)) as [Held];
    let lies = 1;
    centre.onRequest = (id, body) => {
      const piece = was.subarray(Number(body['from']), Number(body['from']) + Number(body['bytes']));
      lies -= 1;
      centre.say(TOPICS.piece(id, sha256(lies >= 0 ? Buffer.from('x') : piece)), piece);
    };
    expect(readFileSync(await recalls.bring(item.segment, NEVER)).equals(was)).toBe(true);
    rmSync(recalledFolder(), { recursive: true });
    lies = Number.POSITIVE_INFINITY;
    await expect(recalls.bring(item.segment, NEVER)).rejects.toMatchObject({ code: 'recall-failed' });
    expect(scene.siteEar.alarms('recall-failed')).toMatchObject([{ fields: { code: 'HRC-CHUNK' } }]);
    expect(centre.requests.filter(({ body }) => body['type'] === 'recall').length).toBeLessThan(12);
  });

  test('a copy that was changed while the site was away comes again; what is no copy goes', async () => {
    const { url } = await scene.broker('aedes');
    await scene.centre(url);
    const first = scene.forwarder(url, lines());
    const [{ item, was }] = (await heldAtTheCentre(1)) as [Held];
    const path = await recallsOf(first).bring(item.segment, NEVER);
    await first.close();
    writeFileSync(path, Buffer.alloc(BYTES, 7));
    writeFileSync(`${path}.part`, 'half');
    writeFileSync(join(recalledFolder(), 'readme.txt'), 'what is this');
    const second = recallsOf(scene.forwarder(url, lines()));
    expect(readFileSync(await second.bring(item.segment, NEVER)).equals(was)).toBe(true);
    expect(readdirSync(recalledFolder())).toEqual([`${item.segment.seg}.mp4`]);
    await expect(second.bring({ ...item.segment, seg: '../../../etc/passwd' }, NEVER)).rejects.toBeInstanceOf(Error);
  });
});

describe('a centre that does not give it back', () => {
  test('has lost it, or never had it: whoever asks is told, and the alarm says which', async () => {
    const { url } = await scene.broker('aedes');
    await scene.centre(url);
    const recalls = recallsOf(scene.forwarder(url, lines()));
    const [{ item }] = (await heldAtTheCentre(1)) as [Held];
    rmSync(centreFileOf(item));
    await expect(recalls.bring(item.segment, NEVER)).rejects.toMatchObject({ code: 'recall-failed' });
    const stranger = { ...item.segment, seg: '01KAJ9M3W6Z8Q4T1V7X2Y5N0BC' };
    await expect(recalls.bring(stranger, NEVER)).rejects.toMatchObject({ code: 'recall-failed' });
    const codes = scene.siteEar.alarms('recall-failed').map(({ fields }) => fields.code);
    expect(codes).toEqual(['HRC-LOST', 'HRC-NOSEG']);
  });

  test('says nothing: the answer is "not yet", and it is broken off when nobody wants it any more', async () => {
    const { url } = await scene.broker('mosquitto');
    const centre = await PlainCentre.begin(scene, url);
    await centre.introduce();
    const timing = { recallWaitMs: 150, responseMs: 60 };
    const recalls = recallsOf(scene.forwarder(url, lines({ trust: centre.trust, timing })));
    const [{ item }] = (await heldAtTheCentre(1)) as [Held];
    const asked = () => centre.requests.filter(({ body }) => body['type'] === 'recall').length;
    await expect(recalls.bring(item.segment, NEVER)).rejects.toMatchObject({ code: 'segment-away', retryAfterMs: 20 });
    expect(recalls.standing(item.segment).state).toBe('coming');
    await until('it is broken off', () => recalls.standing(item.segment).state === 'away');
    const before = asked();
    expect(before).toBeGreaterThan(1);
    expect(readdirSync(recalledFolder())).toEqual([]);
    // Whoever goes does not hold it up.
    const gone = AbortSignal.timeout(20);
    const began = performance.now();
    await expect(recalls.bring(item.segment, gone)).rejects.toMatchObject({ code: 'segment-away' });
    expect(performance.now() - began).toBeLessThan(140);
  });

  test('is busy, and gives it a little later', async () => {
    const { url } = await scene.broker('mosquitto');
    const centre = await PlainCentre.begin(scene, url);
    await centre.introduce();
    const recalls = recallsOf(scene.forwarder(url, lines({ trust: centre.trust })));
    const [{ item, was }] = (await heldAtTheCentre(1, 20_000)) as [Held];
    let refusals = 2;
    centre.onRequest = (id, body) => {
      refusals -= 1;
      if (refusals >= 0) centre.respond(id, { type: 'recall', err: { code: 'HRC-BUSY', msg: 'later', retryS: 0.01 } });
      else centre.say(TOPICS.piece(id, sha256(was)), was.subarray(Number(body['from'])));
    };
    expect(readFileSync(await recalls.bring(item.segment, NEVER)).equals(was)).toBe(true);
  });
});

describe('copies take what room they may', () => {
  test('the one that was not used for the longest time goes', async () => {
    const { url } = await scene.broker('aedes');
    await scene.centre(url);
    const recalled = { folder: recalledFolder(), bytesMax: 50_000 };
    const recalls = recallsOf(scene.forwarder(url, lines({ recalled })));
    const [a, b, c] = (await heldAtTheCentre(3, 20_000)) as [Held, Held, Held];
    for (const { item } of [a, b, a, c]) await recalls.bring(item.segment, NEVER);
    expect([a, b, c].map(({ item }) => recalls.standing(item.segment).state)).toEqual(['here', 'away', 'here']);
    expect(readdirSync(recalledFolder())).toHaveLength(2);
    expect(readFileSync(await recalls.bring(b.item.segment, NEVER)).equals(b.was)).toBe(true);
  });

  test('each goes when it was not used for long, also over a restart', async () => {
    const { url } = await scene.broker('aedes');
    await scene.centre(url);
    const first = scene.forwarder(url, lines());
    const [{ item }] = (await heldAtTheCentre(1, 20_000)) as [Held];
    const path = await recallsOf(first).bring(item.segment, NEVER);
    await first.close();
    const longAgo = new Date(clock.now().wallMs - 25 * 3_600_000);
    utimesSync(path, longAgo, longAgo);
    scene.forwarder(url, lines());
    await until('it is gone', () => !existsSync(path));
  });

  test('none when the disk has none to spare', async () => {
    const { url } = await scene.broker('aedes');
    await scene.centre(url);
    const recalled = { folder: recalledFolder(), freeBytesMin: Number.MAX_SAFE_INTEGER };
    const recalls = recallsOf(scene.forwarder(url, lines({ recalled })));
    const [{ item }] = (await heldAtTheCentre(1, 20_000)) as [Held];
    await expect(recalls.bring(item.segment, NEVER)).rejects.toMatchObject({ code: 'disk-full' });
    expect(readdirSync(recalledFolder())).toEqual([]);
  });
});

test('what is wanted ahead comes behind what somebody waits for, and is here when it is wanted', async () => {
  const { url } = await scene.broker('aedes');
  await scene.centre(url);
  const recalls = recallsOf(scene.forwarder(url, lines({ timing: { recallLingerMs: 5_000 } })));
  const held = await heldAtTheCentre(4, 20_000);
  recalls.ahead(held.map(({ item }) => item.segment));
  await until('all are here', () => held.every(({ item }) => recalls.standing(item.segment).state === 'here'));
});

test('who waits is not held up by what is wanted ahead and does not come', async () => {
  const { url } = await scene.broker('mosquitto');
  const centre = await PlainCentre.begin(scene, url);
  await centre.introduce();
  const timing = { recallLingerMs: 20_000 };
  const recalls = recallsOf(scene.forwarder(url, lines({ trust: centre.trust, timing })));
  const held = await heldAtTheCentre(4, 20_000);
  const wanted = held[3] as Held;
  centre.onRequest = (id, body) => {
    if (body['seg'] === wanted.item.segment.seg) centre.say(TOPICS.piece(id, sha256(wanted.was)), wanted.was);
  };
  recalls.ahead(held.slice(0, 3).map(({ item }) => item.segment));
  await until('two are asked for', () => new Set(askedOf(centre)).size === 2);
  expect(readFileSync(await recalls.bring(wanted.item.segment, NEVER)).equals(wanted.was)).toBe(true);
  expect(new Set(askedOf(centre)).size).toBe(3);
});

test('no faster than the rate that holds while a session runs', async () => {
  const { url } = await scene.broker('aedes');
  await scene.centre(url);
  const recalls = recallsOf(scene.forwarder(url, lines({ rate: () => 1_000_000 })));
  const [{ item }] = (await heldAtTheCentre(1, 800_000)) as [Held];
  const began = performance.now();
  await recalls.bring(item.segment, NEVER);
  expect(performance.now() - began).toBeGreaterThan(500);
});

test.each<[string, 4 | 5]>([
  ['says so', 5],
  ['just ends connections', 4],
])('a broker of small packets that %s carries it in small pieces', async (_how, protocol) => {
  const { url } = await scene.broker('mosquitto', ['max_packet_size 16384']);
  await scene.centre(url);
  const sender = scene.forwarder(url, lines({ protocol }));
  const [{ item, was }] = (await heldAtTheCentre(1, 100_000)) as [Held];
  await sender.close();
  // A fresh one has not learned from sending how much passes.
  const recalls = recallsOf(scene.forwarder(url, lines({ protocol })));
  expect(readFileSync(await recalls.bring(item.segment, NEVER)).equals(was)).toBe(true);
});

test('a centre that loses its connection by each large piece (3.1.1) is asked for smaller ones', async () => {
  const { url } = await scene.broker('mosquitto');
  const centre = await PlainCentre.begin(scene, url);
  await centre.introduce();
  const recalls = recallsOf(scene.forwarder(url, lines({ trust: centre.trust, timing: { responseMs: 500 } })));
  const [{ item, was }] = (await heldAtTheCentre(1, 200_000)) as [Held];
  centre.onRequest = (id, body) => {
    const [from, bytes] = [Number(body['from']), Number(body['bytes'])];
    // A broker that takes 100 kB ends its connection; it is back at once.
    if (bytes > 100_000) void centre.introduce();
    else centre.say(TOPICS.piece(id, sha256(was.subarray(from, from + bytes))), was.subarray(from, from + bytes));
  };
  expect(readFileSync(await recalls.bring(item.segment, NEVER)).equals(was)).toBe(true);
});

test('out of an object store too, also when that is away for a while', async () => {
  const there = await new StrictStore().start();
  try {
    const { url } = await scene.broker('mosquitto');
    const store = new S3Store({
      access: { endpoint: there.endpoint, region: REGION, bucket: 'evidence', pathStyle: true, ...KEY },
      ...{ durability: 'stored', clock, log: scene.centreEar },
      timing: { connectTimeoutMs: 500, idleTimeoutMs: 500, againFirstMs: 10 },
    });
    await scene.centre(url, { store });
    const recalls = recallsOf(scene.forwarder(url, lines()));
    const [{ item, was }] = (await heldAtTheCentre(1)) as [Held];
    there.isDown = true;
    const bringing = recalls.bring(item.segment, NEVER);
    await until('the store is found away', () => scene.centreEar.alarms('store-away').length > 0);
    there.isDown = false;
    expect(readFileSync(await bringing).equals(was)).toBe(true);
  } finally {
    await there.close();
  }
});
