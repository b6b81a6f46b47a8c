/**
 * What a recorder does before anything else: reads its journal, looks at every file under media/, takes in what a crash left
 * half-written and sets aside what cannot be explained. It deletes nothing but what the journal says is deleted (invariant 3).
 */
import type { Entry } from '../core/chain.ts';
import type { RecorderFact, SegmentFact } from '../core/facts.ts';
import type { Cause, DiskRole } from '../core/recording.ts';
import { type Clock, type Instant, later } from '../core/time.ts';
import type { Disk } from '../ledger/disk.ts';
import type { Disks } from '../ledger/disks.ts';
import { segmentPath } from '../ledger/layout.ts';
import { removeSegments } from '../ledger/remove-segments.ts';
import type { KeptBefore } from './keeper.ts';
import { repeatedMs } from './repeated.ts';
import { leftOr, namesOn, takeIn } from './take-in.ts';

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
  const removed = new Set<string>();
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
    if (fact.type === 'removed') {
      const name = segmentPath(fact.stream, fact.run, fact.sequence);
      removed.add(name);
      known.delete(name);
    }
    remember(fact, historyOf, known);
  }
  const before = endOf(last, clock.now());
  const found: RecorderFact[] = [];
  let adopted = 0;
  let truncatedBytes = 0;
  let quarantined = 0;
  for (const [name, holders] of await unknownFiles(disks, known)) {
    if (removed.has(name)) {
      for (const disk of holders) await removeSegments(disk, [name]).catch((error) => leftOr(disks, disk, error, 0));
      continue;
    }
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
    case 'removed':
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
