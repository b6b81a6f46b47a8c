// The camera's endless timeline: which picture and which sound packet exist at which instant. One timer serves all clients;
// everything is computed from the number of the frame, so nothing drifts unasked and the loop's seam cannot be seen.

import { type HostClock, hostClock, type VirtualClock } from './clock.ts';
import type { AccessUnit, AudioSet, MediaSet, VideoSet } from './media-set.ts';
import { deviceMark, seiNal } from './sei.ts';
import type { VideoCodec } from './spec.ts';
import { Steps, Timeline, type TimelineFaults } from './timeline.ts';

/** Somebody the timer wakes: once for every picture interval while it is registered. */
export interface Listener {
  /** Sends everything due at monotonic instant `nowMs`. */
  advance(nowMs: number): void;
}

/** Faults of the stream; an honest device has none. See README.md for the switches that set them. */
export interface StreamFaults {
  /** Nothing at all is sent, RTCP included; the connection stays (Q02). */
  packetsFrozen: boolean;
  /** Only one kind is missing (Q02). */
  videoMuted: boolean;
  audioMuted: boolean;
  /** Shift of RTP timestamps in milliseconds (Q04). */
  videoShiftMs: number;
  audioShiftMs: number;
  /** Every n-th RTP packet is not sent; 0 sends all (Q28). */
  loseEvery: number;
  /** Nothing is sent before this monotonic instant; what is due by then follows in one burst (Q02). */
  heldUntilMs: number;
}

export function noFaults(): StreamFaults {
  return {
    packetsFrozen: false,
    videoMuted: false,
    audioMuted: false,
    videoShiftMs: 0,
    audioShiftMs: 0,
    loseEvery: 0,
    heldUntilMs: Number.NEGATIVE_INFINITY,
  };
}

/** A picture ready to be sent; the NAL units stand in decoding order. */
export interface Picture {
  /** In the order in which pictures are captured and shown. */
  readonly number: number;
  readonly isKey: boolean;
  readonly codec: VideoCodec;
  readonly nals: readonly Buffer[];
}

/** A device without picture is woken so many times a second. */
const AUDIO_ONLY_WAKES = 25;
/** Pictures kept for clients that stand at the same frame. */
const PICTURES_KEPT = 4;

export class Playout {
  readonly faults = noFaults();
  audio: AudioSet | undefined;
  readonly timeline: Timeline;
  bootCount = 0;
  readonly #host: HostClock;
  readonly #clock: VirtualClock;
  readonly #device: number;
  readonly #listeners = new Set<Listener>();
  readonly #pictures = new Map<number, Picture>();
  readonly #videos: Steps<VideoSet | undefined>;
  /** Whether the still picture is shown (Q02, same picture). */
  readonly #still = new Steps(false);
  #timer: NodeJS.Timeout | undefined;

  constructor(
    media: MediaSet,
    clock: VirtualClock,
    deviceId: string,
    host: HostClock = hostClock,
    faults: TimelineFaults = { driftPpm: 0, fpsJitterMs: 0 },
  ) {
    this.#videos = new Steps(media.video);
    this.timeline = new Timeline(media.video?.fps ?? AUDIO_ONLY_WAKES, host, faults);
    this.audio = media.audio;
    this.#clock = clock;
    this.#device = deviceMark(deviceId);
    this.#host = host;
  }

  /** The picture loop of this moment. */
  get video(): VideoSet | undefined {
    return this.#videos.at(this.liveFrame(this.nowMs()));
  }

  hostWallMs(): number {
    return this.#host.wallMs();
  }

  nowMs(): number {
    return this.#host.monoMs();
  }

  /** Frame numbers begin with 0 again; the boot number in the mark tells the runs apart. */
  reboot(): void {
    this.bootCount++;
    this.timeline.reboot();
    this.#pictures.clear();
    this.#videos.reset(this.#videos.latest());
    this.#still.reset(false);
    Object.assign(this.faults, noFaults());
  }

  join(listener: Listener): void {
    this.#listeners.add(listener);
    if (this.#timer === undefined) this.#schedule();
  }

  leave(listener: Listener): void {
    this.#listeners.delete(listener);
    if (this.#listeners.size > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /**
   * The newest frame that can be sent at `nowMs`, in decoding order; -1 before the first. An encoder with B-frames gives a frame
   * only when it has seen those it is built from.
   */
  liveFrame(nowMs: number): number {
    return Math.max(-1, this.timeline.newest(nowMs) - (this.#videos.latest()?.bFrames ?? 0));
  }

  /** The device's second at which frame `index` of the decoding order can be sent. */
  frameDueS(index: number): number {
    return this.timeline.captureS(index + (this.#videos.at(index)?.bFrames ?? 0));
  }

  /** The first sound packet that is not complete at `nowMs`: all before it can be sent. */
  livePacket(nowMs: number): number {
    return this.audio === undefined ? 0 : this.packetAt(this.timeline.elapsedS(nowMs));
  }

  /** Number of the sound packet that holds second `atS` of the timeline. */
  packetAt(atS: number): number {
    return this.audio === undefined ? 0 : Math.floor((atS * this.audio.rateHz) / this.audio.samplesPerPacket + 1e-6);
  }

  /** The keyframe at or before `number`. */
  keyframeBefore(number: number): number {
    return Math.max(0, Math.floor(number / this.#gopFrames()) * this.#gopFrames());
  }

  /** The first keyframe after `number`. */
  keyframeAfter(number: number): number {
    return (Math.floor(number / this.#gopFrames()) + 1) * this.#gopFrames();
  }

  /** Another loop of the same frame rate and GOP from the next keyframe on; running sessions get it with its parameter sets. */
  changeVideo(video: VideoSet): void {
    this.#videos.set(this.keyframeAfter(this.liveFrame(this.nowMs())), video);
  }

  /** Another loop at once, of any codec; there must be no session, because frames of the present GOP change too. */
  replaceVideo(video: VideoSet): void {
    this.#videos.reset(video);
    this.#pictures.clear();
  }

  /** Shows the still picture from the next keyframe on, or ends that at the next keyframe. */
  setStill(on: boolean): void {
    if (on !== this.#still.latest()) this.#still.set(this.keyframeAfter(this.liveFrame(this.nowMs())), on);
  }

  /** Number, in the order of capture, of frame `index` of the decoding order. They differ only with B-frames. */
  numberAt(index: number): number {
    const { unit, place } = this.#unitAt(index);
    return index - place + unit.shown;
  }

  /** Frame `index` of the decoding order with its mark; parameter sets stand before every keyframe. */
  picture(index: number): Picture {
    const known = this.#pictures.get(index);
    if (known !== undefined) return known;
    const { unit, place, video } = this.#unitAt(index);
    const number = index - place + unit.shown;
    const capturedMs = this.timeline.hostMs(this.timeline.captureS(number));
    const stamp = {
      number,
      boot: this.bootCount,
      device: this.#device,
      captureTimeUs: this.#clock.wallMs(capturedMs) * 1000,
      hostTimeUs: (this.#host.wallMs() - this.#host.monoMs() + capturedMs) * 1000,
    };
    const mark = seiNal(stamp, video.codec);
    const nals = unit.isKey ? [...video.parameterSets, mark, ...unit.slices] : [mark, ...unit.slices];
    const picture = { number, isKey: unit.isKey, codec: video.codec, nals };
    this.#pictures.set(index, picture);
    if (this.#pictures.size > PICTURES_KEPT) {
      for (const oldest of this.#pictures.keys()) {
        this.#pictures.delete(oldest);
        break;
      }
    }
    return picture;
  }

  /** Bytes of sound packet `number`. */
  packet(number: number): Buffer {
    const packets = this.audio?.packets ?? [];
    const packet = packets[number % packets.length];
    if (packet === undefined) throw new Error('This device has no sound.');
    return packet;
  }

  /** The picture of this moment as JPEG. */
  snapshot(): Buffer {
    const { fps = 1, snapshots = [], frames = [] } = this.video ?? {};
    const inLoop = Math.max(0, this.timeline.newest(this.nowMs())) % Math.max(1, frames.length);
    return snapshots[Math.min(Math.floor(inLoop / fps), snapshots.length - 1)] ?? Buffer.alloc(0);
  }

  /** The unit of the loop that frame `index` is, and its place in that loop. */
  #unitAt(index: number): { unit: AccessUnit; place: number; video: VideoSet } {
    const video = this.#videos.at(index);
    if (video === undefined) throw new Error('This device has no picture.');
    const frames = this.#still.at(index) ? video.still : video.frames;
    const place = index % frames.length;
    const unit = frames[place];
    if (unit === undefined) throw new Error('The prepared loop is empty.');
    return { unit, place, video };
  }

  #gopFrames(): number {
    return this.#videos.latest()?.gopFrames ?? 1;
  }

  #schedule(): void {
    const nowMs = this.nowMs();
    const nextMs = this.timeline.hostMs(this.timeline.captureS(this.timeline.newest(nowMs) + 1));
    // A timer may fire a fraction early; rounding up keeps one wake-up per picture.
    this.#timer = setTimeout(() => this.#wake(), Math.ceil(nextMs - nowMs));
  }

  #wake(): void {
    const nowMs = this.nowMs();
    for (const listener of [...this.#listeners]) listener.advance(nowMs);
    if (this.#listeners.size > 0) this.#schedule();
    else this.#timer = undefined;
  }
}
