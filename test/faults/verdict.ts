/**
 * The one question after every fault: is every second of every claim on disk, or in the gap ledger with its cause? Asked of the
 * files themselves, against what the virtual cameras say they sent.
 */
import { dirname } from 'node:path';
import type { GapFact, SegmentFact } from '../../controller/core/facts.ts';
import type { DesiredClaim } from '../../controller/core/recording.ts';
import type { SentStream } from '../../devices/virtual/sent-ledger.ts';
import { type FrameMark, readMarks } from '../oracle/frames.ts';

/** A moment in a recording is known to about a fragment (250 ms) and what a loaded machine adds to its way. */
export const TIME_TOLERANCE_MS = 500;
/**
 * Within one connection a picture stands until the next one comes, and the file shows it so: up to this long that is a slow camera and
 * no hole (the recorder's own measure of a silence, and what the README says).
 */
export const PICTURE_STANDS_MS = 1_000;
/** Gaps smaller than this are rounding at the edges. */
const GAP_MS_MIN = 5;

/** A stretch of true time in microseconds. */
export interface Stretch {
  readonly fromUs: number;
  readonly toUs: number;
}

/** One file; `repeatsMs` as its segment in the journal says. */
export interface Piece {
  readonly file: string;
  readonly repeatsMs: number;
  /** Packets that it says were lost. */
  readonly lostPackets?: number;
  /** When its first picture was taken, as the journal says. */
  readonly fromUs: number;
}

export interface StreamEvidence {
  readonly stream: string;
  readonly fps: number;
  /** Files in the order of their time, and how much each says that it repeats of what came before. */
  readonly pieces: readonly Piece[];
  readonly claims: readonly Stretch[];
  readonly gaps: readonly (Stretch & { readonly cause: GapFact['cause'] })[];
  readonly sent: readonly SentStream[];
  /** The camera's frames do not come at even times. */
  readonly unevenMs?: number;
}

export interface StreamVerdict {
  readonly stream: string;
  /** What does not hold; empty is well. */
  readonly faults: readonly string[];
  /** Frames that were taken in the claims: on disk, and in all that the camera handed over. */
  readonly framesKept: number;
  readonly framesSent: number;
  /** Frames that were taken between two kept ones of the same boot, in a claim, and are not on disk. */
  readonly framesMissing: number;
  readonly gapsMs: number;
  readonly gapCauses: readonly string[];
  readonly longestGapMs: number;
  /** How far the journal's time of any file's first picture is from the moment in which the camera took it; the largest of all files. */
  readonly placedOffMs: number;
}

/** Judges the picture of one stream. */
export async function judgePicture(evidence: StreamEvidence): Promise<StreamVerdict> {
  const { frames, faults, placedOffMs } = await framesOf(evidence);
  faults.push(...repeats(frames), ...steps(frames));
  const toleranceUs = (TIME_TOLERANCE_MS + (evidence.unevenMs ?? 0)) * 1_000;
  const frameUs = 1_000_000 / evidence.fps;
  const gaps = evidence.gaps.filter((gap) => gap.toUs - gap.fromUs > GAP_MS_MIN * 1_000);
  for (const claim of evidence.claims) {
    for (const hole of holesWithin(claim, frames, frameUs)) {
      const mayLastUs = hole.isInOneRun ? Math.max(toleranceUs, PICTURE_STANDS_MS * 1_000) : toleranceUs;
      const left = without(hole, gaps).filter((one) => one.toUs - one.fromUs > mayLastUs);
      for (const one of left)
        faults.push(`${hole.between}: ${ms(one)} ms from ${time(one.fromUs)} are in no file and in no gap`);
    }
  }
  for (const gap of gaps) {
    const inside = frames.filter(
      ({ hostTimeUs }) => hostTimeUs > gap.fromUs + toleranceUs && hostTimeUs < gap.toUs - toleranceUs,
    );
    if (inside.length > 0)
      faults.push(
        `gap ${gap.cause.code} of ${ms(gap)} ms from ${time(gap.fromUs)} names ${inside.length} frames that are on disk`,
      );
  }
  const inClaims = (us: number) => evidence.claims.some(({ fromUs, toUs }) => us >= fromUs && us <= toUs);
  const lengths = gaps.map((gap) => (gap.toUs - gap.fromUs) / 1_000);
  return {
    stream: evidence.stream,
    faults: faults.map((fault) => `${evidence.stream}: ${fault}`),
    framesKept: frames.filter(({ hostTimeUs }) => inClaims(hostTimeUs)).length,
    framesSent: sentWithin(evidence.sent, frames, frameUs, inClaims),
    framesMissing: missingBetween(frames, inClaims),
    gapsMs: Math.round(lengths.reduce((sum, length) => sum + length, 0)),
    gapCauses: gaps.map((gap) => gap.cause.code),
    longestGapMs: Math.round(Math.max(0, ...lengths)),
    placedOffMs,
  };
}

/** A stream without picture: nothing to count, only what the ledger says. Sound is heard by `readTones`. */
export function judgeSound(evidence: StreamEvidence): StreamVerdict {
  const lengths = evidence.gaps.map((gap) => (gap.toUs - gap.fromUs) / 1_000).filter((length) => length > GAP_MS_MIN);
  return {
    stream: evidence.stream,
    faults: [],
    framesKept: 0,
    framesSent: 0,
    framesMissing: 0,
    gapsMs: Math.round(lengths.reduce((sum, length) => sum + length, 0)),
    gapCauses: evidence.gaps.map((gap) => gap.cause.code),
    longestGapMs: Math.round(Math.max(0, ...lengths)),
    placedOffMs: 0,
  };
}

/**
 * Segments in the order of their time: a file that was taken in after a crash is told late and lies early. What a segment repeats of
 * those before it does not count: a camera that was connected anew may begin with the very picture with which the run before began.
 */
export function byTime(segments: readonly SegmentFact[], trueUs: (segment: SegmentFact) => number): SegmentFact[] {
  const newUs = (segment: SegmentFact) => trueUs(segment) + (segment.repeatsMs ?? 0) * 1_000;
  return [...segments].sort((a, b) => newUs(a) - newUs(b) || a.sequence - b.sequence);
}

/** Claims as stretches; `endUs` ends those that nobody has ended. */
export function stretchesOf(
  claims: readonly DesiredClaim[],
  trueUs: (instant: DesiredClaim['from']) => number,
  endUs: number,
): Stretch[] {
  return claims.map(({ from, to }) => ({ fromUs: trueUs(from), toUs: to === null ? endUs : trueUs(to) }));
}

/**
 * All frames in showing order. A camera that was connected anew may begin with pictures that are on disk already; what a segment
 * declares as repeated is left out, and everything beyond that is a fault.
 */
async function framesOf(
  evidence: StreamEvidence,
): Promise<{ frames: FrameMark[]; faults: string[]; placedOffMs: number }> {
  const frames: FrameMark[] = [];
  const faults: string[] = [];
  let placedOffMs = 0;
  for (const { file, repeatsMs, fromUs, lostPackets = 0 } of evidence.pieces) {
    const { marks: own, unmarked } = await readMarks([file]);
    if (unmarked.length > lostPackets)
      faults.push(
        `${unmarked[0]} is damaged, with ${unmarked.length - 1} more, and ${lostPackets} lost packets are told`,
      );
    const offMs = Math.round((fromUs - (own[0]?.hostTimeUs ?? fromUs)) / 1_000);
    if (Math.abs(offMs) > Math.abs(placedOffMs)) placedOffMs = offMs;
    const last = frames.at(-1);
    const again = own.findIndex(
      (frame) => last === undefined || frame.boot !== last.boot || frame.number > last.number,
    );
    const repeated = own.slice(0, again < 0 ? own.length : again);
    const lengthMs = ((repeated.at(-1)?.hostTimeUs ?? 0) - (repeated[0]?.hostTimeUs ?? 0)) / 1_000;
    if (repeated.length > 0 && lengthMs > repeatsMs + TIME_TOLERANCE_MS) {
      faults.push(`${file} repeats ${repeated.length} frames (${Math.round(lengthMs)} ms) and says ${repeatsMs} ms`);
      frames.push(...own);
    } else frames.push(...own.slice(repeated.length));
  }
  return { frames, faults, placedOffMs };
}

function repeats(frames: readonly FrameMark[]): string[] {
  const seen = new Set<string>();
  const twice: string[] = [];
  for (const { boot, number } of frames) {
    const name = `${boot}/${number}`;
    if (seen.has(name)) twice.push(name);
    seen.add(name);
  }
  return twice.length === 0 ? [] : [`${twice.length} frames are there twice: ${twice[0]} to ${twice.at(-1)}`];
}

function steps(frames: readonly FrameMark[]): string[] {
  return frames.flatMap((frame, at) => {
    const before = frames[at - 1];
    if (before === undefined) return [];
    if (frame.device !== before.device) return [`frame ${frame.boot}/${frame.number} is another camera's`];
    const isBack = frame.boot < before.boot || (frame.boot === before.boot && frame.number < before.number);
    return isBack ? [`frame ${frame.boot}/${frame.number} stands behind ${before.boot}/${before.number}`] : [];
  });
}

/** Stretches of a claim in which no frame was kept: between frames that do not follow each other, and at both ends. */
function* holesWithin(
  claim: Stretch,
  frames: readonly FrameMark[],
  frameUs: number,
): Generator<Stretch & { readonly between: string; readonly isInOneRun: boolean }> {
  let reachedUs = claim.fromUs;
  let before: FrameMark | undefined;
  for (const frame of frames) {
    const follows = before !== undefined && before.boot === frame.boot && frame.number === before.number + 1;
    if (!follows && frame.hostTimeUs > reachedUs) {
      const fromUs = Math.min(reachedUs, claim.toUs);
      const toUs = Math.min(frame.hostTimeUs, claim.toUs);
      const between = `between ${before === undefined ? 'the beginning' : `frame ${before.boot}/${before.number}`} and frame ${frame.boot}/${frame.number}`;
      const isInOneRun = before !== undefined && dirname(before.file) === dirname(frame.file);
      if (toUs > fromUs) yield { fromUs, toUs, between, isInOneRun };
    }
    reachedUs = Math.max(reachedUs, frame.hostTimeUs + frameUs);
    before = frame;
  }
  if (claim.toUs > reachedUs) yield { fromUs: reachedUs, toUs: claim.toUs, between: 'at the end', isInOneRun: false };
}

/** What is left of a stretch when the gaps are taken out of it. */
function without(stretch: Stretch, gaps: readonly Stretch[]): Stretch[] {
  let left = [stretch];
  for (const gap of gaps) {
    left = left.flatMap((one) => {
      if (gap.toUs <= one.fromUs || gap.fromUs >= one.toUs) return [one];
      return [
        { fromUs: one.fromUs, toUs: Math.min(one.toUs, gap.fromUs) },
        { fromUs: Math.max(one.fromUs, gap.toUs), toUs: one.toUs },
      ].filter(({ fromUs, toUs }) => toUs > fromUs);
    });
  }
  return left;
}

/** Numbers that are missing between kept frames of a boot; those before and behind the claims do not count. */
function missingBetween(frames: readonly FrameMark[], inClaims: (us: number) => boolean): number {
  return frames.reduce((sum, frame, at) => {
    const before = frames[at - 1];
    if (before === undefined || before.boot !== frame.boot) return sum;
    const isWithin = inClaims(before.hostTimeUs) && inClaims(frame.hostTimeUs);
    return isWithin ? sum + Math.max(0, frame.number - before.number - 1) : sum;
  }, 0);
}

/** How many different frames were handed to sockets, of those taken within the claims; their times are counted from kept ones. */
function sentWithin(
  sent: readonly SentStream[],
  frames: readonly FrameMark[],
  frameUs: number,
  inClaims: (us: number) => boolean,
): number {
  const zeroUs = new Map<number, number>();
  for (const { boot, number, hostTimeUs } of frames) zeroUs.set(boot, hostTimeUs - number * frameUs);
  const counted = new Set<string>();
  for (const { boot, frames: ranges } of sent) {
    const zero = zeroUs.get(boot);
    if (zero === undefined) continue;
    for (const { from, to } of ranges)
      for (let number = from; number <= to; number++)
        if (inClaims(zero + number * frameUs)) counted.add(`${boot}/${number}`);
  }
  return counted.size;
}

function ms({ fromUs, toUs }: Stretch): number {
  return Math.round((toUs - fromUs) / 1_000);
}

function time(us: number): string {
  return new Date(us / 1_000).toISOString().slice(11, 23);
}
