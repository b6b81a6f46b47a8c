/** The files of a journal as anybody may read them, while it grows and after a crash. */
import { createReadStream } from 'node:fs';
import { access, open, readdir, readFile, rename, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { type ChainFault, type ChainHead, EMPTY_CHAIN, type Entry, followLine } from '../core/chain.ts';

const FILE_PATTERN = /^\d{6}\.ndjson$/;
/** Says how far the journal reached; a journal that ends before it has lost its last lines. Written after the journal's own fsync. */
export const HEAD_FILE = 'head.json';
const LINE_FEED = 0x0a;

/** Name of the file with this number. */
export function journalFileName(number: number): string {
  return `${String(number).padStart(6, '0')}.ndjson`;
}

/** Names of the journal's files, oldest first; none when the folder does not exist. */
export async function journalFiles(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).filter((name) => FILE_PATTERN.test(name)).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** How far the journal once reached by its own word; null when it never said. */
export async function journalReached(directory: string): Promise<ChainHead | null> {
  try {
    return JSON.parse(await readFile(join(directory, HEAD_FILE), 'utf8')) as ChainHead;
  } catch {
    return null;
  }
}

/** Of several copies of a journal the folder of the one that reaches furthest by its own word; null when there is none. */
export async function furthestJournal(directories: readonly string[]): Promise<string | null> {
  let best: { readonly directory: string; readonly seq: number } | null = null;
  for (const directory of directories) {
    const seq = (await journalReached(directory))?.seq ?? 0;
    if (best === null || seq > best.seq) best = { directory, seq };
  }
  return best?.directory ?? null;
}

/** The files that can hold entry `seq` or later ones: those of years ago need not be read to tell what happened a minute ago. */
export async function filesFrom(directory: string, seq: number): Promise<string[]> {
  const files = await journalFiles(directory);
  for (let at = files.length - 1; at > 0; at--) {
    for await (const line of linesOf(join(directory, files[at] ?? ''))) {
      const { entry } = followLine<unknown>(EMPTY_CHAIN, line);
      if (entry !== null && entry.seq <= seq) return files.slice(at);
      break;
    }
  }
  return files;
}

/** Follows a journal from its first line; yields each line's entry, its file, the head after it and the fault found there, if any. */
export async function* followJournal<Fact>(
  directory: string,
): AsyncGenerator<{ entry: Entry<Fact> | null; head: ChainHead; fault: ChainFault | null; file: string }> {
  let head = EMPTY_CHAIN;
  for (const file of await journalFiles(directory)) {
    for await (const line of linesOf(join(directory, file))) {
      const step = followLine<Fact>(head, line);
      head = step.head;
      yield { ...step, file };
    }
  }
}

/** {@link wholeLinesOf}, and what follows the last line feed, which is half a line or damage. */
export async function* linesOf(path: string): AsyncGenerator<string> {
  const rest = yield* wholeLinesOf(path);
  if (rest !== '') yield rest;
}

/**
 * The lines of a file, piece by piece: a journal's file is large, and what the start of a program once took stays with it. Only a
 * line feed ends a line: JSON lets U+2028 and a camera's odd bytes stand inside a text, and other readers of lines would break
 * there. Answers what follows the last line feed. Rejects when the file cannot be read.
 */
export async function* wholeLinesOf(path: string): AsyncGenerator<string, string> {
  let parts: Buffer[] = [];
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    let from = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, from)) {
      parts.push(chunk.subarray(from, end));
      yield Buffer.concat(parts).toString('utf8');
      parts = [];
      from = end + 1;
    }
    if (from < chunk.length) parts.push(chunk.subarray(from));
  }
  return Buffer.concat(parts).toString('utf8');
}

/**
 * A line without its line break was being written when the power went: it was never answered, so it moves aside. Answers its
 * length, 0 when the end was whole. What an earlier crash left aside is not written over.
 */
export async function setTornLineAside(path: string): Promise<number> {
  const bytes = await readFile(path);
  const whole = bytes.lastIndexOf(LINE_FEED) + 1;
  if (whole === bytes.length) return 0;
  let aside = `${path}.torn`;
  for (let copy = 2; await exists(aside); copy++) aside = `${path}.torn.${copy}`;
  const torn = await open(`${path}.torn.part`, 'w', 0o640);
  await torn.writeFile(bytes.subarray(whole));
  await torn.sync();
  await torn.close();
  await rename(`${path}.torn.part`, aside);
  await truncate(path, whole);
  return bytes.length - whole;
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
