/** Which bytes of a file have arrived: ordered stretches that never touch. */

/** More stretches than this come from nobody honest: chunks arrive nearly in order. */
const STRETCHES_MAX = 4_096;

export class Coverage {
  readonly #stretches: { from: number; to: number }[] = [];

  /** Adds `from` (inclusive) to `to` (exclusive). False when the file has become too scattered to follow. */
  add(from: number, to: number): boolean {
    let at = this.#stretches.length;
    // From the end, because chunks mostly come in order.
    while (at > 0 && (this.#stretches[at - 1]?.to ?? 0) >= from) at -= 1;
    const merged = { from, to };
    let take = 0;
    for (let next = this.#stretches[at]; next !== undefined && next.from <= to; next = this.#stretches[at + take]) {
      merged.from = Math.min(merged.from, next.from);
      merged.to = Math.max(merged.to, next.to);
      take += 1;
    }
    this.#stretches.splice(at, take, merged);
    return this.#stretches.length <= STRETCHES_MAX;
  }

  isWhole(size: number): boolean {
    const [only, ...more] = this.#stretches;
    return more.length === 0 && only?.from === 0 && only.to >= size;
  }
}
