/**
 * One stream and its own failure domain: connects as long as it is wanted, tries again for ever, holds the pre-roll in memory
 * and gives the keeper what is claimed. Nothing that happens here reaches another stream.
 */
import type { FragmentInfo, Header } from '../core/mp4.ts';
import type {
  Cause,
  DesiredStream,
  MediaInfo,
  PeekAnswer,
  Source,
  StreamPhase,
  StreamStatus,
} from '../core/recording.ts';
import { between, type Instant } from '../core/time.ts';
import { Capture, type CaptureEnd, type CaptureHints, STOPPED, soundComes } from './capture.ts';
import { Keeper, type KeeperWorld, type KeptBefore } from './keeper.ts';
import { Newest } from './newest.ts';
import { Ring } from './ring.ts';
import { Run } from './run.ts';

/** Memory of one stream: a minute of a stalled disk at 8 Mbit/s. */
export const RING_BYTES_MAX = 64 * 1024 * 1024;
/** Pauses between attempts: 1, 2, 4 and then 5 s, for ever. */
const RETRY_FIRST_MS = 1_000;
const RETRY_MAX_MS = 5_000;
/** A source whose sound brought nothing is listened to again and again, beside the recording; when sound comes it is connected anew. */
const SOUND_AGAIN_MS = 10_000;
/** A refused login locks accounts when it is tried again and again (quirk Q08). */
const REFUSED_RETRY_MS = 600_000;

const SOUND_IS_BACK: Cause = {
  code: 'audio-unusable',
  detail: 'the source was connected anew because its sound came back',
};

export interface StreamWorld extends Omit<KeeperWorld, 'sourceCause'> {
  readonly ffmpeg: string;
  warn(stream: string, cause: Cause): void;
}

export class Stream {
  readonly #id: string;
  readonly #world: StreamWorld;
  readonly #ring = new Ring(RING_BYTES_MAX);
  readonly #newest = new Newest();
  readonly #keeper: Keeper;
  #wish: DesiredStream | null = null;
  #capture: Capture | null = null;
  #loop: Promise<void> | null = null;
  #wakeUp: (() => void) | null = null;
  #closing = false;
  /** The attempt under way leaves the sound out because it brought nothing before. */
  #withoutSound = false;
  #listening = false;
  #listenedAt: Instant | null = null;
  #transport: 'tcp' | 'udp' = 'tcp';
  #run: Run | null = null;
  #phase: 'off' | 'connecting' | 'receiving' | 'lost' | 'refused' = 'off';
  #shown: StreamPhase = 'off';
  #since: Instant;
  #cause: Cause | null = null;
  #warnings: readonly Cause[] = [];
  #media: MediaInfo | null = null;
  #lastBytesAt: Instant | null = null;

  constructor(id: string, world: StreamWorld) {
    this.#id = id;
    this.#world = world;
    this.#since = world.clock.now();
    this.#keeper = new Keeper(id, this.#ring, { ...world, sourceCause: () => this.#cause });
  }

  /** Takes up what an earlier process left; before the first `desire`. */
  restore(before: KeptBefore | undefined, ended: readonly string[]): void {
    this.#keeper.restore(before ?? { coveredTo: null, begun: [], cause: STOPPED }, ended);
  }

  isEnded(claim: string): boolean {
    return this.#keeper.isEnded(claim);
  }

  /** Pursues a wish, merged by `mergeDesired`. A changed source is connected anew; a changed mode never touches the connection. */
  desire(wish: DesiredStream): void {
    const sourceChanged = this.#wish !== null && !sameSource(this.#wish.source, wish.source);
    this.#wish = wish;
    this.#keeper.desire(wish);
    if (sourceChanged || !this.#wanted) this.#capture?.stop();
    if (sourceChanged) this.#wakeUp?.();
    if (this.#wanted) this.#loop ??= this.#supervise().finally(() => this.#loopEnded());
    else this.#wakeUp?.();
    this.#world.changed();
  }

  /** Nobody names this stream any more: disconnect. What it knows of its claims stays. */
  rest(): void {
    if (this.#wish !== null && this.#wish.mode !== 'off') this.desire({ source: this.#wish.source, mode: 'off' });
  }

  /** Time passed: lets go of what no claim can want any more, and lets the keeper see the clock. */
  tick(): void {
    this.#forget();
    if (this.#keeper.keeping) this.#keeper.wake();
    if (this.#withoutSound && this.#phase === 'receiving') this.#listenForSound();
  }

  status(): StreamStatus {
    const phase = this.#phaseShown();
    if (phase !== this.#shown) {
      this.#shown = phase;
      this.#since = this.#world.clock.now();
    }
    const disk = this.#keeper.diskCause;
    return {
      phase,
      since: this.#since,
      cause: this.#cause,
      warnings: disk === null ? this.#warnings : [disk, ...this.#warnings],
      media: this.#media,
      run: this.#run?.id ?? null,
      lastBytesAt: this.#lastBytesAt,
      syncedAt: this.#keeper.syncedAt,
      claims: this.#keeper.claims,
      ringMs: Math.round(this.#ring.spanMs),
      ringBytes: this.#ring.bytes,
    };
  }

  /** The newest moments out of memory; null when there are none. */
  peek(): PeekAnswer | null {
    return this.#newest.answer(this.#id);
  }

  /** Disconnects, writes what is claimed and in memory, closes the open segment. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#capture?.stop();
    this.#wakeUp?.();
    await this.#loop;
    await this.#keeper.close();
  }

  get #wanted(): boolean {
    return !this.#closing && this.#wish !== null && this.#wish.mode !== 'off';
  }

  #phaseShown(): StreamPhase {
    if (this.#phase !== 'receiving') return this.#phase;
    return this.#keeper.keeping ? 'keeping' : 'armed';
  }

  async #supervise(): Promise<void> {
    let retryMs = RETRY_FIRST_MS;
    let hints: CaptureHints = {
      transport: this.#wish?.source.transport === 'udp' ? 'udp' : 'tcp',
      withoutAudio: false,
    };
    let triedAtOnce = false;
    this.#enter('connecting', null);
    while (this.#wanted && this.#wish !== null) {
      const source = this.#wish.source;
      this.#withoutSound = hints.withoutAudio;
      this.#transport = hints.transport;
      this.#capture = new Capture(this.#world.ffmpeg, source, this.#world.clock);
      const end = await this.#capture.run(hints, {
        header: (bytes, header, media) => this.#begin(bytes, header, media),
        fragment: (bytes, info, arrivedMonoMs) => this.#take(bytes, info, arrivedMonoMs),
        warn: (warnings) => {
          this.#warnings = warnings;
        },
      });
      this.#capture = null;
      this.#endRun(end);
      if (!this.#wanted) break;
      if (!sameSource(source, this.#wish.source)) {
        hints = { transport: this.#wish.source.transport === 'udp' ? 'udp' : 'tcp', withoutAudio: false };
        this.#enter('connecting', null);
        continue;
      }
      if (end.hadMedia) retryMs = RETRY_FIRST_MS;
      const learnt = learn(hints, end, source);
      const pauseMs = isRefusal(end.cause) ? REFUSED_RETRY_MS : retryMs;
      this.#enter(isRefusal(end.cause) ? 'refused' : 'lost', end.cause);
      this.#world.warn(this.#id, end.cause);
      // What was just learnt is tried at once, but not one lesson after the other: two that contradict must not race in a circle.
      const atOnce: boolean = end.cause === SOUND_IS_BACK || (learnt !== hints && !triedAtOnce);
      triedAtOnce = atOnce;
      if (!atOnce) {
        await this.#pause(pauseMs);
        retryMs = Math.min(retryMs * 2, RETRY_MAX_MS);
      }
      hints = end.hadMedia ? { ...learnt, withoutAudio: false } : learnt;
    }
  }

  /** Reconnecting costs a second of picture, so it is done only when the sound is known to be there. */
  #listenForSound(): void {
    const now = this.#world.clock.now();
    const capture = this.#capture;
    if (this.#listening || this.#wish === null || capture === null) return;
    if (this.#listenedAt !== null && between(this.#listenedAt, now) < SOUND_AGAIN_MS) return;
    this.#listenedAt = now;
    this.#listening = true;
    soundComes(this.#world.ffmpeg, this.#wish.source, this.#transport)
      .then((comes) => {
        if (comes && this.#capture === capture) capture.stop(SOUND_IS_BACK);
      })
      .finally(() => {
        this.#listening = false;
        this.#listenedAt = this.#world.clock.now();
      });
  }

  #loopEnded(): void {
    this.#loop = null;
    this.#enter('off', null);
    this.#warnings = [];
    if (!this.#keeper.keeping) this.#ring.clear();
    // Wanted again while the last attempt was ending.
    if (this.#wanted && this.#wish !== null) this.desire(this.#wish);
  }

  #begin(bytes: Buffer, header: Header, media: MediaInfo): void {
    this.#run = new Run(this.#world.newId(), bytes, header, media);
    this.#media = media;
  }

  #take(bytes: Buffer, info: FragmentInfo, arrivedMonoMs: number): boolean {
    let run = this.#run;
    if (run === null) return false;
    this.#lastBytesAt = this.#world.clock.now();
    const verdict = run.clock.observe(info.endMs, arrivedMonoMs);
    if (verdict === 'lags') return false;
    if (verdict === 'jumped-ahead') {
      // The same connection goes on under another timeline: a new run, so that no hole of hours appears in the old one.
      const cause: Cause = { code: 'stream-changed', detail: 'the timestamps of the source jumped' };
      run.ended = { cause, exit: null };
      const next = new Run(this.#world.newId(), run.headerBytes, run.header, run.media);
      this.#keeper.lost(cause, run);
      next.clock.observe(info.endMs, arrivedMonoMs);
      this.#run = next;
      run = next;
    }
    if (this.#phase !== 'receiving') this.#enter('receiving', null);
    const fragment = { run, index: run.nextIndex++, bytes, info };
    this.#newest.take(fragment, this.#lastBytesAt);
    const dropped = this.#ring.push(fragment);
    if (dropped > 0 && this.#keeper.keeping) {
      this.#keeper.lost(
        this.#keeper.diskCause ?? {
          code: 'memory-full',
          detail: `the disk did not keep up for ${Math.round(this.#ring.spanMs / 1000)} s`,
        },
        null,
      );
    }
    this.#forget();
    if (this.#keeper.keeping) this.#keeper.wake();
    return true;
  }

  #endRun(end: CaptureEnd): void {
    const run = this.#run;
    this.#run = null;
    this.#media = null;
    this.#newest.clear();
    if (run !== null) run.ended = { cause: end.cause, exit: end.exit };
    this.#keeper.lost(end.cause, run);
  }

  /** While nothing is claimed, only the pre-roll stays in memory (invariant 6). */
  #forget(): void {
    if (this.#keeper.keeping || this.#wish === null || this.#wish.mode === 'off') return;
    this.#ring.forgetBefore(this.#world.clock.now().monoMs - this.#wish.preRollMs);
  }

  #enter(phase: 'off' | 'connecting' | 'receiving' | 'lost' | 'refused', cause: Cause | null): void {
    this.#phase = phase;
    this.#cause = cause;
    this.#world.changed();
  }

  /** Waits, or less when something changes. */
  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#wakeUp = null;
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#wakeUp = done;
    });
  }
}

function isRefusal(cause: Cause): boolean {
  return (
    cause.code === 'camera-refused-login' || cause.code === 'camera-locked-out' || cause.code === 'auth-unsupported'
  );
}

/** What an attempt that failed teaches the next one; the same object when it teaches nothing. */
function learn(hints: CaptureHints, end: CaptureEnd, source: Source): CaptureHints {
  if (end.cause.code === 'transport-refused' && source.transport === 'auto') {
    return { ...hints, transport: hints.transport === 'tcp' ? 'udp' : 'tcp' };
  }
  const silent = end.cause.code === 'camera-stalled' || end.cause.code === 'ffmpeg-failed';
  if (silent && !end.hadMedia && end.hadAudioPlan) return { ...hints, withoutAudio: true };
  // Silent without its sound too: it was the camera, not the sound.
  if (silent && !end.hadMedia && hints.withoutAudio) return { ...hints, withoutAudio: false };
  return hints;
}

function sameSource(a: Source, b: Source): boolean {
  return (
    a.url === b.url &&
    a.user === b.user &&
    a.password === b.password &&
    a.transport === b.transport &&
    a.audio === b.audio
  );
}
