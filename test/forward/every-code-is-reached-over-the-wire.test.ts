/**
 * Every code of the protocol is said by one of the two real ends to the other, over a real broker. A code without a scene does not
 * compile, and one whose scene does not bring it about fails: a watcher on the broker has to have seen it.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MqttClient } from 'mqtt';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sha256 } from '../../controller/core/chain.ts';
import { fileIdOf, HRC_CODES, type HrcCode, initOf, topicsOf } from '../../controller/core/hrc.ts';
import { readManifest } from '../../controller/core/hrc-reading.ts';
import { payloadOf, publicKeyOf } from '../../controller/core/jws.ts';
import type { OutboxItem } from '../../controller/core/ports.ts';
import { ulid } from '../../controller/core/ulid.ts';
import type { ForwarderOptions } from '../../controller/forward/forwarder-options.ts';
import { MemoryArchive } from './memory-archive.ts';
import { PlainCentre } from './plain-centre.ts';
import { FileOutbox, Scene, SITE, until } from './scene.ts';

const topics = topicsOf(SITE);
const SESSION = '01KAJ9M3W6Z8Q4T1V7X2Y5N0BD';
const NO_SEG = ulid(1, new Uint8Array(10));

let scene: Scene;
let url: string;
let archive: MemoryArchive;
/** Who sees everything; also says what no honest site would. */
let watcher: MqttClient;
let seen: Set<string>;
beforeEach(async () => {
  scene = new Scene();
  archive = new MemoryArchive(scene.outbox);
  ({ url } = await scene.broker('mosquitto'));
  watcher = await scene.client(url);
  seen = new Set();
  watcher.on('message', (topic, payload) => {
    if (topic.includes('/ft/')) return;
    const said = codesIn(payload);
    for (const code of said) seen.add(code);
  });
  await watcher.subscribeAsync(`hrc/1/${SITE}/#`, { qos: 1 });
});
afterEach(() => scene.end());

/** The codes that a message says: of a result, of an answer, of its items. */
function codesIn(payload: Buffer): readonly string[] {
  try {
    const { code, err, items } = JSON.parse(payload.toString()) as {
      readonly code?: string;
      readonly err?: { readonly code?: string };
      readonly items?: readonly { readonly err?: string }[];
    };
    return [code, err?.code, ...(items ?? []).map((item) => item.err)].filter((one) => one !== undefined);
  } catch {
    return [];
  }
}

/** The reference centre, and a site that it knows and that is spoken for by the watcher. */
async function knownAtTheCentre(): Promise<void> {
  await scene.centre(url);
  const keys = [scene.signer.publicKey];
  const birth = { v: 1, online: true, site: SITE, at: 1, software: 't', siteSeq: { last: 0 }, keys, routes: ['B'] };
  await watcher.publishAsync(topics.state, JSON.stringify({ ...birth, min: 1, max: 1 }), { qos: 1, retain: true });
  await until('it is known', () =>
    scene.centreEar.said.some(({ message }) => message.includes('is known by this key')),
  );
}

const say = (topic: string, payload: string | Buffer) => watcher.publishAsync(topic, payload, { qos: 1 });

/** Sends `bytes` as what was sealed as `item`, step by step; `announced` or not. */
async function send({ siteSeq, segment, jws }: OutboxItem, bytes: Buffer): Promise<void> {
  const manifest = readManifest(payloadOf(jws));
  if (manifest === null) throw new Error('no manifest');
  const fileId = fileIdOf(segment.seg, segment.sha256, 1);
  await say(topics.seg, JSON.stringify([{ v: 1, siteSeq, state: 'queued', route: 'B', jws }]));
  await say(topics.init(fileId), JSON.stringify(initOf(manifest, jws)));
  await say(topics.chunk(fileId, 0, sha256(bytes)), bytes);
  await say(topics.fin(fileId, segment.bytes, segment.sha256), '');
}

/** A site that hears commands of a centre, of which the test is the voice. */
async function site(change: Partial<ForwarderOptions> = {}): Promise<PlainCentre> {
  const centre = await PlainCentre.begin(scene, url);
  await centre.introduce();
  const forwarder = scene.forwarder(url, { trust: centre.trust, archive, ...change });
  await until('the site is there', () => forwarder.link().state === 'connected');
  return centre;
}

const fetch = async (segs: readonly string[], deliver = {}, change: Partial<ForwarderOptions> = {}) => {
  const centre = await site(change);
  await centre.order('fetch', { select: { segs }, deliver });
};

const SCENES: { readonly [code in HrcCode]: () => Promise<unknown> } = {
  'HRC-BAD': async () => {
    await knownAtTheCentre();
    await say(topics.seg, '{}');
  },
  'HRC-SIG': async () => {
    const stranger = publicKeyOf(generateKeyPairSync('ed25519').publicKey);
    await scene.centre(url, { siteKeys: { mode: 'listed', sites: { [SITE]: stranger } } });
    scene.forwarder(url);
    await scene.outbox.seal(1_000);
  },
  'HRC-CHUNK': async () => {
    await knownAtTheCentre();
    const item = await scene.outbox.seal(1_000);
    const manifest = readManifest(payloadOf(item.jws));
    if (manifest === null) throw new Error('no manifest');
    const fileId = fileIdOf(item.segment.seg, item.segment.sha256, 1);
    await say(topics.init(fileId), JSON.stringify(initOf(manifest, item.jws)));
    await say(topics.chunk(fileId, 0, 'a'.repeat(64)), randomBytes(1_000));
  },
  'HRC-INCOMPLETE': async () => {
    await knownAtTheCentre();
    const { segment } = await scene.outbox.seal(1_000);
    await say(topics.fin(fileIdOf(segment.seg, segment.sha256, 1), segment.bytes, segment.sha256), '');
  },
  'HRC-FILEHASH': async () => {
    await knownAtTheCentre();
    await send(await scene.outbox.seal(1_000), randomBytes(1_000));
  },
  'HRC-META': async () => {
    await knownAtTheCentre();
    const { segment } = await scene.outbox.seal(1_000);
    await say(topics.init(fileIdOf(segment.seg, segment.sha256, 1)), '{}');
  },
  'HRC-STORE': async () => {
    // A file lies where the site's folder has to be.
    mkdirSync(scene.centreFolder);
    writeFileSync(join(scene.centreFolder, SITE), '');
    await scene.centre(url);
    scene.forwarder(url);
    await scene.outbox.seal(1_000);
  },
  'HRC-BUSY': async () => {
    archive.growing = true;
    const centre = await site();
    for (let i = 0; i < 33; i++) await centre.send(centre.command('fetch', { select: { session: SESSION } }));
  },
  'HRC-QUOTA': async () => {
    const { segment } = await scene.outbox.seal(1_000);
    await fetch([segment.seg], { maxBytes: 10 });
  },
  'HRC-CONFLICT': async () => {
    await knownAtTheCentre();
    const first = randomBytes(1_000);
    const item = await scene.outbox.seal(first);
    await send(item, first);
    const second = randomBytes(1_000);
    const other = await new FileOutbox(scene.root, scene.signer).seal(second, { seg: item.segment.seg });
    await send(other, second);
  },
  'HRC-EXP': async () => {
    const centre = await site();
    await centre.send(centre.command('hold', { select: { session: SESSION } }, { exp: 1_000 }));
  },
  'HRC-REPLAY': async () => {
    const centre = await site();
    const command = centre.command('hold', { select: { session: SESSION } });
    await centre.send(command);
    await centre.ended(command.id);
    await centre.send(centre.command('hold', { select: { session: 'another' } }, { id: command.id }));
  },
  'HRC-AUTH': async () => {
    const centre = await site({ allows: (type) => type !== 'hold' });
    expect(await centre.order('hold', { select: { session: SESSION } })).toMatchObject({ status: 'rejected' });
    expect(archive.holds.size).toBe(0);
    expect(await centre.order('catalog', { select: { session: SESSION } })).toMatchObject({ status: 'successful' });
  },
  'HRC-NOSEG': () => fetch([NO_SEG]),
  'HRC-PURGED': async () => {
    const { segment } = await scene.outbox.seal(1_000);
    await scene.outbox.receipt(segment.seg, 'receipt');
    scene.outbox.purged.add(segment.seg);
    await fetch([segment.seg], { again: true });
  },
  'HRC-LOST': async () => {
    const { segment, path } = await scene.outbox.seal(1_000);
    unlinkSync(path);
    const centre = await site();
    // Asked for twice it is lost twice, and there is one record of it.
    for (let i = 0; i < 2; i++) {
      const answer = await centre.order('fetch', { select: { segs: [segment.seg] } });
      expect(answer.items).toEqual([{ seg: segment.seg, st: 'lost', err: 'HRC-LOST' }]);
    }
    expect([...scene.outbox.losses]).toEqual([segment.seg]);
    const answer = await centre.order('catalog', { select: { segs: [segment.seg] } });
    expect(answer.items).toMatchObject([{ st: 'lost' }]);
  },
  'HRC-OPEN': async () => {
    archive.beingWritten = [{ seg: NO_SEG, stream: 'cam-02', fromMs: 5, claims: [SESSION] }];
    const centre = await site();
    expect(await centre.order('fetch', { select: { segs: [NO_SEG] } })).toMatchObject({
      ...{ status: 'failed', err: { code: 'HRC-OPEN', retryS: 10 } },
      items: [{ seg: NO_SEG, st: 'recording', err: 'HRC-OPEN' }],
    });
    const answer = await centre.order('catalog', { select: { session: SESSION } });
    expect(answer.items).toMatchObject([{ seg: NO_SEG, st: 'recording', stream: 'cam-02', t0: 5 }]);
  },
  'HRC-NOROUTE': async () => {
    const { segment } = await scene.outbox.seal(1_000);
    const centre = await site();
    await centre.order('offer', { select: { segs: [segment.seg] } });
  },
};

test.each(HRC_CODES)('%s', async (code) => {
  await SCENES[code]();
  await until(`${code} is said`, () => seen.has(code));
});

test('what is wanted slowly takes its time and holds up nothing behind it', async () => {
  const slow = await scene.outbox.seal(600_000);
  const centre = await site();
  await scene.delivered();
  const command = centre.command('fetch', {
    ...{ select: { segs: [slow.segment.seg] }, deliver: { again: true, rateBps: 200_000 } },
  });
  const fromMs = performance.now();
  await centre.send(command);
  await until('it is under way', () => centre.answers.some(({ id }) => id === command.id));
  await scene.outbox.sealMany(5, 50_000);
  await scene.delivered();
  expect(centre.answers.some(({ id, status }) => id === command.id && status === 'successful')).toBe(false);
  expect(await centre.ended(command.id)).toMatchObject({ status: 'successful', items: [{ st: 'sent' }] });
  expect(performance.now() - fromMs).toBeGreaterThan(900);
});
