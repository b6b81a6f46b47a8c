/**
 * Brings an index up to date from a journal's files, while the journal may be growing. Reading begins at the file that holds the
 * index's last entry, so that a start after years does not read years.
 */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { type ChainFault, type ChainHead, EMPTY_CHAIN, type Entry, followLine, sha256 } from '../core/chain.ts';
import { journalFiles, wholeLinesOf } from './journal-files.ts';

/** Lines taken in per transaction: bounds memory and how long the process stands still. */
const BATCH_LINES = 500;
/** More than any entry is long. */
const LINE_BYTES_MAX = 64 * 1024;

/** A line read from a journal's file: its entry (null when unreadable) and the head behind it. */
export interface Line {
  readonly entry: Entry<unknown> | null;
  readonly head: ChainHead;
}

/** An index of one journal. */
export interface JournalIndex {
  /** The last entry that it holds. */
  readonly head: ChainHead;
  /** Takes in lines as they stand in the journal's files, in one transaction. Lines already held are passed over. */
  replay(lines: readonly Line[]): void;
}

/** What catching up came to. `differs`: the index holds something this journal does not say; only a rebuild helps. */
export interface CaughtUp {
  readonly outcome: 'up-to-date' | 'differs';
  readonly applied: number;
  readonly faults: readonly ChainFault[];
}

/** Reads a journal's files into its index, from where the index stands. */
export async function catchUpIndex(index: JournalIndex, directory: string): Promise<CaughtUp> {
  const known = index.head;
  const files = await filesFrom(directory, known.seq);
  let head: ChainHead | null = null;
  let isKnownSeen = known.seq === 0;
  let applied = 0;
  let batch: Line[] = [];
  const faults: ChainFault[] = [];
  const flush = (): void => {
    index.replay(batch);
    applied += batch.length;
    batch = [];
  };
  for (const file of files) {
    // A line still being written is left for the next time.
    for await (const text of wholeLinesOf(join(directory, file))) {
      const step = follow(head ?? startFor(text, known.seq), text);
      head = step.head;
      if (head.seq <= known.seq) {
        if (head.seq === known.seq) isKnownSeen = head.hash === known.hash;
        continue;
      }
      if (!isKnownSeen) return { outcome: 'differs', applied, faults };
      if (step.fault !== null) faults.push(step.fault);
      batch.push({ entry: step.entry, head });
      if (batch.length >= BATCH_LINES) flush();
    }
  }
  if (!isKnownSeen) return { outcome: 'differs', applied, faults };
  flush();
  return { outcome: 'up-to-date', applied, faults };
}

/** The files from the one on that holds entry `seq`. */
async function filesFrom(directory: string, seq: number): Promise<readonly string[]> {
  const files = await journalFiles(directory);
  for (let i = files.length - 1; i > 0; i--) {
    const first = await firstLine(join(directory, files[i] as string));
    const begins = first === null ? null : readEntry(first)?.seq;
    if (typeof begins === 'number' && begins <= seq) return files.slice(i);
  }
  return files;
}

/** Where the chain stands before a file's first line, taken from that line itself unless the reading begins at the very start. */
function startFor(text: string, knownSeq: number): ChainHead {
  const entry = knownSeq === 0 ? null : readEntry(text);
  return entry === null ? EMPTY_CHAIN : { seq: entry.seq - 1, hash: entry.prev };
}

/** followLine, and lines that are JSON but no entry are unreadable like any other damage. */
function follow(head: ChainHead, text: string): ReturnType<typeof followLine<unknown>> {
  if (readEntry(text) !== null) return followLine<unknown>(head, text);
  const seq = head.seq + 1;
  return {
    entry: null,
    head: { seq, hash: sha256(text) },
    fault: { seq, what: 'not-json', message: `line ${seq} cannot be read` },
  };
}

function readEntry(text: string): Entry<unknown> | null {
  try {
    const value = JSON.parse(text) as Partial<Entry<{ type?: unknown }>> | null;
    const isEntry =
      Number.isSafeInteger(value?.seq) &&
      typeof value?.prev === 'string' &&
      typeof value.at?.wallMs === 'number' &&
      typeof value.fact?.type === 'string';
    return isEntry ? (value as Entry<unknown>) : null;
  } catch {
    return null;
  }
}

async function firstLine(path: string): Promise<string | null> {
  const file = await open(path, 'r');
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(LINE_BYTES_MAX), 0, LINE_BYTES_MAX, 0);
    const end = buffer.subarray(0, bytesRead).indexOf(0x0a);
    return end < 0 ? null : buffer.toString('utf8', 0, end);
  } finally {
    await file.close();
  }
}
