/**
 * A lamp that listens to an MQTT topic: `on` or `off` as plain text (or what the site says), never retained. The broker itself says
 * `off` when this machine is gone (the will), so the lamp is off when nobody knows.
 */
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { AppError, sentenceOf } from '../../controller/core/errors.ts';
import type { Indicator } from '../../controller/core/ports.ts';

const CONNECT_LIMIT_MS = 2_000;
const ACKNOWLEDGE_LIMIT_MS = 2_000;
/** A broker notices after one and a half of these that we are gone, and says `off` for us. Seconds. */
const KEEP_ALIVE_S = 5;

export interface MqttLampOptions {
  /** mqtt:, mqtts:, ws: or wss:, without a login. */
  readonly url: string;
  readonly login: { readonly user: string; readonly password: string } | null;
  readonly clientId: string;
  readonly topic: string;
  readonly on: string;
  readonly off: string;
  /** Certificates, as text. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
}

export function mqttLamp(options: MqttLampOptions): Indicator {
  let client: MqttClient | null = null;
  const connected = async (): Promise<MqttClient> => {
    if (client?.connected === true) return client;
    await letGo(client);
    client = null;
    const fresh = await connectAsync(options.url, settingsOf(options));
    // Errors after the connection show by the next acknowledgement that does not come.
    fresh.on('error', () => undefined);
    client = fresh;
    return fresh;
  };
  const show = async (isOn: boolean): Promise<void> => {
    try {
      const lamp = await connected();
      await within(ACKNOWLEDGE_LIMIT_MS, lamp.publishAsync(options.topic, isOn ? options.on : options.off, { qos: 1 }));
    } catch (error) {
      await letGo(client);
      client = null;
      const why = `lamp ${options.topic}: the broker did not take it (${sentenceOf(error)})`;
      throw new AppError('indicator-unreachable', why, { cause: error });
    }
  };
  return {
    show,
    close: async () => {
      try {
        await show(false);
      } finally {
        await letGo(client, false);
        client = null;
      }
    },
  };
}

function settingsOf({ login, clientId, topic, off, tls }: MqttLampOptions): IClientOptions {
  return {
    clientId,
    clean: true,
    keepalive: KEEP_ALIVE_S,
    connectTimeout: CONNECT_LIMIT_MS,
    // Whoever holds this lamp tries again; two that do would race.
    reconnectPeriod: 0,
    will: { topic, payload: Buffer.from(off), qos: 1, retain: false },
    ...(login === null ? {} : { username: login.user, password: login.password }),
    ...tls,
  };
}

/** Cut off (`force`), so that the broker sends the will; an orderly end would keep it back. */
async function letGo(client: MqttClient | null, force = true): Promise<void> {
  await client?.endAsync(force).catch(() => undefined);
}

async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no acknowledgement within ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
