/**
 * What a recorder does before anything else: reads its journal, looks at every file under media/, takes in what a crash left
 * half-written and sets aside what cannot be explained. It deletes nothing (invariant 3).
 */
import { open } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Entry } from '../core/chain.ts';
import { errnoOf, sentenceOf } from '../core/errors.ts';
import type { RecorderFact, SegmentFact } from '../core/facts.ts';
import type { Cause, DiskRole } from '../core/recording.ts';
import { type Clock, type Instant, later, shift } from '../core/time.ts';
import type { Disk } from '../ledger/disk.ts';
import type { Disks } from '../ledger/disks.ts';
import { syncDirectory } from '../ledger/durable.ts';
import { segmentPath } from '../ledger/layout.ts';
import { mediaFiles } from '../ledger/media-files.ts';
import { freeName, setAside } from '../ledger/quarantine.ts';
import {
  hashFile,
  readSegmentFile,
  type SegmentContents,
  type SegmentIdentity,
  saveTail,
} from '../ledger/segment-file.ts';
import type { KeptBefore } from './keeper.ts';
import { repeatedMs } from './repeated.ts';

/** What a slower disk may still have been writing when everything ended, by the time of its segment's end. */
const UNSURE_MS = 60_000;

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
  /** Disks that were left and had not caught up. */
  readonly away: ReadonlySet<DiskRole>;
  /** Segments that end after this wall time may be damaged on one of two disks without looking so; null when all was closed. */
  readonly unsureFromMs: number | null;
}

interface StreamHistory {
  coveredTo: Instant | null;
  readonly begun: Set<string>;
  readonly ended: Set<string>;
  readonly openRuns: Set<string>;
}

/**
 * Reads the journal and the media folders of the disks that are there, and puts the files right. The facts are not yet journaled
 * when it returns: should the power go now, the next start finds the same files and comes to the same facts.
 */
export async function recover(
  disks: Disks,
  entries: AsyncIterable<Entry<RecorderFact>>,
  clock: Clock,
): Promise<Recovery> {
  const streams = new Map<string, StreamHistory>();
  const known = new Set<string>();
  const away = new Set<DiskRole>();
  let last: Entry<RecorderFact> | null = null;
  // Since the recorder was started last: whatever was unknown then was taken in or set aside.
  let recent: SegmentFact[] = [];
  const historyOf = (stream: string): StreamHistory => {
    let history = streams.get(stream);
    if (history === undefined) {
      history = { coveredTo: null, begun: new Set(), ended: new Set(), openRuns: new Set() };
      streams.set(stream, history);
    }
    return history;
  };
  for await (const entry of entries) {
    last = entry;
    const { fact } = entry;
    if (fact.type === 'disk-away') away.add(fact.disk);
    if (fact.type === 'disk-back') away.delete(fact.disk);
    if (fact.type === 'recorder-started') recent = [];
    if (fact.type === 'segment') recent.push(fact);
    remember(fact, historyOf, known);
  }
  const before = endOf(last, clock.now());
  const found: RecorderFact[] = [];
  let adopted = 0;
  let truncatedBytes = 0;
  let quarantined = 0;
  for (const [name, holders] of await unknownFiles(disks, known)) {
    const taken = await takeIn(disks, name, holders);
    for (const fact of taken.facts) {
      found.push(fact);
      if (fact.type === 'segment') {
        adopted += 1;
        recent.push(fact);
      }
      if (fact.type === 'quarantined') quarantined += 1;
      remember(fact, historyOf, known);
    }
    truncatedBytes += taken.cutBytes;
  }
  const facts = found.map((fact): RecorderFact => {
    if (fact.type !== 'segment') return fact;
    const repeatsMs = Math.max(fact.repeatsMs ?? 0, repeatedMs(fact, recent));
    return repeatsMs > 0 ? { ...fact, repeatsMs } : fact;
  });
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
  const unsureFromMs = last === null || before === 'stopped' ? null : last.at.wallMs - UNSURE_MS;
  return { before, facts, adopted, truncatedBytes, quarantined, kept, endedClaims, away, unsureFromMs };
}

/** Files under `media` that the journal does not know, by name, with the disks that hold one. */
async function unknownFiles(disks: Disks, known: ReadonlySet<string>): Promise<[string, Disk[]][]> {
  const found = new Map<string, Disk[]>();
  for (const disk of disks.usable) {
    const names = await namesOn(disk).catch((error) => leftOr(disks, disk, error, []));
    for (const name of names) {
      if (known.has(name)) continue;
      const holders = found.get(name) ?? [];
      holders.push(disk);
      found.set(name, holders);
    }
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Every file under `media` of a disk, as a path below it. */
export async function namesOn(disk: Disk): Promise<string[]> {
  const { media } = disk.layout;
  return (await disk.act(() => mediaFiles(media))).map((path) => relative(media, path));
}

/**
 * Takes a file in that no journal line speaks of. Of two copies the longer whole one counts, and the other disk is told that it
 * lacks it; a copy is set aside only when none of them can be explained.
 */
export async function takeIn(
  disks: Disks,
  name: string,
  holders: readonly Disk[],
): Promise<{ readonly facts: readonly RecorderFact[]; readonly cutBytes: number }> {
  const copies = await Promise.all(holders.map((disk) => disk.act(() => readCopy(disk, name))));
  const whole = copies.filter((copy): copy is WholeCopy => 'contents' in copy);
  for (const { disk, contents } of whole.sort((a, b) => b.contents.wholeBytes - a.contents.wholeBytes)) {
    try {
      const { fact, cutBytes } = await disk.act(() => adopt(disk, name, contents));
      for (const other of disks.all)
        if (other !== disk) other.lacking.set(name, { bytes: fact.bytes, sha256: fact.sha256 });
      return { facts: [fact], cutBytes };
    } catch (error) {
      leftOr(disks, disk, error, null);
    }
  }
  const facts: RecorderFact[] = [];
  for (const copy of copies) {
    if (!('why' in copy)) continue;
    const { disk, why } = copy;
    const movedTo = await disk
      .act(() => setAside(disk.layout, join(disk.layout.media, name), name))
      .catch((error) => leftOr(disks, disk, error, null));
    if (movedTo === null) continue;
    facts.push({ type: 'quarantined', path: name, movedTo, why, ...(disks.isPair ? { disk: disk.role } : {}) });
  }
  return { facts, cutBytes: 0 };
}

/** A disk that refuses is left and `instead` is gone on with; the last one there stops the start, which is tried again. */
function leftOr<T>(disks: Disks, disk: Disk, error: unknown, instead: T): T {
  disks.refused(disk, error);
  if (disk.isUsable) throw error;
  return instead;
}

interface WholeCopy {
  readonly disk: Disk;
  readonly contents: SegmentContents;
}

/** A copy with at least one whole fragment, or why it cannot be explained. A copy that the disk does not let us read is left where it is. */
async function readCopy(disk: Disk, name: string): Promise<WholeCopy | { disk: Disk; why: string } | { disk: Disk }> {
  try {
    const contents = await readSegmentFile(join(disk.layout.media, name));
    const { identity } = contents;
    const itsName = segmentPath(identity.stream, identity.run, identity.sequence);
    if (itsName !== name) return { disk, why: `it says that it is ${itsName}` };
    if (contents.fragments === 0) return { disk, why: 'no whole fragment had reached the disk' };
    return { disk, contents };
  } catch (error) {
    return errnoOf(error) === null ? { disk, why: sentenceOf(error) } : { disk };
  }
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
    case 'disk-away':
    case 'disk-back':
    case 'journal-set-aside':
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

/** Cuts an open segment to its last whole fragment, makes that last and answers its fact. */
async function adopt(
  disk: Disk,
  name: string,
  contents: SegmentContents,
): Promise<{ fact: SegmentFact; cutBytes: number }> {
  const path = join(disk.layout.media, name);
  const { identity } = contents;
  // Behind zeros there may be something whole that never can be placed: it is kept for people to look at.
  if (contents.isHollow) await saveTail(path, contents.wholeBytes, await freeName(disk.layout, `${name}.tail`));
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
