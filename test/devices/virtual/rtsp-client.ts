// A bare RTSP client for tests: every request and every packet can be seen, nothing is retried or repaired.

import { createHash } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Response {
  readonly status: number;
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly body: string;
}

export interface Packet {
  readonly channel: number;
  readonly data: Buffer;
}

export class RtspClient {
  readonly url: string;
  readonly packets: Packet[] = [];
  /** Added to every request, for example a login or a session. */
  readonly headers: Record<string, string> = {};
  isClosed = false;
  /** What the operating system said of the connection, for example `ECONNRESET`. */
  errorCode: string | undefined;
  readonly #socket: Socket;
  readonly #responses: Response[] = [];
  #bytes: Buffer = Buffer.alloc(0);
  #sequence = 0;
  #changed: (() => void)[] = [];

  private constructor(url: string, socket: Socket) {
    this.url = url;
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#cut();
      this.#wake();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.errorCode = error.code;
    });
    socket.on('close', () => {
      this.isClosed = true;
      this.#wake();
    });
  }

  /** Connects; the connection is closed when the test ends. */
  static async open(url: string): Promise<RtspClient> {
    const { hostname, port } = new URL(url.replace(/^rtsp:/, 'http:'));
    const socket = connect(Number(port), hostname);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    onTestFinished(() => {
      socket.destroy();
    });
    return new RtspClient(url, socket);
  }

  /** Sends one request and waits for its answer. */
  async request(method: string, headers: Record<string, string> = {}, uri = this.url): Promise<Response> {
    const lines = Object.entries({ CSeq: `${++this.#sequence}`, ...this.headers, ...headers });
    this.#socket.write(
      `${method} ${uri} RTSP/1.0\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`,
    );
    await this.until(() => this.#responses.length > 0, `an answer to ${method}`);
    const response = this.#responses.shift();
    if (response === undefined) throw new Error('The answer is gone.');
    return response;
  }

  /** Logs in with Digest MD5 for all later requests of one method at a time; returns the header value. */
  digest(challenge: string, method: string, user: string, password: string, uri = this.url): string {
    const field = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(challenge)?.[1] ?? '';
    const algorithm = challenge.includes('SHA-256') ? 'sha256' : 'md5';
    const hash = (text: string) => createHash(algorithm).update(text).digest('hex');
    const secret = hash(`${user}:${field('realm')}:${password}`);
    const response = hash(`${secret}:${field('nonce')}:${hash(`${method}:${uri}`)}`);
    const name = algorithm === 'sha256' ? ', algorithm=SHA-256' : '';
    return `Digest username="${user}", realm="${field('realm')}", nonce="${field('nonce')}", uri="${uri}", response="${response}"${name}`;
  }

  /** SETUP of the given tracks inside the connection and PLAY. The device must need no login. @returns the PLAY answer. */
  async play(tracks: readonly number[] = [0]): Promise<Response> {
    for (const track of tracks) {
      const channels = `${track * 2}-${track * 2 + 1}`;
      const setup = await this.request(
        'SETUP',
        { Transport: `RTP/AVP/TCP;unicast;interleaved=${channels}` },
        `${this.url}/trackID=${track}`,
      );
      if (setup.status !== 200) return setup;
      this.headers['Session'] = setup.headers.get('session')?.[0]?.split(';')[0] ?? '';
    }
    return this.request('PLAY', { Range: 'npt=0.000-' });
  }

  pauseReading(): void {
    this.#socket.pause();
  }

  close(): void {
    this.#socket.destroy();
  }

  send(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  /** Waits for a fact about what has arrived. @throws Error when it does not come true in time. */
  async until(fact: () => boolean, what: string, timeoutMs = 10_000): Promise<void> {
    const endMs = performance.now() + timeoutMs;
    while (!fact()) {
      const leftMs = endMs - performance.now();
      if (leftMs <= 0) throw new Error(`Waited in vain for ${what}.`);
      if (this.isClosed) throw new Error(`The connection closed while waiting for ${what}.`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#changed.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  async untilClosed(timeoutMs = 10_000): Promise<void> {
    await this.until(() => this.isClosed, 'the end of the connection', timeoutMs);
  }

  #wake(): void {
    const waiting = this.#changed;
    this.#changed = [];
    for (const wake of waiting) wake();
  }

  #cut(): void {
    for (;;) {
      if (this.#bytes[0] === 0x24) {
        const end = this.#bytes.length < 4 ? Number.POSITIVE_INFINITY : 4 + this.#bytes.readUInt16BE(2);
        if (this.#bytes.length < end) return;
        this.packets.push({ channel: this.#bytes[1] ?? 0, data: this.#bytes.subarray(4, end) });
        this.#bytes = this.#bytes.subarray(end);
        continue;
      }
      const headEnd = this.#bytes.indexOf('\r\n\r\n');
      if (headEnd === -1) return;
      const [first = '', ...lines] = this.#bytes.toString('utf8', 0, headEnd).split('\r\n');
      const headers = new Map<string, string[]>();
      for (const line of lines) {
        const colon = line.indexOf(':');
        const name = line.slice(0, colon).toLowerCase();
        headers.set(name, [...(headers.get(name) ?? []), line.slice(colon + 1).trim()]);
      }
      const end = headEnd + 4 + Number(headers.get('content-length')?.[0] ?? 0);
      if (this.#bytes.length < end) return;
      const body = this.#bytes.toString('utf8', headEnd + 4, end);
      this.#responses.push({ status: Number(first.split(' ')[1]), headers, body });
      this.#bytes = this.#bytes.subarray(end);
    }
  }
}

/** Fields of an RTP packet. */
export function readRtp(data: Buffer): { sequence: number; timestamp: number; ssrc: number; payload: Buffer } {
  return {
    sequence: data.readUInt16BE(2),
    timestamp: data.readUInt32BE(4),
    ssrc: data.readUInt32BE(8),
    payload: data.subarray(12),
  };
}

/** Fields of an RTCP sender report; the wall time is in milliseconds since 1970. */
export function readSenderReport(data: Buffer): {
  ssrc: number;
  wallMs: number;
  rtpTimestamp: number;
  packets: number;
} {
  const seconds = data.readUInt32BE(8) - 2_208_988_800;
  return {
    ssrc: data.readUInt32BE(4),
    wallMs: seconds * 1000 + (data.readUInt32BE(12) / 2 ** 32) * 1000,
    rtpTimestamp: data.readUInt32BE(16),
    packets: data.readUInt32BE(20),
  };
}
