import { generateKeyPairSync } from 'node:crypto';
import type { MqttClient } from 'mqtt';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CENTRE_TOPIC, fileIdOf, type Receipt, topicsOf } from '../../controller/core/hrc.ts';
import { jwsHash, publicKeyOf, signJws } from '../../controller/core/jws.ts';
import type { OutboxItem } from '../../controller/core/ports.ts';
import { Scene, SITE, until } from './scene.ts';

const { privateKey } = generateKeyPairSync('ed25519');
const publicKey = publicKeyOf(privateKey);
const topics = topicsOf(SITE);

let scene: Scene;
let centre: MqttClient;
let item: OutboxItem;
/** Whether the centre says that it has the file; what it was asked and sent so far, in order. */
let accepts: boolean;
let story: string[];
let finished: string[];

/** A centre that says what the test wants: takes transfers, answers questions with "unknown", and gives no receipts by itself. */
beforeEach(async () => {
  scene = new Scene();
  const { url } = await scene.broker('aedes');
  centre = await scene.client(url);
  accepts = false;
  story = [];
  finished = [];
  centre.on('message', (topic, payload) => {
    if (topic.includes('/req/')) {
      const { segs } = JSON.parse(payload.toString()) as { segs: string[] };
      story.push(...segs.map((seg) => `asked ${seg}`));
      const id = topic.split('/').at(-1) ?? '';
      centre.publish(topics.response(id), JSON.stringify({ v: 1, type: 'receipts', unknown: segs }), { qos: 1 });
    }
    if (!topic.includes('/fin/')) return;
    finished.push(topic);
    story.push(`sent ${topic.split('/')[4] ?? ''}`);
    if (accepts)
      centre.publish(topics.result, JSON.stringify({ topic, reason_code: 0, reason_description: 'success' }));
  });
  await centre.subscribeAsync(['hrc/1/+/up/#', 'hrc/1/+/ft/#'], { qos: 1 });
  const document = {
    v: 1,
    centre: 'test',
    iat: 1,
    routes: ['B'],
    ft: { chunkMax: 65_536, filesInFlight: 2 },
    receipt: { keys: [publicKey], minDurability: 'stored' },
    min: 1,
    max: 1,
  };
  const jws = signJws('hrc-centre', publicKey.kid, document, privateKey);
  await centre.publishAsync(CENTRE_TOPIC, jws, { qos: 1, retain: true });
  scene.forwarder(url, { trust: { keys: [publicKey] } });
  item = await scene.outbox.seal(300_000);
  await until('it is sent', () => finished.length === 1);
});
afterEach(() => scene.end());

function receipt(change: Partial<Receipt> = {}): Receipt {
  const { segment, jws } = item;
  return {
    v: 1,
    site: SITE,
    seg: segment.seg,
    fileId: fileIdOf(segment.seg, segment.sha256, 1),
    sha256: segment.sha256,
    size: segment.bytes,
    mh: jwsHash(jws),
    durability: 'stored',
    verified: 'read-back',
    iat: 1_795_276_800,
    permit: { delete: true },
    ...change,
  };
}

function signed(payload: object, typ = 'hrc-receipt', key = privateKey, kid = publicKey.kid): string {
  return signJws(typ, kid, payload, key);
}

async function send(...list: unknown[]): Promise<void> {
  await centre.publishAsync(topics.receipt, JSON.stringify(list), { qos: 1 });
}

const stranger = generateKeyPairSync('ed25519').privateKey;
const other = 'f'.repeat(64);
const cut = (jws: string) => `${jws.slice(0, -8)}AAAAAAAA`;

test.each<[string, string, () => unknown]>([
  ['an unknown key', 'not trusted', () => signed(receipt(), 'hrc-receipt', stranger, publicKeyOf(stranger).kid)],
  ['a stranger under our key id', 'not signed by', () => signed(receipt(), 'hrc-receipt', stranger)],
  ['a signature that was touched', 'not signed by', () => cut(signed(receipt()))],
  ['another kind of object', 'not of type', () => signed(receipt(), 'hrc-cmd')],
  ['another hash', 'it names hash', () => signed(receipt({ sha256: other }))],
  ['another size', 'it names 299999 bytes', () => signed(receipt({ size: 299_999 }))],
  ['another site', 'it is for site', () => signed(receipt({ site: 'court-0418' }))],
  ['another manifest', 'another manifest', () => signed(receipt({ mh: other }))],
  ['another transfer', 'it names transfer', () => signed(receipt({ fileId: fileIdOf(item.segment.seg, other, 1) }))],
  ['an unknown segment', 'unknown here', () => signed(receipt({ seg: '01KAJ9M3W6Z8Q4T1V7X2Y5N0BC' }))],
  ['too little durability', 'only engine', () => signed(receipt({ durability: 'engine' }))],
  ['missing fields', 'not those of a receipt', () => signed({ v: 1 })],
  ['no JWS at all', 'not a compact JWS', () => 'x.y.z'],
  ['no text', 'not a text', () => 7],
])('a receipt with %s is refused with an alarm and releases nothing', async (_what, sentence, make) => {
  await send(make());
  await until('the alarm', () => scene.siteEar.alarms('receipt-refused').length > 0);
  expect(scene.siteEar.alarms('receipt-refused').map(({ message }) => message)).toEqual([
    expect.stringContaining(sentence),
  ]);
  expect(scene.outbox.receipts.size).toBe(0);
  // The line still works: a true one is taken.
  await send(signed(receipt()));
  await scene.delivered();
});

test('receipts that come twice, late and in the wrong order are taken once each', async () => {
  const first = signed(receipt());
  item = await scene.outbox.seal(1_000);
  const second = signed(receipt());
  await until('both are sent', () => finished.length === 2);
  await send(second, first, second);
  await send(first, first);
  await scene.delivered();
  await send(second, first);
  // Messages keep their order: once this is refused, all before it were heard.
  await send('end');
  await until('all were heard', () => scene.siteEar.alarms('receipt-refused').length > 0);
  expect([...scene.outbox.receipts.values()]).toEqual([[second], [first]]);
  expect(scene.siteEar.alarms('receipt-refused')).toHaveLength(1);
});

test('a file that the centre says it has is asked for when no receipt comes, and sent again only when the centre lost it', async () => {
  accepts = true;
  item = await scene.outbox.seal(1_000);
  const { seg, sha256 } = item.segment;
  const mine = () => story.filter((event) => event.includes(seg));
  await until('it was sent twice', () => mine().length >= 3);
  // This centre answers "unknown": the bytes come again, under the same id.
  const sent = `sent ${fileIdOf(seg, sha256, 1)}`;
  expect(mine().slice(0, 3)).toEqual([sent, `asked ${seg}`, sent]);
});
