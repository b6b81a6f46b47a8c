/** Where a segment's bytes lie: on this machine, or at the centre alone because they were deleted here by policy (core/purge.ts). */
import { existsSync } from 'node:fs';
import type { SegmentFact } from '../core/facts.ts';
import type { PurgeIndex } from '../core/purge-index.ts';

/** here: its file is, or should be, on a disk of this machine. centre: it was deleted here after the centre had signed for it. */
export type Where = 'here' | 'centre';

export class Whereabouts {
  readonly #purges: PurgeIndex;
  readonly #pathOf: (segment: SegmentFact) => string;

  constructor(purges: PurgeIndex, pathOf: (segment: SegmentFact) => string) {
    this.#purges = purges;
    this.#pathOf = pathOf;
  }

  whereIs(segment: SegmentFact): Where {
    const purge = this.#purges.purgeOf(segment.seg);
    if (purge === null) return 'here';
    if (purge.removedAt !== null) return 'centre';
    // Decided, and perhaps not done: the recorder may be away, or have done it this very moment.
    return existsSync(this.#pathOf(segment)) ? 'here' : 'centre';
  }
}
