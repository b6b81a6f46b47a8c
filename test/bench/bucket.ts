/**
 * An object store that does the least that an honest one does: a PUT is hashed with SHA-256 on its way to a file, compared with the sum
 * that came with it, synced, and answered with the sum; HEAD and a listing say it again. Signatures are not looked at. The same one stands behind
 * route C and behind the bare PUT that it is compared with.
 */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { jsonArgument, tell } from './child.ts';

const CHECKSUM = 'x-amz-checksum-sha256';

export interface BucketOrder {
  /** Where the objects are kept. */
  readonly folder: string;
}

const { folder } = jsonArgument<BucketOrder>();
const objects = new Map<string, { readonly bytes: number; readonly checksum: string }>();
const server = createServer((request, response) => {
  answer(request, response).catch((error: Error) => response.destroy(error));
});
server.listen(0, '127.0.0.1', () => tell({ ready: true, port: (server.address() as AddressInfo).port }));

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://bucket');
  if (request.method === 'PUT') {
    const object = await keep(request, join(folder, encodeURIComponent(pathname)));
    const isRight = [undefined, object.checksum].includes(request.headers[CHECKSUM] as string | undefined);
    if (isRight) objects.set(pathname, object);
    response.writeHead(isRight ? 200 : 400, { [CHECKSUM]: object.checksum });
    response.end(isRight ? '' : '<Error><Code>BadDigest</Code></Error>');
    return;
  }
  const object = objects.get(pathname);
  if (request.method === 'HEAD' && object !== undefined)
    response.writeHead(200, { 'content-length': object.bytes, [CHECKSUM]: object.checksum });
  else if (request.method === 'GET') response.writeHead(200, { 'content-type': 'application/xml' });
  else response.writeHead(request.method === 'DELETE' ? 204 : 404);
  response.end(request.method === 'GET' ? listed(pathname, searchParams.get('prefix') ?? '') : '');
}

function listed(bucket: string, prefix: string): string {
  const keys = [...objects.keys()].map((path) => path.slice(bucket.length)).map((key) => key.replace(/^\//, ''));
  const found = keys.filter((key) => key.startsWith(prefix)).map((key) => `<Contents><Key>${key}</Key></Contents>`);
  return `<ListBucketResult>${found.join('')}</ListBucketResult>`;
}

async function keep(body: IncomingMessage, path: string): Promise<{ bytes: number; checksum: string }> {
  const file = await open(path, 'w');
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const piece of body as AsyncIterable<Buffer>) {
    hash.update(piece);
    bytes += (await file.write(piece)).bytesWritten;
  }
  await file.sync();
  await file.close();
  return { bytes, checksum: hash.digest('base64') };
}
