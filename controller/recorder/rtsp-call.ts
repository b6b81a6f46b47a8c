/** Connections to an RTSP server (RFC 2326): one question and its answer at a time, and the first answer of several connections. */
import { connect, type Socket } from 'node:net';

const REPLY_BYTES_MAX = 256 * 1024;
/**
 * A camera that has not answered for this long is called once more beside the call that waits. What was sent into a cable that was
 * pulled, or to a camera that was starting, is never answered, and TCP repeats it ever more rarely: only a fresh call finds out at
 * once that it is back. Less than the second after which TCP would first repeat a SYN.
 */
const CALL_AGAIN_MS = 800;
/** The first call, for a camera that is only slow, and the newest. */
const CALLS_MAX = 2;

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface Reply {
  readonly status: number;
  readonly phrase: string;
  /** Names in lower case. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/** One connection. Whoever opens it closes it. */
export class RtspCall {
  readonly #socket: Socket;
  #bytes = Buffer.alloc(0);
  #over: Error | null = null;
  #heard = false;
  #look: (() => void) | null = null;
  readonly #unheed: () => void;

  /** Begins to connect; `over` ends the call with its reason. */
  constructor({ host, port }: Address, over: AbortSignal) {
    this.#socket = connect({ host, port });
    this.#socket.on('data', (chunk: Buffer) => {
      this.#heard = true;
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#look?.();
    });
    this.#socket.on('error', (error) => this.#end(error));
    this.#socket.on('end', () => this.#end(new Error('the camera closed the connection')));
    this.#socket.on('close', () => this.#end(new Error('the camera closed the connection')));
    const abort = () => {
      this.#end(over.reason as Error);
      this.#socket.destroy();
    };
    over.addEventListener('abort', abort, { once: true });
    this.#unheed = () => over.removeEventListener('abort', abort);
    if (over.aborted) abort();
  }

  /** True when no answer can come on it any more. */
  get isOver(): boolean {
    return this.#over !== null;
  }

  /** Whether anything came since the last question. */
  get heardSinceAsked(): boolean {
    return this.#heard;
  }

  /** Resolves with the whole answer; rejects when the connection ends before it, or the answer is not one. One question at a time. */
  ask(request: string): Promise<Reply> {
    this.#heard = false;
    if (this.#over === null) this.#socket.write(request);
    return new Promise((resolve, reject) => {
      const look = () => {
        try {
          const reply = this.#cut();
          if (reply !== null) {
            this.#look = null;
            resolve(reply);
            return;
          }
          if (this.#bytes.length > REPLY_BYTES_MAX) throw new Error('the answer is too long');
        } catch (error) {
          this.#end(error as Error);
          this.#socket.destroy();
        }
        if (this.#over === null) return;
        this.#look = null;
        reject(this.#over);
      };
      this.#look = look;
      look();
    });
  }

  close(): void {
    this.#unheed();
    this.#socket.destroy();
  }

  #end(why: Error): void {
    if (this.#over !== null) return;
    this.#over = why;
    this.#look?.();
  }

  /** Takes the first whole answer out of what came. */
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
    const closes = headers.some(([name, value]) => name === 'connection' && /\bclose\b/i.test(value));
    const length = Number(headers.find(([name]) => name === 'content-length')?.[1] ?? 0);
    const bodyEnd = end + 4 + (Number.isFinite(length) ? length : 0);
    if (this.#bytes.length < bodyEnd) return null;
    const body = this.#bytes.toString('utf8', end + 4, bodyEnd);
    this.#bytes = this.#bytes.subarray(bodyEnd);
    if (closes) this.#over ??= new Error('the camera closed the connection');
    return { status: Number(status[1]), phrase: printable(status[2] ?? ''), headers, body };
  }
}

/**
 * Asks on one connection, after a while on another one beside it, until any of them answers; the rest is closed at once. The question
 * must carry no login, because it is asked more than once. Rejects when `over` says so or no connection is left that could answer.
 */
export function firstAnswer(
  address: Address,
  request: string,
  over: AbortSignal,
): Promise<{ readonly call: RtspCall; readonly reply: Reply }> {
  return new Promise((resolve, reject) => {
    const calls: RtspCall[] = [];
    const leave = (kept: RtspCall | null) => {
      clearInterval(again);
      for (const call of calls.splice(0)) if (call !== kept) call.close();
    };
    const open = () => {
      if (calls.length >= CALLS_MAX) calls.pop()?.close();
      const call = new RtspCall(address, over);
      calls.push(call);
      call.ask(request).then(
        (reply) => {
          if (!calls.includes(call)) return;
          leave(call);
          resolve({ call, reply });
        },
        (error: unknown) => {
          const at = calls.indexOf(call);
          if (at < 0) return;
          calls.splice(at, 1);
          call.close();
          if (calls.length > 0 && !over.aborted) return;
          leave(null);
          reject(error);
        },
      );
    };
    const again = setInterval(open, CALL_AGAIN_MS);
    open();
  });
}

/** What a camera says goes into logs and journals: no control characters, no novels. */
export function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 80);
}
