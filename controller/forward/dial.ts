/**
 * One attempt to connect to a broker with MQTT.js, and what the broker then allows. No attempt is ever repeated here, and the
 * library's own reconnecting is off: it would resend what it kept before anything newer, and may never call back.
 */
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { AppError, sentenceOf } from '../core/errors.ts';

const CONNECT_TIMEOUT_MS = 10_000;
/** A broker that says nothing about its Receive Maximum takes 65535 by the standard (MQTT 5, 3.2.2.3.3). */
const RECEIVE_MAXIMUM_UNSAID = 65_535;
/** What we take from the broker before it has to wait for us. */
const OUR_RECEIVE_MAXIMUM = 16;
const OUR_PACKET_BYTES_MAX = 1024 * 1024;
const UNSPECIFIED_V3_REFUSAL = 1;
const UNSUPPORTED_PROTOCOL_V5 = 0x84;
/** Bad login and not authorised, in 3.1.1 and in 5. */
const LOGIN_REFUSALS = [4, 5, 0x86, 0x87];
const SUBSCRIPTION_FAILED = 0x80;

/** Another client came with our client id (MQTT 5, 3.14.2.1). */
export const TAKEN_OVER = 0x8e;
/** More unacknowledged messages, and a larger packet, than the broker takes. */
export const TOO_MANY = 0x93;
export const TOO_LARGE = 0x95;
export const QUOTA_EXCEEDED = 0x97;
/** Reasons of a broker that mean something to people. */
const DISCONNECTIONS: { readonly [code: number]: string } = {
  [TAKEN_OVER]: 'another controller connected under the id of this site',
  [TOO_MANY]: 'the broker takes fewer messages at once (reason 0x93)',
  [TOO_LARGE]: 'the broker takes smaller packets only (reason 0x95)',
  [QUOTA_EXCEEDED]: 'the broker asks for rest (reason 0x97)',
  156: 'the broker names another server; only the one of the configuration is used',
  157: 'the broker moved to another server; only the one of the configuration is used',
};

export type Protocol = 4 | 5;

/** How to reach the broker. Secrets stay out of the URL. */
export interface Address {
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
  /** PEM texts. The server's certificate is always checked. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
}

export interface DialOptions extends Address {
  readonly clientId: string;
  readonly protocol: Protocol;
  readonly keepaliveS: number;
  readonly will?: { readonly topic: string; readonly payload: string };
  readonly subscriptions: readonly string[];
  /** Called for each message, one at a time: the next one, and the acknowledgement of this one, wait until it resolves. */
  /** `isRetained`: it lay at the broker before we subscribed. */
  readonly onMessage: (topic: string, payload: Buffer, isRetained: boolean) => Promise<void>;
}

/** A connection that is up. */
export interface Dialled {
  readonly client: MqttClient;
  readonly receiveMaximum: number;
  /** Null when the broker did not say, as in 3.1.1. */
  readonly maximumPacketBytes: number | null;
  /** Resolves once the connection is gone. */
  readonly gone: Promise<Loss>;
  /** The reason code in the acknowledgement of a message (MQTT 5), which the library keeps to itself; asked once for each. */
  readonly reasonOf: (messageId: number | undefined) => number;
}

/** How a connection ended. `code` is the reason in the broker's DISCONNECT (MQTT 5); null when it gave none. */
export interface Loss {
  readonly why: string;
  readonly code: number | null;
}

/** Why an attempt failed: `protocol` is worth another attempt with 3.1.1, `login` needs a person. */
export class DialError extends AppError {
  readonly reason: 'protocol' | 'login' | 'network';

  constructor(reason: DialError['reason'], message: string, cause?: unknown) {
    super('broker-away', message, { cause });
    this.reason = reason;
  }
}

/** Connects and subscribes. Rejects with a {@link DialError}; `signal` gives up at once. */
export async function dial(options: DialOptions, signal: AbortSignal): Promise<Dialled> {
  const client = mqtt.connect(options.url, clientOptions(options));
  let trouble: string | null = null;
  let code: number | null = null;
  // MQTT.js throws what nobody listens to; certificate trouble comes as an error long after `connect`.
  client.on('error', (error) => {
    trouble = sentenceOf(error);
  });
  client.on('disconnect', (packet) => {
    code = packet.reasonCode ?? 0;
    trouble = DISCONNECTIONS[code] ?? `the broker ended the connection (reason ${code})`;
  });
  const reasons = new Map<number, number>();
  client.on('packetreceive', (packet) => {
    if (packet.cmd === 'puback' && packet.messageId !== undefined && (packet.reasonCode ?? 0) !== 0)
      reasons.set(packet.messageId, packet.reasonCode ?? 0);
  });
  const reasonOf = (messageId: number | undefined): number => {
    const reason = messageId === undefined ? undefined : reasons.get(messageId);
    if (messageId !== undefined) reasons.delete(messageId);
    return reason ?? 0;
  };
  client.handleMessage = (packet, done) => {
    const payload = typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload;
    options.onMessage(packet.topic, payload, packet.retain).then(
      () => done(),
      () => done(),
    );
  };
  const gone = new Promise<Loss>((resolve) => {
    client.on('close', () => resolve({ why: trouble ?? 'the connection was closed', code }));
  });
  const giveUp = () => client.end(true);
  signal.addEventListener('abort', giveUp);
  try {
    const connack = await connected(client, gone);
    withoutDelay(client);
    if (options.subscriptions.length > 0) {
      const asked = client.subscribeAsync([...options.subscriptions], { qos: 1 });
      // A connection lost in between may leave the library's promise open for ever.
      const granted = await Promise.race([
        asked,
        gone.then(({ why }) => Promise.reject(new DialError('network', why))),
      ]);
      if (granted.some(({ qos }) => Number(qos) >= SUBSCRIPTION_FAILED))
        throw new DialError('login', 'the broker does not let this user subscribe');
    }
    return {
      client,
      receiveMaximum: connack.properties?.receiveMaximum ?? RECEIVE_MAXIMUM_UNSAID,
      maximumPacketBytes: connack.properties?.maximumPacketSize ?? null,
      gone,
      reasonOf,
    };
  } catch (error) {
    client.end(true);
    throw error instanceof DialError ? error : new DialError('network', sentenceOf(error), error);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

/** Small packets leave at once: with Nagle's algorithm each step of a transfer would wait for a delayed acknowledgement. */
function withoutDelay(client: MqttClient): void {
  if ('setNoDelay' in client.stream && typeof client.stream.setNoDelay === 'function') client.stream.setNoDelay(true);
}

interface Connack {
  readonly properties?: { readonly receiveMaximum?: number; readonly maximumPacketSize?: number };
}

function connected(client: MqttClient, gone: Promise<Loss>): Promise<Connack> {
  return new Promise((resolve, reject) => {
    client.once('connect', (packet) => resolve(packet as Connack));
    client.once('error', (error) => reject(refusal(error)));
    gone.then(({ why }) => reject(new DialError('network', why)));
  });
}

/** aedes answers a 5 with a 3.1.1 refusal (code 1); others say 0x84. */
function refusal(error: Error): DialError {
  const code = (error as { code?: unknown }).code;
  if (code === UNSPECIFIED_V3_REFUSAL || code === UNSUPPORTED_PROTOCOL_V5)
    return new DialError('protocol', 'the broker does not speak this version of MQTT', error);
  if (typeof code === 'number' && LOGIN_REFUSALS.includes(code))
    return new DialError('login', 'the broker refused user or password', error);
  return new DialError('network', sentenceOf(error), error);
}

function clientOptions(options: DialOptions): IClientOptions {
  const { clientId, protocol, username, password, tls, will, keepaliveS } = options;
  return {
    clientId,
    protocolVersion: protocol,
    clean: true,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    connectTimeout: CONNECT_TIMEOUT_MS,
    keepalive: keepaliveS,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls?.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls?.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls?.key === undefined ? {} : { key: tls.key }),
    ...(protocol === 5
      ? { properties: { receiveMaximum: OUR_RECEIVE_MAXIMUM, maximumPacketSize: OUR_PACKET_BYTES_MAX } }
      : {}),
    ...(will === undefined
      ? {}
      : { will: { topic: will.topic, payload: Buffer.from(will.payload), qos: 1, retain: true } }),
  };
}
