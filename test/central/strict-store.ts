/**
 * An object store that is as strict as S3 where it matters here and s3rver is not: it checks signatures (headers and presigned
 * addresses, with every header that they name), the hash of the payload, SHA-256 checksums and conditions, and locks what it has when
 * told to. The switches make it fail the ways stores fail.
 */
import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';

export const KEY = { accessKeyId: 'centre-key', secretAccessKey: 'a secret that is long enough' };
export const REGION = 'cn-north-1';

type Fault =
  /** Answers with this, whatever is asked. */
  | { readonly status: number; readonly word: string }
  /** Ends the connection after so many bytes of the body, of the request or the answer. */
  | { readonly resetAfter: number }
  /** Answers after so many milliseconds. */
  | { readonly lateMs: number };

interface Kept {
  readonly bytes: Buffer;
  readonly checksum: string | null;
  readonly version: string;
}

export class StrictStore {
  readonly objects = new Map<string, Kept>();
  readonly asked: { readonly method: string; readonly key: string; readonly headers: IncomingMessage['headers'] }[] =
    [];
  /** What the next questions of a kind (`PUT`, `HEAD`, `GET`) meet, one each. */
  readonly faults: { readonly method: string; readonly fault: Fault }[] = [];
  isDown = false;
  /** How it locks what it has. */
  locks: 'COMPLIANCE' | 'GOVERNANCE' | null = null;
  deniesWrites = false;
  /** Seconds by which its clock is ahead of everybody's. */
  aheadS = 0;
  /** Keys that begin with this are spoiled after they were taken, and their checksum with them. */
  spoilsOnce = '-';
  endpoint = '';
  readonly #bucket: string;
  #server: Server | null = null;
  #versions = 0;

  constructor(bucket = 'evidence') {
    this.#bucket = bucket;
  }

  /** Listens on a free loopback port, with TLS when it is given a certificate. */
  async start(tls?: { readonly cert: string; readonly key: string }): Promise<this> {
    const answer = (request: IncomingMessage, response: ServerResponse): void => {
      this.#answer(request, response).catch((error: unknown) => {
        if (!response.headersSent && !response.destroyed) say(response, 500, 'InternalError', String(error));
      });
    };
    const server = tls === undefined ? createServer(answer) : createTlsServer(tls, answer);
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
    const address = server.address();
    this.endpoint = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
    return this;
  }

  async close(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve) ?? resolve(null));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.endpoint);
    const [bucket = '', ...parts] = url.pathname.slice(1).split('/').map(decodeURIComponent);
    const key = parts.join('/');
    const method = request.method ?? '';
    this.asked.push({ method, key, headers: request.headers });
    if (this.isDown) {
      request.socket.destroy();
      return;
    }
    const at = this.faults.findIndex((one) => one.method === method && !key.startsWith('_'));
    const fault = at < 0 ? null : (this.faults.splice(at, 1)[0]?.fault ?? null);
    if (fault !== null && 'lateMs' in fault) await sleep(fault.lateMs);
    const body = await bytesOf(
      request,
      fault !== null && 'resetAfter' in fault && method === 'PUT' ? fault.resetAfter : null,
    );
    if (body === null) return;
    if (fault !== null && 'status' in fault) {
      say(response, fault.status, fault.word);
      return;
    }
    const refusal = this.#refusalOf(request, url, body);
    if (refusal !== null) return say(response, ...refusal);
    if (bucket !== this.#bucket) return say(response, 404, 'NoSuchBucket');
    if (method === 'GET' && url.searchParams.has('object-lock')) return this.#sayLock(response);
    if (method === 'GET' && key === '') return this.#list(response, url.searchParams.get('prefix') ?? '');
    if (method === 'PUT' && this.deniesWrites) return say(response, 403, 'AccessDenied');
    if (method === 'PUT') return this.#put(request, response, key, body);
    const kept = this.objects.get(key);
    if (kept === undefined) return say(response, 404, 'NoSuchKey');
    if (method === 'HEAD') return this.#head(response, kept, request.headers['x-amz-checksum-mode'] === 'ENABLED');
    return this.#get(request, response, kept, fault !== null && 'resetAfter' in fault ? fault.resetAfter : null);
  }

  #refusalOf(request: IncomingMessage, url: URL, body: Buffer): [number, string] | null {
    const { headers } = request;
    const presigned = url.searchParams.get('X-Amz-Signature');
    const said = /Credential=([^,]+), SignedHeaders=([^,]+), Signature=([0-9a-f]{64})/.exec(
      headers.authorization ?? '',
    );
    const credential = (presigned === null ? said?.[1] : url.searchParams.get('X-Amz-Credential')) ?? '';
    const signedHeaders = (presigned === null ? said?.[2] : url.searchParams.get('X-Amz-SignedHeaders')) ?? '';
    const date = (presigned === null ? headers['x-amz-date'] : url.searchParams.get('X-Amz-Date')) ?? '';
    if (!credential.startsWith(`${KEY.accessKeyId}/`)) return [403, 'InvalidAccessKeyId'];
    const [y, mo, d, h, mi, s] = (/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(String(date)) ?? [])
      .slice(1)
      .map(Number);
    const signedS = Date.UTC(y ?? 0, (mo ?? 1) - 1, d, h, mi, s) / 1_000;
    const nowS = Date.now() / 1_000 + this.aheadS;
    const livesS = presigned === null ? 900 : Number(url.searchParams.get('X-Amz-Expires'));
    if (nowS - signedS > livesS) return [403, presigned === null ? 'RequestTimeTooSkewed' : 'AccessDenied'];
    const payload = presigned === null ? String(headers['x-amz-content-sha256']) : 'UNSIGNED-PAYLOAD';
    const query = [...url.searchParams].filter(([name]) => name !== 'X-Amz-Signature');
    const canonical = [
      request.method,
      url.pathname,
      query
        .map(([name, value]) => `${percent(name)}=${percent(value)}`)
        .sort()
        .join('&'),
      ...signedHeaders.split(';').map((name) => `${name}:${String(headers[name] ?? '').trim()}`),
      '',
      signedHeaders,
      payload,
    ].join('\n');
    const scope = credential.split('/').slice(1);
    const text = ['AWS4-HMAC-SHA256', date, scope.join('/'), hex(canonical)].join('\n');
    const secret: Buffer = scope.reduce<Buffer>(
      (key, part) => hmac(key, part),
      Buffer.from(`AWS4${KEY.secretAccessKey}`),
    );
    const signature = hmac(secret, text).toString('hex');
    if (signature !== (presigned ?? said?.[3])) return [403, 'SignatureDoesNotMatch'];
    if (/^[0-9a-f]{64}$/.test(payload) && payload !== hex(body)) return [400, 'XAmzContentSHA256Mismatch'];
    return null;
  }

  #put(request: IncomingMessage, response: ServerResponse, key: string, body: Buffer): void {
    const { headers } = request;
    const given = headers['x-amz-checksum-sha256'];
    const checksum = createHash('sha256').update(body).digest('base64');
    if (headers['if-none-match'] === '*' && this.objects.has(key)) {
      say(response, 412, 'PreconditionFailed');
      return;
    }
    if (given !== undefined && given !== checksum) {
      say(response, 400, 'BadDigest');
      return;
    }
    this.#versions += 1;
    const version = `v${this.#versions}`;
    const isSpoiled = key.startsWith(this.spoilsOnce);
    const bytes = isSpoiled ? Buffer.from(body).fill(0, 0, 9) : body;
    this.objects.set(key, { bytes, checksum: given === undefined || isSpoiled ? null : checksum, version });
    response.writeHead(200, {
      'x-amz-version-id': version,
      ...(given === undefined ? {} : { 'x-amz-checksum-sha256': checksum }),
    });
    response.end();
  }

  #head(response: ServerResponse, { bytes, checksum, version }: Kept, wantsChecksum: boolean): void {
    response.writeHead(200, {
      'content-length': bytes.length,
      'x-amz-version-id': version,
      ...(checksum === null || !wantsChecksum ? {} : { 'x-amz-checksum-sha256': checksum }),
      ...(this.locks !== null
        ? {
            'x-amz-object-lock-mode': this.locks,
            'x-amz-object-lock-retain-until-date': new Date(Date.now() + 86_400_000).toISOString(),
          }
        : {}),
    });
    response.end();
  }

  #get(request: IncomingMessage, response: ServerResponse, { bytes }: Kept, resetAfter: number | null): void {
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
    const piece = from === undefined ? bytes : bytes.subarray(Number(from), Number(to) + 1);
    const range = from === undefined ? {} : { 'content-range': `bytes ${from}-${to}/${bytes.length}` };
    response.writeHead(from === undefined ? 200 : 206, { 'content-length': piece.length, ...range });
    if (resetAfter === null) {
      response.end(piece);
      return;
    }
    response.write(piece.subarray(0, resetAfter), () => request.socket.destroy());
  }

  #list(response: ServerResponse, prefix: string): void {
    const keys = [...this.objects.keys()].filter((key) => key.startsWith(prefix));
    const contents = keys.map((key) => `<Contents><Key>${key}</Key></Contents>`).join('');
    response.writeHead(200, { 'content-type': 'application/xml' });
    response.end(`<ListBucketResult>${contents}</ListBucketResult>`);
  }

  #sayLock(response: ServerResponse): void {
    if (this.locks === null) {
      say(response, 404, 'ObjectLockConfigurationNotFoundError');
      return;
    }
    const rule = `<Rule><DefaultRetention><Mode>${this.locks}</Mode><Days>30</Days></DefaultRetention></Rule>`;
    response.writeHead(200, { 'content-type': 'application/xml' });
    response.end(
      `<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled>${rule}</ObjectLockConfiguration>`,
    );
  }
}

/** The body, or null when the connection was ended in the middle of it. */
async function bytesOf(request: IncomingMessage, resetAfter: number | null): Promise<Buffer | null> {
  const parts: Buffer[] = [];
  let got = 0;
  try {
    for await (const part of request) {
      parts.push(part as Buffer);
      got += (part as Buffer).length;
      if (resetAfter === null || got < resetAfter) continue;
      request.socket.destroy();
      return null;
    }
  } catch {
    return null;
  }
  return Buffer.concat(parts);
}

function say(response: ServerResponse, status: number, word: string, message = word): void {
  response.writeHead(status, { 'content-type': 'application/xml' });
  response.end(`<?xml version="1.0"?><Error><Code>${word}</Code><Message>${message}</Message></Error>`);
}

function hex(bytes: string | Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function percent(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}
