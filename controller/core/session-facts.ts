/**
 * What the site's journal says about sessions: one fact per thing that happened, with who and the moment of the first press.
 * `press` is made by whoever asks, once per press (or is the id of a centre's command): the same one again is the same fact.
 * Nothing here is ever changed; a later fact adds to an earlier one.
 */
import type { Cause } from './recording.ts';
import type { RuleSetRef } from './rules/rule-set.ts';
import type { Instant } from './time.ts';

/** Id of a kind in the site's rule set; `hearing` and its like are data, not code. */
export type SessionKind = string;

export interface SessionStream {
  readonly stream: string;
  readonly mandatory: boolean;
}

/** A stream of a session that never got as far as the recorder, over the whole claim. */
export interface AbsentStretch {
  readonly stream: string;
  readonly from: Instant;
  readonly to: Instant;
  readonly cause: Cause;
}

/** A person named in a field of a session, with what the field asks about people. */
export interface NamedPerson {
  readonly name: string;
  /** What they are there: party, agent, witness, interpreter… */
  readonly capacity?: string;
  /** Number of an officer's law enforcement certificate. */
  readonly certificate?: string;
}

/** Text, or people; which of them a field is, says the rule set. */
export type FieldValue = string | readonly NamedPerson[];
export interface FieldValues {
  readonly [field: string]: FieldValue;
}

/** Planned times are UTC milliseconds of the wall clock: nobody measures anything by them. */
export interface Planned {
  readonly fromMs: number;
  readonly toMs: number | null;
}

/** Where an entry of the docket came from. */
export type DocketSource = 'panel' | 'import' | 'centre' | 'adjourned';

/** What a check found about one thing. `isGood` is null when it could not be told. */
export interface CheckFinding {
  readonly what: 'picture' | 'sound' | 'kept' | 'disk' | 'clock' | 'recorder';
  /** Null for findings about the room as a whole. */
  readonly stream: string | null;
  readonly isGood: boolean | null;
  /** In English, with the values that matter. */
  readonly detail: string;
}

/** passed: everything is good. warned: something is not, or could not be told. broken-off: the check did not come to its end. */
export type CheckVerdict = 'passed' | 'warned' | 'broken-off';

/** What a person says of a stream after playing back the seconds that a check kept. */
export interface Heard {
  readonly stream: string;
  readonly isGood: boolean;
}

/** evidence: shown. objection: raised. statement: made. quarrel: broke out. other: see its note. */
export type MarkKind = 'evidence' | 'objection' | 'statement' | 'quarrel' | 'other';
export const MARK_KINDS: readonly MarkKind[] = ['evidence', 'objection', 'statement', 'quarrel', 'other'];

/** How the parties answered when they were told that they are recorded. */
export type NoticeAnswer = 'understood' | 'objected' | 'silent';
export const NOTICE_ANSWERS: readonly NoticeAnswer[] = ['understood', 'objected', 'silent'];

/** Which wording: the notice of the rule set with its version, and its SHA-256 (hex) as rules/notices.ts works it out. */
export interface NoticeText {
  readonly notice: string;
  readonly version: number;
  readonly textSha256: string;
}

/** Why a running session is probably forgotten, or will be in the way. */
export type StopReason = 'planned-end' | 'silence' | 'ceiling' | 'next-booking';

/** The session that an adjourned one goes on as. */
export interface Adjournment {
  readonly session: string;
  readonly planned: Planned;
  readonly reason: string;
}

export type SessionFact =
  | {
      readonly type: 'session-scheduled';
      readonly session: string;
      readonly press: string;
      readonly room: string;
      readonly kind: SessionKind;
      readonly matter: string;
      readonly by: string;
      readonly source: DocketSource;
      readonly planned: Planned;
      readonly fields: FieldValues;
      /** The session of the same matter that this one goes on from. */
      readonly continues?: string;
      /** How the system that it came from calls it: the same source and reference is the same entry. */
      readonly reference?: string;
    }
  /** Before it is opened. Fields are laid over those there are; an empty one takes away. */
  | {
      readonly type: 'session-amended';
      readonly session: string;
      readonly press: string;
      readonly by: string;
      readonly room?: string;
      readonly kind?: SessionKind;
      readonly matter?: string;
      readonly planned?: Planned;
      readonly fields?: FieldValues;
    }
  | {
      readonly type: 'session-cancelled';
      readonly session: string;
      readonly press: string;
      readonly by: string;
      readonly reason: string;
    }
  /**
   * The room is checked: its streams are kept from `from` to `to` under the check's own claim (`check` is its id), to be played
   * back on the spot. `session` is the one it was made for, if for one.
   */
  | {
      readonly type: 'check-begun';
      readonly check: string;
      readonly press: string;
      readonly room: string;
      readonly session: string | null;
      readonly by: string;
      readonly from: Instant;
      readonly to: Instant;
      readonly streams: readonly SessionStream[];
    }
  | {
      readonly type: 'check-done';
      readonly check: string;
      readonly session: string | null;
      readonly verdict: CheckVerdict;
      readonly findings: readonly CheckFinding[];
    }
  /** Somebody played it back and says how it was. */
  | {
      readonly type: 'check-heard';
      readonly check: string;
      readonly press: string;
      readonly by: string;
      readonly heard: readonly Heard[];
      readonly note: string;
    }
  | {
      readonly type: 'session-opened';
      /** The session's id is also the id of its claim on each of its streams. */
      readonly session: string;
      readonly press: string;
      readonly room: string;
      readonly kind: SessionKind;
      readonly matter: string;
      readonly by: string;
      readonly openedAt: Instant;
      /** Press minus pre-roll. */
      readonly from: Instant;
      readonly streams: readonly SessionStream[];
      /** What a walk-in brought along; one from the docket has its own already. */
      readonly fields?: FieldValues;
      /** The rule set that it is held under. */
      readonly rules?: RuleSetRef;
    }
  | { readonly type: 'session-confirmed'; readonly session: string }
  /** After it was opened: what was not known then. Fields as in `session-amended`. */
  | {
      readonly type: 'session-filled';
      readonly session: string;
      readonly press: string;
      readonly by: string;
      readonly kind?: SessionKind;
      readonly matter?: string;
      readonly fields?: FieldValues;
    }
  /** A sign acknowledged that the wording stood on its screen. */
  | ({
      readonly type: 'notice-shown';
      readonly session: string;
      readonly display: string;
      readonly shownAt: Instant;
    } & NoticeText)
  /** The wording was spoken to its end by a loudspeaker. */
  | ({
      readonly type: 'notice-spoken';
      readonly session: string;
      readonly display: string;
      readonly how: 'recorded' | 'synthesised';
      readonly spokenAt: Instant;
    } & NoticeText)
  /** A person says that the parties were told, and how they answered. */
  | ({
      readonly type: 'notice-told';
      readonly session: string;
      readonly press: string;
      readonly by: string;
      readonly toldAt: Instant;
      readonly answer: NoticeAnswer;
      readonly note: string;
    } & NoticeText)
  | {
      readonly type: 'mark';
      readonly session: string;
      /** The press; also the mark's id. */
      readonly mark: string;
      readonly kind: MarkKind;
      readonly by: string;
      /** The first press, however late it reached the controller. */
      readonly markedAt: Instant;
      readonly note: string;
      /** Page of the written record, or empty. */
      readonly page: string;
    }
  | {
      readonly type: 'mark-noted';
      readonly session: string;
      readonly mark: string;
      readonly press: string;
      readonly by: string;
      readonly note: string;
      readonly page: string;
    }
  /** `gaps` are ids of the index; either of the two may come first and alone. */
  | {
      readonly type: 'interruption-explained';
      readonly session: string;
      readonly press: string;
      readonly by: string;
      readonly gaps: readonly string[];
      /** When the reason was being spoken, inside the recording. */
      readonly spokenAt: Instant | null;
      readonly reason: string | null;
    }
  | {
      readonly type: 'session-extended';
      readonly session: string;
      readonly press: string;
      readonly by: string;
      readonly untilMs: number;
    }
  /** The panel began to warn that it is time to stop; nothing is ever stopped by it. */
  | { readonly type: 'stop-warned'; readonly session: string; readonly why: StopReason }
  | {
      readonly type: 'session-closing';
      readonly session: string;
      /** Given where the same press again has to be known: an adjournment plans something. */
      readonly press?: string;
      readonly by: string;
      readonly closedAt: Instant;
      /** Close plus post-roll. */
      readonly to: Instant;
      /** Required fields that were still empty. */
      readonly debts?: readonly string[];
      /** It goes on another time: that one stands in the docket by this fact. */
      readonly adjourned?: Adjournment;
    }
  | {
      readonly type: 'session-closed';
      readonly session: string;
      /** Streams of the session that the recorder never heard of, because nobody knew where they come from: their gap (invariant 2). */
      readonly absent?: readonly AbsentStretch[];
    }
  /** The centre has signed for every segment of the session. */
  | { readonly type: 'session-handed-over'; readonly session: string };
