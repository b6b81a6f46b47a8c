/**
 * How far one file got, kept so that a restart goes on behind the last acknowledged chunk. Most files are through before anything
 * is written: only one that takes longer leaves a row, and only now and then.
 */
import { sentenceOf } from '../core/errors.ts';
import type { RouteName } from '../core/hrc.ts';
import type { Log } from '../core/ports.ts';
import type { TransferRow, Transfers } from '../core/site-archive.ts';
import type { Clock } from '../core/time.ts';
import { ChunkMap } from './chunk-map.ts';

const FIRST_KEPT_MS = 1_000;
const KEPT_EVERY_MS = 2_000;
/** Parts older than this share of the time they are kept may be gone already. */
const TRUSTED_SHARE = 0.8;

export interface ProgressOptions {
  readonly transfers: Transfers;
  readonly clock: Clock;
  readonly seg: string;
  readonly route: RouteName;
  readonly attempt: number;
  readonly init: string;
  readonly size: number;
  readonly chunkBytes: number;
  /** How long the other side keeps parts, in seconds. */
  readonly partsKeptS: number;
  /** UTC ms since when the other side is known to be the same as now; parts from before may be gone with it. */
  readonly partsSinceMs: number;
  readonly fromTheStart: boolean;
}

export class Progress {
  readonly chunkBytes: number;
  readonly #options: ProgressOptions;
  readonly #map: ChunkMap;
  #keptMs: number;
  #isKept: boolean;

  constructor(options: ProgressOptions) {
    this.#options = options;
    const { transfers, seg, fromTheStart, clock, size, chunkBytes } = options;
    const row = transfers.transfer(seg);
    const usable = row !== null && !fromTheStart && isSame(row, options) && isFresh(row, options);
    this.chunkBytes = chunkBytes;
    this.#map = new ChunkMap(Math.ceil(size / chunkBytes), usable ? row.acknowledged : null);
    this.#isKept = row !== null;
    if (row !== null && !usable) this.forget();
    this.#keptMs = clock.now().monoMs + FIRST_KEPT_MS - KEPT_EVERY_MS;
  }

  /** Chunks that need not be sent. */
  get count(): number {
    return this.#map.count;
  }

  isAcknowledged(chunk: number): boolean {
    return this.#map.has(chunk);
  }

  acknowledged(chunk: number): void {
    this.#map.add(chunk);
    const { monoMs } = this.#options.clock.now();
    if (monoMs - this.#keptMs < KEPT_EVERY_MS) return;
    this.#keptMs = monoMs;
    this.keep();
  }

  /** Writes it down now, if there is anything to go on from. */
  keep(): void {
    const { transfers, clock, seg, route, attempt, init, chunkBytes } = this.#options;
    if (this.#map.count === 0) return;
    const acknowledged = this.#map.bits;
    transfers.keepTransfer({ seg, route, attempt, init, chunkBytes, acknowledged, atMs: clock.now().wallMs });
    this.#isKept = true;
  }

  forget(): void {
    if (!this.#isKept) return;
    this.#isKept = false;
    this.#options.transfers.forgetTransfer(this.#options.seg);
  }
}

function isSame(row: TransferRow, { route, attempt, init, chunkBytes }: ProgressOptions): boolean {
  return row.route === route && row.attempt === attempt && row.init === init && row.chunkBytes === chunkBytes;
}

function isFresh(row: TransferRow, { clock, partsKeptS, partsSinceMs }: ProgressOptions): boolean {
  if (row.atMs < partsSinceMs) return false;
  const ageMs = clock.now().wallMs - row.atMs;
  return ageMs >= 0 && ageMs < partsKeptS * 1_000 * TRUSTED_SHARE;
}

/** What cannot be kept costs bytes that are sent again, and nothing else: a full disk under the index ends no transfer. */
export class ContainedTransfers implements Transfers {
  readonly #transfers: Transfers;
  readonly #log: Log;

  constructor(transfers: Transfers, log: Log) {
    this.#transfers = transfers;
    this.#log = log;
  }

  transfer(seg: string): TransferRow | null {
    return this.#transfers.transfer(seg);
  }

  keepTransfer(row: TransferRow): void {
    this.#contained(() => this.#transfers.keepTransfer(row));
  }

  forgetTransfer(seg: string): void {
    this.#contained(() => this.#transfers.forgetTransfer(seg));
  }

  #contained(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#log.warn({}, `how far a transfer got was not kept: ${sentenceOf(error)}`);
    }
  }
}

/** For a forwarder without an index: what is kept lasts as long as the process. */
export class MemoryTransfers implements Transfers {
  readonly #rows = new Map<string, TransferRow>();

  transfer(seg: string): TransferRow | null {
    return this.#rows.get(seg) ?? null;
  }

  keepTransfer(row: TransferRow): void {
    this.#rows.set(row.seg, row);
  }

  forgetTransfer(seg: string): void {
    this.#rows.delete(seg);
  }
}
