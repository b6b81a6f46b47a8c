/**
 * The rival over HTTP: PUT of the same files one after the other over one connection, hashed with SHA-256 while they are read and
 * compared with what the bucket says it synced. No manifest, no receipt, nothing is remembered.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { Agent, request } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { jsonArgument, onTold, tell } from './child.ts';

const READ_BYTES = 256 * 1024;

export interface BarePutOrder {
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
  /** Where the bucket listens. */
  readonly port: number;
}

const { files, port } = jsonArgument<BarePutOrder>();
const agent = new Agent({ keepAlive: true });
onTold(() => void putAll());
tell({ ready: true });

async function putAll(): Promise<void> {
  for (const [number, { path, bytes }] of files.entries()) {
    const hash = createHash('sha256');
    const said = await new Promise<string>((resolve, reject) => {
      const headers = { 'content-length': bytes };
      const put = request(
        { host: '127.0.0.1', port, path: `/${number}`, method: 'PUT', agent, headers },
        (response) => {
          response.resume().once('end', () => resolve(String(response.headers['x-amz-checksum-sha256'])));
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
