/**
 * The files of a record, on one disk or on two: every segment that the journal holds is there, whole and unchanged, and nothing
 * lies there that nobody speaks of.
 */
import { stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { SegmentFact } from '../core/facts.ts';
import type { DiskRole } from '../core/recording.ts';
import { type Layout, segmentPath } from '../ledger/layout.ts';
import { mediaFiles } from '../ledger/media-files.ts';
import { hashFile, readSegmentFile } from '../ledger/segment-file.ts';
import type { Finding } from './verify.ts';

/** One disk that is looked at. */
export interface Copy {
  readonly layout: Layout;
  /** Null where there is only one. */
  readonly role: DiskRole | null;
  /** The journal says that it was away and has not caught up: what it lacks is no damage. */
  readonly mayLack: boolean;
}

/** What is wrong with one file, or null. */
type Fault = { readonly what: 'file-missing' | 'file-size' | 'file-hash'; readonly message: string } | null;

/** Segments, by id, whose file may be gone by a decision; and those of them that the recorder wrote down as deleted. */
export interface Deleted {
  readonly mayBeGone: ReadonlySet<string>;
  readonly removed: ReadonlySet<string>;
}

/**
 * Checks every segment on every disk, then every file that no segment explains. Reads every byte. Answers the segments that were
 * deleted by policy and lie nowhere any more.
 */
export async function checkFiles(
  copies: readonly Copy[],
  segments: readonly SegmentFact[],
  deleted: Deleted,
  recorderRuns: boolean,
  findings: Finding[],
): Promise<readonly SegmentFact[]> {
  const gone: SegmentFact[] = [];
  const known = new Set<string>();
  for (const segment of segments) {
    const name = segmentPath(segment.stream, segment.run, segment.sequence);
    known.add(name);
    const faults = await Promise.all(copies.map(({ layout }) => faultOf(join(layout.media, name), segment)));
    if (deleted.mayBeGone.has(segment.seg)) {
      const left = copies.filter((_, at) => faults[at]?.what !== 'file-missing');
      if (left.length === 0) gone.push(segment);
      if (left.length === 0 || deleted.removed.has(segment.seg)) {
        for (const copy of left) findings.push(leftOn(copy, name));
        continue;
      }
    }
    const isSomewhere = faults.some((fault) => fault === null);
    for (const [at, copy] of copies.entries()) {
      const fault = faults[at] ?? null;
      if (fault !== null) findings.push(findingOf(fault, copy, name, isSomewhere, recorderRuns));
    }
  }
  for (const copy of copies) await checkStrangers(copy, known, recorderRuns, findings);
  return gone;
}

function leftOn(copy: Copy, name: string): Finding {
  const message = 'deleted by policy, and not gone from this disk yet: the recorder sees to it at its next start';
  return { level: 'note', what: 'file-left', subject: subjectOf(copy, name), message };
}

async function faultOf(path: string, segment: SegmentFact): Promise<Fault> {
  const size = await stat(path).then(
    (found) => found.size,
    () => null,
  );
  if (size === null)
    return { what: 'file-missing', message: `the journal holds segment ${segment.seg}, but its file is gone` };
  if (size !== segment.bytes) return { what: 'file-size', message: `${size} bytes, ${segment.bytes} were written` };
  const sha256 = await hashFile(path).catch(() => null);
  if (sha256 === null) return { what: 'file-hash', message: 'the disk does not let it be read' };
  if (sha256 !== segment.sha256)
    return { what: 'file-hash', message: 'the bytes are not those that were recorded (SHA-256 differs)' };
  return null;
}

/** A copy that is only not made yet is worth knowing; one that is gone or changed on a disk that had everything is a fault. */
function findingOf(
  fault: NonNullable<Fault>,
  copy: Copy,
  name: string,
  isSomewhere: boolean,
  recorderRuns: boolean,
): Finding {
  const subject = subjectOf(copy, name);
  if (!isSomewhere) return { level: 'fault', ...fault, subject };
  if (fault.what !== 'file-hash' && (copy.mayLack || recorderRuns))
    return { level: 'note', what: 'copy-missing', subject, message: 'not copied yet; the other disk holds it whole' };
  const what = fault.what === 'file-missing' ? 'copy-missing' : 'copy-differs';
  return { level: 'fault', what, subject, message: `${fault.message}; the other disk holds it whole` };
}

function subjectOf({ role }: Copy, name: string): string {
  return role === 'mirror' ? `second disk: media/${name}` : `media/${name}`;
}

async function checkStrangers(
  copy: Copy,
  known: ReadonlySet<string>,
  recorderRuns: boolean,
  findings: Finding[],
): Promise<void> {
  const { media } = copy.layout;
  const names = (await mediaFiles(media)).map((path) => relative(media, path)).filter((name) => !known.has(name));
  // Of each stream only the last file can be one that a living recorder is writing.
  const newest = new Map<string, { readonly name: string; readonly changedMs: number }>();
  for (const name of names) {
    const stream = name.split('/')[0] ?? '';
    const changedMs = await stat(join(media, name)).then(
      ({ mtimeMs }) => mtimeMs,
      () => 0,
    );
    if (changedMs >= (newest.get(stream)?.changedMs ?? 0)) newest.set(stream, { name, changedMs });
  }
  for (const name of names) {
    const isNewest = newest.get(name.split('/')[0] ?? '')?.name === name;
    const isGrowing = recorderRuns && isNewest;
    const isEmpty = !(await holdsMedia(join(media, name)));
    const message = isGrowing
      ? 'being written just now'
      : isEmpty
        ? 'begun when the disk refused what followed: nothing whole is in it; the recorder sets it aside at its next start'
        : 'no journal line speaks of this file; the recorder takes it in, or sets it aside, at its next start';
    const isFault = !recorderRuns && !isEmpty;
    findings.push({
      level: isFault ? 'fault' : 'note',
      what: 'file-unexplained',
      subject: subjectOf(copy, name),
      message,
    });
  }
}

/** True unless it is one of ours and was never finished as far as its first fragment. */
async function holdsMedia(path: string): Promise<boolean> {
  try {
    return (await readSegmentFile(path)).fragments > 0;
  } catch {
    // Nobody knows what it is, unless there is nothing in it at all.
    return await stat(path).then(
      ({ size }) => size > 0,
      () => false,
    );
  }
}
