/**
 * Takes in a segment's file that no journal line speaks of, from the disk that holds most of it; what cannot be explained is set
 * aside.
 */
import { open } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { errnoOf, sentenceOf } from '../core/errors.ts';
import type { RecorderFact, SegmentFact } from '../core/facts.ts';
import { shift } from '../core/time.ts';
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
export function leftOr<T>(disks: Disks, disk: Disk, error: unknown, instead: T): T {
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
