/**
 * Asks a camera what it would send (RTSP DESCRIBE, RFC 2326) before ffmpeg is started: a refused login, a busy camera and a
 * missing microphone are told apart here, and a wrong password is tried once instead of every second (quirk Q08).
 */
import { errnoOf, sentenceOf } from '../core/errors.ts';
import type { Cause, Source } from '../core/recording.ts';
import { firstAnswer, type Reply, RtspCall } from './rtsp-call.ts';
import { authorize, isStale } from './rtsp-login.ts';

export const RTSP_PORT = 554;
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

/** One attempt, over within `deadlineMs`, or as soon as `signal` says so. Rejects with DescribeFault; never retries a refused login. */
export async function describe(source: Source, deadlineMs: number, signal?: AbortSignal): Promise<Offer> {
  const url = new URL(source.url);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port === '' ? RTSP_PORT : Number(url.port);
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(new Error(`no answer within ${deadlineMs} ms`)), deadlineMs);
  const stop = () => over.abort(new Error('stopped'));
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted === true) stop();
  let call: RtspCall | null = null;
  try {
    const answered = await firstAnswer({ host, port }, request(source, 1, null), over.signal);
    call = answered.call;
    let { reply } = answered;
    // Once with the login; once more only when the camera says that the login was right and its nonce too old (RFC 2617, 3.2.1).
    for (let tries = 1; reply.status === 401 && (tries === 1 || (tries === 2 && isStale(reply))); tries++) {
      const authorized = request(source, tries + 1, authorization(reply, source));
      if (call.isOver) {
        // A camera that closes the connection after its 401 wants to be called anew.
        call.close();
        call = new RtspCall({ host, port }, over.signal);
        reply = await call.ask(authorized);
      } else {
        reply = await call.ask(authorized).catch((error: unknown) => {
          // The same, only that its end was still on the way: nothing of an answer had come.
          if (over.signal.aborted || call?.heardSinceAsked !== false) throw error;
          call.close();
          call = new RtspCall({ host, port }, over.signal);
          return call.ask(authorized);
        });
      }
    }
    if (reply.status === 401)
      throw new DescribeFault({ code: 'camera-refused-login', detail: `${host} refused user or password` });
    return offerOf(reply, host);
  } catch (error) {
    if (error instanceof DescribeFault) throw error;
    const errno = errnoOf(error);
    throw new DescribeFault({ code: 'camera-unreachable', detail: `${host}:${port}: ${errno ?? sentenceOf(error)}` });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
    call?.close();
  }
}

function request(source: Source, cseq: number, authorization: string | null): string {
  const lines = [
    `DESCRIBE ${source.url} RTSP/1.0`,
    `CSeq: ${cseq}`,
    'Accept: application/sdp',
    `User-Agent: ${USER_AGENT}`,
    ...(authorization === null ? [] : [`Authorization: ${authorization}`]),
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

function authorization(reply: Reply, source: Source): string {
  const answer = authorize(reply, source, 'DESCRIBE');
  if (typeof answer === 'string') return answer;
  throw new DescribeFault(answer);
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
