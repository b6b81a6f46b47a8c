/**
 * What a site has on its disk after it recorded for a while and reached nobody: segment files, and both journals as recorder and
 * controller would have written them. The index is made from them at the next start, as always.
 */
import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { RecorderFact, SegmentFact, SiteFact } from '../../controller/core/facts.ts';
import { manifestOf } from '../../controller/core/hrc.ts';
import { jwsHash } from '../../controller/core/jws.ts';
import { type Instant, shift } from '../../controller/core/time.ts';
import { ulid } from '../../controller/core/ulid.ts';
import { siteSigner } from '../../controller/forward/signer.ts';
import { Journal } from '../../controller/ledger/journal.ts';
import { type Layout, layoutOf, segmentPath, siteKeyOf } from '../../controller/ledger/layout.ts';
import { SystemClock } from '../../controller/ledger/system-clock.ts';

export const SEGMENT_MS = 10_000;
const ROOM = 'hearing-1';
/** Appends that share one sync; all lines of a batch are in memory at once. */
const BATCH = 2_000;

/** A file that lies ready; a segment is a second name of it, so that a large backlog costs no disk. */
export interface ReadyFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** Segments of one stream, one right after the other. */
export interface Stretch {
  readonly stream: string;
  readonly files: readonly ReadyFile[];
  readonly from: Instant;
  /** Kept for a session of its own, running still; otherwise for a hall, which runs all the time. */
  readonly isSession: boolean;
}

/** Writes the stretches as if they had been recorded and sealed in this order. Answers the facts of their segments. */
export async function writeBacklog(
  data: string,
  site: string,
  stretches: readonly Stretch[],
): Promise<readonly SegmentFact[]> {
  const clock = new SystemClock();
  const layout = layoutOf(data);
  const signer = siteSigner(siteKeyOf(layout));
  const recorder = new Journal<RecorderFact>(layout.recorderJournal, clock);
  const decided = new Journal<SiteFact>(layout.siteJournal, clock);
  await recorder.open();
  await decided.open();
  const all: SegmentFact[] = [];
  const chains = new Map<string, { readonly seq: number; readonly prev: string | null }>();
  for (const { stream, files, from, isSession } of stretches) {
    const claim = isSession ? ulid(from.wallMs, randomBytes(10)) : 'hall';
    if (isSession) await decided.append(sessionOpened(claim, from, [stream]));
    const run = ulid(from.wallMs, randomBytes(10));
    for (let done = 0; done < files.length; done += BATCH) {
      const batch = files.slice(done, done + BATCH);
      const facts = batch.map((file, at) => placed(layout, stream, run, done + at, file, claim, from));
      await Promise.all(facts.map((fact) => recorder.append(fact)));
      const seals = facts.map((fact, at) => {
        const { seq, prev } = chains.get(stream) ?? { seq: 0, prev: null };
        const jws = signer.sign('hrc-seg', manifestOf(site, fact, prev, seq));
        chains.set(stream, { seq: seq + 1, prev: jwsHash(jws) });
        return decided.append({ type: 'sealed', siteSeq: all.length + at + 1, seg: fact.seg, stream, jws });
      });
      await Promise.all(seals);
      all.push(...facts);
    }
  }
  await recorder.close();
  await decided.close();
  return all;
}

/** A segment on the disk and the fact about it. `from` is when its run began. */
export function placed(
  layout: Layout,
  stream: string,
  run: string,
  sequence: number,
  { path, bytes, sha256 }: ReadyFile,
  claim: string,
  from: Instant,
): SegmentFact {
  const begun = shift(from, sequence * SEGMENT_MS);
  const fact: SegmentFact = {
    ...{ type: 'segment', seg: ulid(begun.wallMs, randomBytes(10)), stream, run, sequence, bytes, sha256 },
    ...{ from: begun, to: shift(begun, SEGMENT_MS), mediaFromMs: sequence * SEGMENT_MS },
    ...{ mediaToMs: (sequence + 1) * SEGMENT_MS, videoFrames: 250, audioFrames: 0, headerBytes: 800 },
    media: { video: { codec: 'avc1.640028', width: 1920, height: 1080 }, audio: null },
    ...{ clock: { source: 'ntp' }, claims: [claim], startsWithKeyframe: true, gapBefore: null, adopted: false },
  };
  const place = pathIn(layout, fact);
  if (sequence === 0) mkdirSync(dirname(place), { recursive: true });
  linkSync(path, place);
  return fact;
}

export function pathIn(layout: Layout, { stream, run, sequence }: SegmentFact): string {
  return join(layout.media, segmentPath(stream, run, sequence));
}

function sessionOpened(session: string, from: Instant, streams: readonly string[]): SiteFact {
  return {
    ...{ type: 'session-opened', session, press: session, room: ROOM, kind: 'hearing', matter: '', by: 'clerk' },
    ...{ openedAt: from, from, streams: streams.map((stream) => ({ stream, mandatory: true })) },
  };
}
