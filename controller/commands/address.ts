/** Where things are reached: the broker, and the pages, which lie in a folder beside the built program. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { CentreConfig } from '../config/schema.ts';
import type { Address } from '../forward/dial.ts';

/** The built pages lie beside the built controller. */
export const PANEL_FOLDER = fileURLToPath(new URL('../../panel', import.meta.url));

export function addressOf(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}/`;
}

/** How the configuration says to reach the broker; certificates are read now. */
export function brokerAddress(mqtt: CentreConfig['mqtt']): Address {
  const tls = {
    ...(mqtt.caFile === undefined ? {} : { ca: readFileSync(mqtt.caFile, 'utf8') }),
    ...(mqtt.certFile === undefined ? {} : { cert: readFileSync(mqtt.certFile, 'utf8') }),
    ...(mqtt.keyFile === undefined ? {} : { key: readFileSync(mqtt.keyFile, 'utf8') }),
  };
  return {
    url: mqtt.url,
    ...(mqtt.login === null ? {} : { username: mqtt.login.user, password: mqtt.login.password }),
    ...(Object.keys(tls).length === 0 ? {} : { tls }),
  };
}
