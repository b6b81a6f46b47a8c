/**
 * What a recorder does before anything else: reads its journal, looks at every file under media/, takes in what a crash left
 * half-written and sets aside what cannot be explained. It deletes nothing (invariant 3).
 */
import { access, mkdir, open, rename } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Entry } from '../core/chain.ts';
import { sentenceOf } from '../core/errors.ts';
import type { RecorderFact, SegmentFact } from '../core/facts.ts';
import type { Cause } from '../core/recording.ts';
import { type Clock, type Instant, later, shift } from '../core/time.ts';
import { syncDirectory } from '../ledger/durable.ts';
import { followJournal } from '../ledger/journal-files.ts';
import { type Layout, segmentPath } from '../ledger/layout.ts';
import { mediaFiles } from '../ledger/media-files.ts';
import { hashFile, readSegmentFile, type SegmentIdentity } from '../ledger/segment-file.ts';
import type { KeptBefore } from './keeper.ts';

/** What is taken up from the time before. */
export interface Recovery {
  readonly before: 'first-start' | 'stopped' | 'killed' | 'power-lost';
  /** Facts to append, in order: adopted segments, quarantined files, runs that nobody ended. */
  readonly facts: readonly RecorderFact[];
  readonly adopted: number;
  readonly truncatedBytes: number;
  readonly quarantined: number;
  readonly kept: ReadonlyMap<string, KeptBefore>;
  readonly endedClaims: ReadonlyMap<string, readonly string[]>;
}

interface StreamHistory {
  coveredTo: Instant | null;
  readonly begun: Set<string>;
  readonly ended: Set<string>;
  readonly openRuns: Set<string>;
}

/**
 * Reads journal and media folder and puts the files right. The facts are not yet journaled when it returns: should the power go
 * now, the next start finds the same files and comes to the same facts.
 */
export async function recover(layout: Layout, clock: Clock): Promise<Recovery> {
  const streams = new Map<string, StreamHistory>();
  const known = new Set<string>();
  let last: Entry<RecorderFact> | null = null;
  const historyOf = (stream: string): StreamHistory => {
    let history = streams.get(stream);
    if (history === undefined) {
      history = { coveredTo: null, begun: new Set(), ended: new Set(), openRuns: new Set() };
      streams.set(stream, history);
    }
    return history;
  };
  for await (const { entry } of followJournal<RecorderFact>(layout.recorderJournal)) {
    if (entry === null) continue;
    last = entry;
    remember(entry.fact, historyOf, known);
  }
  const before = endOf(last, clock.now());
  const facts: RecorderFact[] = [];
  let adopted = 0;
  let truncatedBytes = 0;
  let quarantined = 0;
  for (const path of await mediaFiles(layout.media)) {
    const name = relative(layout.media, path);
    if (known.has(name)) continue;
    try {
      const { fact, cutBytes } = await adopt(path, name);
      facts.push(fact);
      adopted += 1;
      truncatedBytes += cutBytes;
      remember(fact, historyOf, known);
    } catch (error) {
      facts.push(await setAside(layout, path, name, sentenceOf(error)));
      quarantined += 1;
    }
  }
  const cause = causeOf(before);
  const kept = new Map<string, KeptBefore>();
  const endedClaims = new Map<string, readonly string[]>();
  for (const [stream, history] of streams) {
    for (const run of history.openRuns) facts.push({ type: 'run-ended', stream, run, cause, exit: null });
    kept.set(stream, {
      coveredTo: history.coveredTo,
      begun: [...history.begun].filter((claim) => !history.ended.has(claim)),
      cause,
    });
    endedClaims.set(stream, [...history.ended]);
  }
  return { before, facts, adopted, truncatedBytes, quarantined, kept, endedClaims };
}

function remember(fact: RecorderFact, historyOf: (stream: string) => StreamHistory, known: Set<string>): void {
  switch (fact.type) {
    case 'segment': {
      known.add(segmentPath(fact.stream, fact.run, fact.sequence));
      cover(historyOf(fact.stream), fact.to);
      break;
    }
    case 'gap':
      cover(historyOf(fact.stream), fact.to);
      break;
    case 'claim-begun':
      historyOf(fact.stream).begun.add(fact.claim);
      break;
    case 'claim-ended':
      historyOf(fact.stream).ended.add(fact.claim);
      break;
    case 'run-begun':
      historyOf(fact.stream).openRuns.add(fact.run);
      break;
    case 'run-ended':
      historyOf(fact.stream).openRuns.delete(fact.run);
      break;
    case 'recorder-started':
    case 'recorder-stopped':
    case 'clock-stepped':
    case 'quarantined':
      break;
  }
}

function cover(history: StreamHistory, to: Instant): void {
  history.coveredTo = history.coveredTo === null ? to : later(history.coveredTo, to);
}

function endOf(last: Entry<RecorderFact> | null, now: Instant): Recovery['before'] {
  if (last === null) return 'first-start';
  if (last.fact.type === 'recorder-stopped') return 'stopped';
  return last.at.boot === now.boot ? 'killed' : 'power-lost';
}

function causeOf(before: Recovery['before']): Cause {
  switch (before) {
    case 'first-start':
    case 'stopped':
      return { code: 'recorder-stopped', detail: 'the recorder was stopped and started again' };
    case 'killed':
      return { code: 'recorder-killed', detail: 'the recorder ended without a word and was started again' };
    case 'power-lost':
      return { code: 'power-lost', detail: 'the machine lost power or was restarted' };
  }
}

/** Cuts an open segment to its last whole fragment, makes that last and answers its fact. Throws when the file cannot be explained. */
async function adopt(path: string, name: string): Promise<{ fact: SegmentFact; cutBytes: number }> {
  const contents = await readSegmentFile(path);
  const { identity } = contents;
  const itsName = segmentPath(identity.stream, identity.run, identity.sequence);
  if (itsName !== name) throw new Error(`it says that it is ${itsName}`);
  if (contents.fragments === 0) throw new Error('no whole fragment had reached the disk');
  const file = await open(path, 'r+');
  try {
    if (contents.wholeBytes < contents.fileBytes) await file.truncate(contents.wholeBytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await syncDirectory(join(path, '..'));
  const fact: SegmentFact = {
    type: 'segment',
    ...pickIdentity(identity),
    to: shift(identity.from, contents.mediaToMs - identity.mediaFromMs),
    mediaToMs: contents.mediaToMs,
    videoFrames: contents.videoFrames,
    audioFrames: contents.audioFrames,
    bytes: contents.wholeBytes,
    headerBytes: contents.headerBytes,
    sha256: await hashFile(path),
    adopted: true,
  };
  return { fact, cutBytes: contents.fileBytes - contents.wholeBytes };
}

/** Only the fields that belong in the journal: the box in the file may have been written by anybody. */
function pickIdentity(identity: SegmentIdentity): SegmentIdentity {
  const { seg, stream, run, sequence, from, mediaFromMs, media, clock, claims, startsWithKeyframe } = identity;
  const { gapBefore, repeatsMs } = identity;
  const known = { seg, stream, run, sequence, from, mediaFromMs, media, clock, claims, startsWithKeyframe, gapBefore };
  return repeatsMs === undefined ? known : { ...known, repeatsMs };
}

async function setAside(layout: Layout, path: string, name: string, why: string): Promise<RecorderFact> {
  await mkdir(layout.quarantine, { recursive: true, mode: 0o750 });
  // A name that lies there already is another file's: nothing is ever written over.
  let movedTo = join(layout.quarantine, name.replaceAll('/', '_'));
  for (let copy = 2; await exists(movedTo); copy++)
    movedTo = join(layout.quarantine, `${copy}_${name.replaceAll('/', '_')}`);
  await rename(path, movedTo);
  await syncDirectory(layout.quarantine);
  return { type: 'quarantined', path: name, movedTo: relative(layout.root, movedTo), why };
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
