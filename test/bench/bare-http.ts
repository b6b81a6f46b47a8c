/**
 * The rival over HTTP: PUT of the same files one after the other, hashed with SHA-256 on both ends and synced before the answer, which
 * the client compares. No manifest, no receipt, nothing is remembered.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { jsonArgument, onTold, tell } from './child.ts';
import { receive } from './put-receiver.ts';

const CHECKSUM = 'x-amz-checksum-sha256';
const READ_BYTES = 256 * 1024;

export interface BareHttpOrder {
  readonly role: 'client' | 'server';
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
  /** Server: where it goes. */
  readonly folder: string;
  /** Client: where the server listens. */
  readonly port: number;
}

const order = jsonArgument<BareHttpOrder>();
if (order.role === 'server') {
  const server = createServer(async (incoming, response) => {
    const { base64 } = await receive(incoming, join(order.folder, (incoming.url ?? '').slice(1)));
    response.setHeader(CHECKSUM, base64).end();
  });
  server.listen(0, '127.0.0.1', () => tell({ ready: true, port: (server.address() as AddressInfo).port }));
} else {
  onTold(() => void putAll(order));
  tell({ ready: true });
}

async function putAll({ files, port }: BareHttpOrder): Promise<void> {
  const agent = new Agent({ keepAlive: true });
  for (const [number, { path, bytes }] of files.entries()) {
    const hash = createHash('sha256');
    const said = await new Promise<string>((resolve, reject) => {
      const headers = { 'content-length': bytes };
      const put = request(
        { host: '127.0.0.1', port, path: `/${number}`, method: 'PUT', agent, headers },
        (response) => {
          response.resume().once('end', () => resolve(String(response.headers[CHECKSUM])));
        },
      );
      const hashed = async function* (pieces: AsyncIterable<Uint8Array>) {
        for await (const piece of pieces) {
          hash.update(piece);
          yield piece;
        }
      };
      pipeline(createReadStream(path, { highWaterMark: READ_BYTES }), hashed, put).catch(reject);
    });
    if (said !== hash.digest('base64')) throw new Error(`${path} did not arrive as it was`);
  }
  tell({ done: true });
  agent.destroy();
}
