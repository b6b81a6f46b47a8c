/**
 * Sound levels as they came in, to be read back at any moment. Batches overlap and leave holes; a hole holds its last level for a
 * while and then says that nothing is known. Pure.
 */
import type { GlanceView } from '../../controller/api/contract-display.ts';

type Sound = NonNullable<GlanceView['streams'][number]['sound']>;

/** Meters show the sound of so long ago: what comes in now is that old anyway, and a meter that waits stands still. */
export const METER_DELAY_MS = 3_000;
/** A hole between two batches is bridged for so long. */
const HOLD_MS = 3_000;
const KEPT_MS = 15_000;
/** Quieter than this is an empty bar. */
const FLOOR_DB = -60;

interface Batch {
  readonly from: number;
  readonly stepMs: number;
  readonly levels: readonly number[];
}

export class MeterTrack {
  #batches: readonly Batch[] = [];

  take(sound: Sound): void {
    const last = this.#batches.at(-1);
    if (last !== undefined && last.from === sound.from) return;
    this.#batches = [...this.#batches, sound].filter((batch) => endOf(batch) > endOf(sound) - KEPT_MS);
  }

  /** Level in dBFS at a UTC moment, or null when nothing is known about it. */
  at(utcMs: number): number | null {
    let held: number | null = null;
    for (const batch of this.#batches) {
      const index = Math.floor((utcMs - batch.from) / batch.stepMs);
      if (index < 0) continue;
      if (index < batch.levels.length) return batch.levels[index] ?? null;
      if (utcMs - endOf(batch) < HOLD_MS) held = batch.levels.at(-1) ?? null;
    }
    return held;
  }
}

const endOf = ({ from, stepMs, levels }: Batch): number => from + stepMs * levels.length;

/** A level as the length of a bar, 0 to 1. */
export function barOf(levelDb: number): number {
  return Math.min(1, Math.max(0, (levelDb - FLOOR_DB) / -FLOOR_DB));
}
