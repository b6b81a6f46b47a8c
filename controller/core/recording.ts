/**
 * What controller and recorder say to each other over the Unix socket: the desired state of every stream, sent whole and
 * idempotent, and the status that comes back. One JSON object per line each way.
 */
import type { ChainHead, Entry } from './chain.ts';
import type { PurgedFact, RecorderFact } from './facts.ts';
import type { ClockState, Instant } from './time.ts';

/** Stream ids appear in file names and topics. */
export const STREAM_ID_PATTERN = /^[a-z0-9](?:[a-z0-9-]{0,22}[a-z0-9])?$/;

/** Where a stream comes from. The URL never holds a login; user and password stay beside it. */
export interface Source {
  readonly url: string;
  readonly user?: string;
  readonly password?: string;
  /** `auto` is TCP first, UDP when the camera refuses it (quirk Q10). */
  readonly transport: 'auto' | 'tcp' | 'udp';
  readonly audio: 'auto' | 'none';
}

/** A claim on a stretch of one stream. `to` is null while nobody has ended it; only a `to` ends a claim, never its absence. */
export interface DesiredClaim {
  readonly id: string;
  readonly from: Instant;
  readonly to: Instant | null;
}

/**
 * off: not even connected. armed: connected, held in memory only (invariant 6). keep: what the claims cover goes to disk;
 * when the last claim has ended, the stream falls back to `after`.
 */
export type DesiredMode =
  | { readonly mode: 'off' }
  | { readonly mode: 'armed'; readonly preRollMs: number }
  | {
      readonly mode: 'keep';
      readonly preRollMs: number;
      readonly segmentMs: number;
      readonly claims: readonly DesiredClaim[];
      readonly after: 'armed' | 'off';
    };

export type DesiredStream = { readonly source: Source } & DesiredMode;

/** The whole wish of the controller. `revision` only tells which wish a status answers. */
export interface DesiredState {
  readonly revision: number;
  readonly streams: { readonly [stream: string]: DesiredStream };
}

/** Why a stream is not as it should be. The words are those of the error catalogue. */
export interface Cause {
  readonly code: CauseCode;
  readonly detail: string;
}

export type CauseCode =
  | 'camera-unreachable'
  | 'camera-refused-login'
  | 'camera-locked-out'
  | 'camera-busy'
  | 'camera-no-stream'
  | 'camera-stalled'
  | 'transport-refused'
  | 'auth-unsupported'
  | 'audio-missing'
  | 'audio-unusable'
  | 'packets-lost'
  | 'ffmpeg-missing'
  | 'ffmpeg-failed'
  | 'source-ended'
  | 'stream-changed'
  | 'not-armed'
  | 'disk-full'
  | 'disk-failed'
  | 'disk-slow'
  | 'disk-away'
  | 'wrong-disk'
  | 'memory-full'
  | 'recorder-stopped'
  | 'recorder-killed'
  | 'power-lost';

/** What a run carries, read from its header. */
export interface MediaInfo {
  readonly video: { readonly codec: string; readonly width: number; readonly height: number } | null;
  readonly audio: { readonly codec: string; readonly sampleRate: number; readonly copied: boolean } | null;
}

export type StreamPhase = 'off' | 'connecting' | 'armed' | 'keeping' | 'lost' | 'refused';

export interface ClaimStatus {
  readonly id: string;
  /** waiting: no byte of it has been synced yet. keeping: at least one was. ended: all is on disk and in the journal. */
  readonly state: 'waiting' | 'keeping' | 'ended';
}

export interface StreamStatus {
  readonly phase: StreamPhase;
  readonly since: Instant;
  /** Why it is lost or refused. */
  readonly cause: Cause | null;
  /** What is missing although it records, for example `audio-missing`. */
  readonly warnings: readonly Cause[];
  readonly media: MediaInfo | null;
  readonly run: string | null;
  readonly lastBytesAt: Instant | null;
  /** When bytes of a kept segment last were known to be on the disk (fdatasync returned). Invariant 1 rests on this. */
  readonly syncedAt: Instant | null;
  readonly claims: readonly ClaimStatus[];
  /** The segment that grows now, which no journal knows yet. Absent in the status of an older recorder. */
  readonly writing?: { readonly seg: string; readonly from: Instant } | null;
  readonly ringMs: number;
  readonly ringBytes: number;
}

/** The two places of a pair. Each holds everything; main is asked first where both could answer. */
export type DiskRole = 'main' | 'mirror';

/** One disk as a status shows it. */
export interface DiskStatus {
  readonly disk: DiskRole;
  readonly volume: string | null;
  /** catching-up: it is written to again, and what it lacks is being copied to it. */
  readonly state: 'well' | 'catching-up' | 'away';
  readonly since: Instant;
  /** Why it is away; or what the last disk there is refuses. */
  readonly cause: Cause | null;
  readonly freeBytes: number;
  readonly totalBytes: number;
  /** Finished segments that it does not hold. */
  readonly lackingSegments: number;
  readonly lackingBytes: number;
}

export interface RecorderStatus {
  readonly at: Instant;
  readonly pid: number;
  readonly version: string;
  readonly revision: number;
  readonly clock: ClockState;
  /** The least room of the disks that are not away: the first to be full ends the second copy, or the recording. */
  readonly disk: { readonly freeBytes: number; readonly totalBytes: number };
  /** One or two; the main one first. Absent in the status of an older recorder. */
  readonly disks?: readonly DiskStatus[];
  readonly journal: ChainHead;
  readonly streams: { readonly [stream: string]: StreamStatus };
  /** It carries out deletions; absent in the status of an older recorder, which would hang up on being asked. */
  readonly removes?: boolean;
}

/** A segment to be deleted: the site's decision as it stands in its journal, and which line of the recorder's own journal speaks of it. */
export interface Removal {
  readonly decision: Entry<PurgedFact>;
  readonly segmentSeq: number;
}

/** Segments that one message may name. */
export const REMOVALS_MAX = 100;

/**
 * Controller to recorder. `follow` asks for every journal entry after `afterSeq`, then the live ones. `peek` asks for the newest
 * moments of a stream out of memory, once (see core/glance.ts). `remove` asks for deletions; what was done stands in the journal, and
 * what was not is asked for again.
 */
export type ToRecorder =
  | { readonly type: 'desired'; readonly desired: DesiredState }
  | { readonly type: 'peek'; readonly stream: string }
  | { readonly type: 'remove'; readonly removals: readonly Removal[] }
  | { readonly type: 'follow'; readonly afterSeq: number };

/** The answer to a peek; `media` is base64. */
export interface PeekAnswer {
  readonly stream: string;
  readonly run: string;
  readonly index: number;
  readonly at: Instant;
  readonly media: string;
}

/** Recorder to controller. `status` comes at least twice a second and at each change. */
export type FromRecorder =
  | { readonly type: 'status'; readonly status: RecorderStatus }
  | { readonly type: 'entry'; readonly entry: Entry<RecorderFact> }
  /** Null when there is nothing to see of the stream. */
  | { readonly type: 'peeked'; readonly stream: string; readonly peek: PeekAnswer | null }
  | { readonly type: 'refused'; readonly message: string };

/** Bytes older than this prove nothing any more (invariant 1). */
export const PROOF_AGE_MS = 2_000;
