/**
 * Displays as the pages that are them see them, and what a clerk sees of displays, loudspeakers, lamps and streams. Part of the
 * contract with the panel; see contract.ts. All times are UTC milliseconds.
 */

/** `unknown` is what a page says by itself when it hears nothing from the controller. */
export type DisplayFace = 'idle' | 'next' | 'starting' | 'notice' | 'recording' | 'fault' | 'hall' | 'unknown';

/** A wording in both languages, as the rule set has it. */
export interface Wording {
  readonly zh: string;
  readonly en: string;
}

/** The next matter of a room as it may hang on a wall: what kind and when, never whose or about what. */
export interface NextMatter {
  readonly at: number;
  readonly kind: Wording;
}

/**
 * What happens in a room, for everybody to see. idle: nothing. next: something is planned soon. starting: asked for, not proven.
 * notice: proven now, and the parties have not been told yet. recording: proven now. fault: should record, is not proven now.
 */
export interface SignFaceView {
  readonly face: DisplayFace;
  readonly at: number;
  /** Since when it records (first proof), or null. */
  readonly since: number | null;
  /** The wording by law; null where there is nothing to be told. */
  readonly notice: Wording | null;
  readonly next: NextMatter | null;
}

/**
 * GET /displays/:display (no login: it says only what hangs on the wall). Also pushed by socket.io namespace /display and answered
 * to every acknowledgement.
 */
export interface DisplayView extends SignFaceView {
  readonly display: {
    readonly id: string;
    readonly name: string;
    readonly shows: 'room' | 'hall';
    readonly loudspeaker: boolean;
  };
  /** Null for a hall's display without a room. */
  readonly room: { readonly id: string; readonly name: string; readonly nameEn: string } | null;
  /** Changes whenever anything of what it should show does; an acknowledgement names it. */
  readonly key: string;
  /** Something to be spoken now, once per `id`; null when there is nothing. */
  readonly speak: { readonly id: string; readonly audio: string } | null;
}

/**
 * POST /displays/:display/painted (no login, but only from this machine or a paired screen): the page says what it has painted, after
 * the frame was on the screen, at each change and every two seconds. Answers DisplayView. Another browser that already is this display
 * answers 409 `display-taken`, one that nobody paired 403 `panel-not-paired`.
 */
export interface PaintedRequest {
  /** Made by the page once; tells one browser from another. */
  readonly holder: string;
  /** `key` of the view it shows; null when it shows something of its own. */
  readonly key: string | null;
  readonly face: DisplayFace;
  /** The words as they stand in the page, line by line, without anything that ticks. */
  readonly lines: readonly string[];
  /** For how long these words have stood there without a break, by the page's monotonic clock. */
  readonly heldMs: number;
  /** Every line lies within the screen. */
  readonly isWhole: boolean;
  readonly width: number;
  readonly height: number;
  /** Of a hall's sign: it would come up again without the controller and without a network. */
  readonly isKept?: boolean;
}

/** POST /displays/:display/spoken (no login): what became of something to be spoken. Answers DisplayView. */
export interface SpokenRequest {
  readonly holder: string;
  readonly speak: string;
  /** blocked: the browser does not play sound by itself (see the kiosk's flags). failed: the file could not be played. */
  readonly outcome: 'begun' | 'ended' | 'blocked' | 'failed';
}

/**
 * What became of the notice's speech. none: nothing to say. waiting: not proven recording yet, or nobody plays it yet. ended: played
 * to its end. no-voice: no recording and no program to make one. no-loudspeaker: no display of this room has one.
 */
export type SpeechState =
  | 'none'
  | 'waiting'
  | 'speaking'
  | 'ended'
  | 'blocked'
  | 'failed'
  | 'no-voice'
  | 'no-loudspeaker';

/** One display as staff see it. */
export interface DisplayStatus {
  readonly id: string;
  readonly name: string;
  readonly shows: 'room' | 'hall';
  readonly room: string | null;
  readonly loudspeaker: boolean;
  /** lit: it acknowledged, within its time, what it should show. */
  readonly state: 'lit' | 'dark';
  readonly since: number;
  /** Why it is dark; null when it is lit, or has not had the time to say anything. */
  readonly why: 'silent' | 'not-as-asked' | 'cut-off' | 'controller-away' | null;
  readonly lastAt: number | null;
  readonly face: DisplayFace | null;
  readonly address: string | null;
  /** Of a hall's sign: it would come up again without the controller and without a network. Null when it does not say. */
  readonly isKept: boolean | null;
}

/** GET /displays: displays of one's own rooms, and those of no room. */
export interface DisplayList {
  readonly displays: readonly DisplayStatus[];
}

/** GET /displays/:display/log?from=&to= (login): what stood on it from when to when, oldest first. Darkness lies in between. */
export interface DisplayLog {
  readonly stretches: readonly {
    readonly from: number;
    /** Null while it stands. */
    readonly to: number | null;
    /** Why it ended, when it did not end by showing something else. */
    readonly dark: string | null;
    readonly face: DisplayFace;
    readonly session: string | null;
    readonly lines: readonly string[];
    readonly textSha256: string;
    /** For how long it said that the words had stood there already when it came back into touch. */
    readonly heldMs: number;
  }[];
}

/**
 * GET /rooms/:room/signs (login): displays, the speech of the notice and the lamps of a room.
 * POST /rooms/:room/speech (login, empty body): speak the notice (again) now. Answers the same.
 */
export interface SignsView {
  readonly displays: readonly DisplayStatus[];
  readonly speech: SpeechState;
  readonly lamps: readonly LampView[];
}

/** A lamp shows that it is recorded, proven; `shown` is what it has acknowledged, null when nobody knows. */
export interface LampView {
  readonly id: string;
  readonly name: string;
  readonly asked: boolean;
  readonly shown: boolean | null;
}

/**
 * GET /rooms/:room/glance (login): how the streams of a room look and sound, at most some seconds old. Asked for every two or three
 * seconds by a panel that shows it; while nobody asks nothing is decoded. Pictures: GET `still`, a JPEG of its own address.
 */
export interface GlanceView {
  readonly at: number;
  readonly streams: readonly {
    readonly id: string;
    /** When the newest of it came in; null when nothing came. */
    readonly seenAt: number | null;
    /** Address of the picture, new for each picture; null for sound alone, or when there is none. */
    readonly still: string | null;
    /** The picture is black or covered. */
    readonly isDark: boolean;
    readonly sound: {
      /** When the first of `levels` begins; each stands for `stepMs`. Root mean square in dBFS, -90 to 0. */
      readonly from: number;
      readonly stepMs: number;
      readonly levels: readonly number[];
      readonly peak: number;
      /** Exactly nothing: the line is dead. */
      readonly isDigitalZero: boolean;
    } | null;
  }[];
}

/** socket.io, namespace `/display` (no login). The client emits `watch` with a display id after each (re)connect. */
export interface ServerToDisplay {
  display: (view: DisplayView) => void;
}
