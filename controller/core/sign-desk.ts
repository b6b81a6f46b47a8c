/**
 * The part of the desk for what stands in the room and at the door: displays, the spoken notice, lamps, and a glance at the streams.
 * Times are UTC milliseconds. Refusals are AppErrors.
 */
import type { Caller } from './desk.ts';
import type { DarkWhy, DisplayFace } from './display-facts.ts';
import type { SoundLevels } from './glance.ts';
import type { Speech } from './ports.ts';
import type { NextMatter, Wording } from './sign-face.ts';
import type { RoomPlan } from './site-plan.ts';

export interface DisplaySnapshot {
  readonly display: {
    readonly id: string;
    readonly name: string;
    readonly shows: 'room' | 'hall';
    readonly loudspeaker: boolean;
  };
  readonly room: RoomPlan | null;
  readonly at: number;
  readonly face: DisplayFace;
  readonly since: number | null;
  readonly notice: Wording | null;
  readonly next: NextMatter | null;
  readonly key: string;
  /** `text` names the file of the speech (see `speech`). */
  readonly speak: { readonly id: string; readonly text: string } | null;
}

/** What a page says it painted; `address` is added by whoever took it in. */
export interface PaintedPress {
  readonly holder: string;
  readonly key: string | null;
  readonly face: DisplayFace;
  readonly lines: readonly string[];
  readonly heldMs: number;
  readonly isWhole: boolean;
  readonly width: number;
  readonly height: number;
  readonly address: string;
  readonly isKept: boolean | null;
}

export type SpokenOutcome = 'begun' | 'ended' | 'blocked' | 'failed';
export type SpeechState =
  | 'none'
  | 'waiting'
  | 'speaking'
  | 'ended'
  | 'blocked'
  | 'failed'
  | 'no-voice'
  | 'no-loudspeaker';

export interface DisplayStatus {
  readonly id: string;
  readonly name: string;
  readonly shows: 'room' | 'hall';
  readonly room: string | null;
  readonly loudspeaker: boolean;
  readonly state: 'lit' | 'dark';
  readonly since: number;
  readonly why: DarkWhy | null;
  readonly lastAt: number | null;
  readonly face: DisplayFace | null;
  readonly address: string | null;
  /** It would come up again without the controller and without a network; null when it does not say. */
  readonly isKept: boolean | null;
}

export interface DisplayStretch {
  readonly from: number;
  readonly to: number | null;
  readonly dark: DarkWhy | null;
  readonly face: DisplayFace;
  readonly session: string | null;
  readonly lines: readonly string[];
  readonly textSha256: string;
  readonly heldMs: number;
}

export interface LampSnapshot {
  readonly id: string;
  readonly name: string;
  readonly asked: boolean;
  readonly shown: boolean | null;
}

export interface SignsSnapshot {
  readonly displays: readonly DisplayStatus[];
  readonly speech: SpeechState;
  readonly lamps: readonly LampSnapshot[];
}

export interface GlanceSnapshot {
  readonly at: number;
  readonly streams: readonly {
    readonly id: string;
    readonly seenAt: number | null;
    /** Names the picture; a new one has a new name. */
    readonly still: string | null;
    readonly isDark: boolean;
    readonly sound: SoundLevels | null;
  }[];
}

export interface SignDesk {
  /** What hangs on the wall is for everybody. Throws `display-unknown`. */
  display(id: string): DisplaySnapshot;
  /** Rejects with `display-taken` while another browser is this display. */
  painted(id: string, painted: PaintedPress): Promise<DisplaySnapshot>;
  spoken(id: string, holder: string, speak: string, outcome: SpokenOutcome): Promise<DisplaySnapshot>;
  /** A speech by the SHA-256 of its text. Rejects with `not-found` or `speech-missing`. */
  speech(textSha256: string): Promise<Speech>;
  watchDisplay(id: string, listener: (snapshot: DisplaySnapshot) => void): () => void;

  displays(caller: Caller): readonly DisplayStatus[];
  displayLog(caller: Caller, id: string, fromMs: number, toMs: number): readonly DisplayStretch[];
  signs(caller: Caller, room: string): SignsSnapshot;
  speak(caller: Caller, room: string): Promise<SignsSnapshot>;
  glance(caller: Caller, room: string): Promise<GlanceSnapshot>;
  /** The newest small picture of a stream. Rejects with `still-unavailable`. */
  still(caller: Caller, room: string, stream: string): Promise<Uint8Array>;
}
