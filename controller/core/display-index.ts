/** The index as displays ask it: the proof-of-display log as rows, and the last acknowledgements, which no journal holds. */
import type { DarkWhy, DisplayFace } from './display-facts.ts';
import type { Instant } from './time.ts';

/** What stood on a display, from the moment it said so. */
export interface StretchRow {
  readonly display: string;
  readonly room: string | null;
  readonly face: DisplayFace;
  readonly session: string | null;
  readonly lines: readonly string[];
  readonly textSha256: string;
  readonly heldMs: number;
  readonly from: Instant;
  /** When other words came to stand there, or of the last acknowledgement before it went dark; null while it stands. */
  readonly to: Instant | null;
  readonly dark: DarkWhy | null;
}

export interface DisplayIndex {
  /** Stretches that nobody has ended, oldest first. */
  openStretches(): readonly StretchRow[];
  /** Stretches of a display that touch a span of UTC milliseconds, oldest first, at most `limit`. */
  stretches(display: string, fromMs: number, toMs: number, limit: number): readonly StretchRow[];
  /** The last acknowledgement that was kept. */
  displayBeat(display: string): Instant | null;
  keepDisplayBeat(display: string, at: Instant): void;
}
