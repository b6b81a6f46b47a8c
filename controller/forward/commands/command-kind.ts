/** What a type of command is to the desk: how its own part is read, and who carries it out. One row for each type. */
import type { Envelope, Saying } from '../../core/hrc-command.ts';

/** A command under way. */
export interface CommandCall {
  readonly envelope: Envelope;
  /** Says how it stands; the last word is what `run` resolves with. */
  readonly tell: (saying: Saying) => void;
  /** Aborted when the centre cancels the command or the program ends. */
  readonly stop: AbortSignal;
  /** Ends another command; false when none of this id is under way. */
  readonly cancel: (id: string) => boolean;
  /** Rings when a segment was sealed. */
  readonly onSealed: (listener: () => void) => () => void;
}

export interface CommandKind {
  /** As in the envelope: `fetch`, or a family like `docket.`, when it ends with a dot. */
  readonly type: string;
  /**
   * Carries it out and resolves with the last answer; null when the command cannot be read. A rejection with an `AppError` is
   * answered `failed`. Called again after a restart for what had not ended.
   */
  run(call: CommandCall): Promise<Saying | null>;
}
