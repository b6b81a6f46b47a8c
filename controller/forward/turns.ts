/** Lets one after the other, in the order they came. */

export class Turns {
  #last: Promise<void> = Promise.resolve();

  /** Resolves or rejects as `act` does, which begins when everybody before is done, or has left early by calling what it is given. */
  async take(act: (leave: () => void) => Promise<void>): Promise<void> {
    const turn = this.#last;
    let leave: () => void = () => undefined;
    this.#last = new Promise((resolve) => {
      leave = resolve;
    });
    try {
      await turn;
      await act(leave);
    } finally {
      leave();
    }
  }
}
