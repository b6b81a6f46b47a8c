/**
 * Carries out deletions that the site decided: looks each segment up in the recorder's own journal, writes down that it is deleted,
 * and only then takes its file off every disk that is there. A crash in between is finished by recovery, a disk that is away is
 * cleaned when it comes back. What is refused, or cannot be done now, is simply not written down: the site asks again.
 */
import type { Entry } from '../core/chain.ts';
import { sha256 } from '../core/chain.ts';
import { sentenceOf } from '../core/errors.ts';
import type { RecorderFact, RemovedFact, SegmentFact } from '../core/facts.ts';
import type { Log } from '../core/ports.ts';
import { REMOVALS_MAX, type Removal } from '../core/recording.ts';
import type { Disks } from '../ledger/disks.ts';
import { segmentPath } from '../ledger/layout.ts';
import { removeSegments } from '../ledger/remove-segments.ts';

/** One look into the journal reads no more lines than this; what lies behind them is asked for again. */
const LINES_MAX = 50_000;

export interface RemoverOptions {
  readonly disks: Pick<Disks, 'all' | 'usable' | 'refused'>;
  readonly append: (fact: RecorderFact) => Promise<void>;
  /** The recorder's journal behind a number. */
  readonly read: (afterSeq: number) => AsyncIterable<Entry<RecorderFact>>;
  /** A copy of this file may still grow. */
  readonly isOpen: (name: string) => boolean;
  /** One of these claims of the stream is in the wish and has not ended. */
  readonly isWished: (stream: string, claims: readonly string[]) => boolean;
  /** Does something while nothing is compared or copied between disks; false when something is. */
  readonly whileIdle: (doing: () => Promise<void>) => Promise<boolean>;
  readonly log: Log;
}

export class Remover {
  readonly #options: RemoverOptions;

  constructor(options: RemoverOptions) {
    this.#options = options;
  }

  /** Resolves when it is done with them, one way or the other. Rejects when the journal cannot be read. */
  async remove(removals: readonly Removal[]): Promise<void> {
    const asked = removals.filter(isRemoval).slice(0, REMOVALS_MAX);
    const isDone = await this.#options.whileIdle(() => this.#remove(asked));
    if (!isDone)
      this.#options.log.info({ segments: asked.length }, 'nothing is deleted while the disks are being compared');
  }

  async #remove(asked: readonly Removal[]): Promise<void> {
    const { append, log } = this.#options;
    const known = await this.#segments(asked.map(({ segmentSeq }) => segmentSeq));
    const facts: RemovedFact[] = [];
    for (const removal of asked) {
      const segment = known.get(removal.segmentSeq);
      if (segment === undefined) continue;
      const why = this.#against(removal, segment);
      if (why === null) facts.push(removedOf(removal, segment));
      else log.error({ seg: removal.decision.fact.seg, why }, 'a deletion was refused');
    }
    if (facts.length === 0) return;
    await Promise.all(facts.map((fact) => append(fact)));
    await this.#takeOff(facts.map(({ stream, run, sequence }) => segmentPath(stream, run, sequence)));
    log.info({ segments: facts.length, first: facts[0]?.seg }, 'deleted here: the centre holds them');
  }

  /** The segments that these lines of the journal speak of, as far as they were reached. */
  async #segments(seqs: readonly number[]): Promise<Map<number, SegmentFact>> {
    const found = new Map<number, SegmentFact>();
    const wanted = new Set(seqs);
    const first = Math.min(...wanted);
    const last = Math.min(Math.max(...wanted), first + LINES_MAX);
    if (wanted.size === 0) return found;
    for await (const { seq, fact } of this.#options.read(first - 1)) {
      if (seq > last) break;
      if (wanted.has(seq) && fact.type === 'segment') found.set(seq, fact);
    }
    return found;
  }

  /** Why a segment is not deleted, or null. */
  #against({ decision: { fact } }: Removal, segment: SegmentFact): string | null {
    const { isOpen, isWished } = this.#options;
    const { seg, stream, run, sequence } = segment;
    if (fact.seg !== seg || fact.sha256 !== segment.sha256) return 'the journal knows it under another hash';
    if (fact.stream !== stream || fact.run !== run || fact.sequence !== sequence) return 'it lies in another place';
    if (isOpen(segmentPath(stream, run, sequence))) return 'a disk is still writing it';
    if (isWished(stream, segment.claims)) return 'what it is kept for goes on';
    return null;
  }

  /** From every disk that is there. One that refuses is cleaned at the next start, or when it is back. */
  async #takeOff(names: readonly string[]): Promise<void> {
    const { disks, log } = this.#options;
    for (const disk of disks.all) for (const name of names) disk.lacking.delete(name);
    for (const disk of disks.usable) {
      try {
        await removeSegments(disk, names);
      } catch (error) {
        disks.refused(disk, error);
        log.error({ disk: disk.role, error: sentenceOf(error) }, 'a disk does not let go of what was deleted');
      }
    }
  }
}

function removedOf({ decision }: Removal, { seg, stream, run, sequence, sha256: hash }: SegmentFact): RemovedFact {
  // The line as it stands in the site's journal, so that its hash is that of the chain there.
  const line = { seq: decision.seq, hash: sha256(JSON.stringify(decision)) };
  return { type: 'removed', seg, stream, run, sequence, sha256: hash, decision: line };
}

/** It came over the socket: only what is used here is looked at, and everything that is a name comes out of our own journal. */
function isRemoval(value: Removal): boolean {
  const { decision, segmentSeq } = value ?? {};
  return (
    Number.isSafeInteger(segmentSeq) &&
    segmentSeq > 0 &&
    Number.isSafeInteger(decision?.seq) &&
    decision.fact?.type === 'purged' &&
    typeof decision.fact.seg === 'string'
  );
}
