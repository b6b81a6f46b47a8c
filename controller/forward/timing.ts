/** Every wait of the forwarder, in milliseconds, and what each is unless said otherwise. */
import type { LineTiming } from './line.ts';

export interface ForwardTiming extends LineTiming {
  /** From the end of a transfer to the centre's word about it. */
  readonly finResultMs: number;
  /** From that word to the receipt, before it is asked for. */
  readonly receiptMs: number;
  /** For the answer to a request. */
  readonly responseMs: number;
  /** For the centre's document after connecting. */
  readonly documentMs: number;
  readonly backlogEveryMs: number;
  /** Until events are told again that were not answered; doubled each time. */
  readonly eventRetryMs: number;
  /** For EMQX's answer to an opening, by which it is known that it is one. */
  readonly initResponseMs: number;
  /** For a file to be taken by HTTP before it counts as stuck. */
  readonly httpIdleMs: number;
  /** For the centre to begin to pull what was offered. */
  readonly pullMs: number;
  /** Between two words about the progress of a command. */
  readonly progressEveryMs: number;
  /** For a segment to come back from the centre while a request waits for it. */
  readonly recallWaitMs: number;
  /** For which a segment goes on coming back after the last who waited for it, or wanted it ahead, was answered. */
  readonly recallLingerMs: number;
  /** Between two tries to bring a segment back. */
  readonly recallRetryMs: number;
  /** For which a segment that the centre did not give back is not asked for again. */
  readonly recallRestMs: number;
}

export const FORWARD_TIMING: ForwardTiming = {
  backoffFirstMs: 1_000,
  backoffMaxMs: 60_000,
  pubackTimeoutMs: 30_000,
  keepaliveS: 15,
  finResultMs: 6 * 60_000,
  receiptMs: 15_000,
  responseMs: 15_000,
  documentMs: 30_000,
  backlogEveryMs: 60_000,
  eventRetryMs: 5_000,
  takenOverMs: 5 * 60_000,
  initResponseMs: 15_000,
  httpIdleMs: 30_000,
  pullMs: 5 * 60_000,
  progressEveryMs: 10_000,
  recallWaitMs: 8_000,
  recallLingerMs: 20_000,
  recallRetryMs: 1_000,
  recallRestMs: 60_000,
};
