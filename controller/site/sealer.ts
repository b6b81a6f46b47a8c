/**
 * Seals segments: each gets the next number of the outbox and a signed manifest that names the one before it in its stream.
 * Strictly in the order of the recorder's journal, one fact each; the index puts seal and outbox row into one transaction
 * (invariant 5). Where it stands is read from the index, so a crash at any moment is continued exactly.
 */
import { sentenceOf } from '../core/errors.ts';
import type { SegmentFact } from '../core/facts.ts';
import { manifestOf } from '../core/hrc.ts';
import { jwsHash } from '../core/jws.ts';
import type { Log, Signer, SiteJournal } from '../core/ports.ts';
import type { SiteIndex } from '../core/site-index.ts';

/** Facts that are appended together and share an fsync. */
const BATCH = 16;

export interface SealerOptions {
  readonly siteId: string;
  readonly index: SiteIndex;
  readonly journal: SiteJournal;
  readonly signer: Signer;
  readonly log: Log;
}

export class Sealer {
  readonly #options: SealerOptions;
  /** Everything up to here in the recorder's journal is sealed. */
  #sealedUpTo = 0;
  #working: Promise<void> | null = null;
  #isAskedAgain = false;
  #isClosed = false;

  constructor(options: SealerOptions) {
    this.#options = options;
  }

  /** There may be something to seal. Never throws; what fails is tried again at the next call. */
  poke(): void {
    if (this.#isClosed) return;
    this.#isAskedAgain = true;
    this.#working ??= this.#work();
  }

  /** Resolves when everything there was is sealed. */
  async idle(): Promise<void> {
    await this.#working;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#working;
  }

  async #work(): Promise<void> {
    try {
      while (this.#isAskedAgain && !this.#isClosed) {
        this.#isAskedAgain = false;
        while (!this.#isClosed && (await this.#sealBatch())) {
          // Until nothing is left.
        }
      }
    } catch (error) {
      this.#options.log.error({ why: sentenceOf(error) }, 'sealing failed, tried again with the next segment');
    } finally {
      this.#working = null;
    }
  }

  async #sealBatch(): Promise<boolean> {
    const { index, journal } = this.#options;
    const due = index.unsealed(this.#sealedUpTo, BATCH);
    const chain = new Map<string, { count: number; hash: string | null }>();
    let siteSeq = index.lastSiteSeq();
    const appends = due.map(({ fact }) => {
      siteSeq += 1;
      const jws = this.#manifest(fact, chain);
      return journal.append({ type: 'sealed', siteSeq, seg: fact.seg, stream: fact.stream, jws });
    });
    const done = await Promise.allSettled(appends);
    for (const result of done) if (result.status === 'rejected') throw result.reason;
    const last = due.at(-1);
    if (last !== undefined) this.#sealedUpTo = last.journalSeq;
    return due.length === BATCH;
  }

  #manifest(fact: SegmentFact, chain: Map<string, { count: number; hash: string | null }>): string {
    const { siteId, index, signer } = this.#options;
    let stand = chain.get(fact.stream);
    if (stand === undefined) {
      const { count, lastJws } = index.sealsOf(fact.stream);
      stand = { count, hash: lastJws === null ? null : jwsHash(lastJws) };
    }
    const jws = signer.sign('hrc-seg', manifestOf(siteId, fact, stand.hash, stand.count));
    chain.set(fact.stream, { count: stand.count + 1, hash: jwsHash(jws) });
    return jws;
  }
}
