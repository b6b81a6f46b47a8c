/**
 * Segments that were deleted here, brought before whoever may see them: from the centre, and with them the ones that a player will
 * ask for next. Who may see them was decided before (invariant 10).
 */
import { AppError } from '../core/errors.ts';
import type { SegmentFact } from '../core/facts.ts';
import type { RecallStanding, Recalls } from '../core/recall.ts';
import type { SiteIndex } from '../core/site-index.ts';

/** Segments of the same stream that are brought ahead of the player. */
const AHEAD = 2;

export class Recalling {
  readonly #index: Pick<SiteIndex, 'claimsOfSegment' | 'segmentsOf'>;
  readonly #recalls: () => Recalls | null;

  /** `recalls`: the way to the centre, null where there is none. */
  constructor(index: Pick<SiteIndex, 'claimsOfSegment' | 'segmentsOf'>, recalls: () => Recalls | null) {
    this.#index = index;
    this.#recalls = recalls;
  }

  standing(segment: SegmentFact): RecallStanding {
    return this.#recalls()?.standing(segment) ?? { state: 'away', bytesHere: 0, trouble: null };
  }

  /** Absolute path of a copy. Rejects as {@link Recalls.bring} does, and with `segment-away` where there is no way to a centre. */
  async bring(segment: SegmentFact, gone: AbortSignal): Promise<string> {
    const recalls = this.#recalls();
    if (recalls === null)
      throw new AppError('segment-away', `segment ${segment.seg} lies at the centre, and this site has no way there`);
    const bringing = recalls.bring(segment, gone);
    recalls.ahead(this.#next(segment));
    return bringing;
  }

  #next({ seg, stream }: SegmentFact): readonly SegmentFact[] {
    return this.#index.claimsOfSegment(seg).flatMap((claim) => {
      const rows = this.#index.segmentsOf(claim, stream);
      const at = rows.findIndex(({ fact }) => fact.seg === seg);
      const next = rows.slice(at + 1, at + 1 + AHEAD);
      return next.filter(({ removedAt }) => removedAt !== null).map(({ fact }) => fact);
    });
  }
}
