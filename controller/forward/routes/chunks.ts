/**
 * Sends one file in chunks over MQTT: opening, chunks with their hashes, end. The file is read once, in pieces, and hashed again on
 * the way, also where chunks are passed over because they were acknowledged before: what differs from its manifest is broken off
 * and never declared complete.
 */
import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { sha256 } from '../../core/chain.ts';
import { sentenceOf } from '../../core/errors.ts';
import type { TransferTopics } from '../../core/hrc.ts';
import type { ChunkBuffers } from '../chunk-buffers.ts';
import type { Line } from '../line.ts';
import type { Progress } from '../progress.ts';

/** Bytes of a file may wait in a broker this long for a centre that is away. */
const CHUNK_EXPIRY_S = 600;

/** The local file is not what was signed, or cannot be read: nothing a second sending would change. */
export class LocalFault extends Error {}

/** A message is larger than the broker takes: sending it would cost the connection each time. */
export class Unfit extends Error {}

export interface Transfer {
  readonly line: Line;
  readonly topics: TransferTopics;
  readonly fileId: string;
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
  readonly init: string;
  /** Size of the chunks, and which of them need not be sent. */
  readonly progress: Progress;
  /** Where the answer to the end shall go, if not to the usual place. */
  readonly endTopic?: string;
  /** Waits until so many bytes may leave. */
  readonly pace: (bytes: number) => Promise<void>;
  /** Called with the broker's reason when it took the opening; chunks follow when it resolves. */
  readonly opened?: (reason: number) => Promise<void>;
  /** Aborted when the outcome is known before the end was reached. */
  readonly stop: AbortSignal;
  readonly onLastByte: () => void;
  /** Memory for chunks on their way. */
  readonly buffers: ChunkBuffers;
  readonly onChunkSent: () => void;
  readonly onChunkAcknowledged: () => void;
}

/**
 * Resolves when everything, the end included, was acknowledged by the broker, or early when stopped. Rejects with `broker-away`
 * when the line was lost, with {@link LocalFault} when the file is not the one that was sealed.
 */
export async function sendFile(transfer: Transfer): Promise<void> {
  const { line, topics, fileId, size, stop } = transfer;
  const expiry = { expiryS: CHUNK_EXPIRY_S };
  let file: FileHandle;
  try {
    file = await open(transfer.path, 'r');
  } catch (error) {
    throw new LocalFault(`it cannot be opened: ${sentenceOf(error)}`);
  }
  try {
    const there = (await file.stat()).size;
    if (there !== size) throw new LocalFault(`it has ${there} bytes, sealed were ${size}`);
    if (stop.aborted) return;
    const reason = await line.publish(topics.init(fileId), transfer.init, expiry);
    await transfer.opened?.(reason);
    if (stop.aborted) return;
    const whole = await sendChunks(transfer, file, expiry);
    if (stop.aborted) return;
    if (whole !== transfer.sha256) {
      await line.publish(topics.abort(fileId), '', expiry);
      throw new LocalFault(`its hash is ${whole}, sealed was ${transfer.sha256}`);
    }
    const { endTopic } = transfer;
    const end = { ...expiry, ...(endTopic === undefined ? {} : { responseTopic: endTopic }) };
    await line.publish(topics.fin(fileId, size, transfer.sha256), '', end);
  } finally {
    await file.close();
  }
}

/** Sends every chunk and waits for the acknowledgement of each; answers the hash of what was read. */
async function sendChunks(transfer: Transfer, file: FileHandle, expiry: { expiryS: number }): Promise<string> {
  const { line, topics, fileId, size, progress, stop, buffers } = transfer;
  const { chunkBytes } = progress;
  const hash = createHash('sha256');
  const underWay: Promise<void>[] = [];
  let failure: { readonly error: unknown } | null = null;
  for (let offset = 0; offset < size && !stop.aborted && failure === null; offset += chunkBytes) {
    const length = Math.min(chunkBytes, size - offset);
    const chunkNumber = offset / chunkBytes;
    if (progress.isAcknowledged(chunkNumber)) {
      const chunk = await readExactly(file, offset, buffers.take(length));
      hash.update(chunk);
      buffers.give(chunk);
      continue;
    }
    await transfer.pace(length);
    if (stop.aborted) break;
    const slot = await line.room(length);
    let chunk: Buffer;
    try {
      chunk = await readExactly(file, offset, buffers.take(length));
    } catch (error) {
      slot.leave();
      failure = { error };
      break;
    }
    hash.update(chunk);
    transfer.onChunkSent();
    const sent = slot.send(topics.chunk(fileId, offset, sha256(chunk)), chunk, expiry).then(
      () => {
        // Only what was acknowledged is surely read by nobody any more.
        buffers.give(chunk);
        progress.acknowledged(chunkNumber);
        transfer.onChunkAcknowledged();
      },
      (error: unknown) => {
        failure ??= { error };
      },
    );
    underWay.push(sent);
  }
  transfer.onLastByte();
  await Promise.all(underWay);
  // Read through a function: the compiler does not see that the callbacks above assign it.
  const failed = (() => failure)();
  if (failed !== null) throw failed.error;
  return hash.digest('hex');
}

/** Fills `chunk` from `offset` on; answers it. */
async function readExactly(file: FileHandle, offset: number, chunk: Buffer): Promise<Buffer> {
  const { length } = chunk;
  let got = 0;
  while (got < length) {
    let bytesRead: number;
    try {
      ({ bytesRead } = await file.read(chunk, got, length - got, offset + got));
    } catch (error) {
      throw new LocalFault(`it cannot be read at byte ${offset + got}: ${sentenceOf(error)}`);
    }
    if (bytesRead === 0) throw new LocalFault(`it ends at byte ${offset + got}`);
    got += bytesRead;
  }
  return chunk;
}
