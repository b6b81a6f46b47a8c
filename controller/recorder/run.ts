/** A run: one unbroken connection to a source, with one header and one timeline. Gaps lie between runs. */
import { dateFirstSample, type FragmentInfo, type Header, readFragment } from '../core/mp4.ts';
import type { Cause, MediaInfo } from '../core/recording.ts';
import { RunClock } from '../core/run-clock.ts';

/** How much sound without a picture is held at the beginning of a run, in fragments; what is older is let go of. */
const SOUND_BEFORE_PICTURE_MAX = 40;

/** Pictures that ffmpeg holds back at any time: one to know where a picture ends, one to know the time of the next. */
const PICTURES_HELD = 2;
/** A picture that stands for longer than this, because none followed, says nothing of how often they come. */
const STEP_MS_MAX = 250;
/** Of copied sound, only the latter. */
const SOUNDS_HELD = 1;
/** Frames that the encoder of AAC holds back, and samples in each; the picture waits for the sound that belongs to it. */
const FRAMES_ENCODING = 2;
const FRAME_SAMPLES = 1_024;

/** A fragment and when it came. */
export interface Arrival {
  readonly bytes: Buffer;
  readonly info: FragmentInfo;
  readonly arrivedMonoMs: number;
}

/** A fragment whose time is known. */
export interface Dated extends Arrival {
  /** Media milliseconds without picture (without picture in the run: without sound) between what came before and this. */
  readonly holeMs: number;
}

export class Run {
  readonly id: string;
  readonly headerBytes: Buffer;
  readonly header: Header;
  readonly media: MediaInfo;
  readonly clock = new RunClock();
  /** Number of the next segment. */
  sequence = 0;
  /** Number of the next fragment. */
  nextIndex = 0;
  /** It is in the journal only once something of it is kept: an armed room leaves no trace on disk (invariant 6). */
  journaled: 'not' | 'begun' | 'ended' = 'not';
  /** Why it ended; null while it goes on. */
  ended: { readonly cause: Cause; readonly exit: string | null } | null = null;
  /** Until the first picture is dated: what came so far. Null: it is. */
  #undated: Arrival[] | null = [];
  /** The shortest distance between pictures so far. */
  #stepMs = STEP_MS_MAX;
  /** Where the pictures given so far end; without picture, the sound. */
  #reachedMs: number | null = null;

  constructor(id: string, headerBytes: Buffer, header: Header, media: MediaInfo) {
    this.id = id;
    this.headerBytes = headerBytes;
    this.header = header;
    this.media = media;
  }

  /** The same connection goes on under another timeline. */
  continued(id: string): Run {
    const next = new Run(id, this.headerBytes, this.header, this.media);
    next.#undated = null;
    return next;
  }

  /**
   * Takes a fragment as it came; answers those whose times are known now, in order: mostly this one. The muxer dates the first picture
   * of a run to the run's beginning, even when sound came seconds before it, and only the second picture tells when it really was.
   * Sound before the first picture, and sound during a hole in the picture, is kept and covers no time.
   */
  date(arrival: Arrival): readonly Dated[] {
    const undated = this.#undated;
    if (undated === null) return [this.#placed(arrival)];
    undated.push(arrival);
    const first = undated.findIndex(({ info }) => info.leadSamples > 0);
    if (first < 0) {
      if (undated.length > SOUND_BEFORE_PICTURE_MAX) undated.shift();
      return [];
    }
    const second = undated.find((one, at) => at > first && one.info.leadSamples > 0);
    const isAlone = undated[first]?.info.leadSamples === 1 && this.header.tracks.length > 1;
    return isAlone && second === undefined ? [] : this.settle();
  }

  /** How far the source is ahead of the end of a fragment at the moment it comes, at least: rather too little than too much. */
  heldBackMs(info: FragmentInfo): number {
    if (info.stepMs > 0) this.#stepMs = Math.min(this.#stepMs, info.stepMs);
    const { audio } = this.media;
    const encodingMs =
      audio === null || audio.copied ? 0 : (FRAMES_ENCODING * FRAME_SAMPLES * 1_000) / audio.sampleRate;
    return Math.max(this.#stepMs * (this.media.video === null ? SOUNDS_HELD : PICTURES_HELD), encodingMs);
  }

  /** Gives what is held although nothing more may come. */
  settle(): readonly Dated[] {
    const undated = this.#undated ?? [];
    this.#undated = null;
    const first = undated.findIndex(({ info }) => info.leadSamples > 0);
    const picture = undated[first];
    if (picture === undefined) return [];
    const second = undated.find((one, at) => at > first && one.info.leadSamples > 0);
    const dated = this.#dateFirst(picture, second?.info ?? null);
    const before = undated.slice(0, first).map((one) => ({
      ...one,
      holeMs: 0,
      info: { ...one.info, startMs: dated.info.startMs, endMs: dated.info.startMs, startsWithKeyframe: true },
    }));
    return [...before, ...[dated, ...undated.slice(first + 1)].map((one) => this.#placed(one))];
  }

  #dateFirst(picture: Arrival, second: FragmentInfo | null): Arrival {
    const { info } = picture;
    // Behind a picture that stands alone in its fragment comes the next fragment's; otherwise its own length tells.
    const stepMs = info.leadSamples > 1 ? info.stepMs : (second?.stepMs ?? info.stepMs);
    const secondMs = info.leadSamples > 1 ? info.startMs + info.firstStepMs : (second?.startMs ?? info.endMs);
    const startMs = secondMs - stepMs;
    if (startMs - info.startMs <= stepMs) return picture;
    dateFirstSample(this.header, picture.bytes, startMs, stepMs);
    return { ...picture, info: readFragment(this.header, picture.bytes) };
  }

  #placed(arrival: Arrival): Dated {
    const { info } = arrival;
    const reachedMs = this.#reachedMs;
    if (reachedMs !== null && info.leadSamples === 0)
      return { ...arrival, holeMs: 0, info: { ...info, startMs: reachedMs, endMs: reachedMs } };
    this.#reachedMs = info.endMs;
    return { ...arrival, holeMs: reachedMs === null ? 0 : Math.max(0, info.startMs - reachedMs) };
  }
}
