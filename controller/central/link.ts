/**
 * A connection of the centre to its broker, dialled for ever: being without one loses nothing, because sites keep everything until
 * they have a receipt. Messages are taken one after the other, also across two connections, and each is acknowledged when it was
 * taken: that is what slows a broker down when the disk is slow.
 */
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { sentenceOf } from '../core/errors.ts';
import { backoffMs } from '../core/hrc.ts';
import type { Log } from '../core/ports.ts';
import type { Clock } from '../core/time.ts';
import { Replies } from './replies.ts';

const CONNECT_TIMEOUT_MS = 10_000;
const KEEPALIVE_S = 30;
/** Messages a broker may have on their way to us: bounds its memory and ours. */
const RECEIVE_MAXIMUM = 16;
const REPLY_SPARE = 2;
const RECEIVE_MAXIMUM_UNSAID = 65_535;
const MESSAGE_OVERHEAD_BYTES = 4_096;
const REFUSED_VERSION = [1, 0x84];
const END_TIMEOUT_MS = 2_000;
const RANDOM_STEPS = 1_000_000;
const BACKOFF = { firstMs: 1_000, maxMs: 30_000 };

export interface BrokerAddress {
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
  /** PEM texts. The server's certificate is always checked. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
}

/** A message the broker keeps. */
export interface Retained {
  readonly topic: string;
  readonly payload: string;
}

export interface LinkOptions {
  readonly address: BrokerAddress;
  readonly clientId: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Called at each connection, before anything is subscribed. */
  readonly connected?: () => void;
  /** Called when everything is subscribed and said. */
  readonly up?: () => void;
  /** Asked at each connection. */
  readonly filters: () => readonly string[];
  /** Takes one message; never rejects. The next one waits. */
  readonly take: (topic: string, payload: Buffer, isRetained: boolean) => Promise<void>;
  readonly chunkBytesMax: number;
  /** What is said, retained, once subscribed; `packetMax` is the largest packet the broker takes, in bytes. */
  readonly introduction?: (packetMax: number) => readonly Retained[];
  /** What the broker says, retained, when this connection is gone, or is closed. */
  readonly will?: Retained;
  readonly backoff?: { readonly firstMs: number; readonly maxMs: number };
}

export class Link {
  readonly #options: LinkOptions;
  readonly #closing = new AbortController();
  #client: MqttClient | null = null;
  #replies: Replies | null = null;
  #isUp = false;
  #packetBytesMax: number | null = null;
  #protocol: 4 | 5 = 5;
  #taking: Promise<void> = Promise.resolve();
  #loop: Promise<void> = Promise.resolve();

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  /** Waits for nothing. */
  start(): void {
    this.#loop = this.#run();
  }

  /** Connected and subscribed. */
  get isUp(): boolean {
    return this.#isUp;
  }

  /** Sends soon, or not at all when there is no connection: whatever matters is asked for again. Never waits. */
  readonly send = (topic: string, payload: string | Buffer, expiryS?: number): void => {
    this.#replies?.send(topic, payload, undefined, expiryS);
  };

  /** Sends, and resolves once the broker took it; with false when it did not. */
  deliver(topic: string, payload: Buffer): Promise<boolean> {
    const replies = this.#replies;
    if (replies === null) return Promise.resolve(false);
    return new Promise((resolve) => replies.send(topic, payload, resolve));
  }

  /** The largest packet the broker takes, in bytes; null when it does not say. */
  get packetBytesMax(): number | null {
    return this.#packetBytesMax;
  }

  /** Does something between two messages. */
  between(act: () => Promise<void>): Promise<void> {
    const done = this.#taking.then(act);
    this.#taking = done.catch(() => undefined);
    return done;
  }

  /** Subscribes more, when connected; a later connection asks for all filters again. */
  async subscribe(filters: readonly string[]): Promise<void> {
    if (this.#isUp && filters.length > 0) await this.#client?.subscribeAsync([...filters], { qos: 1 });
  }

  /** Says the introduction (again), when connected. */
  async introduce(): Promise<void> {
    const client = this.#client;
    if (!this.#isUp || client === null) return;
    const said = this.#options.introduction?.(this.#packetBytesMax ?? Number.POSITIVE_INFINITY) ?? [];
    for (const { topic, payload } of said) await client.publishAsync(topic, payload, { qos: 1, retain: true });
  }

  /** Says the will itself, ends the connection and the message at hand. */
  async close(): Promise<void> {
    const { will } = this.#options;
    const client = this.#client;
    if (client?.connected && will !== undefined) {
      const said = client.publishAsync(will.topic, will.payload, { qos: 1, retain: true });
      await Promise.race([said.catch(() => undefined), sleep(END_TIMEOUT_MS, undefined, { ref: false })]);
    }
    this.#closing.abort();
    client?.end(true);
    await this.#loop;
    await this.#taking;
  }

  async #run(): Promise<void> {
    const { log, clock } = this.#options;
    const { firstMs, maxMs } = this.#options.backoff ?? BACKOFF;
    let failures = 0;
    while (!this.#closing.signal.aborted) {
      const beganMs = clock.now().monoMs;
      const { why, refusedVersion } = await this.#attempt();
      this.#isUp = false;
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
  #attempt(): Promise<{ why: string; refusedVersion: boolean }> {
    const { address, take } = this.#options;
    const client = mqtt.connect(address.url, this.#clientOptions());
    this.#client = client;
    let why = 'the connection was closed';
    let refusedVersion = false;
    client.handleMessage = (packet, done) => {
      const payload = typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload;
      this.between(() => take(packet.topic, payload, packet.retain)).then(
        () => done(),
        () => done(),
      );
    };
    client.on('connect', (connack) => {
      this.#greet(client, connack.properties ?? {}).catch((error: unknown) => {
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

  async #greet(
    client: MqttClient,
    broker: { readonly receiveMaximum?: number; readonly maximumPacketSize?: number },
  ): Promise<void> {
    const { connected, filters, up, log } = this.#options;
    withoutDelay(client);
    connected?.();
    const { receiveMaximum = RECEIVE_MAXIMUM_UNSAID, maximumPacketSize = Number.POSITIVE_INFINITY } = broker;
    this.#packetBytesMax = broker.maximumPacketSize ?? null;
    this.#replies = new Replies(client, receiveMaximum - REPLY_SPARE, maximumPacketSize, log);
    const wanted = [...filters()];
    if (wanted.length > 0) await client.subscribeAsync(wanted, { qos: 1 });
    this.#isUp = true;
    await this.introduce();
    log.info({}, 'the centre is connected');
    up?.();
  }

  #clientOptions(): IClientOptions {
    const { address, clientId, will, chunkBytesMax } = this.#options;
    const { username, password, tls } = address;
    const maximumPacketSize = chunkBytesMax + MESSAGE_OVERHEAD_BYTES;
    return {
      clientId,
      protocolVersion: this.#protocol,
      clean: true,
      reconnectPeriod: 0,
      resubscribe: false,
      queueQoSZero: false,
      connectTimeout: CONNECT_TIMEOUT_MS,
      keepalive: KEEPALIVE_S,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...tls,
      ...(this.#protocol === 5 ? { properties: { receiveMaximum: RECEIVE_MAXIMUM, maximumPacketSize } } : {}),
      ...(will === undefined
        ? {}
        : { will: { topic: will.topic, payload: Buffer.from(will.payload), qos: 1, retain: true } }),
    };
  }
}

/** Small packets leave at once: with Nagle's algorithm each step of a transfer would wait for a delayed acknowledgement. */
function withoutDelay(client: MqttClient): void {
  if ('setNoDelay' in client.stream && typeof client.stream.setNoDelay === 'function') client.stream.setNoDelay(true);
}
