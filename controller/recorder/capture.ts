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

/** No bytes for this long is a lost source (quirk Q02). */
export const STALL_MS = 3_000;
/** From start to the first byte: slow cameras take their time. */
const FIRST_BYTE_MS = 10_000;
/** ffmpeg shows no picture before the first sound of a track that was announced; a dead microphone must not cost longer than this. */
const FIRST_BYTE_WITH_SOUND_MS = 5_000;
const DESCRIBE_MS = 5_000;
const WATCH_EVERY_MS = 250;

/** What an attempt tells while it runs. */
export interface CaptureListener {
  header(bytes: Buffer, header: Header, media: MediaInfo): void;
  /** Answers false when the run's timeline broke: the attempt then ends. */
  fragment(bytes: Buffer, info: FragmentInfo, arrivedMonoMs: number): boolean;
  warn(warnings: readonly Cause[]): void;
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
  /** At least one whole fragment came while it ran. */
  readonly hadMedia: boolean;
  readonly hadAudioPlan: boolean;
}

export class Capture {
  readonly #program: string;
  readonly #source: Source;
  readonly #clock: Clock;
  readonly #stop = new AbortController();
  #stopCause: Cause = STOPPED;

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

  /** Runs until the source ends, stalls or breaks, or `stop` is called. Never rejects. */
  async run(hints: CaptureHints, listener: CaptureListener): Promise<CaptureEnd> {
    let offer: Offer;
    try {
      offer = await describe(this.#source, DESCRIBE_MS, this.#stop.signal);
    } catch (error) {
      const cause =
        error instanceof DescribeFault ? error.reason : { code: 'camera-unreachable' as const, detail: String(error) };
      return { cause, exit: null, hadMedia: false, hadAudioPlan: false };
    }
    const audio = audioPlan(offer, this.#source, hints);
    listener.warn(audioWarnings(offer, this.#source, hints));
    return this.#stop.signal.aborted
      ? { cause: STOPPED, exit: null, hadMedia: false, hadAudioPlan: false }
      : await this.#record(offer, audio, hints, listener);
  }

  async #record(offer: Offer, audio: AudioPlan, hints: CaptureHints, listener: CaptureListener): Promise<CaptureEnd> {
    const startedMs = this.#clock.now().monoMs;
    const firstByteMs = offer.video !== null && audio !== 'none' ? FIRST_BYTE_WITH_SOUND_MS : FIRST_BYTE_MS;
    let lastBytesMs: number | null = null;
    let lastPictureMs = 0;
    let hadMedia = false;
    let broken: Cause | null = null;
    const reader = new FragmentReader({
      header: (bytes, header) => listener.header(bytes, header, mediaInfoOf(header, audio === 'copy')),
      fragment: (bytes, info) => {
        hadMedia = true;
        if (info.videoFrames > 0 || offer.video === null) lastPictureMs = this.#clock.now().monoMs;
        if (broken === null && !listener.fragment(bytes, info, this.#clock.now().monoMs)) {
          broken = { code: 'stream-changed', detail: 'the timestamps of the source no longer fit the clock' };
        }
      },
    });
    const plan = {
      source: this.#source,
      transport: hints.transport,
      video: offer.video !== null,
      hevc: offer.video === 'H265',
      audio,
    };
    const ffmpeg = new Ffmpeg(this.#program, plan, (chunk) => {
      lastBytesMs = this.#clock.now().monoMs;
      if (broken !== null) return;
      try {
        reader.push(chunk);
      } catch (error) {
        broken = { code: 'stream-changed', detail: `the stream could not be read: ${(error as Error).message}` };
      }
    });
    const verdict = await new Promise<Cause | FfmpegEnd>((resolve) => {
      let lookedMs = startedMs;
      const watch = setInterval(() => {
        const now = this.#clock.now().monoMs;
        // A process that stood still itself blames no source: what came meanwhile waits in the pipe.
        const lateMs = now - lookedMs - WATCH_EVERY_MS;
        lookedMs = now;
        if (lateMs > WATCH_EVERY_MS) {
          lastBytesMs = lastBytesMs === null ? null : lastBytesMs + lateMs;
          return;
        }
        if (broken !== null) resolve(broken);
        else if (this.#stop.signal.aborted) resolve(this.#stopCause);
        else if (lastBytesMs === null && now - startedMs > firstByteMs) {
          resolve({ code: 'camera-stalled', detail: `nothing came within ${firstByteMs / 1000} s of the start` });
        } else if (lastBytesMs !== null && now - lastBytesMs > STALL_MS) {
          resolve({ code: 'camera-stalled', detail: `no bytes for ${STALL_MS / 1000} s` });
        } else if (hadMedia && lastPictureMs > 0 && now - lastPictureMs > STALL_MS) {
          resolve({ code: 'camera-stalled', detail: `sound comes, but no picture for ${STALL_MS / 1000} s` });
        }
      }, WATCH_EVERY_MS);
      this.#stop.signal.addEventListener('abort', () => resolve(this.#stopCause), { once: true });
      ffmpeg.ended.then(resolve);
      ffmpeg.ended.finally(() => clearInterval(watch));
    });
    // ffmpeg that is told to stop gives what it held back while it waited for a sound: that is kept, but it did not come in time.
    const cameInTime = hadMedia;
    const end = await ffmpeg.stop();
    const cause = 'code' in verdict ? verdict : causeOfEnd(verdict, cameInTime);
    return { cause, exit: end.exit, hadMedia: cameInTime, hadAudioPlan: audio !== 'none' };
  }
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
