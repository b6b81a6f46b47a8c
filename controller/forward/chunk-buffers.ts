/**
 * Memory for chunks on their way, used again and again: taking it fresh for each chunk costs the collector more time than all the
 * hashing takes.
 */
import { CHUNK_BYTES } from '../core/hrc.ts';

/** As many as the window lets out at a time. */
const KEPT_MAX = 8;

export class ChunkBuffers {
  readonly #free: Buffer[] = [];

  /** Memory with anything in it. */
  take(bytes: number): Buffer {
    return (bytes === CHUNK_BYTES ? this.#free.pop() : undefined) ?? Buffer.allocUnsafeSlow(bytes);
  }

  /** Nobody reads it any more. The last piece of a file, and chunks of a size that somebody asked for, are not kept. */
  give(buffer: Buffer): void {
    if (buffer.length === CHUNK_BYTES && this.#free.length < KEPT_MAX) this.#free.push(buffer);
  }
}
