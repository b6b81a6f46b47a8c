/**
 * A centre made of a key and a plain MQTT client, for tests of what only the site does: it says what it is told to say, signs
 * receipts for what it is told it holds, issues commands, and keeps everything that sites say.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { MqttClient } from 'mqtt';
import { CENTRE_TOPIC, type CentreDocument, type Manifest, type Receipt, topicsOf } from '../../controller/core/hrc.ts';
import type { CommandAnswer } from '../../controller/core/hrc-command.ts';
import { readManifest } from '../../controller/core/hrc-reading.ts';
import { jwsHash, type PublicKey, payloadOf, publicKeyOf, signJws } from '../../controller/core/jws.ts';
import { ulid } from '../../controller/core/ulid.ts';
import { clock, type Scene, SITE, until } from './scene.ts';

export interface Announced {
  readonly siteSeq: number;
  readonly state: string;
  readonly route?: string;
  readonly manifest: Manifest;
  readonly jws: string;
}

export class PlainCentre {
  readonly #pair = generateKeyPairSync('ed25519');
  readonly key = publicKeyOf(this.#pair.publicKey);
  readonly announced: Announced[] = [];
  readonly answers: CommandAnswer[] = [];
  readonly requests: { readonly id: string; readonly body: { readonly [name: string]: unknown } }[] = [];
  readonly topics: string[] = [];
  /** Segments it holds: it answers questions with receipts for these. */
  readonly held = new Set<string>();
  readonly #topics = topicsOf(SITE);
  readonly #client: MqttClient;
  /** Answers requests other than for receipts; nothing by itself. */
  onRequest: (id: string, body: { readonly [name: string]: unknown }) => void = () => undefined;
  /** Called at the end of each transfer by route B; takes everything by itself. */
  onEnd: (seg: string, topic: string) => void = (seg) => this.sign(seg);

  private constructor(client: MqttClient) {
    this.#client = client;
    client.on('message', (topic, payload) => this.#hear(topic, payload));
  }

  static async begin(scene: Pick<Scene, 'client'>, url: string): Promise<PlainCentre> {
    const client = await scene.client(url);
    const centre = new PlainCentre(client);
    await client.subscribeAsync([`hrc/1/${SITE}/up/#`, `hrc/1/${SITE}/ft/#`], { qos: 1 });
    return centre;
  }

  get trust(): { readonly keys: readonly PublicKey[] } {
    return { keys: [this.key] };
  }

  /** Says what it can do. */
  async introduce(change: Partial<CentreDocument> = {}): Promise<void> {
    const document: CentreDocument = {
      v: 1,
      centre: 'plain',
      iat: Math.floor(clock.now().wallMs / 1_000),
      boot: ulid(clock.now().wallMs, randomBytes(10)),
      routes: ['B'],
      ft: { chunkMax: 262_144, filesInFlight: 2 },
      receipt: { keys: [this.key], minDurability: 'stored' },
      min: 1,
      max: 1,
      ...change,
    };
    await this.#client.publishAsync(CENTRE_TOPIC, this.jws('hrc-centre', document), { qos: 1, retain: true });
  }

  jws(typ: string, payload: object): string {
    return signJws(typ, this.key.kid, payload, this.#pair.privateKey);
  }

  /** A command as it is signed; `id` new unless said. */
  command(type: string, content: object, change: object = {}): { readonly id: string; readonly jws: string } {
    const { wallMs } = clock.now();
    const id = ulid(wallMs, randomBytes(10));
    const iat = Math.floor(wallMs / 1_000);
    const payload = { v: 1, id, site: SITE, type, iat, exp: iat + 600, actor: 'clerk:8812', ...content, ...change };
    return { id: payload.id, jws: this.jws('hrc-cmd', payload) };
  }

  async send(command: { readonly id: string; readonly jws: string }, options = {}): Promise<void> {
    await this.#client.publishAsync(this.#topics.order(command.id), command.jws, { qos: 1, ...options });
  }

  /** Issues a command and waits for its last answer. */
  async order(type: string, content: object, limitMs = 20_000): Promise<CommandAnswer> {
    const command = this.command(type, content);
    await this.send(command);
    return this.ended(command.id, limitMs);
  }

  async ended(id: string, limitMs = 20_000): Promise<CommandAnswer> {
    const last = () =>
      this.answers.filter((answer) => answer.id === id && !['accepted', 'executing'].includes(answer.status)).at(-1);
    await until(`the end of command ${id}`, () => last() !== undefined, limitMs);
    const answer = last();
    if (answer === undefined) throw new Error('unreachable');
    return answer;
  }

  /** Signs for a segment that was announced. */
  sign(seg: string, change: Partial<Receipt> = {}): void {
    const announced = this.announced.findLast(({ manifest }) => manifest.seg === seg);
    if (announced === undefined) throw new Error(`segment ${seg} was never announced`);
    this.held.add(seg);
    const { site, sha256, size } = announced.manifest;
    const receipt: Receipt = {
      ...{ v: 1, site, seg, sha256, size, mh: jwsHash(announced.jws) },
      durability: 'stored',
      verified: 'read-back',
      iat: Math.floor(clock.now().wallMs / 1_000),
      permit: { delete: true },
      ...change,
    };
    this.say(this.#topics.receipt, JSON.stringify([this.jws('hrc-receipt', receipt)]));
  }

  respond(id: string, body: object): void {
    this.say(this.#topics.response(id), JSON.stringify({ v: 1, ...body }));
  }

  /** What became of a step of a transfer (route B). */
  result(topic: string, description: string, code = 0x80): void {
    const result = { vsn: '0.1', topic, reason_code: code, reason_description: description };
    this.say(this.#topics.result, JSON.stringify(result));
  }

  say(topic: string, payload: string | Buffer): void {
    this.#client.publish(topic, payload, { qos: 1 });
  }

  /** Left at the broker for whoever connects later. */
  leave(topic: string, payload: string): void {
    this.#client.publish(topic, payload, { qos: 1, retain: true });
  }

  #hear(topic: string, payload: Buffer): void {
    const [, , , lane, kind, id = ''] = topic.split('/');
    this.topics.push(topic);
    if (lane === 'ft') {
      if (topic.includes('/fin/')) this.onEnd(topic.split('/')[4]?.slice(0, 26) ?? '', topic);
      return;
    }
    if (kind === 'seg') {
      for (const item of JSON.parse(payload.toString()) as {
        siteSeq: number;
        state: string;
        route?: string;
        jws: string;
      }[]) {
        const manifest = readManifest(payloadOf(item.jws));
        if (manifest !== null) this.announced.push({ ...item, manifest });
      }
    }
    if (kind === 'rsp') this.answers.push(JSON.parse(payload.toString()) as CommandAnswer);
    if (kind !== 'req') return;
    const body = JSON.parse(payload.toString()) as { readonly [name: string]: unknown };
    this.requests.push({ id, body });
    if (body['type'] !== 'receipts.query') {
      this.onRequest(id, body);
      return;
    }
    const segs = body['segs'] as string[];
    for (const seg of segs) if (this.held.has(seg)) this.sign(seg);
    this.respond(id, { type: 'receipts', unknown: segs.filter((seg) => !this.held.has(seg)) });
  }
}
