/** What the centre answers a site that asks for bytes: exactly those, of its own segments, and never more at once than is bound. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import type { MqttClient } from 'mqtt';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FolderStore } from '../../controller/central/folder-store.ts';
import { sha256 } from '../../controller/core/chain.ts';
import { CHUNK_BYTES, topicsOf } from '../../controller/core/hrc.ts';
import type { OutboxItem } from '../../controller/core/ports.ts';
import { ulid } from '../../controller/core/ulid.ts';
import { clock, Scene, SITE, until } from '../forward/scene.ts';

const BYTES = 300_000;
const OTHER = 'court-0418';

let scene: Scene;
let url: string;
let item: OutboxItem;
let whole: Buffer;
/** Until it is called, the store gives nothing. */
let release: () => void = () => undefined;
let held: Promise<void> = Promise.resolve();

class SlowStore extends FolderStore {
  override async read(key: string, from: number, to: number): Promise<Readable> {
    await held;
    return super.read(key, from, to);
  }
}

beforeEach(async () => {
  held = Promise.resolve();
  scene = new Scene();
  ({ url } = await scene.broker('aedes'));
  await scene.centre(url, { store: new SlowStore(scene.centreFolder) });
  scene.forwarder(url);
  item = await scene.outbox.seal(BYTES);
  whole = readFileSync(item.path);
  await scene.delivered();
});
afterEach(() => scene.end());

interface Answer {
  readonly id: string;
  readonly code: string | null;
  readonly piece: Buffer;
  readonly hash: string;
}

/** Speaks for a site, word by word. */
class Speaker {
  readonly answers: Answer[] = [];
  readonly #client: MqttClient;
  readonly #topics: ReturnType<typeof topicsOf>;

  private constructor(client: MqttClient, site: string) {
    this.#client = client;
    this.#topics = topicsOf(site);
    client.on('message', (topic, payload) => this.#hear(topic, payload));
  }

  static async of(site: string): Promise<Speaker> {
    const client = await scene.client(url);
    const speaker = new Speaker(client, site);
    await client.subscribeAsync([`hrc/1/${site}/dn/#`, `hrc/1/${site}/df/#`], { qos: 1 });
    return speaker;
  }

  async born(): Promise<void> {
    const birth = { v: 1, online: true, site: OTHER, keys: [scene.signer.publicKey] };
    await this.#client.publishAsync(this.#topics.state, JSON.stringify(birth), { qos: 1 });
  }

  async say(body: object): Promise<string> {
    const id = ulid(clock.now().wallMs, randomBytes(10));
    const text = JSON.stringify({ v: 1, type: 'recall', ...body });
    await this.#client.publishAsync(this.#topics.request(id), text, { qos: 1 });
    return id;
  }

  async ask(body: object): Promise<Answer> {
    const id = await this.say(body);
    await until(`an answer to ${JSON.stringify(body).slice(0, 90)}`, () => this.answers.some((one) => one.id === id));
    return this.answers.find((one) => one.id === id) as Answer;
  }

  #hear(topic: string, payload: Buffer): void {
    const { pieces, responses } = this.#topics;
    if (topic.startsWith(pieces)) {
      const [id = '', hash = ''] = topic.slice(pieces.length).split('/');
      this.answers.push({ id, code: null, piece: payload, hash });
    } else if (topic.startsWith(responses)) {
      const { err } = JSON.parse(payload.toString()) as { err?: { code: string } };
      const id = topic.slice(responses.length);
      this.answers.push({ id, code: err?.code ?? null, piece: Buffer.alloc(0), hash: '' });
    }
  }
}

test('exactly the bytes that were asked for, with their hash, and less at the end', async () => {
  const site = await Speaker.of(SITE);
  const { seg, sha256: hash } = item.segment;
  for (const [from, bytes] of [
    [0, 1],
    [1, 99],
    [262_144, 262_144],
    [BYTES - 1, 1],
  ] as const) {
    const answer = await site.ask({ seg, sha256: hash, from, bytes });
    const wanted = whole.subarray(from, from + bytes);
    expect(answer.piece.equals(wanted)).toBe(true);
    expect(answer.hash).toBe(sha256(wanted));
  }
});

test('no more than a packet of the broker takes, and the site goes on behind it', async () => {
  await scene.end();
  scene = new Scene();
  ({ url } = await scene.broker('mosquitto', ['max_packet_size 16384']));
  await scene.centre(url);
  scene.forwarder(url);
  item = await scene.outbox.seal(BYTES);
  whole = readFileSync(item.path);
  await scene.delivered();
  const site = await Speaker.of(SITE);
  const { seg, sha256: hash } = item.segment;
  const { piece } = await site.ask({ seg, sha256: hash, from: 5, bytes: CHUNK_BYTES });
  expect(piece.length).toBeGreaterThan(8_000);
  expect(piece.equals(whole.subarray(5, 5 + piece.length))).toBe(true);
});

test('nothing for what cannot be read, reaches beyond the end, or is not of this site', async () => {
  const site = await Speaker.of(SITE);
  const { seg, sha256: hash } = item.segment;
  const good = { seg, sha256: hash, from: 0, bytes: 10 };
  for (const [change, code] of [
    [{ from: BYTES }, 'HRC-BAD'],
    [{ from: Number.MAX_SAFE_INTEGER }, 'HRC-BAD'],
    [{ from: 1e300 }, 'HRC-BAD'],
    [{ from: -1 }, 'HRC-BAD'],
    [{ from: '0' }, 'HRC-BAD'],
    [{ bytes: 0 }, 'HRC-BAD'],
    [{ bytes: CHUNK_BYTES + 1 }, 'HRC-BAD'],
    [{ bytes: 0.5 }, 'HRC-BAD'],
    [{ seg: '../../../../etc/passwd' }, 'HRC-BAD'],
    [{ seg: ['x'] }, 'HRC-BAD'],
    [{ sha256: hash.toUpperCase() }, 'HRC-BAD'],
    [{ sha256: 'ab'.repeat(32) }, 'HRC-NOSEG'],
    [{ seg: '01KAJ9M3W6Z8Q4T1V7X2Y5N0BC' }, 'HRC-NOSEG'],
  ] as const)
    expect((await site.ask({ ...good, ...change })).code, JSON.stringify(change)).toBe(code);
  const other = await Speaker.of(OTHER);
  await other.born();
  expect((await other.ask(good)).code).toBe('HRC-NOSEG');
  expect(other.answers.filter(({ piece }) => piece.length > 0)).toEqual([]);
});

test('a site that wants too many pieces at once is told to wait, and everything else goes on meanwhile', async () => {
  const site = await Speaker.of(SITE);
  const { seg, sha256: hash } = item.segment;
  held = new Promise((resolve) => {
    release = resolve;
  });
  const ids = await Promise.all(
    Array.from({ length: 12 }, (_, from) => site.say({ seg, sha256: hash, from, bytes: 100_000 })),
  );
  await until('the refusals', () => site.answers.filter(({ code }) => code === 'HRC-BUSY').length === 4);
  // A receipt is not held up by a store that is slow to give.
  const next = await scene.outbox.seal(20_000);
  await until('a receipt', () => scene.outbox.isReceipted(next.segment.seg));
  expect(site.answers.filter(({ piece }) => piece.length > 0)).toEqual([]);
  release();
  await until('the pieces', () => ids.every((id) => site.answers.some((one) => one.id === id)));
  expect(site.answers.filter(({ piece }) => piece.length === 100_000)).toHaveLength(8);
  expect((await site.ask({ seg, sha256: hash, from: 0, bytes: 5 })).piece.equals(whole.subarray(0, 5))).toBe(true);
});
