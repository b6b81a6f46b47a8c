/** What the index knows of sessions and of what is written down beside them. Part of SiteIndex. */
import type { EndingSession, OpenedSession, Session } from './session.ts';
import type {
  CheckFinding,
  CheckVerdict,
  DocketSource,
  Heard,
  MarkKind,
  NoticeAnswer,
  NoticeText,
  SessionFact,
  SessionStream,
  StopReason,
} from './session-facts.ts';
import type { Instant } from './time.ts';

export interface SessionIndex {
  session(id: string): Session | null;
  sessionByReference(source: DocketSource, reference: string): Session | null;
  /** The session of a room that people mean to record, or null. */
  runningSession(room: string): OpenedSession | null;
  /** Opened ones, newest first. */
  sessions(rooms: readonly string[], limit: number): readonly OpenedSession[];
  /** Planned to begin, or opened, within [fromMs, toMs); cancelled ones too. In the order of these times. */
  docket(rooms: readonly string[], fromMs: number, toMs: number): readonly Session[];
  /** Sessions whose claims may still be in the recorder's hands: opening, open, closing; oldest first. */
  sessionsHoldingClaims(): readonly OpenedSession[];
  /** Closed sessions of a room with at least one segment that the centre has not signed for as a whole; oldest first. */
  sessionsAwaitingHandOver(room: string): readonly EndingSession[];
  /** Closed sessions with at least one segment, all of them receipted. */
  sessionsDueForHandOver(): readonly string[];
}

/** A press that became a fact. */
export interface PressRow {
  readonly did: SessionFact['type'];
  readonly session: string | null;
}

export interface CheckRow {
  readonly id: string;
  readonly room: string;
  readonly session: string | null;
  readonly by: string;
  readonly from: Instant;
  readonly to: Instant;
  readonly streams: readonly SessionStream[];
  /** Null while it goes on. */
  readonly done: {
    readonly at: Instant;
    readonly verdict: CheckVerdict;
    readonly findings: readonly CheckFinding[];
  } | null;
  readonly heard: {
    readonly at: Instant;
    readonly by: string;
    readonly streams: readonly Heard[];
    readonly note: string;
  } | null;
}

export interface MarkRow {
  readonly id: string;
  readonly session: string;
  readonly kind: MarkKind;
  readonly by: string;
  readonly markedAt: Instant;
  readonly note: string;
  readonly page: string;
  /** Oldest first. */
  readonly notes: readonly {
    readonly at: Instant;
    readonly by: string;
    readonly note: string;
    readonly page: string;
  }[];
}

export interface NoticeRow extends NoticeText {
  readonly how: 'shown' | 'spoken' | 'told';
  /** The display, or the person. */
  readonly who: string;
  readonly at: Instant;
  readonly answer: NoticeAnswer | null;
  readonly note: string | null;
}

export interface ExplanationRow {
  readonly by: string;
  readonly gaps: readonly string[];
  readonly spokenAt: Instant | null;
  readonly reason: string | null;
}

/** What is written down beside sessions. Lists are in the order of the journal. */
export interface SessionNotes {
  /** The fact that a press became, or null. */
  pressed(press: string): PressRow | null;
  check(id: string): CheckRow | null;
  checkByPress(press: string): CheckRow | null;
  checksUnderway(): readonly CheckRow[];
  newestCheck(room: string): CheckRow | null;
  mark(id: string): MarkRow | null;
  marksOf(session: string): readonly MarkRow[];
  /** How many there are, and the newest of them, oldest first. */
  newestMarks(session: string, limit: number): { readonly count: number; readonly newest: readonly MarkRow[] };
  noticesOf(session: string): readonly NoticeRow[];
  explanationsOf(session: string): readonly ExplanationRow[];
  stopWarningsOf(session: string): readonly { readonly why: StopReason; readonly at: Instant }[];
}
