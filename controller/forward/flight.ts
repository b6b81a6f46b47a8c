/** One attempt to deliver one segment: what its end is waited for, and who may bring it about. */
import { setTimeout as sleep } from 'node:timers/promises';
import { fileIdOf, type HrcCode, type RouteName } from '../core/hrc.ts';
import type { OutboxItem } from '../core/ports.ts';
import type { Progress } from './progress.ts';
import type { Outcome } from './reaction.ts';

export type Ending = Outcome | { readonly kind: 'receipted' };

/** The word of the protocol for how a delivery ended that people were told of. */
export function codeOf(ending: Ending): string {
  if (ending.kind === 'refused') return ending.code;
  return ending.kind === 'damaged' ? 'HRC-LOST' : 'HRC-NOROUTE';
}

/** How a flight ends that the other side refuses: by the way it went, when that is what does not work, or with the code. */
export function refusedBy(route: RouteName, code: HrcCode, retryS: number | null): Ending {
  if (code === 'HRC-NOROUTE') return { kind: 'route-failed', route, message: 'the centre cannot take it this way' };
  return { kind: 'refused', code, retryS };
}

export class Flight {
  readonly item: OutboxItem;
  readonly fileId: string;
  readonly attempt: number;
  readonly route: RouteName;
  /** Aborted when the other side answered the opening. */
  readonly opened = new AbortController();
  /** How far its file got, while it goes by a route that can go on in the middle. */
  progress: Progress | null = null;
  /** Aborted as soon as the ending is known. */
  readonly ended = new AbortController();
  readonly #accepted = new AbortController();
  #ending: Ending | null = null;

  constructor(item: OutboxItem, attempt: number, route: RouteName) {
    this.item = item;
    this.attempt = attempt;
    this.route = route;
    this.fileId = fileIdOf(item.segment.seg, item.segment.sha256, attempt);
  }

  /** The first ending counts. */
  end(ending: Ending): void {
    this.#ending ??= ending;
    this.ended.abort();
  }

  get ending(): Ending | null {
    return this.#ending;
  }

  /** The centre has all bytes and says so; the receipt is still to come. */
  accept(): void {
    this.#accepted.abort();
  }

  get accepted(): AbortSignal {
    return this.#accepted.signal;
  }

  /**
   * Waits for the ending after everything was sent: `resultMs` for a word about the transfer, and once it is there `receiptMs` for
   * the receipt.
   */
  async wait(resultMs: number, receiptMs: number): Promise<Ending> {
    await pause(resultMs, AbortSignal.any([this.ended.signal, this.#accepted.signal]));
    if (this.#ending === null && !this.#accepted.signal.aborted) return { kind: 'silent' };
    if (this.#ending === null) await pause(receiptMs, this.ended.signal);
    return this.#ending ?? { kind: 'unreceipted' };
  }
}

/** Resolves after `ms` or when the signal is aborted. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
