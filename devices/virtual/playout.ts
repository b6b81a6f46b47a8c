// The camera's endless timeline: which picture and which sound packet exist at which instant. One timer serves all clients;
// everything is computed from the number of the frame, so nothing drifts and the loop's seam cannot be seen.

import { type HostClock, hostClock, type VirtualClock } from './clock.ts';
import type { AudioSet, MediaSet, VideoSet } from './media-set.ts';
import { deviceMark, seiNal } from './sei.ts';

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
  readonly number: number;
  readonly isKey: boolean;
  readonly nals: readonly Buffer[];
}

/** A device without picture is woken this often. */
const AUDIO_ONLY_WAKE_MS = 40;
/** Pictures kept for clients that stand at the same frame. */
const PICTURES_KEPT = 4;

export class Playout {
  readonly faults = noFaults();
  audio: AudioSet | undefined;
  readonly video: VideoSet | undefined;
  bootCount = 0;
  readonly #host: HostClock;
  readonly #clock: VirtualClock;
  readonly #device: number;
  readonly #listeners = new Set<Listener>();
  readonly #pictures = new Map<number, Picture>();
  /** Stretches of frame numbers in which the still picture is shown (Q02, same picture). */
  #still: { from: number; to: number }[] = [];
  #bootMs: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(media: MediaSet, clock: VirtualClock, deviceId: string, host: HostClock = hostClock) {
    this.video = media.video;
    this.audio = media.audio;
    this.#clock = clock;
    this.#device = deviceMark(deviceId);
    this.#host = host;
    this.#bootMs = host.monoMs();
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
    this.#bootMs = this.#host.monoMs();
    this.#pictures.clear();
    this.#still = [];
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

  /** Seconds of media since boot at a monotonic instant. */
  elapsedS(nowMs: number): number {
    return (nowMs - this.#bootMs) / 1000;
  }

  /** The newest frame that exists at `nowMs`. */
  liveFrame(nowMs: number): number {
    return Math.floor(this.elapsedS(nowMs) * (this.video?.fps ?? 0) + 1e-6);
  }

  /** The first sound packet that is not complete at `nowMs`: all before it can be sent. */
  livePacket(nowMs: number): number {
    return this.audio === undefined ? 0 : this.packetAt(this.elapsedS(nowMs));
  }

  /** Number of the sound packet that holds second `atS` of the timeline. */
  packetAt(atS: number): number {
    return this.audio === undefined ? 0 : Math.floor((atS * this.audio.rateHz) / this.audio.samplesPerPacket + 1e-6);
  }

  /** The keyframe at or before `number`. */
  keyframeBefore(number: number): number {
    const gop = this.video?.gopFrames ?? 1;
    return Math.floor(number / gop) * gop;
  }

  /** The first keyframe after `number`. */
  keyframeAfter(number: number): number {
    return this.keyframeBefore(number) + (this.video?.gopFrames ?? 1);
  }

  /** Shows the still picture from the next keyframe on, or ends that at the next keyframe. */
  setStill(on: boolean): void {
    const next = this.keyframeAfter(this.liveFrame(this.nowMs()));
    const last = this.#still.at(-1);
    if (on && (last === undefined || last.to !== Number.POSITIVE_INFINITY)) {
      this.#still.push({ from: next, to: Number.POSITIVE_INFINITY });
    } else if (!on && last !== undefined && last.to === Number.POSITIVE_INFINITY) last.to = Math.max(next, last.from);
  }

  /** Frame `number` with its mark; parameter sets stand before every keyframe. */
  picture(number: number): Picture {
    const known = this.#pictures.get(number);
    if (known !== undefined) return known;
    const video = this.video;
    if (video === undefined) throw new Error('This device has no picture.');
    const isStill = this.#still.some((stretch) => number >= stretch.from && number < stretch.to);
    const frames = isStill ? video.still : video.frames;
    const unit = frames[number % frames.length];
    if (unit === undefined) throw new Error('The prepared loop is empty.');
    const dueMs = this.#bootMs + (number * 1000) / video.fps;
    const mark = seiNal({
      number,
      boot: this.bootCount,
      device: this.#device,
      captureTimeUs: this.#clock.wallMs(dueMs) * 1000,
      hostTimeUs: (this.#host.wallMs() - this.#host.monoMs() + dueMs) * 1000,
    });
    const nals = unit.isKey ? [video.sps, video.pps, mark, ...unit.slices] : [mark, ...unit.slices];
    const picture = { number, isKey: unit.isKey, nals };
    this.#pictures.set(number, picture);
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
    const inLoop = this.liveFrame(this.nowMs()) % Math.max(1, frames.length);
    return snapshots[Math.min(Math.floor(inLoop / fps), snapshots.length - 1)] ?? Buffer.alloc(0);
  }

  #schedule(): void {
    const nowMs = this.nowMs();
    const intervalMs = this.video === undefined ? AUDIO_ONLY_WAKE_MS : 1000 / this.video.fps;
    const nextMs = this.#bootMs + (Math.floor((nowMs - this.#bootMs) / intervalMs + 1e-6) + 1) * intervalMs;
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
