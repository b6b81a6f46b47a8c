/**
 * The reference centre: receives what sites forward by route B, keeps it in a folder and signs receipts. One process, one folder;
 * meant for the one-machine default and for tests. It dials the broker for ever; being without a broker loses nothing, because
 * sites keep everything until they have a receipt.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { sentenceOf } from '../core/errors.ts';
import {
  backoffMs,
  CENTRE_STATE_TOPIC,
  CENTRE_TOPIC,
  type CentreDocument,
  FILES_IN_FLIGHT,
  OFFLINE,
  PACKET_OVERHEAD_BYTES,
  SITES_TRANSFER_FILTER,
  SITES_UP_FILTER,
} from '../core/hrc.ts';
import { type PublicKey, signJws } from '../core/jws.ts';
import type { Log } from '../core/ports.ts';
import type { Clock } from '../core/time.ts';
import { ULID_RANDOM_BYTES, ulid } from '../core/ulid.ts';
import { replaceFile } from '../ledger/durable.ts';
import { openKeyFile, type SigningKey } from '../ledger/key-file.ts';
import { Archive } from './archive.ts';
import { Ingest, type SiteTrust } from './ingest.ts';
import { PART_LIMITS, type PartLimits, Parts } from './parts.ts';
import { Replies } from './replies.ts';

/** No site can have this name. */
const KEYS_FOLDER = '_keys';
const PUBLIC_KEYS_FILE = 'receipt.public.json';
const CONNECT_TIMEOUT_MS = 10_000;
const KEEPALIVE_S = 30;
/** Messages a broker may have on their way to us: bounds its memory and ours. */
const RECEIVE_MAXIMUM = 16;
const REPLY_SPARE = 2;
const RECEIVE_MAXIMUM_UNSAID = 65_535;
const MESSAGE_OVERHEAD_BYTES = 4_096;
const REFUSED_VERSION = [1, 0x84];
const END_TIMEOUT_MS = 2_000;
const CLOSE_TIMEOUT_MS = 8_000;
const EXPIRY_EVERY_MS = 60_000;
const RANDOM_STEPS = 1_000_000;

export interface CentreOptions {
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
  /** Everything the centre keeps lies here. */
  readonly folder: string;
  readonly siteKeys: SiteTrust;
  readonly clock: Clock;
  readonly log: Log;
  readonly name?: string;
  readonly limits?: Partial<PartLimits>;
  readonly backoff?: { readonly firstMs: number; readonly maxMs: number };
}

const BACKOFF = { firstMs: 1_000, maxMs: 30_000 };

export class Centre {
  readonly #options: CentreOptions;
  readonly #limits: PartLimits;
  readonly #archive: Archive;
  readonly #parts: Parts;
  readonly #closing = new AbortController();
  #key: SigningKey | null = null;
  #ingest: Ingest | null = null;
  #client: MqttClient | null = null;
  #replies: Replies | null = null;
  #protocol: 4 | 5 = 5;
  /** Messages are taken one after the other, also across two connections. */
  #taking: Promise<void> = Promise.resolve();
  #loops: Promise<void>[] = [];
  #closed: Promise<void> | null = null;

  constructor(options: CentreOptions) {
    this.#options = options;
    this.#limits = { ...PART_LIMITS, ...options.limits };
    this.#archive = new Archive(options.folder, options.clock);
    this.#parts = new Parts(options.folder, this.#limits);
  }

  /** Waits for folder, key and journal, not for the broker. Rejects with `data-not-writable`. */
  async start(): Promise<void> {
    const { folder, log, siteKeys, clock } = this.#options;
    const keys = join(folder, KEYS_FOLDER);
    await mkdir(keys, { recursive: true, mode: 0o750 });
    const key = openKeyFile(receiptKeyFileOf(folder));
    this.#key = key;
    await replaceFile(join(keys, PUBLIC_KEYS_FILE), `${JSON.stringify({ keys: [key.publicKey] })}\n`, 0o644);
    const { tornBytes, faults } = await this.#archive.open();
    if (tornBytes > 0) log.warn({ tornBytes }, 'the last line of the journal was half written; it was set aside');
    for (const fault of faults) log.error({ alarm: 'verify-failed', line: fault.seq }, `the journal: ${fault.message}`);
    await this.#parts.open();
    this.#ingest = new Ingest({
      archive: this.#archive,
      parts: this.#parts,
      key,
      trust: siteKeys,
      clock,
      log,
      reply: (topic, payload) => this.#replies?.send(topic, payload),
    });
    this.#loops = [this.#run(key), this.#expire()];
  }

  /** The key receipts are signed with; null before `start`. */
  get publicKey(): PublicKey | null {
    return this.#key?.publicKey ?? null;
  }

  /** Where the public keys lie, for a site on the same machine. */
  get publicKeysFile(): string {
    return publicKeysFileOf(this.#options.folder);
  }

  /** Ends the connection, finishes the message at hand, lets go of the folder. Idempotent; at most {@link CLOSE_TIMEOUT_MS}. */
  close(): Promise<void> {
    this.#closed ??= Promise.race([this.#close(), sleep(CLOSE_TIMEOUT_MS, undefined, { ref: false })]);
    return this.#closed;
  }

  async #close(): Promise<void> {
    const client = this.#client;
    if (client?.connected) {
      const said = client.publishAsync(CENTRE_STATE_TOPIC, JSON.stringify(OFFLINE), { qos: 1, retain: true });
      await Promise.race([said.catch(() => undefined), sleep(END_TIMEOUT_MS, undefined, { ref: false })]);
    }
    this.#closing.abort();
    client?.end(true);
    await Promise.all(this.#loops);
    await this.#taking;
    await this.#parts.close();
    await this.#archive.close();
  }

  async #run(key: SigningKey): Promise<void> {
    const { log, clock } = this.#options;
    const { firstMs, maxMs } = this.#options.backoff ?? BACKOFF;
    let failures = 0;
    while (!this.#closing.signal.aborted) {
      const beganMs = clock.now().monoMs;
      const { why, refusedVersion } = await this.#attempt(key);
      if (this.#closing.signal.aborted) return;
      if (refusedVersion && this.#protocol === 5) {
        this.#protocol = 4;
        continue;
      }
      failures = clock.now().monoMs - beganMs > maxMs ? 1 : failures + 1;
      log.warn({ failures }, `no connection to the broker: ${why}`);
      const delayMs = backoffMs(failures, firstMs, maxMs, randomInt(RANDOM_STEPS) / RANDOM_STEPS);
      await sleep(delayMs, undefined, { signal: this.#closing.signal }).catch(() => undefined);
    }
  }

  /** One connection from dialling to its end. Never rejects. */
  #attempt(key: SigningKey): Promise<{ why: string; refusedVersion: boolean }> {
    const client = mqtt.connect(this.#options.url, this.#clientOptions(key));
    this.#client = client;
    let why = 'the connection was closed';
    let refusedVersion = false;
    // The acknowledgement waits until the bytes are written: that is what slows a broker down when the disk is slow.
    client.handleMessage = (packet, done) => {
      const payload = typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload;
      this.#taking = this.#taking.then(() => this.#ingest?.take(packet.topic, payload));
      this.#taking.then(
        () => done(),
        () => done(),
      );
    };
    client.on('connect', (connack) => {
      withoutDelay(client);
      const { receiveMaximum = RECEIVE_MAXIMUM_UNSAID, maximumPacketSize } = connack.properties ?? {};
      const packetMax = maximumPacketSize ?? Number.POSITIVE_INFINITY;
      this.#replies = new Replies(client, receiveMaximum - REPLY_SPARE, packetMax, this.#options.log);
      client
        .subscribeAsync([SITES_UP_FILTER, SITES_TRANSFER_FILTER], { qos: 1 })
        .then(() => this.#introduce(client, key, packetMax))
        .then(() => {
          this.#options.log.info({}, 'the centre is connected');
        })
        .catch((error: unknown) => {
          why = sentenceOf(error);
          client.end(true);
        });
    });
    return new Promise((resolve) => {
      client.on('error', (error) => {
        why = sentenceOf(error);
        const code = (error as { code?: unknown }).code;
        refusedVersion = typeof code === 'number' && REFUSED_VERSION.includes(code);
      });
      client.on('close', () => {
        client.end(true);
        resolve({ why, refusedVersion });
      });
    });
  }

  /** Says what the centre can do, retained and signed anew at each connection, so that sites know when to ask again. */
  async #introduce(client: MqttClient, key: SigningKey, packetMax: number): Promise<void> {
    const { wallMs } = this.#options.clock.now();
    const document: CentreDocument = {
      v: 1,
      centre: this.#options.name ?? 'reference',
      iat: Math.floor(wallMs / 1_000),
      boot: ulid(wallMs, randomBytes(ULID_RANDOM_BYTES)),
      routes: ['B'],
      ft: { chunkMax: this.#limits.chunkBytesMax, filesInFlight: FILES_IN_FLIGHT },
      receipt: { keys: [key.publicKey], minDurability: 'stored' },
      min: 1,
      max: 1,
    };
    const jws = signJws('hrc-centre', key.publicKey.kid, document, key.privateKey);
    if (jws.length + CENTRE_TOPIC.length + PACKET_OVERHEAD_BYTES > packetMax) {
      this.#options.log.error(
        { alarm: 'broker-away' },
        `the broker takes packets of ${packetMax} bytes only: too small for hrc/1`,
      );
      return;
    }
    const retained = { qos: 1, retain: true } as const;
    await client.publishAsync(CENTRE_STATE_TOPIC, JSON.stringify({ v: 1, online: true }), retained);
    await client.publishAsync(CENTRE_TOPIC, jws, retained);
  }

  async #expire(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await sleep(EXPIRY_EVERY_MS, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      this.#taking = this.#taking
        .then(() => this.#parts.expire(this.#options.clock.now().monoMs))
        .catch((error: unknown) => this.#options.log.warn({}, `expired parts: ${sentenceOf(error)}`));
    }
  }

  #clientOptions(key: SigningKey): IClientOptions {
    const { username, password } = this.#options;
    const maximumPacketSize = this.#limits.chunkBytesMax + MESSAGE_OVERHEAD_BYTES;
    return {
      clientId: `centre-${key.publicKey.kid}`,
      protocolVersion: this.#protocol,
      clean: true,
      reconnectPeriod: 0,
      resubscribe: false,
      queueQoSZero: false,
      connectTimeout: CONNECT_TIMEOUT_MS,
      keepalive: KEEPALIVE_S,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...(this.#protocol === 5 ? { properties: { receiveMaximum: RECEIVE_MAXIMUM, maximumPacketSize } } : {}),
      will: { topic: CENTRE_STATE_TOPIC, payload: Buffer.from(JSON.stringify(OFFLINE)), qos: 1, retain: true },
    };
  }
}

/** Small packets leave at once: with Nagle's algorithm each step of a transfer would wait for a delayed acknowledgement. */
function withoutDelay(client: MqttClient): void {
  if ('setNoDelay' in client.stream && typeof client.stream.setNoDelay === 'function') client.stream.setNoDelay(true);
}

/** The key that a centre with this folder signs with. */
export function receiptKeyFileOf(folder: string): string {
  return join(folder, KEYS_FOLDER, 'receipt.pem');
}

/** Where a centre with this folder keeps its public keys. */
export function publicKeysFileOf(folder: string): string {
  return join(folder, KEYS_FOLDER, PUBLIC_KEYS_FILE);
}
