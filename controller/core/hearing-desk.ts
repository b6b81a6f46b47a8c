/**
 * The part of the desk where hearings are planned, prepared and accompanied: docket, checks, fields, marks, the telling,
 * explanations. Refusals are AppErrors. Times are UTC milliseconds. The words are explained in the API's contract.
 */
import type { Caller, StreamMedia } from './desk.ts';
import type { KeptUntil } from './rules/retention.ts';
import type { Force, RuleSet } from './rules/rule-set.ts';
import type { OpenedState, SessionRoot, SessionState } from './session.ts';
import type {
  CheckFinding,
  CheckVerdict,
  FieldValues,
  Heard,
  MarkKind,
  NoticeAnswer,
  SessionKind,
} from './session-facts.ts';
import type { StopWarning } from './stop-warnings.ts';

export interface PlannedSnapshot {
  readonly from: number;
  readonly to: number | null;
}

export interface GapSnapshot {
  readonly stream: string;
  readonly from: number;
  readonly to: number | null;
  readonly cause: string;
}

export interface InterruptionSnapshot {
  readonly id: string | null;
  readonly from: number;
  readonly to: number | null;
  readonly streams: readonly string[];
  readonly causes: readonly string[];
  readonly mandatory: boolean;
  readonly spokenAt: number | null;
  readonly reason: string | null;
  readonly owed: readonly ('spoken' | 'typed')[];
}

export interface MarkSnapshot {
  readonly id: string;
  readonly kind: MarkKind;
  readonly at: number;
  readonly by: string;
  readonly note: string;
  readonly page: string;
  readonly notes: readonly { readonly at: number; readonly by: string; readonly note: string; readonly page: string }[];
}

export interface NoticeSnapshot {
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

/** A telling as it stands in the recording. */
export interface NoticeMark {
  readonly how: 'shown' | 'spoken' | 'told';
  readonly at: number;
  readonly by: string;
  readonly notice: string;
  readonly version: number;
  readonly textSha256: string;
  readonly answer: NoticeAnswer | null;
  readonly note: string;
}

export interface DeadlineSnapshot {
  readonly dueAt: number;
  readonly clause: { readonly zh: string; readonly en: string };
  readonly force: Force;
  readonly soon: boolean;
  readonly overdue: boolean;
  readonly kept: boolean | null;
  readonly uncertain: boolean;
}

export interface KeepSnapshot {
  readonly until: number | null;
  readonly because: KeptUntil['because'];
  readonly name: { readonly zh: string; readonly en: string } | null;
  readonly clauses: readonly { readonly zh: string; readonly en: string; readonly force: Force }[];
}

export interface SessionSnapshot {
  readonly id: string;
  readonly room: string;
  readonly kind: SessionKind;
  readonly matter: string;
  readonly fields: FieldValues;
  readonly debts: readonly string[];
  readonly state: OpenedState;
  readonly requested: 'record' | 'stop';
  readonly confirmed: boolean;
  readonly openedAt: number;
  readonly confirmedAt: number | null;
  readonly closedAt: number | null;
  /** Names of people. */
  readonly openedBy: string;
  readonly closedBy: string | null;
  readonly planned: PlannedSnapshot | null;
  readonly until: number | null;
  readonly debtsAtClose: readonly string[];
  readonly continues: string | null;
  readonly continuedBy: string | null;
  readonly streams: readonly {
    readonly id: string;
    readonly name: string;
    readonly kind: 'camera' | 'microphone';
    readonly mandatory: boolean;
  }[];
  readonly gaps: readonly GapSnapshot[];
  readonly interruptions: readonly InterruptionSnapshot[];
  readonly notice: NoticeSnapshot;
  readonly marks: { readonly count: number; readonly newest: readonly MarkSnapshot[] };
  readonly warnings: readonly StopWarning[];
  readonly deadline: DeadlineSnapshot | null;
  readonly keep: KeepSnapshot | null;
  readonly handOver: {
    readonly done: number;
    readonly total: number;
    readonly bytesDone: number;
    readonly bytesTotal: number;
  };
}

export interface CheckSnapshot {
  readonly id: string;
  readonly room: string;
  readonly session: string | null;
  readonly by: string;
  readonly from: number;
  readonly to: number;
  readonly state: 'running' | CheckVerdict;
  readonly findings: readonly CheckFinding[];
  readonly streams: readonly { readonly stream: string; readonly name: string }[];
  readonly heard: {
    readonly at: number;
    readonly by: string;
    readonly streams: readonly Heard[];
    readonly note: string;
  } | null;
}

export interface DocketSnapshot {
  readonly id: string;
  readonly room: string;
  readonly kind: SessionKind;
  readonly matter: string;
  readonly fields: FieldValues;
  readonly debts: readonly string[];
  readonly state: SessionState;
  readonly planned: PlannedSnapshot | null;
  readonly openedAt: number | null;
  readonly closedAt: number | null;
  readonly source: SessionRoot['source'];
  readonly createdBy: string;
  readonly continues: string | null;
  readonly continuedBy: string | null;
  readonly cancelled: { readonly at: number; readonly by: string; readonly reason: string } | null;
  readonly check: CheckSnapshot | null;
  readonly warnings: readonly StopWarning[];
}

/** An answer to a press, and whether the press was a new one. */
export interface Pressed<T> {
  readonly made: T;
  readonly isNew: boolean;
}

export interface SchedulePress {
  readonly press: string;
  readonly room: string;
  readonly kind: SessionKind;
  readonly matter: string;
  readonly planned: PlannedSnapshot;
  readonly fields: FieldValues;
  readonly continues: string | null;
}

export interface AmendPress {
  readonly press: string;
  readonly room?: string;
  readonly kind?: SessionKind;
  readonly matter?: string;
  readonly planned?: PlannedSnapshot;
  readonly fields?: FieldValues;
}

export interface ImportPress {
  readonly press: string;
  readonly format: 'csv' | 'ics';
  readonly text: string;
  /** For rows that do not say. */
  readonly room: string | null;
  readonly kind: SessionKind | null;
}

export interface ImportedRow {
  readonly line: number;
  readonly session: string;
}

export interface RefusedRow {
  readonly line: number;
  readonly row: string;
  readonly faults: readonly { readonly field: string; readonly message: string }[];
}

export interface ImportOutcome {
  readonly created: readonly ImportedRow[];
  readonly amended: readonly ImportedRow[];
  readonly unchanged: readonly ImportedRow[];
  readonly cancelled: readonly ImportedRow[];
  readonly refused: readonly RefusedRow[];
}

/** `agoMs`: how long ago the first press was, by the panel's monotonic clock. */
export interface MarkPress {
  readonly press: string;
  readonly kind: MarkKind;
  readonly agoMs: number;
  readonly note: string;
  readonly page: string;
}

export interface ExplainPress {
  readonly press: string;
  readonly interruption: string;
  readonly isSpoken: boolean;
  readonly agoMs: number;
  readonly reason: string | null;
}

export interface HearingDesk {
  readonly rules: RuleSet;
  /** By default the day it is, in Shanghai. */
  docket(
    caller: Caller,
    room: string | null,
    fromMs: number | null,
    toMs: number | null,
  ): { readonly from: number; readonly to: number; readonly entries: readonly DocketSnapshot[] };
  entry(caller: Caller, session: string): DocketSnapshot;
  schedule(caller: Caller, press: SchedulePress): Promise<Pressed<DocketSnapshot>>;
  amend(caller: Caller, session: string, press: AmendPress): Promise<DocketSnapshot>;
  cancel(caller: Caller, session: string, press: string, reason: string): Promise<DocketSnapshot>;
  importDocket(caller: Caller, press: ImportPress): Promise<ImportOutcome>;

  openPlanned(caller: Caller, session: string, press: string): Promise<Pressed<SessionSnapshot>>;
  adjourn(
    caller: Caller,
    session: string,
    press: { readonly press: string; readonly planned: PlannedSnapshot; readonly reason: string },
  ): Promise<{ readonly session: SessionSnapshot; readonly next: DocketSnapshot }>;
  extend(caller: Caller, session: string, press: string, untilMs: number): Promise<SessionSnapshot>;

  beginCheck(caller: Caller, room: string, press: string, session: string | null): Promise<Pressed<CheckSnapshot>>;
  check(caller: Caller, check: string): CheckSnapshot;
  checkMedia(caller: Caller, check: string, stream: string): Promise<StreamMedia>;
  hear(caller: Caller, check: string, press: string, heard: readonly Heard[], note: string): Promise<CheckSnapshot>;

  fill(
    caller: Caller,
    session: string,
    press: {
      readonly press: string;
      readonly kind?: SessionKind;
      readonly matter?: string;
      readonly fields?: FieldValues;
    },
  ): Promise<SessionSnapshot>;
  mark(caller: Caller, session: string, press: MarkPress): Promise<Pressed<MarkSnapshot>>;
  noteMark(
    caller: Caller,
    session: string,
    mark: string,
    press: { readonly press: string; readonly note: string; readonly page: string },
  ): Promise<MarkSnapshot>;
  /** Oldest first. */
  marks(
    caller: Caller,
    session: string,
  ): { readonly marks: readonly MarkSnapshot[]; readonly notices: readonly NoticeMark[] };
  tell(
    caller: Caller,
    session: string,
    press: {
      readonly press: string;
      readonly answer: NoticeAnswer;
      readonly note: string;
      readonly agoMs: number;
    },
  ): Promise<SessionSnapshot>;
  explain(caller: Caller, session: string, press: ExplainPress): Promise<SessionSnapshot>;
}
