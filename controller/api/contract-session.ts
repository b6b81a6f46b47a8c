/**
 * The contract about sessions: what one is from the press to open on, and what a clerk does while it runs. Part of contract.ts;
 * the panel may import its types from here too. All times are UTC milliseconds.
 *
 * Every request that changes something carries `press`, made by the panel once per press (8 to 64 of 0-9 A-Z a-z _ -). The same
 * press sent again changes nothing and answers as at first, so that a request whose answer was lost is simply sent again.
 */

/** Id of a kind in the site's rule set (GET /rules): `hearing`, `interview`… */
export type SessionKind = string;

/**
 * requested and confirmed are two things everywhere (invariant 1).
 * scheduled, checking, ready, cancelled: see DocketEntry; it was not opened yet.
 * opening: asked for, not every mandatory stream is proven on disk yet. open: every one was proven.
 * closing: asked to close, the post-roll is being kept. closed: everything is on disk and in the journal.
 * handed-over: the centre has signed for every segment.
 */
export type SessionState =
  | 'scheduled'
  | 'checking'
  | 'ready'
  | 'cancelled'
  | 'opening'
  | 'open'
  | 'closing'
  | 'closed'
  | 'handed-over';

export type OpenedState = Extract<SessionState, 'opening' | 'open' | 'closing' | 'closed' | 'handed-over'>;

export interface NamedPerson {
  readonly name: string;
  /** What they are there: party, agent, witness, interpreter… in the clerk's words. */
  readonly capacity?: string;
  /** Number of an officer's law enforcement certificate. */
  readonly certificate?: string;
}
/** Text, or people; which of them a field is, says `FieldView.form` of its kind. */
export type FieldValue = string | readonly NamedPerson[];
export interface FieldValues {
  readonly [field: string]: FieldValue;
}

/** `to` is null when nobody planned an end. */
export interface PlannedView {
  readonly from: number;
  readonly to: number | null;
}

export interface GapView {
  readonly stream: string;
  readonly from: number;
  /** Null while it is still open. */
  readonly to: number | null;
  readonly cause: string;
}

/** A stretch of a confirmed session in which a stream was not recorded; gaps of several streams at one time are one. */
export interface InterruptionView {
  /** Stays the same once the interruption is over; names it in ExplainRequest. Null while it goes on. */
  readonly id: string | null;
  readonly from: number;
  readonly to: number | null;
  readonly streams: readonly string[];
  /** Codes of the error catalogue. */
  readonly causes: readonly string[];
  /** True when a mandatory stream was hit: then both explanations are owed. */
  readonly mandatory: boolean;
  /** When the reason was being spoken in the recording, or null. */
  readonly spokenAt: number | null;
  readonly reason: string | null;
  /** What is still owed, empty when nothing is. Nothing is owed while it goes on. */
  readonly owed: readonly ('spoken' | 'typed')[];
}

export type MarkKind = 'evidence' | 'objection' | 'statement' | 'quarrel' | 'other';

export interface MarkView {
  readonly id: string;
  readonly kind: MarkKind;
  /** The first press. */
  readonly at: number;
  /** Name of the person. */
  readonly by: string;
  readonly note: string;
  /** Page of the written record, or empty. */
  readonly page: string;
  /** What was added later, oldest first; nothing is ever changed. */
  readonly notes: readonly { readonly at: number; readonly by: string; readonly note: string; readonly page: string }[];
}

/** How the parties answered when they were told that they are recorded. */
export type NoticeAnswer = 'understood' | 'objected' | 'silent';

/**
 * owed: the law of this site asks for the telling and nobody has confirmed it. `shown` and `spoken` are what signs acknowledged,
 * `told` what the clerk confirmed; only `told` ends what is owed.
 */
export interface NoticeView {
  readonly owed: boolean;
  readonly shown: { readonly at: number; readonly display: string } | null;
  readonly spoken: { readonly at: number; readonly display: string } | null;
  readonly told: {
    readonly at: number;
    readonly by: string;
    readonly answer: NoticeAnswer;
    readonly note: string;
  } | null;
}

/**
 * Worked out at each look from the session, the time and the rules; never an order to stop.
 * late-start: the planned time has come and nobody opened. planned-end, silence (no sound on any microphone), ceiling (hours):
 * probably forgotten; ended by ExtendRequest. next-booking: it runs, or will run, into the next entry of the room's docket; both
 * entries carry it. adjacent: the next one begins right at its planned end.
 */
export type SessionWarningKind = 'late-start' | 'planned-end' | 'silence' | 'ceiling' | 'next-booking' | 'adjacent';
export interface SessionWarning {
  readonly why: SessionWarningKind;
  readonly level: 'warning' | 'alarm';
  readonly since: number;
  /** Until when a warning counts down before it becomes an alarm; null for an alarm, and for what never becomes one. */
  readonly alarmAt: number | null;
  /** The other session, for next-booking and adjacent. */
  readonly other: string | null;
}

/** Until when it must be handed over to the centre, and which clause says so. Null while the session runs. */
export interface DeadlineView {
  readonly dueAt: number;
  /** The clause as people cite it, in both languages, and whether it binds as written. */
  readonly clause: { readonly zh: string; readonly en: string };
  readonly force: 'binding' | 'by-analogy';
  /** Less than a quarter of the time is left, and it was not handed over. */
  readonly soon: boolean;
  readonly overdue: boolean;
  /** Handed over before it was due (true), after (false), or not yet (null). */
  readonly kept: boolean | null;
  /** True when the working days of that year are not known: it was reckoned with the shortest time that is possible. */
  readonly uncertain: boolean;
}

/**
 * How long it has to be kept; nothing is deleted by it. Null while the session runs. period, file: until `until`. file-not-known: as
 * long as the written file, and nobody has said how long that is. hold: beyond every period. not-known: a kind that the rules of now
 * do not know, which is kept.
 */
export interface KeepView {
  /** The first moment at which it need not be kept any more; null for no end. */
  readonly until: number | null;
  readonly because: 'period' | 'file' | 'file-not-known' | 'hold' | 'not-known';
  /** The retention class in the words of the rule set; null when none is known. */
  readonly name: { readonly zh: string; readonly en: string } | null;
  readonly clauses: readonly {
    readonly zh: string;
    readonly en: string;
    readonly force: 'binding' | 'by-analogy';
  }[];
}

export interface HandOverView {
  readonly done: number;
  readonly total: number;
  readonly bytesDone: number;
  readonly bytesTotal: number;
}

/** A session from the press to open on. */
export interface SessionView {
  readonly id: string;
  readonly room: string;
  readonly kind: SessionKind;
  readonly matter: string;
  readonly fields: FieldValues;
  /** Required fields (ids) that are still empty; `matter` is one of them when it is, and `kind` when the rules do not know it. */
  readonly debts: readonly string[];
  readonly state: OpenedState;
  /** What people asked for last. */
  readonly requested: 'record' | 'stop';
  /** True only while bytes of every mandatory stream reached the disk in the last 2 s. */
  readonly confirmed: boolean;
  /** The press. */
  readonly openedAt: number;
  /** First moment at which every mandatory stream was proven, or null. */
  readonly confirmedAt: number | null;
  /** The press that closed it, or null. */
  readonly closedAt: number | null;
  readonly openedBy: string;
  readonly closedBy: string | null;
  /** Null for a walk-in. */
  readonly planned: PlannedView | null;
  /** When people mean it to end: extended last, or planned; null when nobody said. */
  readonly until: number | null;
  /** Debts there were at the press to close. */
  readonly debtsAtClose: readonly string[];
  /** Other sessions of the same matter, by id. */
  readonly continues: string | null;
  readonly continuedBy: string | null;
  readonly streams: readonly {
    readonly id: string;
    readonly name: string;
    readonly kind: 'camera' | 'microphone';
    readonly mandatory: boolean;
  }[];
  readonly gaps: readonly GapView[];
  readonly interruptions: readonly InterruptionView[];
  readonly notice: NoticeView;
  /** The newest few; all of them by GET /sessions/:session/marks. */
  readonly marks: { readonly count: number; readonly newest: readonly MarkView[] };
  readonly warnings: readonly SessionWarning[];
  readonly deadline: DeadlineView | null;
  readonly keep: KeepView | null;
  readonly handOver: HandOverView;
}

/**
 * POST /rooms/:room/sessions: a walk-in. 201 SessionView, 200 for the same press again. Only `press` and `kind` are needed: what
 * is missing is a debt (`debts`), never a reason to wait. Another session going on answers 409 `session-already-open` with its id
 * in `message`. POST /sessions/:session/open with { press } opens an entry of the docket, whatever its check said; same answers.
 */
export interface OpenRequest {
  readonly press: string;
  readonly kind: SessionKind;
  readonly matter?: string;
  readonly fields?: FieldValues;
}
export interface PressRequest {
  readonly press: string;
}

/** POST /sessions/:session/close (empty body) answers SessionView; closing what is closing or closed answers 200 with the same state. */

/** POST /sessions/:session/adjourn: closes it and puts its continuation into the docket. Answers AdjournedView. */
export interface AdjournRequest {
  readonly press: string;
  readonly planned: PlannedView;
  readonly reason: string;
}

/** POST /sessions/:session/fields: what was not known at the start. Fields are laid over those there are; '' takes one away. SessionView. */
export interface FillRequest {
  readonly press: string;
  readonly kind?: SessionKind;
  readonly matter?: string;
  readonly fields?: FieldValues;
}

/**
 * POST /sessions/:session/marks answers 201 MarkView (200 for the same press; the press is the mark's id). `agoMs`: how long ago
 * the first press was, by the panel's own monotonic clock, when it reaches the controller late; at most 10 minutes count.
 */
export interface MarkRequest {
  readonly press: string;
  readonly kind: MarkKind;
  readonly agoMs?: number;
  readonly note?: string;
  readonly page?: string;
}
/** POST /sessions/:session/marks/:mark/notes answers MarkView. */
export interface MarkNoteRequest {
  readonly press: string;
  readonly note: string;
  readonly page?: string;
}
/** How and when the parties were told, as it stands in the recording: by a sign's screen, by a loudspeaker, by a person. */
export interface NoticeMarkView {
  readonly how: 'shown' | 'spoken' | 'told';
  readonly at: number;
  /** Id of the display, or name of the person. */
  readonly by: string;
  /** The notice of the rules with its version, and the SHA-256 (hex) of the wording. */
  readonly notice: string;
  readonly version: number;
  readonly textSha256: string;
  /** Null for what a sign acknowledged. */
  readonly answer: NoticeAnswer | null;
  readonly note: string;
}

/** GET /sessions/:session/marks: everything that is dated within the recording, each list oldest first. */
export interface MarkList {
  readonly marks: readonly MarkView[];
  readonly notices: readonly NoticeMarkView[];
}

/** POST /sessions/:session/told: “已告知” and how the parties answered. SessionView. */
export interface ToldRequest {
  readonly press: string;
  readonly answer: NoticeAnswer;
  readonly note?: string;
  readonly agoMs?: number;
}

/**
 * POST /sessions/:session/explanations: first, when the reason is being spoken, with `spoken: true` (`agoMs` as for marks); then,
 * or at once, with the typed `reason`. SessionView.
 */
export interface ExplainRequest {
  readonly press: string;
  readonly interruption: string;
  readonly spoken?: boolean;
  readonly agoMs?: number;
  readonly reason?: string;
}

/** POST /sessions/:session/extend: it goes on until `until`, or for `byMs` from now. Exactly one of the two. SessionView. */
export interface ExtendRequest {
  readonly press: string;
  readonly until?: number;
  readonly byMs?: number;
}

/** GET /sessions?room=:room&limit=50 answers newest first, only rooms of one's own, opened ones only. GET /sessions/:session: SessionView. */
export interface SessionList {
  readonly sessions: readonly SessionView[];
}
