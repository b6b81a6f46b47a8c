/**
 * The facts that journals hold. `journal/recorder` is written by the recorder alone, `journal/site` by the controller alone;
 * everything in SQLite is read out of these two and can be read out of them again.
 */
import type { ChainHead } from './chain.ts';
import type { DisplayFact } from './display-facts.ts';
import type { Select } from './hrc-command.ts';
import type { PeopleFact } from './people-facts.ts';
import type { Cause, DiskRole, MediaInfo } from './recording.ts';
import type { SessionFact } from './session-facts.ts';
import type { ClockState, Instant } from './time.ts';

/** One stretch of one stream on disk: `media/<stream>/<run>/<sequence>.mp4`. */
export interface SegmentFact {
  readonly type: 'segment';
  readonly seg: string;
  readonly stream: string;
  readonly run: string;
  readonly sequence: number;
  /** First and last moment it covers. Within a run each begins exactly where the one before it ended. */
  readonly from: Instant;
  readonly to: Instant;
  /** The same stretch on the run's own media timeline, in milliseconds. */
  readonly mediaFromMs: number;
  readonly mediaToMs: number;
  readonly videoFrames: number;
  readonly audioFrames: number;
  readonly bytes: number;
  /** Length of the header (ftyp and moov) at the front, which a player needs once per run. */
  readonly headerBytes: number;
  readonly sha256: string;
  readonly media: MediaInfo;
  readonly clock: ClockState;
  readonly claims: readonly string[];
  /** False only when it continues, in the same run, right behind a segment that was cut between two keyframes. */
  readonly startsWithKeyframe: boolean;
  readonly gapBefore: { readonly from: Instant; readonly cause: Cause } | null;
  /**
   * Its first so many milliseconds are on disk already, at the end of the run before: a camera that was connected anew began with
   * pictures since its last keyframe, and without these the first new one could not be shown. Absent when nothing repeats.
   */
  readonly repeatsMs?: number;
  /**
   * So many packets that the source sent did not come, as far as ffmpeg can tell: pictures and sounds of it are damaged, up to the next
   * keyframe. It is kept all the same. Absent when none are known to be missing.
   */
  readonly lostPackets?: number;
  /** True when it was found on disk after a crash and taken in, cut to its last whole fragment. */
  readonly adopted: boolean;
}

/** A hole in a claim, with its cause (invariant 2). */
export interface GapFact {
  readonly type: 'gap';
  readonly stream: string;
  readonly from: Instant;
  readonly to: Instant;
  readonly cause: Cause;
  readonly claims: readonly string[];
}

/**
 * The decision to delete a segment here: the centre's receipt for exactly these bytes was checked again, and nothing stood against
 * it (invariant 3, core/purge.ts). The recorder carries it out.
 */
export interface PurgedFact {
  readonly type: 'purged';
  readonly seg: string;
  readonly stream: string;
  readonly run: string;
  readonly sequence: number;
  readonly sha256: string;
  /** SHA-256 of the receipt (JWS) that it rests on. */
  readonly receipt: string;
  /** The rule: so many days since `sinceMs` (UTC ms), when the last thing happened that the days count from. */
  readonly keepDays: number;
  readonly sinceMs: number;
}

/** A segment's file is deleted by a decision of the site; written before the first disk is touched. Said twice, it is one deed. */
export interface RemovedFact {
  readonly type: 'removed';
  readonly seg: string;
  readonly stream: string;
  readonly run: string;
  readonly sequence: number;
  readonly sha256: string;
  /** The line of the site's journal that decided it. */
  readonly decision: ChainHead;
}

export type RecorderFact =
  | {
      readonly type: 'recorder-started';
      readonly version: string;
      readonly pid: number;
      readonly clock: ClockState;
      /** How the one before it ended. */
      readonly before: 'first-start' | 'stopped' | 'killed' | 'power-lost';
      readonly adopted: number;
      readonly truncatedBytes: number;
      readonly quarantined: number;
    }
  | { readonly type: 'recorder-stopped' }
  | { readonly type: 'claim-begun'; readonly claim: string; readonly stream: string; readonly from: Instant }
  | { readonly type: 'claim-ended'; readonly claim: string; readonly stream: string; readonly to: Instant }
  | {
      readonly type: 'run-begun';
      readonly stream: string;
      readonly run: string;
      readonly media: MediaInfo;
      readonly clock: ClockState;
    }
  | {
      readonly type: 'run-ended';
      readonly stream: string;
      readonly run: string;
      readonly cause: Cause;
      readonly exit: string | null;
    }
  | SegmentFact
  | GapFact
  | RemovedFact
  | { readonly type: 'clock-stepped'; readonly byMs: number }
  | {
      readonly type: 'quarantined';
      readonly path: string;
      readonly movedTo: string;
      readonly why: string;
      /** On which of two disks; absent where there is one. */
      readonly disk?: DiskRole;
    }
  /** One of two disks is left; everything from here on is on the other one, until it is back. */
  | { readonly type: 'disk-away'; readonly disk: DiskRole; readonly volume: string | null; readonly cause: Cause }
  /** It holds everything again, but for `missing` segments that could not be copied. What had to be copied for that is counted. */
  | {
      readonly type: 'disk-back';
      readonly disk: DiskRole;
      readonly volume: string | null;
      readonly copiedSegments: number;
      readonly copiedBytes: number;
      readonly missing: number;
    }
  | JournalSetAsideFact;

/** A copy of a journal said something else than the longer one: each disk was used alone for a while. It is kept beside the new copy. */
export interface JournalSetAsideFact {
  readonly type: 'journal-set-aside';
  readonly disk: DiskRole;
  readonly journal: 'recorder' | 'site';
  /** Below the root of that disk. */
  readonly movedTo: string;
}

export type SiteFact =
  | SessionFact
  | DisplayFact
  /** A segment is due to the centre: its signed manifest and its number in the outbox, without holes. */
  | {
      readonly type: 'sealed';
      readonly siteSeq: number;
      readonly seg: string;
      readonly stream: string;
      readonly jws: string;
    }
  /** The centre's signed receipt, checked. */
  | { readonly type: 'receipted'; readonly seg: string; readonly receipt: string }
  | PurgedFact
  /** The centre forbids deleting what `select` covers, until it is released. `hold` is the id of its command. */
  | {
      readonly type: 'held';
      readonly hold: string;
      readonly select: Select;
      readonly actor: string | null;
      readonly reason: string | null;
    }
  | {
      readonly type: 'released';
      readonly hold: string;
      /** The command that released it. */
      readonly command: string;
      readonly actor: string | null;
      readonly reason: string | null;
    }
  /** A manifest signed anew because the centre asked for it; it names the hash of the one it replaces. */
  | {
      readonly type: 'resealed';
      readonly seg: string;
      readonly jws: string;
      readonly command: string;
      readonly actor: string | null;
      readonly reason: string | null;
    }
  /** A file that was sealed is not what it was, or is gone, before the centre had it: a record of the loss. */
  | { readonly type: 'segment-lost'; readonly seg: string; readonly stream: string; readonly why: string }
  /** Something is wrong at the site (a code of the error catalogue), for a while already; `room` null: with the site as a whole. */
  | {
      readonly type: 'alarm-begun';
      readonly alarm: string;
      readonly code: string;
      readonly level: 'warning' | 'alarm';
      readonly room: string | null;
      readonly stream: string | null;
    }
  | { readonly type: 'alarm-ended'; readonly alarm: string }
  /** What the centre asks of this site, as it signed it (core/policy.ts); the newest counts, also without a network. */
  | { readonly type: 'policy-taken'; readonly jws: string }
  | {
      readonly type: 'person-added';
      readonly person: string;
      readonly name: string;
      readonly role: string;
      readonly rooms: readonly string[];
      readonly pinHash: string;
    }
  | JournalSetAsideFact
  | {
      readonly type: 'audit';
      readonly who: string;
      readonly did: string;
      readonly object: string;
      readonly room: string | null;
      /** From where: a panel's id or a network address. */
      readonly source?: string;
    }
  | PeopleFact;
