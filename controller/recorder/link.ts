/**
 * The controller's end of the socket to the recorder: connects and reconnects for ever, asks for the journal from where the index
 * stands, and sends the newest wish after each connection. Nothing here throws at its owner; what is wrong is seen by presence.
 */
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Entry } from '../core/chain.ts';
import { sentenceOf } from '../core/errors.ts';
import type { RecorderFact } from '../core/facts.ts';
import type { Log, Recorder } from '../core/ports.ts';
import type { DesiredState, FromRecorder, PeekAnswer, RecorderStatus, Removal, ToRecorder } from '../core/recording.ts';

const RECONNECT_FIRST_MS = 250;
const RECONNECT_MAX_MS = 2_000;
/** A status of a large site is some 50 kB; a longer line is not the recorder's. */
export const LINE_BYTES_MAX = 1024 * 1024;
/** The recorder speaks at least twice a second; one that is silent for this long hangs, and so does its socket. */
const SILENCE_MAX_MS = 5_000;

export interface RecorderLinkOptions {
  /** Where the recorder's socket may lie; with two disks there is one on each, and they are tried in turn. */
  readonly socketPath: string | readonly string[];
  /** Number of the last entry of the recorder's journal that the index holds. */
  readonly afterSeq: () => number;
  readonly log: Log;
}

export class RecorderLink implements Recorder {
  readonly #options: RecorderLinkOptions;
  readonly #end = new AbortController();
  #statusListeners: ((status: RecorderStatus) => void)[] = [];
  #entryListeners: ((entry: Entry<RecorderFact>) => void)[] = [];
  #presenceListeners: ((connected: boolean) => void)[] = [];
  #peekListeners: ((stream: string, peek: PeekAnswer | null) => void)[] = [];
  #desired: DesiredState | null = null;
  #socket: Socket | null = null;
  #isHere = false;
  #loop: Promise<void> | null = null;

  constructor(options: RecorderLinkOptions) {
    this.#options = options;
  }

  /** Begins to connect; waits for nothing. */
  start(): void {
    this.#loop ??= this.#run();
  }

  async close(): Promise<void> {
    this.#end.abort();
    this.#socket?.destroy();
    await this.#loop;
  }

  desire(desired: DesiredState): void {
    this.#desired = desired;
    if (this.#isHere) this.#send({ type: 'desired', desired });
  }

  onStatus(listener: (status: RecorderStatus) => void): void {
    this.#statusListeners.push(listener);
  }

  onEntry(listener: (entry: Entry<RecorderFact>) => void): void {
    this.#entryListeners.push(listener);
  }

  onPresence(listener: (connected: boolean) => void): void {
    this.#presenceListeners.push(listener);
  }

  peek(stream: string): void {
    if (this.#isHere) this.#send({ type: 'peek', stream });
  }

  remove(removals: readonly Removal[]): void {
    if (this.#isHere) this.#send({ type: 'remove', removals });
  }

  onPeek(listener: (stream: string, peek: PeekAnswer | null) => void): void {
    this.#peekListeners.push(listener);
  }

  async #run(): Promise<void> {
    let waitMs = RECONNECT_FIRST_MS;
    const { socketPath } = this.#options;
    const paths = typeof socketPath === 'string' ? [socketPath] : socketPath;
    for (let attempt = 0; !this.#end.signal.aborted; attempt++) {
      const wasHere = await this.#connection(paths[attempt % paths.length] ?? '');
      // The next place is tried at once; a pause comes when none of them answered.
      if (!wasHere && (attempt + 1) % paths.length !== 0) continue;
      if (wasHere) waitMs = RECONNECT_FIRST_MS;
      await delay(waitMs, undefined, { signal: this.#end.signal, ref: false }).catch(() => undefined);
      waitMs = Math.min(RECONNECT_MAX_MS, waitMs * 2);
    }
  }

  /** One connection from beginning to end; answers whether it ever stood. */
  #connection(path: string): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(path);
      this.#socket = socket;
      let hasStood = false;
      let tail = '';
      socket.setEncoding('utf8');
      socket.setTimeout(SILENCE_MAX_MS, () => socket.destroy(new Error('the recorder is silent')));
      socket.on('connect', () => {
        hasStood = true;
        this.#isHere = true;
        this.#send({ type: 'follow', afterSeq: this.#options.afterSeq() });
        // Newest wish wins: whatever was wished while nobody listened is in it.
        if (this.#desired !== null) this.#send({ type: 'desired', desired: this.#desired });
        this.#tell(this.#presenceListeners, true);
      });
      socket.on('data', (chunk: string) => {
        const lines = (tail + chunk).split('\n');
        tail = lines.pop() ?? '';
        for (const line of lines) this.#take(line);
        if (tail.length > LINE_BYTES_MAX) socket.destroy(new Error(`a line longer than ${LINE_BYTES_MAX} bytes`));
      });
      // Both an error and an end come to a close; which it was only matters to the log.
      socket.on('error', (error) => {
        if (hasStood) this.#options.log.warn({ why: sentenceOf(error) }, 'connection to the recorder broke');
      });
      socket.on('close', () => {
        this.#socket = null;
        if (this.#isHere) {
          this.#isHere = false;
          this.#tell(this.#presenceListeners, false);
        }
        resolve(hasStood);
      });
    });
  }

  #take(line: string): void {
    let message: FromRecorder;
    try {
      message = JSON.parse(line) as FromRecorder;
    } catch {
      this.#options.log.warn({ bytes: line.length }, 'a line of the recorder could not be read');
      return;
    }
    switch (message?.type) {
      case 'status':
        this.#tell(this.#statusListeners, message.status);
        return;
      case 'entry':
        this.#tell(this.#entryListeners, message.entry);
        return;
      case 'peeked':
        this.#tell(
          this.#peekListeners.map((listener) => (peek: PeekAnswer | null) => listener(message.stream, peek)),
          message.peek,
        );
        return;
      case 'refused':
        this.#options.log.error({ why: message.message }, 'the recorder refused what was asked');
        return;
      default:
        // A newer recorder may say more than we know.
        return;
    }
  }

  #send(message: ToRecorder): void {
    this.#socket?.write(`${JSON.stringify(message)}\n`);
  }

  #tell<T>(listeners: readonly ((value: T) => void)[], value: T): void {
    for (const listener of listeners) {
      try {
        listener(value);
      } catch (error) {
        this.#options.log.error({ err: error }, 'a listener to the recorder failed');
      }
    }
  }
}
