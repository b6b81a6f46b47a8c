/**
 * A centre that is nothing but a receiver of whole files, for what routes C and D cost the site: takes PUTs as an object store does,
 * or pulls what is offered, and signs for what has its hash and is synced. Its document offers the one route that is measured.
 */

import { writeFile } from 'node:fs/promises';
import { createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import mqtt from 'mqtt';
import { PlainCentre } from '../forward/plain-centre.ts';
import { jsonArgument, tell } from './child.ts';
import { receive } from './put-receiver.ts';

export interface PlainReceiverOrder {
  readonly broker: string;
  readonly route: 'C' | 'D';
  readonly folder: string;
  /** Where its public key is written for the site. */
  readonly keys: string;
}

interface Item {
  readonly seg: string;
  readonly sha256: string;
}

const { broker, route, folder, keys } = jsonArgument<PlainReceiverOrder>();
const client = (url: string) => mqtt.connectAsync(url, { clientId: 'centre', protocolVersion: 5, reconnectPeriod: 0 });
const centre = await PlainCentre.begin({ client }, broker);
await writeFile(keys, JSON.stringify({ keys: [centre.key] }));
const expected = new Map<string, string>();
const server = createServer(async (incoming, response) => {
  const seg = (incoming.url ?? '').slice(1);
  const { hex, base64 } = await receive(incoming, join(folder, seg));
  const isWhole = hex === expected.get(seg);
  response.writeHead(isWhole ? 200 : 400, { 'x-amz-checksum-sha256': base64 }).end();
  if (isWhole) centre.sign(seg);
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
centre.onRequest = (id, { type, items, base, token }) => {
  const list = items as readonly Item[];
  if (type === 'upload-url') {
    for (const { seg, sha256 } of list) expected.set(seg, sha256);
    centre.respond(id, { type, items: list.map(({ seg }) => ({ seg, url: `${origin}/${seg}`, headers: {} })) });
  }
  if (type === 'offer') for (const item of list) void pull(String((base as readonly string[])[0]), String(token), item);
};
await centre.introduce({ routes: [route], put: { maxUrls: 20, origins: [origin] } });
tell({ ready: true });

async function pull(base: string, token: string, { seg, sha256 }: Item): Promise<void> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(`${base}/v1/seg/${seg}`, { headers: { authorization: `Bearer ${token}` } }, resolve).on('error', reject);
  });
  const { hex } = await receive(response, join(folder, seg));
  if (hex === sha256) centre.sign(seg);
}
