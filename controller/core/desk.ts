/**
 * The desk: everything that people may see and do, behind one counter. The API stands in front of it and nothing reaches rooms,
 * sessions or media past it (invariant 10). Times are UTC milliseconds.
 */
import type { ErrorCode } from './errors.ts';
import type { SegmentFact } from './facts.ts';
import type { CheckSnapshot, DocketSnapshot, GapSnapshot, HearingDesk, SessionSnapshot } from './hearing-desk.ts';
import type { Door, Staff } from './people-desk.ts';
import type { CentreLink } from './ports.ts';
import type { RecallStanding } from './recall.ts';
import type { FieldValues, SessionKind } from './session-facts.ts';
import type { SignDesk } from './sign-desk.ts';
import type { NextMatter, Wording } from './sign-face.ts';
import type { PersonPlan, RoomPlan } from './site-plan.ts';

/** What is wrong, as a code of the catalogue and a sentence. */
export interface Complaint {
  readonly code: ErrorCode;
  readonly message: string;
}

/** What one stream does now; the words are explained in the API's contract. */
export type StreamNow = 'off' | 'connecting' | 'armed' | 'starting' | 'recording' | 'lost' | 'refused';

export interface StreamSnapshot {
  readonly id: string;
  readonly name: string;
  readonly kind: 'camera' | 'microphone';
  readonly mandatory: boolean;
  readonly state: StreamNow;
  readonly since: number;
  readonly trouble: Complaint | null;
  readonly hasVideo: boolean;
  readonly hasAudio: boolean;
}

export interface Alarm extends Complaint {
  readonly since: number;
  readonly level: 'warning' | 'alarm';
  readonly stream: string | null;
}

export interface RoomSnapshot {
  readonly room: RoomPlan;
  readonly at: number;
  readonly revision: number;
  readonly readiness: 'asleep' | 'arming' | 'ready' | 'partly-ready';
  readonly streams: readonly StreamSnapshot[];
  readonly session: SessionSnapshot | null;
  /** Of today, in the order of its times. */
  readonly docket: readonly DocketSnapshot[];
  readonly check: CheckSnapshot | null;
  readonly recorder: 'connected' | 'away';
  readonly centre: {
    readonly state: CentreLink['state'];
    readonly waitingSegments: number;
    readonly waitingBytes: number;
  };
  readonly disk: { readonly freeBytes: number; readonly hoursLeft: number | null };
  readonly alarms: readonly Alarm[];
}

export interface SignSnapshot {
  readonly room: RoomPlan;
  readonly at: number;
  readonly state: 'idle' | 'next' | 'starting' | 'notice' | 'recording' | 'fault';
  readonly since: number | null;
  readonly notice: Wording | null;
  readonly next: NextMatter | null;
}

export interface ReviewSnapshot {
  readonly session: SessionSnapshot;
  readonly from: number;
  readonly to: number;
  readonly streams: readonly {
    readonly id: string;
    readonly name: string;
    readonly kind: 'camera' | 'microphone';
    readonly segments: readonly {
      readonly id: string;
      readonly from: number;
      readonly to: number;
      readonly bytes: number;
      readonly sha256: string;
      readonly receiptedAt: number | null;
      /** centre: deleted here after the centre had signed for it; it comes back when somebody plays it. */
      readonly place: 'here' | 'centre';
    }[];
    readonly gaps: readonly GapSnapshot[];
  }[];
}

/** A stream of a session as a player needs it. `isWhole` when nothing will be added any more. */
export interface StreamMedia {
  readonly isWhole: boolean;
  readonly segments: readonly SegmentFact[];
}

/** A file that may be read by whoever asked for it. */
export interface MediaFile {
  readonly seg: string;
  /** Absolute. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** A segment on its way back from the centre, or here; `bytes` is the whole. */
export interface RecallSnapshot extends RecallStanding {
  readonly bytes: number;
}

/** Somebody who is logged in. `login` names the login (the hash of its token). */
export interface Caller {
  readonly login: string;
  readonly person: PersonPlan;
  readonly how: 'pin' | 'secret';
  /** Id of the panel that the login was made at, or null. */
  readonly panel: string | null;
}

export interface OpenPress {
  readonly press: string;
  readonly kind: SessionKind;
  readonly matter: string;
  /** None when left out. */
  readonly fields?: FieldValues;
}

/** What a person may do in a room now. */
export interface MayInRoom {
  readonly open: boolean;
  readonly close: boolean;
  readonly extend: boolean;
  readonly annotate: boolean;
  readonly schedule: boolean;
  readonly check: boolean;
}

/** Refusals are AppErrors. */
export interface Desk {
  site(): { readonly name: string; readonly nameEn: string; readonly demo: boolean };
  /** UTC milliseconds, for what is shown with an age. */
  now(): number;
  /** Where people come in, and where panels and people are looked after. */
  readonly door: Door;
  readonly staff: Staff;

  /** What stands in rooms and at doors: displays, the spoken notice, lamps, a glance at the streams. */
  readonly signs: SignDesk;

  /** Where hearings are planned, prepared and accompanied. */
  readonly hearings: HearingDesk;

  roomsOf(caller: Caller): readonly RoomPlan[];
  room(caller: Caller, room: string): RoomSnapshot;
  wake(caller: Caller, room: string): RoomSnapshot;
  /** What this person may do in the room now. */
  mayIn(caller: Caller, snapshot: RoomSnapshot): MayInRoom;
  sign(room: string): SignSnapshot;

  open(
    caller: Caller,
    room: string,
    press: OpenPress,
  ): Promise<{ readonly session: SessionSnapshot; readonly isNew: boolean }>;
  close(caller: Caller, session: string): Promise<SessionSnapshot>;
  /** Newest first, rooms of one's own only. */
  sessions(caller: Caller, room: string | null, limit: number): readonly SessionSnapshot[];
  session(caller: Caller, session: string): SessionSnapshot;
  review(caller: Caller, session: string): Promise<ReviewSnapshot>;
  streamMedia(caller: Caller, session: string, stream: string): Promise<StreamMedia>;
  /**
   * What lies at the centre is brought back first, for some seconds and no longer than until `gone`; then the refusal is
   * `segment-away`, `centre-away`, `recall-failed` or `disk-full`.
   */
  media(caller: Caller, seg: string, gone: AbortSignal): Promise<MediaFile>;
  /** How far a segment is that has to come back from the centre. */
  recall(caller: Caller, seg: string): RecallSnapshot;

  /** Checks authority once, then calls at each change (at most every 100 ms) and at least once a second. Answers how to stop. */
  watchRoom(caller: Caller, room: string, listener: (snapshot: RoomSnapshot) => void): () => void;
  watchSign(room: string, listener: (snapshot: SignSnapshot) => void): () => void;
}
