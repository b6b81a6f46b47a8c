/** A window over what is on its way to the broker: so many messages and so many bytes, no more. First come, first served. */

export class Window {
  readonly #messagesMax: number;
  readonly #bytesMax: number;
  #messages = 0;
  #bytes = 0;
  #waiting: { readonly bytes: number; readonly go: () => void }[] = [];

  constructor(messagesMax: number, bytesMax: number) {
    this.#messagesMax = Math.max(1, messagesMax);
    this.#bytesMax = bytesMax;
  }

  /**
   * Waits for room and takes it; the answer gives it back (calling it twice does nothing more). A message larger than the whole
   * window goes alone.
   */
  async enter(bytes: number): Promise<() => void> {
    if (this.#waiting.length > 0 || !this.#fits(bytes)) {
      await new Promise<void>((go) => this.#waiting.push({ bytes, go }));
    } else {
      this.#take(bytes);
    }
    let inside = true;
    return () => {
      if (!inside) return;
      inside = false;
      this.#messages -= 1;
      this.#bytes -= bytes;
      this.#admit();
    };
  }

  #fits(bytes: number): boolean {
    return this.#messages === 0 || (this.#messages < this.#messagesMax && this.#bytes + bytes <= this.#bytesMax);
  }

  #take(bytes: number): void {
    this.#messages += 1;
    this.#bytes += bytes;
  }

  #admit(): void {
    for (let next = this.#waiting[0]; next !== undefined && this.#fits(next.bytes); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#take(next.bytes);
      next.go();
    }
  }
}
