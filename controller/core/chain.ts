/**
 * The hash chain of a journal (invariant 4). A journal is lines of JSON; each line names its number and the SHA-256 of the
 * line before it, so that no line can be changed, removed or put in without the next one disagreeing.
 */
import { createHash } from 'node:crypto';
import type { Instant } from './time.ts';

/** What the first line names as the one before it. */
export const CHAIN_START = '0'.repeat(64);

/** One line of a journal, without its line break. `seq` counts from 1 without holes. */
export interface Entry<Fact> {
  readonly seq: number;
  readonly prev: string;
  readonly at: Instant;
  readonly fact: Fact;
}

/** Where a chain stands: the number of its last line and that line's hash. */
export interface ChainHead {
  readonly seq: number;
  readonly hash: string;
}

export const EMPTY_CHAIN: ChainHead = { seq: 0, hash: CHAIN_START };

/** SHA-256 in hex of a line's UTF-8 bytes (or of any bytes). */
export function sha256(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The next line after `head` and the head that results. */
export function chainLine<Fact>(
  head: ChainHead,
  at: Instant,
  fact: Fact,
): { line: string; entry: Entry<Fact>; head: ChainHead } {
  const entry: Entry<Fact> = { seq: head.seq + 1, prev: head.hash, at, fact };
  const line = JSON.stringify(entry);
  return { line, entry, head: { seq: entry.seq, hash: sha256(line) } };
}

/** A place where a chain does not hold. */
export interface ChainFault {
  readonly seq: number;
  readonly what: 'not-json' | 'number-missing' | 'hash-differs';
  readonly message: string;
}

/**
 * Follows one line after `head`. Answers the entry and the new head, and a fault when the line does not fit; after a fault the
 * chain is taken up again from the line as it stands, so that one damage is reported once.
 */
export function followLine<Fact>(
  head: ChainHead,
  line: string,
): { entry: Entry<Fact> | null; head: ChainHead; fault: ChainFault | null } {
  const entry = readEntry<Fact>(line);
  if (entry === null) {
    const seq = head.seq + 1;
    return {
      entry: null,
      head: { seq, hash: sha256(line) },
      fault: { seq, what: 'not-json', message: `line ${seq} cannot be read` },
    };
  }
  const next = { seq: entry.seq, hash: sha256(line) };
  if (entry.seq !== head.seq + 1) {
    const first = head.seq + 1;
    const last = entry.seq - 1;
    const message =
      last >= first
        ? `line ${first === last ? first : `${first} to ${last}`} missing`
        : `line ${entry.seq} stands where ${first} should be`;
    return { entry, head: next, fault: { seq: first, what: 'number-missing', message } };
  }
  if (entry.prev !== head.hash) {
    const message = `line ${head.seq} was changed, or line ${entry.seq} put in: the hash that line ${entry.seq} names differs`;
    return { entry, head: next, fault: { seq: head.seq, what: 'hash-differs', message } };
  }
  return { entry, head: next, fault: null };
}

/** A line as an entry, or null when it is not one. */
function readEntry<Fact>(line: string): Entry<Fact> | null {
  try {
    const value = JSON.parse(line) as Partial<Entry<Fact>> | null;
    const isEntry =
      Number.isSafeInteger(value?.seq) &&
      typeof value?.prev === 'string' &&
      typeof value.fact === 'object' &&
      value.fact !== null;
    return isEntry ? (value as Entry<Fact>) : null;
  } catch {
    return null;
  }
}
