/** The ports of the control plane: what `site` needs from the world, in its own words. Adapters stand behind them. */
import type { Entry } from './chain.ts';
import type { RecorderFact, SegmentFact, SiteFact } from './facts.ts';
import type { Receipt } from './hrc.ts';
import type { DesiredState, PeekAnswer, RecorderStatus, Removal, Source } from './recording.ts';
import type { Instant } from './time.ts';

/** The recorder as the controller sees it. Listeners are called in order; a throwing listener is contained by the caller of the port. */
export interface Recorder {
  /** Sends the whole wish now if connected, and again after each reconnection. Never throws, never waits. */
  desire(desired: DesiredState): void;
  onStatus(listener: (status: RecorderStatus) => void): void;
  /** Every journal entry after the last one the index holds, in order, each once per connection. */
  onEntry(listener: (entry: Entry<RecorderFact>) => void): void;
  onPresence(listener: (connected: boolean) => void): void;
  /** Asks for the newest moments of a stream. The answer comes to `onPeek`; none comes while the recorder is away. Never throws. */
  peek(stream: string): void;
  /** `peek` is null when there is nothing to see. */
  onPeek(listener: (stream: string, peek: PeekAnswer | null) => void): void;
  /** Asks for deletions, at most `REMOVALS_MAX`. Each that is done comes as an entry (`removed`); the others are to be asked for again. */
  remove(removals: readonly Removal[]): void;
}

/** Decodes a glance: an MP4 file in memory to a small picture and to sound, without a disk. */
export interface GlanceDecoder {
  /** `pcm` is as core/glance.ts says. Rejects with `still-unavailable` when nothing of it can be decoded. */
  decode(
    media: Uint8Array,
    has: { readonly picture: boolean; readonly sound: boolean },
  ): Promise<{
    readonly jpeg: Uint8Array | null;
    readonly thumb: Uint8Array | null;
    readonly pcm: Uint8Array | null;
  }>;
}

/** A wording as a sound file. */
export interface Speech {
  /** Absolute path. */
  readonly path: string;
  readonly mediaType: string;
  /** recorded: a person spoke it, the site's own file. synthesised: made by a program. */
  readonly how: 'recorded' | 'synthesised';
}

/** Where wordings spoken aloud come from. */
export interface Voice {
  /** Made at the first time of asking, kept afterwards. Rejects with `speech-missing` when there is none and none can be made. */
  speechOf(wording: { readonly notice: string; readonly version: number; readonly text: string }): Promise<Speech>;
}

/** A lamp or a light over a door. Every call is one attempt that may fail with `indicator-unreachable`; the caller tries again. */
export interface Indicator {
  /** Resolves when the device has acknowledged. */
  show(isOn: boolean): Promise<void>;
  /** Switches it off if that can be done within a second or two, and lets go of it. */
  close(): Promise<void>;
}

/** What a camera is, as it says itself. */
export interface CameraIdentity {
  readonly manufacturer: string;
  readonly model: string;
  readonly firmware: string;
  readonly serial: string;
  /** Camera clock minus ours, in milliseconds, or null when it did not say. */
  readonly clockOffsetMs: number | null;
}

export interface CameraProfile {
  readonly token: string;
  readonly name: string;
  readonly codec: string | null;
  readonly width: number | null;
  readonly height: number | null;
  readonly audioCodec: string | null;
}

/** One camera by ONVIF. Every call is one attempt that may fail with an AppError (`camera-…`); the caller decides about trying again. */
export interface Camera {
  identify(): Promise<CameraIdentity>;
  profiles(): Promise<readonly CameraProfile[]>;
  /** Where the main (or the named) profile streams from; host rewritten to the address the site configured (quirk Q06). */
  source(profileToken?: string): Promise<Source>;
}

/** A sealed segment on its way to the centre. */
export interface OutboxItem {
  readonly siteSeq: number;
  readonly segment: SegmentFact;
  /** The signed manifest (JWS compact). */
  readonly jws: string;
  /** Absolute path of the file. */
  readonly path: string;
  /** False when it was kept for something that runs all the time instead of a session. Absent: a session. */
  readonly isSession?: boolean;
  /** UTC ms by which it has to be at the centre; absent when no deadline is set. */
  readonly dueMs?: number;
}

export interface Backlog {
  readonly segments: number;
  readonly bytes: number;
  /** UTC ms of the oldest segment without a receipt, or null. */
  readonly oldestMs: number | null;
}

/** What the forwarder reads and writes of the index. Synchronous: SQLite on the same machine. */
export interface Outbox {
  /** Items without a receipt, oldest siteSeq first, with siteSeq > `afterSiteSeq`; at most `limit`. */
  pending(afterSiteSeq: number, limit: number): readonly OutboxItem[];
  /** The same, newest first, with siteSeq < `beforeSiteSeq`. */
  newest(beforeSiteSeq: number, limit: number): readonly OutboxItem[];
  /** The same, only what was kept for sessions, the session that is due first first; `skip` so many. */
  urgent(skip: number, limit: number): readonly OutboxItem[];
  /** Everything that was sealed with these numbers, receipted or not; at most `limit`. */
  sealed(fromSiteSeq: number, toSiteSeq: number, limit: number): readonly OutboxItem[];
  /** The same item by segment id, receipted or not; null when unknown. */
  item(seg: string): OutboxItem | null;
  isReceipted(seg: string): boolean;
  /** Its deletion here is decided, or done: there may be no file any more. */
  isPurged(seg: string): boolean;
  backlog(): Backlog;
  /** Highest siteSeq given out; 0 when none. */
  lastSiteSeq(): number;
  /** Keeps a checked receipt (JWS) for good: journal first, then the index. Idempotent. */
  receipt(seg: string, receipt: string): Promise<void>;
  /** Writes down, once, that the file of a segment is not what was sealed, or is gone. */
  lost(seg: string, why: string): Promise<void>;
  /** Called after each newly sealed segment. */
  onSealed(listener: () => void): void;
}

/** What whoever hands segments to the centre knows that decides about deleting them here. Synchronous. */
export interface HandedIn {
  /** Days for which everything stays here at least, after the whole of it was handed over; null: for ever. */
  keepDays(): number | null;
  /** A kept receipt checked anew as on the day it came: pinned key, site, segment, size, hash, durability. Or why it does not hold. */
  checked(receipt: string): Receipt | string;
  /** The centre forbade deleting the segment. */
  isHeld(seg: string): boolean;
  /** Why the segment's file is still needed, or in dispute; null when it is not. */
  needs(seg: string): string | null;
}

/** What is told to the panel about the centre. */
export interface CentreLink {
  readonly state: 'connected' | 'away' | 'not-configured';
  /** Why it is away, or null. */
  readonly trouble: string | null;
}

/** Appends facts to the site's journal: resolves when the line is fsynced. `at` is now unless said otherwise. */
export interface SiteJournal {
  append(fact: SiteFact, at?: Instant): Promise<Entry<SiteFact>>;
}

/** Where a component says what it did; shaped like pino. `object` never holds a secret. */
export interface Log {
  info(object: object, message: string): void;
  warn(object: object, message: string): void;
  error(object: object, message: string): void;
}

/** Hashes PINs so that they cannot be read back; slow on purpose. */
export interface PinHasher {
  hash(pin: string): Promise<string>;
  verify(hash: string, pin: string): Promise<boolean>;
}

/** Signs and checks as the site: Ed25519, JWS compact over the exact bytes. */
export interface Signer {
  readonly kid: string;
  sign(typ: string, payload: object): string;
}
