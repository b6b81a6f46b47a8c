/**
 * Route C: the centre signs an address in its object store for exactly this file, the site PUTs it there. Files go to origins that
 * the centre's signed document lists and nowhere else, because the address itself comes unsigned.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { AppError, sentenceOf } from '../../core/errors.ts';
import { type CentreDocument, fileNameOf, hrcCodeOf } from '../../core/hrc.ts';
import { type PutAddress, readAddresses } from '../../core/hrc-command.ts';
import { fieldsOf } from '../../core/hrc-reading.ts';
import { OTHER_BYTES } from '../../core/hrc-routes.ts';
import type { Conversation } from '../conversation.ts';
import { type Flight, refusedBy } from '../flight.ts';
import { LocalFault } from './chunks.ts';
import { type Route, RouteFailed, type SendOrder } from './route.ts';

const OK = 200;
const CREATED = 204;
const FORBIDDEN = 403;
const SERVER_FAULT = 500;
const TOO_MANY_REQUESTS = 429;
/** An answer is read this far, for the word that names the fault. */
const ANSWER_BYTES_MAX = 4_096;
const READ_BYTES = 256 * 1024;
const CHECKSUM_HEADER = 'x-amz-checksum-sha256';

export interface ByPutOptions {
  readonly conversation: Conversation;
  /** A connection on which nothing moves for so long is given up. */
  readonly idleMs: number;
  /** PEM of the authorities that are trusted; those of the system when absent. */
  readonly ca?: readonly string[];
}

export class PutRoute implements Route {
  readonly name = 'C';
  readonly #options: ByPutOptions;

  constructor(options: ByPutOptions) {
    this.#options = options;
  }

  trouble({ put }: CentreDocument): string | null {
    return put === undefined ? 'the centre does not say where files may be put' : null;
  }

  async send(order: SendOrder): Promise<void> {
    const { flight, document } = order;
    const { path, segment } = flight.item;
    const { size } = await stat(path).catch((error) => {
      throw new LocalFault(`it cannot be opened: ${sentenceOf(error)}`);
    });
    if (size !== segment.bytes) throw new LocalFault(`it has ${size} bytes, sealed were ${segment.bytes}`);
    for (let expired = 0; flight.ending === null; expired += 1) {
      const address = expired === 0 && order.address !== null ? order.address : await this.#ask(order);
      if (address === null || flight.ending !== null) return;
      const url = allowed(address.url, document.put?.origins ?? []);
      if (url === null) throw new RouteFailed('the centre named an address that its signed document does not list');
      const { status, checksum, word } = await this.#put(url, address, order);
      if (status === FORBIDDEN && expired === 0) continue;
      settle(flight, status, word, checksum);
      // The centre did not see the file pass: asked for the receipt, it looks at once instead of some time.
      if (flight.ending === null)
        await this.#options.conversation.request({ type: 'receipts.query', segs: [segment.seg] });
      return;
    }
  }

  /** Asks for an address. Null when the flight was ended by the answer. */
  async #ask({ flight, manifest }: SendOrder): Promise<PutAddress | null> {
    const { seg, sha256, size } = manifest;
    const item = { seg, size, sha256, fileId: flight.fileId, name: fileNameOf(manifest) };
    const answer = await this.#options.conversation.request({ type: 'upload-url', items: [item] });
    if (answer === null) {
      flight.end({ kind: 'silent' });
      return null;
    }
    const { code, retryS } = fieldsOf(answer['err']) ?? {};
    if (typeof code === 'string') {
      flight.end(refusedBy(flight.route, hrcCodeOf(code), typeof retryS === 'number' ? retryS : null));
      return null;
    }
    const address = readAddresses(answer['items'])?.find((one) => one.seg === seg);
    if (address === undefined) throw new RouteFailed('the centre gave no address for an upload');
    return address;
  }

  /** One PUT. Rejects with `RouteFailed` when the store cannot be reached, with `LocalFault` when the file is another one. */
  #put(url: URL, address: PutAddress, order: SendOrder): Promise<Answer> {
    const { flight, manifest, pace, onLastByte } = order;
    const { idleMs, ca } = this.#options;
    const { path } = flight.item;
    return new Promise((resolve, reject) => {
      const headers = { ...address.headers, 'content-length': manifest.size };
      const call = {
        method: 'PUT',
        headers,
        timeout: idleMs,
        agent: false,
        ...(ca === undefined ? {} : { ca: [...ca] }),
      };
      const request: ClientRequest = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, call);
      const fail = (error: unknown) => {
        request.destroy();
        reject(error);
      };
      const stop = () => fail(new AppError('broker-away', 'the upload was broken off'));
      flight.ended.signal.addEventListener('abort', stop, { once: true });
      request.once('close', () => flight.ended.signal.removeEventListener('abort', stop));
      request.once('timeout', () => fail(new RouteFailed('the store takes nothing any more')));
      request.once('error', (error) => fail(new RouteFailed(`the store cannot be reached: ${sentenceOf(error)}`)));
      request.once('response', (response) => void answerOf(response).then(resolve, fail));
      stream(path, manifest.sha256, request, pace).then(onLastByte, fail);
    });
  }
}

interface Answer {
  readonly status: number;
  readonly checksum: string | null;
  readonly word: string;
}

/** Writes the file into the request, hashing it: the last bytes leave only when the whole is what was sealed. */
async function stream(
  path: string,
  sha256: string,
  request: ClientRequest,
  pace: (bytes: number) => Promise<void>,
): Promise<void> {
  const hash = createHash('sha256');
  let held: Buffer | null = null;
  try {
    for await (const bytes of createReadStream(path, { highWaterMark: READ_BYTES })) {
      const piece = bytes as Buffer;
      hash.update(piece);
      if (held !== null) await write(request, held, pace);
      held = piece;
    }
  } catch (error) {
    if (request.destroyed) return;
    throw new LocalFault(`it cannot be read: ${sentenceOf(error)}`);
  }
  const whole = hash.digest('hex');
  if (whole !== sha256) throw new LocalFault(`its hash is ${whole}, sealed was ${sha256}`);
  if (held !== null) await write(request, held, pace);
  request.end();
}

async function write(request: ClientRequest, bytes: Buffer, pace: (bytes: number) => Promise<void>): Promise<void> {
  await pace(bytes.length);
  if (request.destroyed) throw new Error('the request is over');
  if (request.write(bytes)) return;
  await new Promise<void>((resolve) => {
    const go = () => {
      request.removeListener('drain', go);
      request.removeListener('close', go);
      resolve();
    };
    request.once('drain', go);
    request.once('close', go);
  });
}

async function answerOf(response: IncomingMessage): Promise<Answer> {
  let text = '';
  for await (const bytes of response) if (text.length < ANSWER_BYTES_MAX) text += String(bytes);
  const checksum = response.headers[CHECKSUM_HEADER];
  const word = /<Code>([A-Za-z]{1,60})<\/Code>/.exec(text)?.[1] ?? '';
  return { status: response.statusCode ?? 0, checksum: typeof checksum === 'string' ? checksum : null, word };
}

/** What the store's answer means for the segment. */
function settle(flight: Flight, status: number, word: string, checksum: string | null): void {
  const { sha256 } = flight.item.segment;
  if (status >= OK && status <= CREATED) {
    const same = checksum === null || checksum === Buffer.from(sha256, 'hex').toString('base64');
    if (same) flight.accept();
    else flight.end({ kind: 'refused', code: 'HRC-FILEHASH', retryS: null });
    return;
  }
  if (OTHER_BYTES.includes(word)) flight.end({ kind: 'refused', code: 'HRC-FILEHASH', retryS: null });
  else if (status === TOO_MANY_REQUESTS || word === 'SlowDown')
    flight.end({ kind: 'refused', code: 'HRC-QUOTA', retryS: null });
  else if (status >= SERVER_FAULT) flight.end({ kind: 'refused', code: 'HRC-STORE', retryS: null });
  else throw new RouteFailed(`the store refused an upload (${status}${word === '' ? '' : ` ${word}`})`);
}

/** The address when its origin is one of `origins`; no login may be in it. */
function allowed(address: string, origins: readonly string[]): URL | null {
  if (!URL.canParse(address)) return null;
  const url = new URL(address);
  const isWeb = url.protocol === 'https:' || url.protocol === 'http:';
  return isWeb && url.username === '' && url.password === '' && origins.includes(url.origin) ? url : null;
}
