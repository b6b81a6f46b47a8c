/**
 * Asks a camera what it would send (RTSP DESCRIBE, RFC 2326) before ffmpeg is started: a refused login, a busy camera and a
 * missing microphone are told apart here, and a wrong password is tried once instead of every second (quirk Q08).
 */
import { createHash, randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { errnoOf, sentenceOf } from '../core/errors.ts';
import type { Cause, Source } from '../core/recording.ts';

export const RTSP_PORT = 554;
const REPLY_BYTES_MAX = 256 * 1024;
const USER_AGENT = 'quancheng-recorder';

/** What a source offers. Codec names as in the SDP, upper case; null where there is none. */
export interface Offer {
  readonly video: string | null;
  readonly audio: string | null;
}

/** A source that cannot be used, and why. */
export class DescribeFault extends Error {
  readonly reason: Cause;
  constructor(reason: Cause) {
    super(`${reason.code}: ${reason.detail}`);
    this.reason = reason;
  }
}

interface Reply {
  readonly status: number;
  readonly phrase: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/** One attempt, over within `deadlineMs`. Rejects with DescribeFault; never retries a refused login. */
export async function describe(source: Source, deadlineMs: number, signal?: AbortSignal): Promise<Offer> {
  const url = new URL(source.url);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port === '' ? RTSP_PORT : Number(url.port);
  const socket = connect({ host, port });
  // Whoever waits for an answer hears of errors by ReplyReader; one that comes in between must not end the process.
  socket.on('error', () => undefined);
  const timer = setTimeout(() => socket.destroy(new Error(`no answer within ${deadlineMs} ms`)), deadlineMs);
  const abort = () => socket.destroy(new Error('stopped'));
  signal?.addEventListener('abort', abort, { once: true });
  try {
    const replies = new ReplyReader(socket);
    let cseq = 1;
    const ask = (authorization: string | null): Promise<Reply> => {
      const lines = [
        `DESCRIBE ${source.url} RTSP/1.0`,
        `CSeq: ${cseq++}`,
        'Accept: application/sdp',
        `User-Agent: ${USER_AGENT}`,
      ];
      if (authorization !== null) lines.push(`Authorization: ${authorization}`);
      socket.write(`${lines.join('\r\n')}\r\n\r\n`);
      return replies.next();
    };
    let reply = await ask(null);
    if (reply.status === 401) {
      const authorization = authorize(reply, source);
      reply = await ask(authorization);
      if (reply.status === 401)
        throw new DescribeFault({ code: 'camera-refused-login', detail: `${host} refused user or password` });
    }
    return offerOf(reply, host);
  } catch (error) {
    if (error instanceof DescribeFault) throw error;
    const errno = errnoOf(error);
    throw new DescribeFault({ code: 'camera-unreachable', detail: `${host}:${port}: ${errno ?? sentenceOf(error)}` });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
    socket.destroy();
  }
}

function offerOf(reply: Reply, host: string): Offer {
  const said = `${host} answered ${reply.status} ${reply.phrase}`;
  if (reply.status === 403) throw new DescribeFault({ code: 'camera-locked-out', detail: said });
  if (reply.status === 453 || reply.status === 503) throw new DescribeFault({ code: 'camera-busy', detail: said });
  if (reply.status !== 200) throw new DescribeFault({ code: 'camera-no-stream', detail: said });
  const offer = readSdp(reply.body);
  if (offer.video === null && offer.audio === null) {
    throw new DescribeFault({ code: 'camera-no-stream', detail: `${host} offers neither picture nor sound` });
  }
  return offer;
}

/** First codec of the first video and of the first audio part of an SDP (RFC 4566). */
export function readSdp(sdp: string): Offer {
  // Static payload types that cameras use without an rtpmap line (RFC 3551).
  const known = new Map([
    ['0', 'PCMU'],
    ['8', 'PCMA'],
    ['14', 'MPA'],
    ['26', 'JPEG'],
  ]);
  let video: string | null = null;
  let audio: string | null = null;
  let part: { kind: string; payload: string } | null = null;
  const found = (codec: string) => {
    if (part?.kind === 'video') video ??= codec.toUpperCase();
    if (part?.kind === 'audio') audio ??= codec.toUpperCase();
  };
  for (const line of sdp.split(/\r?\n/)) {
    const media = /^m=(\w+) (\d+)\S* \S+ (\d+)/.exec(line);
    if (media !== null) {
      part = { kind: media[1] ?? '', payload: media[3] ?? '' };
      const fixed = known.get(part.payload);
      if (fixed !== undefined) found(fixed);
      continue;
    }
    const map = /^a=rtpmap:(\d+) ([^/\s]+)/.exec(line);
    if (map !== null && part !== null && map[1] === part.payload) found(map[2] ?? '');
  }
  return { video, audio };
}

/** Reads RTSP replies off a socket, one after the other. */
class ReplyReader {
  readonly #socket: Socket;
  #bytes = Buffer.alloc(0);

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  next(): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const done = (act: () => void) => {
        this.#socket.off('data', take).off('error', fail).off('close', closed);
        act();
      };
      const take = (chunk: Buffer) => {
        this.#bytes = Buffer.concat([this.#bytes, chunk]);
        let reply: Reply | null;
        try {
          reply = this.#cut();
        } catch (error) {
          this.#socket.destroy(error as Error);
          return;
        }
        if (reply !== null) done(() => resolve(reply));
        else if (this.#bytes.length > REPLY_BYTES_MAX) this.#socket.destroy(new Error('the answer is too long'));
      };
      const fail = (error: Error) => done(() => reject(error));
      const closed = () => done(() => reject(new Error('the camera closed the connection')));
      this.#socket.on('data', take).on('error', fail).on('close', closed);
    });
  }

  #cut(): Reply | null {
    const end = this.#bytes.indexOf('\r\n\r\n');
    if (end < 0) return null;
    const [first = '', ...lines] = this.#bytes.toString('utf8', 0, end).split('\r\n');
    const status = /^RTSP\/1\.\d (\d{3}) ?(.*)$/.exec(first);
    if (status === null) throw new Error('the answer is not RTSP');
    const headers = lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()] as const;
    });
    const length = Number(headers.find(([name]) => name === 'content-length')?.[1] ?? 0);
    const bodyEnd = end + 4 + (Number.isFinite(length) ? length : 0);
    if (this.#bytes.length < bodyEnd) return null;
    const body = this.#bytes.toString('utf8', end + 4, bodyEnd);
    this.#bytes = this.#bytes.subarray(bodyEnd);
    return { status: Number(status[1]), phrase: printable(status[2] ?? ''), headers, body };
  }
}

/** What a camera says goes into logs and journals: no control characters, no novels. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 80);
}

/** The answer to the challenges of a 401 (RFC 2617): Digest with MD5 first, else Basic. */
function authorize(reply: Reply, source: Source): string {
  if (source.user === undefined)
    throw new DescribeFault({
      code: 'camera-refused-login',
      detail: 'the camera asks for a login and none is configured',
    });
  const password = source.password ?? '';
  const challenges = reply.headers.filter(([name]) => name === 'www-authenticate').map(([, value]) => value);
  for (const challenge of challenges) {
    if (!/^digest\s/i.test(challenge)) continue;
    const field = (name: string) => new RegExp(`(?:^|[\\s,])${name}=(?:"([^"]*)"|([^\\s,]+))`, 'i').exec(challenge);
    const value = (name: string) => field(name)?.[1] ?? field(name)?.[2];
    if ((value('algorithm') ?? 'MD5').toUpperCase() !== 'MD5') continue;
    return digest(source, password, value('realm') ?? '', value('nonce') ?? '', value('qop'), value('opaque'));
  }
  if (challenges.some((challenge) => /^basic\b/i.test(challenge))) {
    return `Basic ${Buffer.from(`${source.user}:${password}`).toString('base64')}`;
  }
  throw new DescribeFault({
    code: 'auth-unsupported',
    detail: `the camera asks for ${challenges.map((one) => printable(one.split(/\s/)[0] ?? '')).join(', ') || 'an unknown login'}`,
  });
}

function digest(
  source: Source,
  password: string,
  realm: string,
  nonce: string,
  qop: string | undefined,
  opaque: string | undefined,
): string {
  const md5 = (text: string) => createHash('md5').update(text).digest('hex');
  const user = source.user ?? '';
  const ha1 = md5(`${user}:${realm}:${password}`);
  const ha2 = md5(`DESCRIBE:${source.url}`);
  const parts = [
    `username="${user.replace(/(["\\])/g, '\\$1')}"`,
    `realm="${realm}"`,
    `nonce="${nonce}"`,
    `uri="${source.url}"`,
  ];
  if (qop?.split(',').some((one) => one.trim() === 'auth') === true) {
    const cnonce = randomBytes(8).toString('hex');
    const nc = '00000001';
    parts.push(
      'qop=auth',
      `nc=${nc}`,
      `cnonce="${cnonce}"`,
      `response="${md5(`${ha1}:${nonce}:${nc}:${cnonce}:auth:${ha2}`)}"`,
    );
  } else {
    parts.push(`response="${md5(`${ha1}:${nonce}:${ha2}`)}"`);
  }
  if (opaque !== undefined) parts.push(`opaque="${opaque}"`);
  return `Digest ${parts.join(', ')}`;
}
