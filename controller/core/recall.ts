/**
 * Segments that lie at the centre only are brought back for whoever may see them. The port stands between the site, which decides
 * about that, and the forwarder, which has the way to the centre.
 */
import type { Complaint } from './desk.ts';
import type { SegmentFact } from './facts.ts';

/** What is wanted, as our own journal knows it: whatever else comes back is not it. */
export type Recallable = Pick<SegmentFact, 'seg' | 'bytes' | 'sha256'>;

/** How far it is. */
export interface RecallStanding {
  /** away: nobody asked for it. coming: on its way. here: a copy lies here now. refused: the centre did not give it back. */
  readonly state: 'away' | 'coming' | 'here' | 'refused';
  /** Bytes that are here. */
  readonly bytesHere: number;
  /** Why it does not come, or null. */
  readonly trouble: Complaint | null;
}

export interface Recalls {
  /**
   * Brings a segment and resolves with the absolute path of its copy, checked against `wanted.sha256`. However many ask, it comes
   * once. Waits some seconds, and no longer than until `gone`; what is on its way goes on for a while, for whoever asks again.
   * Rejects with `segment-away` (not here yet), `centre-away`, `recall-failed` (the centre has it not, or not as it was) or
   * `disk-full`.
   */
  bring(wanted: Recallable, gone: AbortSignal): Promise<string>;
  /** These are likely to be wanted next; they come behind what somebody waits for. */
  ahead(wanted: readonly Recallable[]): void;
  standing(wanted: Recallable): RecallStanding;
}
