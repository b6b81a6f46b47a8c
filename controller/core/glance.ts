/**
 * A glance at a stream: what its newest moment looks and sounds like, for the clerk's panel and for checks. Pure: what is asked of the
 * recorder, and arithmetic on pictures and sound that somebody else decoded. None of it ever reaches a disk (invariant 6).
 */
import type { Instant } from './time.ts';

/** The newest decodable moments of a stream as the recorder holds them in memory. */
export interface Peek {
  readonly stream: string;
  readonly run: string;
  /** Grows with each fragment of the run: the same number is the same moment. */
  readonly index: number;
  /** When the newest fragment came to its end. */
  readonly at: Instant;
  /** Header and everything since the newest keyframe (sound alone: the last seconds): an MP4 file by itself. */
  readonly media: Uint8Array;
}

/** Loudness, and how large a step of time each value stands for. */
export interface SoundLevels {
  /** UTC milliseconds at which the first value begins. */
  readonly from: number;
  readonly stepMs: number;
  /** Root mean square in dBFS, -90 (nothing) to 0, one for each step. */
  readonly levels: readonly number[];
  /** The loudest single sample, dBFS. */
  readonly peak: number;
  /** Every sample is exactly zero: a line that is dead or cut off, which no quiet room sounds like. */
  readonly isDigitalZero: boolean;
}

export interface Glance {
  readonly stream: string;
  /** When the newest of it came in. */
  readonly at: Instant;
  readonly run: string;
  readonly index: number;
  /** A JPEG. */
  readonly jpeg: Uint8Array | null;
  /** The same picture as {@link THUMB_WIDTH}×{@link THUMB_HEIGHT} grey values, for telling one from the next. */
  readonly thumb: Uint8Array | null;
  readonly sound: SoundLevels | null;
}

export const THUMB_WIDTH = 32;
export const THUMB_HEIGHT = 18;
/** Sound is decoded to this: mono, 16 bit, little endian. */
export const PCM_RATE_HZ = 16_000;
export const LEVEL_STEP_MS = 100;
/** What is quieter is shown as this. */
export const LEVEL_FLOOR_DB = -90;
/** Below this mean brightness (0 to 255) and this spread a picture is black or covered. */
const DARK_MEAN = 20;
const DARK_SPREAD = 6;
/** Grey values that differ by less than this are the same: cameras make noise, and a still picture that is coded again too. */
const SAME_DIFFERENCE = 0.05;

/** Levels of PCM as {@link PCM_RATE_HZ} says; `endMs` is UTC milliseconds at its end. Null when there is less than one step of it. */
export function levelsOf(pcm: Uint8Array, endMs: number): SoundLevels | null {
  const samples = Math.floor(pcm.length / 2);
  const perStep = (PCM_RATE_HZ * LEVEL_STEP_MS) / 1_000;
  const steps = Math.floor(samples / perStep);
  if (steps === 0) return null;
  const view = new DataView(pcm.buffer, pcm.byteOffset, samples * 2);
  // Whole steps up to the end: what is left over is the oldest.
  const skipped = samples - steps * perStep;
  const levels: number[] = [];
  let peak = 0;
  for (let step = 0; step < steps; step++) {
    let sum = 0;
    for (let i = 0; i < perStep; i++) {
      const sample = view.getInt16((skipped + step * perStep + i) * 2, true) / 32_768;
      sum += sample * sample;
      peak = Math.max(peak, Math.abs(sample));
    }
    levels.push(decibel(Math.sqrt(sum / perStep)));
  }
  return {
    from: Math.round(endMs - steps * LEVEL_STEP_MS),
    stepMs: LEVEL_STEP_MS,
    levels,
    peak: decibel(peak),
    isDigitalZero: peak === 0,
  };
}

/** True when a thumbnail shows nothing: black, covered, or one even colour near it. */
export function isDark(thumb: Uint8Array): boolean {
  const mean = thumb.reduce((sum, value) => sum + value, 0) / thumb.length;
  const spread = Math.sqrt(thumb.reduce((sum, value) => sum + (value - mean) ** 2, 0) / thumb.length);
  return mean < DARK_MEAN && spread < DARK_SPREAD;
}

/** Mean difference of two thumbnails of one camera, 0 to 255. */
export function difference(a: Uint8Array, b: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += Math.abs((a[i] ?? 0) - (b[i] ?? 0));
  return sum / Math.max(1, a.length);
}

/**
 * Whether a picture moves between two glances: false only when a later moment looks exactly as the earlier one did, which no camera's
 * picture does by itself for long; null when they cannot be compared.
 */
export function isMoving(earlier: Glance, later: Glance): boolean | null {
  if (earlier.thumb === null || later.thumb === null) return null;
  if (earlier.run === later.run && earlier.index === later.index) return null;
  return difference(earlier.thumb, later.thumb) > SAME_DIFFERENCE;
}

function decibel(value: number): number {
  if (value <= 0) return LEVEL_FLOOR_DB;
  return Math.max(LEVEL_FLOOR_DB, Math.round(200 * Math.log10(value)) / 10);
}
