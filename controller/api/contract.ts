/**
 * Everything the panel may see, and nothing else: REST bodies under /api/v1, socket.io events and their types.
 * Sessions are in contract-session.ts, docket, checks and rules in contract-docket.ts, logins and
 * panels in contract-people.ts. The panel imports types from these files
 * only. All times are UTC milliseconds; the panel shows them in Asia/Shanghai.
 */
import type { NextMatter, Wording } from './contract-display.ts';
import type { CheckView, DocketEntry } from './contract-docket.ts';
import type { GapView, SessionView } from './contract-session.ts';

/** A sentence for people is made by the panel from `code`; `detail` is plain data for it (never a secret). */
export interface Trouble {
  /** Stable code of the error catalogue, for example `camera-unreachable`. */
  readonly code: string;
  /** What happened, in English, for the log and the technician. */
  readonly message: string;
  /** What to do about it, in English. */
  readonly hint: string;
}

/** Every refused or failed request answers with this body; `status` of HTTP follows from `kind`. */
export interface ErrorBody {
  readonly error: Trouble & {
    readonly kind:
      | 'invalid'
      | 'unauthenticated'
      | 'forbidden'
      | 'not-found'
      | 'conflict'
      | 'busy'
      | 'unavailable'
      | 'internal';
    /** Faults of single fields, when the body was wrong. */
    readonly fields?: readonly { readonly field: string; readonly message: string }[];
    /** For `busy` (too many tries): when to try again. */
    readonly retryAfterMs?: number;
  };
}

export type Role = 'clerk' | 'presider' | 'custodian' | 'approver' | 'auditor' | 'technician' | 'administrator';

export interface PersonChoice {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
}

export interface RoomName {
  readonly id: string;
  readonly name: string;
  readonly nameEn: string;
}

/**
 * What one stream does now.
 * off: the room sleeps. connecting: asked for, nothing yet. armed: pictures arrive, held in memory only.
 * starting: to be kept, no byte on disk yet. recording: bytes reached the disk within the last 2 s (invariant 1).
 * lost: was or should be there and is not; `trouble` says why and it is tried again by itself.
 * refused: will not be tried again soon (wrong password); a technician must act.
 */
export type StreamState = 'off' | 'connecting' | 'armed' | 'starting' | 'recording' | 'lost' | 'refused';

export interface StreamView {
  readonly id: string;
  readonly name: string;
  readonly kind: 'camera' | 'microphone';
  readonly mandatory: boolean;
  readonly state: StreamState;
  /** When it entered this state. */
  readonly since: number;
  /** Why it is lost or refused, or what is missing although it records (for example `audio-missing`). */
  readonly trouble: Trouble | null;
  readonly hasVideo: boolean;
  readonly hasAudio: boolean;
}

/** The whole of one room, sent whole at each change and at least once a second. GET /rooms/:room answers the same. */
export interface RoomView {
  readonly room: RoomName;
  /** Server time of this snapshot; older than 3 s means that what is shown is stale. */
  readonly at: number;
  /** Grows with every snapshot of this server run. */
  readonly revision: number;
  readonly readiness: 'asleep' | 'arming' | 'ready' | 'partly-ready';
  readonly streams: readonly StreamView[];
  /** The session that is going on here, or the last one for a few minutes after it closed; null otherwise. */
  readonly session: SessionView | null;
  /** The room's docket of today, in the order of its times: held, running, to come, cancelled; of very many, those nearest to now. */
  readonly docket: readonly DocketEntry[];
  /** The check that runs, or the last one for a few minutes; null otherwise. */
  readonly check: CheckView | null;
  /**
   * What this person may do here now; what is not may is not shown. `extend` and adjourning go together. `annotate`: marks, notes,
   * fields, the telling, explanations. `schedule`: the docket of the room.
   */
  readonly may: {
    readonly open: boolean;
    readonly close: boolean;
    readonly extend: boolean;
    readonly annotate: boolean;
    readonly schedule: boolean;
    readonly check: boolean;
  };
  readonly recorder: 'connected' | 'away';
  readonly centre: {
    readonly state: 'connected' | 'away' | 'not-configured';
    readonly waitingSegments: number;
    readonly waitingBytes: number;
  };
  readonly disk: { readonly freeBytes: number; readonly hoursLeft: number | null };
  /** Alarms of this room, worst first. */
  readonly alarms: readonly (Trouble & {
    readonly since: number;
    readonly level: 'warning' | 'alarm';
    readonly stream: string | null;
  })[];
}

/** POST /rooms/:room/wake: the panel is being used; cameras are armed (memory only) for as long as it repeats this. Answers RoomView. */

/** GET /sessions/:session/review: what the review page needs to play the streams of a session side by side. */
export interface ReviewView {
  readonly session: SessionView;
  /** The claim: from press minus pre-roll to close plus post-roll (now, while it runs). */
  readonly from: number;
  readonly to: number;
  readonly streams: readonly ReviewStream[];
}
export interface ReviewStream {
  readonly id: string;
  readonly name: string;
  readonly kind: 'camera' | 'microphone';
  /** HLS playlist (fMP4), same origin, needs the login cookie: /api/v1/sessions/:session/streams/:stream/playlist.m3u8 */
  readonly playlist: string;
  readonly segments: readonly ReviewSegment[];
  readonly gaps: readonly GapView[];
}
export interface ReviewSegment {
  readonly id: string;
  readonly from: number;
  readonly to: number;
  readonly bytes: number;
  readonly sha256: string;
  /** When the centre's signed receipt came, or null. */
  readonly receiptedAt: number | null;
  /** centre: deleted here after the centre had signed for it; it comes back when somebody plays it. */
  readonly place: 'here' | 'centre';
}

/**
 * GET /segments/:seg/recall: how far a segment is that lies at the centre. Asking for its media is what brings it back: that waits some
 * seconds, then answers 503 `segment-away` or `centre-away` with Retry-After, and goes on bringing it for a while.
 */
export interface RecallView {
  /** away: nobody asked for it. coming: on its way. here: it can be played. refused: the centre did not give it back. */
  readonly state: 'away' | 'coming' | 'here' | 'refused';
  readonly bytes: number;
  readonly bytesHere: number;
  /** Why it does not come, or null. */
  readonly trouble: Trouble | null;
}

/** GET /signs/:room (no login needed; it says only what hangs on the wall). Also pushed by socket.io namespace /sign. */
export interface SignView {
  readonly room: RoomName;
  readonly at: number;
  /** As the faces of a display (contract-display.ts); a sign without an id shows the same and proves nothing. */
  readonly state: 'idle' | 'next' | 'starting' | 'notice' | 'recording' | 'fault';
  /** Since when it records (first proof), or null. */
  readonly since: number | null;
  /** The wording by law; null where there is nothing to be told. */
  readonly notice: Wording | null;
  readonly next: NextMatter | null;
}

/** socket.io, namespace `/` (needs the login cookie). The client emits `watch` with a room id after each (re)connect. */
export interface ServerToPanel {
  room: (view: RoomView) => void;
  /** The login ended (logout, revoked): show the login page. */
  'logged-out': () => void;
}
export interface PanelToServer {
  watch: (room: string, answer: (result: { ok: true } | { ok: false; error: ErrorBody['error'] }) => void) => void;
}

/** socket.io, namespace `/sign` (no login). The client emits `watch` with a room id after each (re)connect. */
export interface ServerToSign {
  sign: (view: SignView) => void;
}
export interface SignToServer {
  watch: (room: string, answer: (result: { ok: true } | { ok: false; error: ErrorBody['error'] }) => void) => void;
}

/** GET /site (no login needed): names for the page header, and whether this is the demonstration site. */
export interface SiteView {
  readonly name: string;
  readonly nameEn: string;
  readonly demo: boolean;
  readonly version: string;
}
