/**
 * One attempt at a source, from asking what it offers to the end of its last byte. It may fail freely; the supervisor in
 * stream.ts decides about the next one.
 */
import type { FragmentInfo, Header } from '../core/mp4.ts';
import { mediaInfoOf } from '../core/mp4.ts';
import type { Cause, MediaInfo, Source } from '../core/recording.ts';
import type { Clock } from '../core/time.ts';
import { DescribeFault, describe, type Offer } from './describe.ts';
import { type AudioPlan, Ffmpeg, type FfmpegEnd } from './ffmpeg.ts';
import { FragmentReader } from './fragments.ts';

/**
 * No bytes for this long is a lost source (quirk Q02). It is to be known within 3 s: a look comes up to 0.2 s late. Cameras that are
 * silent for two seconds and then go on are left in peace: from one fragment to the next that is 2.3 s here.
 */
export const STALL_MS = 2_700;
/** From start to the first byte: slow cameras take their time. */
const FIRST_BYTE_MS = 10_000;
/** ffmpeg shows no picture before the first sound of a track that was announced; a dead microphone must not cost longer than this. */
const FIRST_BYTE_WITH_SOUND_MS = 5_000;
const DESCRIBE_MS = 5_000;
/** The owner looks about every 200 ms; when a look comes this much after the one before, this process itself stood still. */
const LOOK_LATE_MS = 500;

/** What an attempt tells while it runs. */
export interface CaptureListener {
  header(bytes: Buffer, header: Header, media: MediaInfo): void;
  /** Answers false when the run's timeline broke: the attempt then ends. */
  fragment(bytes: Buffer, info: FragmentInfo, arrivedMonoMs: number): boolean;
  warn(warnings: readonly Cause[]): void;
  /** So many packets of what comes next are missing: it is damaged. */
  damaged(packets: number): void;
  /**
   * The source is lost; told in the moment in which this is decided. The old ffmpeg is still being ended then, and fragments that it
   * held back may follow.
   */
  lost(cause: Cause): void;
}

/** What the attempts before it taught. */
export interface CaptureHints {
  readonly transport: 'tcp' | 'udp';
  /** True when an attempt with sound brought nothing: picture first (the alarm stays). */
  readonly withoutAudio: boolean;
}

export interface CaptureEnd {
  readonly cause: Cause;
  readonly exit: string | null;
  /** From the first whole fragment that came while it ran to the last, in milliseconds; null when none came. */
  readonly mediaMs: number | null;
  readonly hadAudioPlan: boolean;
}

export class Capture {
  readonly #program: string;
  readonly #source: Source;
  readonly #clock: Clock;
  readonly #stop = new AbortController();
  #stopCause: Cause = STOPPED;
  #look: (() => void) | null = null;

  constructor(program: string, source: Source, clock: Clock) {
    this.#program = program;
    this.#source = source;
    this.#clock = clock;
  }

  /** Ends the attempt; `run` then resolves with this cause. */
  stop(cause: Cause = STOPPED): void {
    if (this.#stop.signal.aborted) return;
    this.#stopCause = cause;
    this.#stop.abort();
  }

  /** Time passed: is the source still there? Call it about every 200 ms. One timer for all streams costs less than one for each. */
  look(): void {
    this.#look?.();
  }

  /** Runs until the source ends, stalls or breaks, or `stop` is called. Never rejects. */
  async run(hints: CaptureHints, listener: CaptureListener): Promise<CaptureEnd> {
    let offer: Offer;
    try {
      offer = await describe(this.#source, DESCRIBE_MS, this.#stop.signal);
    } catch (error) {
      const cause =
        error instanceof DescribeFault ? error.reason : { code: 'camera-unreachable' as const, detail: String(error) };
      return { cause, exit: null, mediaMs: null, hadAudioPlan: false };
    }
    const audio = audioPlan(offer, this.#source, hints);
    listener.warn(audioWarnings(offer, this.#source, hints));
    return this.#stop.signal.aborted
      ? { cause: STOPPED, exit: null, mediaMs: null, hadAudioPlan: false }
      : await this.#record(offer, audio, hints, listener);
  }

  async #record(offer: Offer, audio: AudioPlan, hints: CaptureHints, listener: CaptureListener): Promise<CaptureEnd> {
    const watch = new SourceWatch(this.#clock, offer.video !== null && audio !== 'none', offer.video !== null);
    let isBroken = false;
    let decide: (verdict: Cause | FfmpegEnd) => void = () => undefined;
    const verdict = new Promise<Cause | FfmpegEnd>((resolve) => {
      decide = resolve;
    });
    const breakOff = (cause: Cause) => {
      isBroken = true;
      decide(cause);
    };
    const reader = new FragmentReader({
      header: (bytes, header) => listener.header(bytes, header, mediaInfoOf(header, audio === 'copy')),
      fragment: (bytes, info) => {
        watch.fragment(info);
        if (!isBroken && !listener.fragment(bytes, info, this.#clock.now().monoMs))
          breakOff({ code: 'stream-changed', detail: 'the timestamps of the source no longer fit the clock' });
      },
    });
    const plan = {
      source: this.#source,
      transport: hints.transport,
      video: offer.video !== null,
      hevc: offer.video === 'H265',
      audio,
    };
    const onBytes = (chunk: Buffer) => {
      watch.bytes();
      if (isBroken) return;
      try {
        reader.push(chunk);
      } catch (error) {
        breakOff({ code: 'stream-changed', detail: `the stream could not be read: ${(error as Error).message}` });
      }
    };
    const ffmpeg = new Ffmpeg(this.#program, plan, onBytes, (packets) => listener.damaged(packets));
    this.#look = () => {
      const stall = watch.stall();
      if (stall !== null) decide(stall);
    };
    const stop = () => decide(this.#stopCause);
    this.#stop.signal.addEventListener('abort', stop, { once: true });
    if (this.#stop.signal.aborted) stop();
    void ffmpeg.ended.then(decide);
    const decided = await verdict;
    this.#look = null;
    // ffmpeg that is told to stop gives what it held back while it waited for a sound: that is kept, but it did not come in time.
    const { mediaMs } = watch;
    if ('code' in decided && !this.#stop.signal.aborted) listener.lost(decided);
    const end = await ffmpeg.stop('code' in decided && decided.code === 'camera-stalled');
    const cause = 'code' in decided ? decided : causeOfEnd(decided, mediaMs !== null);
    return { cause, exit: end.exit, mediaMs, hadAudioPlan: audio !== 'none' };
  }
}

/** Looks at what comes, not at the process that brings it: bytes, and pictures where there should be some. */
class SourceWatch {
  readonly #clock: Clock;
  readonly #hasPicture: boolean;
  readonly #firstByteMs: number;
  #startedMs: number;
  #lookedMs: number;
  #bytesMs: number | null = null;
  #pictureMs: number | null = null;
  #firstFragmentMs: number | null = null;
  #lastFragmentMs = 0;

  constructor(clock: Clock, waitsForSound: boolean, hasPicture: boolean) {
    this.#clock = clock;
    this.#hasPicture = hasPicture;
    this.#firstByteMs = waitsForSound ? FIRST_BYTE_WITH_SOUND_MS : FIRST_BYTE_MS;
    this.#startedMs = clock.now().monoMs;
    this.#lookedMs = this.#startedMs;
  }

  /** From the first fragment to the last; null when there was none. */
  get mediaMs(): number | null {
    return this.#firstFragmentMs === null ? null : this.#lastFragmentMs - this.#firstFragmentMs;
  }

  bytes(): void {
    this.#bytesMs = this.#clock.now().monoMs;
  }

  fragment(info: FragmentInfo): void {
    const nowMs = this.#clock.now().monoMs;
    this.#firstFragmentMs ??= nowMs;
    this.#lastFragmentMs = nowMs;
    if (info.videoFrames > 0 || !this.#hasPicture) this.#pictureMs = nowMs;
  }

  /** Why the source counts as lost, or null. */
  stall(): Cause | null {
    const nowMs = this.#clock.now().monoMs;
    // A process that stood still itself blames no source: what came meanwhile waits in the pipe.
    const lateMs = nowMs - this.#lookedMs;
    this.#lookedMs = nowMs;
    if (lateMs > LOOK_LATE_MS) {
      this.#startedMs += lateMs;
      if (this.#bytesMs !== null) this.#bytesMs += lateMs;
      if (this.#pictureMs !== null) this.#pictureMs += lateMs;
      return null;
    }
    if (this.#bytesMs === null) {
      return nowMs - this.#startedMs > this.#firstByteMs
        ? stalled(`nothing came within ${this.#firstByteMs / 1000} s of the start`)
        : null;
    }
    if (nowMs - this.#bytesMs > STALL_MS) return stalled(`no bytes for ${STALL_MS / 1000} s`);
    if (this.#pictureMs !== null && nowMs - this.#pictureMs > STALL_MS)
      return stalled(`sound comes, but no picture for ${STALL_MS / 1000} s`);
    return null;
  }
}

function stalled(detail: string): Cause {
  return { code: 'camera-stalled', detail };
}

/**
 * Listens for the sound alone, on a connection of its own, for at most {@link FIRST_BYTE_WITH_SOUND_MS}: true when it comes. The
 * picture that is being recorded meanwhile is not touched; a camera that serves one viewer only simply refuses.
 */
export async function soundComes(program: string, source: Source, transport: 'tcp' | 'udp'): Promise<boolean> {
  let ffmpeg: Ffmpeg | null = null;
  let timer: NodeJS.Timeout | undefined;
  try {
    const heard = new Promise<boolean>((resolve) => {
      ffmpeg = new Ffmpeg(program, { source, transport, video: false, hevc: false, audio: 'encode' }, (chunk) => {
        // The header alone proves nothing: it is written before the first sound of a source that sends AAC.
        if (chunk.includes('moof')) resolve(true);
      });
      void ffmpeg.ended.then(() => resolve(false));
      timer = setTimeout(() => resolve(false), FIRST_BYTE_WITH_SOUND_MS);
    });
    return await heard;
  } finally {
    clearTimeout(timer);
    await (ffmpeg as Ffmpeg | null)?.stop();
  }
}

/** The attempt ended because it was asked to. */
export const STOPPED: Cause = { code: 'source-ended', detail: 'disconnected on request' };

/** AAC is copied, everything else becomes AAC: G.711 does not fit in MP4 (quirk Q05). */
function audioPlan(offer: Offer, source: Source, hints: CaptureHints): AudioPlan {
  if (offer.audio === null || source.audio === 'none') return 'none';
  if (hints.withoutAudio && offer.video !== null) return 'none';
  return offer.audio === 'MPEG4-GENERIC' || offer.audio === 'MP4A-LATM' ? 'copy' : 'encode';
}

function audioWarnings(offer: Offer, source: Source, hints: CaptureHints): Cause[] {
  if (source.audio === 'none') return [];
  if (offer.audio === null) return [{ code: 'audio-missing', detail: 'the source offers no sound' }];
  if (hints.withoutAudio && offer.video !== null)
    return [
      { code: 'audio-unusable', detail: `sound (${offer.audio}) brought nothing; the picture is recorded without it` },
    ];
  return [];
}

/** ffmpeg ended by itself: what that means. */
function causeOfEnd(end: FfmpegEnd, hadMedia: boolean): Cause {
  if (end.exit.startsWith('not started')) return { code: 'ffmpeg-missing', detail: `ffmpeg was ${end.exit}` };
  const last = end.said.split('\n').slice(-3).join(' | ').slice(0, 300);
  if (/\b461\b|Unsupported Transport|Nonmatching transport/i.test(end.said))
    return { code: 'transport-refused', detail: last };
  if (/\b453\b|\b503\b|Not Enough Bandwidth|Service Unavailable/i.test(end.said))
    return { code: 'camera-busy', detail: last };
  if (/\b401\b|Unauthorized/i.test(end.said)) return { code: 'camera-refused-login', detail: last };
  if (hadMedia) return { code: 'source-ended', detail: last === '' ? `the source ended (${end.exit})` : last };
  return { code: 'ffmpeg-failed', detail: last === '' ? end.exit : last };
}
