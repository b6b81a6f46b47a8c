/**
 * The contract about what is to come: the docket, the check of a room, and the rules of the site. Part of contract.ts; the panel
 * may import its types from here too. All times are UTC milliseconds.
 */
import type {
  FieldValues,
  MarkKind,
  PlannedView,
  SessionKind,
  SessionState,
  SessionView,
  SessionWarning,
} from './contract-session.ts';

/** A line of the docket. A docket's entry *is* a session: `id` stays the same when it is opened, and `state` goes on from there. */
export interface DocketEntry {
  readonly id: string;
  readonly room: string;
  readonly kind: SessionKind;
  readonly matter: string;
  readonly fields: FieldValues;
  readonly debts: readonly string[];
  readonly state: SessionState;
  /** Null for a walk-in, which stands in the docket of its day once it was opened. */
  readonly planned: PlannedView | null;
  readonly openedAt: number | null;
  readonly closedAt: number | null;
  readonly source: 'panel' | 'import' | 'centre' | 'adjourned' | 'walk-in';
  readonly createdBy: string;
  readonly continues: string | null;
  readonly continuedBy: string | null;
  /** Why it will not take place; null unless it was cancelled. */
  readonly cancelled: { readonly at: number; readonly by: string; readonly reason: string } | null;
  /** The newest check made for it. */
  readonly check: CheckView | null;
  readonly warnings: readonly SessionWarning[];
}

/**
 * GET /docket?room=:room&from=:ms&to=:ms: entries of one's own rooms (or of the one) planned, or opened, within the stretch; by
 * default the day it is (Asia/Shanghai). In the order of their times. GET /docket/:session answers DocketEntry for any session.
 */
export interface Docket {
  readonly from: number;
  readonly to: number;
  readonly entries: readonly DocketEntry[];
}

/** POST /docket answers 201 DocketEntry, 200 for the same press again. Overlapping entries are taken and warned about. */
export interface ScheduleRequest {
  readonly press: string;
  readonly room: string;
  readonly kind: SessionKind;
  readonly planned: PlannedView;
  readonly matter?: string;
  readonly fields?: FieldValues;
  readonly continues?: string;
}
/** POST /docket/:session/amend, while it was not opened: what is named changes. DocketEntry. */
export interface AmendRequest {
  readonly press: string;
  readonly room?: string;
  readonly kind?: SessionKind;
  readonly matter?: string;
  readonly planned?: PlannedView;
  readonly fields?: FieldValues;
}
/** POST /docket/:session/cancel. DocketEntry. */
export interface CancelRequest {
  readonly press: string;
  readonly reason: string;
}

/** POST /sessions/:session/adjourn. */
export interface AdjournedView {
  readonly session: SessionView;
  readonly next: DocketEntry;
}

/**
 * POST /docket/import: a whole CSV or ICS file as text. Good rows go in, bad rows are listed; the same file again changes nothing,
 * a changed row amends its entry while that was not opened. `room` and `kind` stand in for rows that do not say.
 */
export interface ImportRequest {
  readonly press: string;
  readonly format: 'csv' | 'ics';
  readonly text: string;
  readonly room?: string;
  readonly kind?: SessionKind;
}
export interface ImportResult {
  readonly created: readonly ImportedRow[];
  readonly amended: readonly ImportedRow[];
  readonly unchanged: readonly ImportedRow[];
  readonly cancelled: readonly ImportedRow[];
  readonly refused: readonly RefusedRow[];
}
export interface ImportedRow {
  /** Line of the file, from 1, where the row begins. */
  readonly line: number;
  readonly session: string;
}
export interface RefusedRow {
  readonly line: number;
  /** What stood there, shortened. */
  readonly row: string;
  /** Every reason, with the column's name. */
  readonly faults: readonly { readonly field: string; readonly message: string }[];
}

/**
 * The check before opening: it keeps a few seconds of every stream, looks at what came, and lets people play it back on the spot.
 * It warns and asks; it never stands in the way of opening.
 */
export interface CheckView {
  readonly id: string;
  readonly room: string;
  readonly session: string | null;
  readonly by: string;
  readonly from: number;
  /** When it is, or was, done. */
  readonly to: number;
  /** running: it keeps. The others are its verdict. */
  readonly state: 'running' | 'passed' | 'warned' | 'broken-off';
  readonly findings: readonly CheckFindingView[];
  /** HLS playlists of what it kept, by stream; there is something in them once the check is done. */
  readonly playlists: readonly { readonly stream: string; readonly name: string; readonly playlist: string }[];
  /** What somebody said after playing it back; null until then. */
  readonly heard: {
    readonly at: number;
    readonly by: string;
    readonly streams: readonly { readonly stream: string; readonly good: boolean }[];
    readonly note: string;
  } | null;
}
/** `good` is null when it could not be told. `detail` is English, for the technician. */
export interface CheckFindingView {
  readonly what: 'picture' | 'sound' | 'kept' | 'disk' | 'clock' | 'recorder';
  readonly stream: string | null;
  readonly good: boolean | null;
  readonly detail: string;
}
/** POST /rooms/:room/checks answers 201 CheckView (`session`: an entry of the docket of this room). GET /checks/:check: CheckView. */
export interface CheckRequest {
  readonly press: string;
  readonly session?: string;
}
/** POST /checks/:check/heard. CheckView. */
export interface HeardRequest {
  readonly press: string;
  readonly streams: readonly { readonly stream: string; readonly good: boolean }[];
  readonly note?: string;
}

/** GET /rules: the rule set of this site, as far as a panel needs it. */
export interface RulesView {
  readonly id: string;
  readonly version: number;
  readonly title: WordsView;
  /** Number of the document as printed, or null. */
  readonly document: string | null;
  /** Short enough to stand before a clause. */
  readonly short: WordsView;
  /** What a reader should know about these rules, or null. */
  readonly note: WordsView | null;
  readonly kinds: readonly KindView[];
  readonly marks: readonly MarkKind[];
  /**
   * What the product does for the law, with the clauses that ask for it, those that bind first: so a screen can say beside the
   * notice (`telling`), the fields (`record-shows`) or the interruption dialog (`interruption-explained`) where that comes from.
   */
  readonly duties: { readonly [Id in DutyId]: DutyView };
}
export type DutyId =
  | 'equipment'
  | 'recording'
  | 'start-before-stop-after'
  | 'telling'
  | 'whole-course'
  | 'interruption-explained'
  | 'record-shows'
  | 'hall-notice'
  | 'hall-hours'
  | 'focus'
  | 'no-private-copies'
  | 'hand-over'
  | 'retention'
  | 'hold'
  | 'archive'
  | 'no-destruction'
  | 'storage'
  | 'secrecy'
  | 'fetch-and-count'
  | 'party-copy'
  | 'evidence-copy'
  | 'named-people'
  | 'supervision'
  | 'responsibility';
/** Words of the duty; `clauses` is empty where these rules do not ask for it and the product does it all the same. */
export interface DutyView extends WordsView {
  readonly clauses: readonly ClauseView[];
}
export interface WordsView {
  readonly zh: string;
  readonly en: string;
}
/** A clause as people cite it, and whether it binds as written or is applied by analogy. */
export interface ClauseView extends WordsView {
  readonly id: string;
  readonly force: 'binding' | 'by-analogy';
}
export interface KindView extends WordsView {
  readonly id: SessionKind;
  readonly recording: 'mandatory' | 'optional';
  readonly clauses: readonly ClauseView[];
  /** In the order in which they are shown. */
  readonly fields: readonly FieldView[];
  /** What the parties of this kind are told, word by word. */
  readonly notice: WordsView & { readonly id: string; readonly version: number; readonly sha256: string };
}
/** automatic: by the product, never owed, not to be filled. text: a line. note: several. people: names. officers: names, numbers. */
export interface FieldView extends WordsView {
  readonly id: string;
  readonly form: 'automatic' | 'text' | 'note' | 'people' | 'officers';
  readonly required: boolean;
  readonly clauses: readonly ClauseView[];
}
