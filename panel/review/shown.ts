/** What tiles, transport and timeline need of a stretch of time: a site's session under review, or what the centre holds of one. */
import type { GapView } from '../../controller/api/contract-session.ts';
import type { Part } from './coverage.ts';

export interface ShownStream {
  readonly id: string;
  readonly name: string;
  readonly kind: 'camera' | 'microphone';
  /** HLS playlist of the same origin. */
  readonly playlist: string;
  /** What can be played, in order. One with an id may lie elsewhere, and is asked for under it. */
  readonly segments: readonly (Part & { readonly id?: string })[];
  readonly gaps: readonly GapView[];
}

/** Times are UTC milliseconds. */
export interface Shown {
  readonly from: number;
  readonly to: number;
  readonly streams: readonly ShownStream[];
}
