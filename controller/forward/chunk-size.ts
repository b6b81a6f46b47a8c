/**
 * Finds a chunk size that passes when the broker does not say how much it takes, as in MQTT 3.1.1, where it just ends the
 * connection at a packet that is too large. Two connections in a row that were lost with chunks sent and none acknowledged halve
 * the size; one chunk acknowledged clears the suspicion.
 */
import { CHUNK_BYTES } from '../core/hrc.ts';

const BARREN_MAX = 2;
const SMALLEST_BYTES = 4 * 1024;

export class ChunkSize {
  #bytesMax = CHUNK_BYTES;
  #sent = false;
  #barren = 0;

  get bytesMax(): number {
    return this.#bytesMax;
  }

  sent(): void {
    this.#sent = true;
  }

  acknowledged(): void {
    this.#sent = false;
    this.#barren = 0;
  }

  /** The connection was lost; `tooLarge`: the broker said that it was for a packet's size, which needs no second time. */
  lost(tooLarge = false): void {
    if (!this.#sent && !tooLarge) return;
    this.#sent = false;
    this.#barren += 1;
    if (this.#barren < BARREN_MAX && !tooLarge) return;
    this.#barren = 0;
    this.#bytesMax = Math.max(SMALLEST_BYTES, this.#bytesMax / 2);
  }
}
