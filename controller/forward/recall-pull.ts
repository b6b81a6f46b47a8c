/**
 * Asks the centre for the bytes of one segment, piece by piece: the site says which bytes it wants next, so that it can go on after
 * any break where it was, and nothing comes faster than it is written. The centre remembers nothing between two pieces.
 */
import { sha256 } from '../core/chain.ts';
import { type HrcCode, hrcCodeOf, payloadBytesMax, RECALL_BYTES_MAX, type SiteTopics } from '../core/hrc.ts';
import { fieldsOf } from '../core/hrc-reading.ts';
import type { Recallable } from '../core/recall.ts';
import type { ChunkSize } from './chunk-size.ts';
import type { Conversation } from './conversation.ts';
import { pause } from './flight.ts';
import type { Line } from './line.ts';
import type { LinkState } from './link-state.ts';
import type { Pace } from './pace.ts';
import type { Arriving } from './recall-cache.ts';

/** Pieces of one segment on their way: enough to hide the way there and back. */
const PIECES_AT_ONCE = 2;
/** A piece that is not what its hash says, so often in one segment, is no accident. */
const BAD_PIECES_MAX = 3;
/** Reasons that pass. */
const PASSING: readonly HrcCode[] = ['HRC-BUSY', 'HRC-QUOTA', 'HRC-STORE', 'HRC-OPEN', 'HRC-CHUNK'];
const MS = 1_000;
const REST_S_MAX = 60;

/** The centre does not give it back, and asking again would change nothing. */
export class NotGiven extends Error {
  readonly code: HrcCode;

  constructor(code: HrcCode, message: string) {
    super(message);
    this.code = code;
  }
}

export interface RecallWay {
  /** The one for bytes, so that no receipt waits behind a piece. */
  readonly line: Line;
  readonly conversation: Conversation;
  readonly topics: SiteTopics;
  readonly state: LinkState;
  readonly pace: Pace;
  /** What the broker was found to take of our own chunks, and of the centre's pieces. */
  readonly chunkSizes: { readonly sent: ChunkSize; readonly brought: ChunkSize };
  /** Between two tries while the centre is away or does not answer. */
  readonly retryMs: number;
}

export interface Pull {
  readonly wanted: Recallable;
  readonly into: Arriving;
  /** False when nobody wants it any more. */
  readonly isWanted: () => boolean;
  readonly onBytes: (bytes: number) => void;
  readonly stop: AbortSignal;
}

interface Range {
  readonly from: number;
  readonly to: number;
}

/** Resolves with true when every byte was written, with false when nobody wants it any more. Rejects with {@link NotGiven}. */
export async function pullSegment(way: RecallWay, pull: Pull): Promise<boolean> {
  const todo: Range[] = [{ from: 0, to: pull.wanted.bytes }];
  const over = new AbortController();
  const stop = AbortSignal.any([over.signal, pull.stop]);
  let bad = 0;
  const fetchNext = async (): Promise<void> => {
    for (let range = todo.shift(); range !== undefined; range = todo.shift()) {
      if (stop.aborted || !pull.isWanted()) {
        todo.unshift(range);
        return;
      }
      const asked = cut(range, pieceBytesOf(way));
      if (asked.to < range.to) todo.unshift({ from: asked.to, to: range.to });
      const bytes = await fetchPiece(way, pull.wanted, asked, stop);
      if (bytes === 'bad') {
        bad += 1;
        if (bad >= BAD_PIECES_MAX) throw new NotGiven('HRC-CHUNK', 'its pieces are not what their hashes say');
      }
      const got = bytes instanceof Uint8Array ? bytes.length : 0;
      if (bytes instanceof Uint8Array) await pull.into.write(bytes, asked.from);
      pull.onBytes(got);
      // A centre behind a broker of small packets sends less than was asked for.
      if (got < asked.to - asked.from) todo.unshift({ from: asked.from + got, to: asked.to });
    }
  };
  const fetching = Array.from({ length: PIECES_AT_ONCE }, fetchNext);
  try {
    await Promise.all(fetching);
    return todo.length === 0;
  } finally {
    over.abort();
    await Promise.allSettled(fetching);
  }
}

function cut({ from, to }: Range, bytesMax: number): Range {
  return { from, to: Math.min(to, from + bytesMax) };
}

/** What fits: our own limit, the centre's, and the broker's as far as it is known. At least one byte, so that it goes on. */
function pieceBytesOf({ line, topics, state, chunkSizes }: RecallWay): number {
  const topicBytes = topics.piece('0'.repeat(26), '0'.repeat(64)).length;
  const wish = Math.min(RECALL_BYTES_MAX, chunkSizes.sent.bytesMax, chunkSizes.brought.bytesMax);
  return Math.max(1, payloadBytesMax(wish, state.document?.ft.chunkMax ?? null, line.maximumPacketBytes, topicBytes));
}

/** One piece; null when it did not come and may come later. */
async function fetchPiece(
  way: RecallWay,
  { seg, sha256: whole }: Recallable,
  { from, to }: Range,
  stop: AbortSignal,
): Promise<Uint8Array | 'bad' | null> {
  const { line, conversation, topics, state, pace, chunkSizes, retryMs } = way;
  const { document } = state;
  if (!state.ready || !(await line.listen([topics.piecesFilter]))) {
    await pause(retryMs, stop);
    return null;
  }
  await pace.pass(to - from);
  if (stop.aborted) return null;
  chunkSizes.brought.sent();
  const request = { type: 'recall', seg, sha256: whole, from, bytes: to - from };
  const answer = await conversation.request(request).catch(() => null);
  if (answer === null) {
    // A centre that went while it answered may have sent more than its broker takes.
    if (!state.ready || state.document !== document) chunkSizes.brought.lost();
    await pause(retryMs, stop);
    return null;
  }
  chunkSizes.brought.acknowledged();
  const { bytes } = answer;
  if (!(bytes instanceof Uint8Array)) {
    await pause(restOf(answer, retryMs), stop);
    return null;
  }
  const isWhole = bytes.length >= 1 && bytes.length <= to - from && sha256(bytes) === answer['sha256'];
  return isWhole ? bytes : 'bad';
}

/** How long to wait after a refusal that passes; throws {@link NotGiven} for every other. */
function restOf(answer: { readonly [name: string]: unknown }, retryMs: number): number {
  const refusal = fieldsOf(answer['err']) ?? {};
  const code = hrcCodeOf(String(refusal['code'] ?? ''));
  if (!PASSING.includes(code)) throw new NotGiven(code, `the centre answers ${code}`);
  const retryS = refusal['retryS'];
  return typeof retryS === 'number' && retryS > 0 ? Math.min(retryS, REST_S_MAX) * MS : retryMs;
}
