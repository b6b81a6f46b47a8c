/** Which chunks of a file the other side acknowledged: one bit each, as it is kept across a restart. */

const BITS = 8;

export class ChunkMap {
  readonly #bits: Uint8Array;

  /** For `chunks` chunks; `bits` from an earlier time, if they are of the same length. */
  constructor(chunks: number, bits: Uint8Array | null = null) {
    const bytes = Math.ceil(chunks / BITS);
    this.#bits = bits !== null && bits.length === bytes ? Uint8Array.from(bits) : new Uint8Array(bytes);
  }

  has(chunk: number): boolean {
    return ((this.#bits[Math.floor(chunk / BITS)] ?? 0) & (1 << (chunk % BITS))) !== 0;
  }

  add(chunk: number): void {
    const byte = Math.floor(chunk / BITS);
    this.#bits[byte] = (this.#bits[byte] ?? 0) | (1 << (chunk % BITS));
  }

  get bits(): Uint8Array {
    return Uint8Array.from(this.#bits);
  }

  get count(): number {
    return this.#bits.reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0);
  }
}
