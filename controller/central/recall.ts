/**
 * `recall`: bytes of a held segment back to the site that it came from, one piece for one request. Nothing is remembered between two
 * pieces; a site that wants too many at once is told so. What it gets is what the store holds: the site compares it with its own record.
 */
import type { Readable } from 'node:stream';
import { sha256 as hashOf } from '../core/chain.ts';
import { AppError, sentenceOf } from '../core/errors.ts';
import { payloadBytesMax, topicsOf } from '../core/hrc.ts';
import { type PieceWanted, readPieceWanted } from '../core/hrc-reading.ts';
import type { Log } from '../core/ports.ts';
import type { ObjectStore } from './object-store.ts';
import { Refusal } from './refusal.ts';
import type { Holding } from './registry-rows.ts';
import type { Fields, RequestKind } from './request-kind.ts';

/** Pieces of one site, and of all together, that are read or on their way: this bounds the memory. */
const PIECES_PER_SITE = 8;
const PIECES_MAX = 64;
/** Pieces handed to the connection and not yet taken: a receipt waits behind so many at most. */
const SENDING_MAX = 4;
const READ_TIMEOUT_MS = 10_000;
const BUSY_RETRY_S = 1;

export interface RecallOptions {
  readonly store: ObjectStore;
  readonly holding: (site: string, seg: string) => Holding | null | Promise<Holding | null>;
  /** Resolves when the broker took the message; false when it did not. */
  readonly deliver: (topic: string, payload: Buffer) => Promise<boolean>;
  /** The largest packet the broker takes, in bytes; null when it does not say. */
  readonly packetBytesMax: () => number | null;
  readonly log: Log;
}

export class Recall implements RequestKind {
  readonly type = 'recall';
  readonly goesOn = true;
  readonly #options: RecallOptions;
  readonly #pieces = new Map<string, number>();
  #all = 0;
  #sending = 0;
  #waiting: (() => void)[] = [];

  constructor(options: RecallOptions) {
    this.#options = options;
  }

  async answer(site: string, id: string, body: Fields): Promise<null> {
    const wanted = readPieceWanted(body);
    if (wanted === null) throw new Refusal('HRC-BAD', 'a piece that cannot be read');
    const mine = this.#pieces.get(site) ?? 0;
    if (mine >= PIECES_PER_SITE || this.#all >= PIECES_MAX)
      throw new Refusal('HRC-BUSY', 'too many pieces at once', BUSY_RETRY_S);
    this.#count(site, 1);
    try {
      await this.#give(site, id, wanted);
      return null;
    } finally {
      this.#count(site, -1);
    }
  }

  async #give(site: string, id: string, { seg, sha256, from, bytes }: PieceWanted): Promise<void> {
    const { holding, packetBytesMax, deliver } = this.#options;
    const held = await holding(site, seg);
    if (held === null || held.sha256 !== sha256) throw new Refusal('HRC-NOSEG', 'nothing like it is held');
    if (from >= held.size) throw new Refusal('HRC-BAD', 'it ends before these bytes');
    const topics = topicsOf(site);
    const fitting = payloadBytesMax(bytes, null, packetBytesMax(), topics.piece(id, sha256).length);
    if (fitting < 1) throw new Refusal('HRC-STORE', 'the broker takes no packet that a piece fits into');
    const piece = await this.#read(held, from, Math.min(held.size, from + fitting));
    await this.#turn();
    try {
      // A piece that was not taken is asked for again.
      await deliver(topics.piece(id, hashOf(piece)), piece);
    } finally {
      this.#sending -= 1;
      this.#waiting.shift()?.();
    }
  }

  async #read(held: Holding, from: number, to: number): Promise<Buffer> {
    const { store, log } = this.#options;
    try {
      return await collect(await store.read(held.path, from, to), to - from);
    } catch (error) {
      const alarm = error instanceof AppError ? error.code : 'disk-failed';
      log.error({ alarm, key: held.path }, `a held segment could not be read: ${sentenceOf(error)}`);
      if (await isGone(store, held)) throw new Refusal('HRC-LOST', 'it was held and is not there any more');
      throw new Refusal('HRC-STORE', 'the store cannot be read just now');
    }
  }

  /** Waits for its place among those that are handed to the connection. */
  async #turn(): Promise<void> {
    this.#sending += 1;
    if (this.#sending > SENDING_MAX) await new Promise<void>((go) => this.#waiting.push(go));
  }

  #count(site: string, change: 1 | -1): void {
    const now = (this.#pieces.get(site) ?? 0) + change;
    if (now === 0) this.#pieces.delete(site);
    else this.#pieces.set(site, now);
    this.#all += change;
  }
}

/** Exactly `length` bytes of a stream. */
async function collect(stream: Readable, length: number): Promise<Buffer> {
  const timer = setTimeout(() => stream.destroy(new Error('the store did not answer in time')), READ_TIMEOUT_MS);
  try {
    const parts: Buffer[] = [];
    let got = 0;
    for await (const part of stream as AsyncIterable<Buffer>) {
      parts.push(part);
      got += part.length;
      if (got > length) break;
    }
    if (got !== length) throw new Error(`${got} bytes came instead of ${length}`);
    return Buffer.concat(parts);
  } finally {
    clearTimeout(timer);
    stream.destroy();
  }
}

/** True when the store says that the object is not there, or is another one; false when it says nothing. */
async function isGone(store: ObjectStore, { path, size, sha256 }: Holding): Promise<boolean> {
  try {
    return (await store.check(path, { size, sha256 })) === null;
  } catch (error) {
    return error instanceof Refusal;
  }
}
