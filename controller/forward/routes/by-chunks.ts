/**
 * Routes A and B: the same grammar of chunks over MQTT, A to EMQX's own file transfer (`$file…`), B below the site's own prefix for
 * a worker of the centre. A has to find out first whether the broker has a file transfer at all: a broker without one acknowledges
 * everything.
 */
import { AppError } from '../../core/errors.ts';
import {
  CHUNK_BYTES,
  ENGINE_TOPICS,
  engineResponses,
  initOf,
  PARTS_KEPT_S,
  payloadBytesMax,
  type RouteName,
  type SiteTopics,
} from '../../core/hrc.ts';
import type { Transfers } from '../../core/site-archive.ts';
import type { Clock } from '../../core/time.ts';
import type { ChunkBuffers } from '../chunk-buffers.ts';
import type { ChunkSize } from '../chunk-size.ts';
import { pause } from '../flight.ts';
import { type Line, Refused } from '../line.ts';
import { Progress } from '../progress.ts';
import { sendFile, Unfit } from './chunks.ts';
import { type Route, RouteFailed, type SendOrder } from './route.ts';

/** The broker's reason for "nobody listens": it routes `$file…` like any topic, so it has no file transfer (MQTT 5, 3.4.2.1). */
const NOBODY_LISTENS = 0x10;
/** The engine says in words what its refusal meant, right behind it. */
const WORD_AFTER_REFUSAL_MS = 2_000;

export interface ByChunksOptions {
  readonly line: Line;
  readonly clientId: string;
  readonly topics: SiteTopics;
  readonly transfers: Transfers;
  readonly clock: Clock;
  readonly chunkSize: ChunkSize;
  readonly buffers: ChunkBuffers;
  /** How long the engine may take to answer an opening. */
  readonly initResponseMs: number;
}

/** Route B. */
export function prefixRoute(options: ByChunksOptions): Route {
  return {
    name: 'B',
    trouble: () => null,
    send: (order) => sendByChunks(options, order, 'B', {}),
  };
}

/** Route A. Its answers come on the bulk connection, to topics that are asked for when the route is first used on a connection. */
export class EngineRoute implements Route {
  readonly name = 'A';
  readonly #options: ByChunksOptions;

  constructor(options: ByChunksOptions) {
    this.#options = options;
  }

  trouble(): null {
    return null;
  }

  async send(order: SendOrder): Promise<void> {
    const { line, clientId, topics, initResponseMs } = this.#options;
    if (!(await line.listen([engineResponses(clientId), topics.engineEnd]))) {
      if (!line.up) throw new AppError('broker-away', 'the connection to the broker was lost');
      throw new RouteFailed('the broker does not let this site hear what a file transfer answers');
    }
    const { flight } = order;
    try {
      await sendByChunks(this.#options, order, 'A', {
        endTopic: topics.engineEnd,
        opened: async (reason) => {
          if (reason === NOBODY_LISTENS) throw new RouteFailed('this broker has no file transfer');
          await pause(initResponseMs, AbortSignal.any([flight.ended.signal, flight.opened.signal]));
          if (!flight.opened.signal.aborted && flight.ending === null)
            throw new RouteFailed('this broker does not answer the opening of a file transfer');
        },
      });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      await pause(WORD_AFTER_REFUSAL_MS, flight.ended.signal);
      if (flight.ending === null) throw error;
    }
  }
}

interface Differences {
  readonly endTopic?: string;
  readonly opened?: (reason: number) => Promise<void>;
}

async function sendByChunks(
  options: ByChunksOptions,
  order: SendOrder,
  route: RouteName,
  differences: Differences,
): Promise<void> {
  const { line, topics, transfers, clock, chunkSize, buffers } = options;
  const { flight, document, pace, fromTheStart, centreSinceMs } = order;
  const { fileId, item } = flight;
  const { path, segment } = item;
  const { seg, bytes: size, sha256 } = segment;
  const partsKeptS = document.ft.segmentsTtl ?? PARTS_KEPT_S;
  const init = JSON.stringify(initOf(order.manifest, order.jws, partsKeptS));
  const grammar = route === 'A' ? ENGINE_TOPICS : topics;
  const topicBytes = Math.max(grammar.chunk(fileId, size, sha256).length, grammar.fin(fileId, size, sha256).length);
  const packetMax = line.maximumPacketBytes;
  const wish = Math.min(CHUNK_BYTES, chunkSize.bytesMax);
  const chunkBytes = payloadBytesMax(wish, document.ft.chunkMax, packetMax, topicBytes);
  if (chunkBytes < 1 || (packetMax !== null && payloadBytesMax(init.length, null, packetMax, topicBytes) < init.length))
    throw new Unfit(`the broker takes packets of ${packetMax} bytes only; a transfer cannot be opened`);
  const progress = new Progress({
    ...{ transfers, clock, seg, route, init, size, chunkBytes, partsKeptS, fromTheStart },
    attempt: flight.attempt,
    // The engine's parts outlive our centre; the worker's do not.
    partsSinceMs: route === 'B' ? centreSinceMs : 0,
  });
  flight.progress = progress;
  await sendFile({
    ...{ line, topics: grammar, fileId, path, size, sha256, init, progress, pace, buffers, ...differences },
    stop: flight.ended.signal,
    onLastByte: order.onLastByte,
    onChunkSent: () => chunkSize.sent(),
    onChunkAcknowledged: () => chunkSize.acknowledged(),
  });
}
