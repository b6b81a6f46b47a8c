/** The recorder's door: a Unix socket on which one controller (the newest) sends wishes and hears statuses and journal entries. */
import { chmod, mkdir, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import type { Entry } from '../core/chain.ts';
import { sentenceOf } from '../core/errors.ts';
import type { RecorderFact } from '../core/facts.ts';
import type { Log } from '../core/ports.ts';
import {
  type DesiredState,
  type FromRecorder,
  type PeekAnswer,
  REMOVALS_MAX,
  type RecorderStatus,
  type Removal,
  type ToRecorder,
} from '../core/recording.ts';
import { checkDesired } from './desired-check.ts';

/** A wish for hundreds of streams fits in this many times over. */
const LINE_BYTES_MAX = 1024 * 1024;
/** A controller that does not read is let go of at this point; it catches up from the journal when it comes back. */
const UNREAD_BYTES_MAX = 8 * 1024 * 1024;
/** Streams that one visitor may wait to see. */
const PEEKS_MAX = 64;

/** A controller, the one that takes its place, and people who look. */
const VISITORS_MAX = 16;

export interface Door {
  desire(desired: DesiredState): Promise<void>;
  read(afterSeq: number): AsyncGenerator<Entry<RecorderFact>>;
  status(): RecorderStatus;
  peek(stream: string): PeekAnswer | null;
  remove(removals: readonly Removal[]): Promise<void>;
}

interface Visitor {
  readonly socket: Socket;
  /** Number of the last entry sent; null until it asked to follow; entries go out in order and each once. */
  followed: number | null;
  catchingUp: boolean;
  /** Streams that it asked to see, each once, until there is room to answer. */
  readonly peeks: Set<string>;
}

export class RecorderSocket {
  readonly #door: Door;
  readonly #log: Log;
  readonly #visitors = new Set<Visitor>();
  /** By path: one in each data folder, so that the controller finds the door when either disk is away. */
  readonly #servers = new Map<string, Server>();

  constructor(door: Door, log: Log) {
    this.#door = door;
    this.#log = log;
  }

  /** Opens a socket at `path` (only this user may connect); anew, when the one that was there went with its disk. */
  async listen(path: string): Promise<void> {
    await mkdir(dirname(path), { recursive: true, mode: 0o750 });
    const before = this.#servers.get(path);
    this.#servers.delete(path);
    before?.close();
    // The folder lock is held by now, so whatever lies here belongs to a process that is gone.
    await rm(path, { force: true });
    const server = createServer((socket) => this.#welcome(socket));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, resolve);
    });
    this.#servers.set(path, server);
    await chmod(path, 0o660);
  }

  /** False while nobody would hear a status. */
  get hasVisitors(): boolean {
    return this.#visitors.size > 0;
  }

  /** Sends to everyone who is there. */
  sendStatus(status: RecorderStatus): void {
    const line = lineOf({ type: 'status', status });
    for (const visitor of this.#visitors) this.#write(visitor, line);
  }

  /** Sends a new entry to everyone who follows and has the one before it. */
  sendEntry(entry: Entry<RecorderFact>): void {
    let line: string | null = null;
    for (const visitor of this.#visitors) {
      if (visitor.followed === null || visitor.catchingUp || visitor.followed + 1 !== entry.seq) continue;
      visitor.followed = entry.seq;
      line ??= lineOf({ type: 'entry', entry });
      this.#write(visitor, line);
    }
  }

  async close(): Promise<void> {
    for (const { socket } of this.#visitors) socket.destroy();
    const servers = [...this.#servers.values()];
    await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))));
  }

  #welcome(socket: Socket): void {
    if (this.#visitors.size >= VISITORS_MAX) {
      this.#log.warn({ visitors: this.#visitors.size }, 'too many visitors of the recorder socket; one was sent away');
      socket.on('error', () => undefined).destroy();
      return;
    }
    const visitor: Visitor = { socket, followed: null, catchingUp: false, peeks: new Set() };
    this.#visitors.add(visitor);
    let pending = '';
    socket.setEncoding('utf8');
    socket.on('error', () => undefined);
    socket.on('close', () => this.#visitors.delete(visitor));
    socket.on('data', (text: string) => {
      pending += text;
      if (pending.length > LINE_BYTES_MAX) {
        this.#refuse(visitor, `a line is longer than ${LINE_BYTES_MAX} bytes`);
        return;
      }
      const lines = pending.split('\n');
      pending = lines.pop() ?? '';
      for (const line of lines) if (line.trim() !== '') this.#hear(visitor, line);
    });
    this.#send(visitor, { type: 'status', status: this.#door.status() });
  }

  #hear(visitor: Visitor, line: string): void {
    let message: ToRecorder;
    try {
      message = JSON.parse(line) as ToRecorder;
    } catch {
      this.#refuse(visitor, 'a line is not JSON');
      return;
    }
    if (message.type === 'desired') {
      const fault = checkDesired(message.desired);
      if (fault !== null) {
        this.#send(visitor, { type: 'refused', message: fault });
        this.#log.error({ fault }, 'a wish was refused');
        return;
      }
      this.#door.desire(message.desired).catch((error) => {
        this.#log.error({ error: sentenceOf(error) }, 'a wish could not be kept on disk');
        this.#send(visitor, { type: 'refused', message: sentenceOf(error) });
      });
    } else if (message.type === 'follow' && Number.isSafeInteger(message.afterSeq) && message.afterSeq >= 0) {
      void this.#catchUp(visitor, message.afterSeq);
    } else if (message.type === 'peek' && typeof message.stream === 'string') {
      this.#peek(visitor, message.stream);
    } else if (
      message.type === 'remove' &&
      Array.isArray(message.removals) &&
      message.removals.length <= REMOVALS_MAX
    ) {
      this.#door.remove(message.removals).catch((error) => {
        this.#log.error(
          { error: sentenceOf(error) },
          'what is to be deleted could not be looked up; it is asked for again',
        );
      });
    } else {
      this.#refuse(visitor, 'unknown message');
    }
  }

  /** One picture at a time, and the next when that one was read: wishes and facts never queue behind pictures. */
  #peek(visitor: Visitor, stream: string): void {
    const { peeks, socket } = visitor;
    if (peeks.has(stream) || peeks.size >= PEEKS_MAX) return;
    peeks.add(stream);
    if (peeks.size === 1) void this.#answerPeeks(visitor, socket);
  }

  async #answerPeeks(visitor: Visitor, socket: Socket): Promise<void> {
    for (const stream of visitor.peeks) {
      if (socket.writableNeedDrain) await drained(socket);
      if (socket.destroyed) return;
      this.#send(visitor, { type: 'peeked', stream, peek: this.#door.peek(stream) });
      visitor.peeks.delete(stream);
    }
  }

  /** Sends what the journal holds after `afterSeq`, again and again until nothing is missing; then live entries take over. */
  async #catchUp(visitor: Visitor, afterSeq: number): Promise<void> {
    if (visitor.catchingUp) return;
    visitor.catchingUp = true;
    visitor.followed = afterSeq;
    try {
      for (;;) {
        const before: number = visitor.followed;
        for await (const entry of this.#door.read(before)) {
          visitor.followed = entry.seq;
          this.#send(visitor, { type: 'entry', entry });
          if (visitor.socket.writableNeedDrain) await drained(visitor.socket);
          if (visitor.socket.destroyed) return;
        }
        if (visitor.followed === before) break;
      }
    } catch (error) {
      this.#refuse(visitor, `the journal could not be read: ${sentenceOf(error)}`);
    } finally {
      visitor.catchingUp = false;
    }
  }

  #send(visitor: Visitor, message: FromRecorder): void {
    this.#write(visitor, lineOf(message));
  }

  #write(visitor: Visitor, line: string): void {
    if (visitor.socket.destroyed) return;
    visitor.socket.write(line);
    if (visitor.socket.writableLength > UNREAD_BYTES_MAX) visitor.socket.destroy();
  }

  #refuse(visitor: Visitor, why: string): void {
    this.#log.warn({ why }, 'a visitor of the recorder socket was sent away');
    this.#send(visitor, { type: 'refused', message: why });
    visitor.socket.end();
  }
}

function lineOf(message: FromRecorder): string {
  return `${JSON.stringify(message)}\n`;
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.off('drain', done).off('close', done);
      resolve();
    };
    socket.once('drain', done).once('close', done);
  });
}
