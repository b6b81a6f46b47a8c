/**
 * What the site's journal says about displays: the proof-of-display log. One fact when other words came to stand on a screen, one
 * when it went dark; what was on which display from when to when lies between them.
 */
import type { Instant } from './time.ts';

/** Faces of a display; `unknown` is what a page says by itself when it does not hear from the controller. */
export type DisplayFace = 'idle' | 'next' | 'starting' | 'notice' | 'recording' | 'fault' | 'hall' | 'unknown';
export const DISPLAY_FACES: readonly DisplayFace[] = [
  ...(['idle', 'next', 'starting', 'notice', 'recording', 'fault', 'hall', 'unknown'] as const),
];

/**
 * silent: nothing more was heard of it. not-as-asked: it goes on showing something else than it should. cut-off: its words do not
 * fit on its screen. controller-away: nobody was there to hear it; it may have gone on showing what it showed.
 */
export type DarkWhy = 'silent' | 'not-as-asked' | 'cut-off' | 'controller-away';

export type DisplayFact =
  | {
      readonly type: 'display-shown';
      readonly display: string;
      readonly room: string | null;
      readonly face: DisplayFace;
      /** The session that it was about, or null. */
      readonly session: string | null;
      /** The words as they were read back out of the page after it was painted, line by line. */
      readonly lines: readonly string[];
      /** SHA-256 (hex) of the lines joined by line feeds, in UTF-8. */
      readonly textSha256: string;
      /** For how long these words stood there already when it said so: it may have been out of touch meanwhile. */
      readonly heldMs: number;
      /** The network address that it answered from, and the size of its page in CSS pixels. */
      readonly address: string;
      readonly width: number;
      readonly height: number;
    }
  | {
      readonly type: 'display-dark';
      readonly display: string;
      readonly room: string | null;
      /** When it last acknowledged what it showed; null when it never did. */
      readonly lastAt: Instant | null;
      readonly why: DarkWhy;
    };
