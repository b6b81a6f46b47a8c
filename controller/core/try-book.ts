/** Keeps count of wrong tries, across restarts of this process and of the machine. The rules are in tries.ts. */
import { AppError } from './errors.ts';
import type { Log } from './ports.ts';
import type { Clock } from './time.ts';
import { afterWrong, isForgotten, lockLeftMs, PERSON_LIMIT, PLACE_LIMIT, type Tries, takenOver } from './tries.ts';

/** Where the counts outlive a restart. */
export interface TryStore {
  allTries(): Iterable<readonly [key: string, tries: Tries]>;
  keepTries(key: string, tries: Tries): void;
  forgetTries(key: string): void;
}

/** More addresses are not counted at once; the oldest make room. People and panels are few, and nobody pushes them out. */
const ADDRESSES_MAX = 1_000;
const TIDY_STEP = 100;

export class TryBook {
  readonly #index: TryStore;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #tries = new Map<string, Tries>();
  #tidyAt = ADDRESSES_MAX;

  constructor(index: TryStore, clock: Clock, log: Log) {
    this.#index = index;
    this.#clock = clock;
    this.#log = log;
  }

  /** Takes over what was counted before; locks of another boot begin anew. */
  start(): void {
    const now = this.#clock.now();
    for (const [key, tries] of this.#index.allTries()) this.#keep(key, takenOver(tries, now));
    this.#tidy();
  }

  /** Milliseconds until the key's lock ends; 0 when there is none. */
  leftMs(key: string): number {
    return lockLeftMs(this.#tries.get(key) ?? null, this.#clock.now());
  }

  /** Throws `too-many-tries` with the longest lock of these keys. */
  refuseLocked(...keys: readonly string[]): void {
    const leftMs = Math.max(...keys.map((key) => this.leftMs(key)));
    if (leftMs > 0) throw new AppError('too-many-tries', 'too many wrong tries', { retryAfterMs: leftMs });
  }

  /** Counts a wrong try; true when it locked the key. */
  wrong(key: string): boolean {
    const now = this.#clock.now();
    const tries = afterWrong(this.#tries.get(key) ?? null, limitOf(key), now);
    this.#keep(key, tries);
    if (this.#tries.size > this.#tidyAt) this.#tidy();
    if (tries.lock === null) return false;
    this.#log.warn({ key, lockMs: tries.lock.ms }, 'locked after wrong tries');
    return true;
  }

  /** Nothing is held against the key any more. */
  clear(key: string): void {
    if (this.#tries.delete(key)) this.#index.forgetTries(key);
  }

  #keep(key: string, tries: Tries): void {
    // Those that were tried last stand last.
    this.#tries.delete(key);
    this.#tries.set(key, tries);
    this.#index.keepTries(key, tries);
  }

  #tidy(): void {
    const now = this.#clock.now();
    for (const [key, tries] of [...this.#tries]) if (isForgotten(tries, limitOf(key), now)) this.clear(key);
    const addresses = [...this.#tries.keys()].filter((key) => key.startsWith('address '));
    for (const key of addresses.slice(0, Math.max(0, addresses.length - ADDRESSES_MAX))) this.clear(key);
    this.#tidyAt = Math.max(ADDRESSES_MAX, this.#tries.size) + TIDY_STEP;
  }
}

export const personKey = (person: string): string => `person ${person}`;
/** What is counted for a place: the panel, or the network address of a browser that is none. */
export const panelKey = (panel: string): string => `panel ${panel}`;
export const addressKey = (address: string): string => `address ${networkOf(address)}`;

function limitOf(key: string) {
  return key.startsWith('person ') ? PERSON_LIMIT : PLACE_LIMIT;
}

/** Who has one IPv6 address has all that begin with the same four groups. */
function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '');
  if (!plain.includes(':')) return plain;
  const [front = ''] = plain.split('::');
  return `${front.split(':').slice(0, 4).join(':')}::/64`;
}
