// When every picture of a device exists: the device's own seconds, which may be shorter or longer than the host's, and the unrest of
// its frame rate. Also the settings that change at a certain picture and not before.

import type { HostClock } from './clock.ts';

/** How the device's seconds and its pictures depart from an honest device's. */
export interface TimelineFaults {
  /** How much faster the device's seconds pass than the host's, in parts per million (Q24). */
  readonly driftPpm: number;
  /** Every picture comes up to this late, each by another time (Q24). */
  readonly fpsJitterMs: number;
}

/** A value that holds from a picture on until the next step; numbers count from boot. */
export class Steps<Value> {
  #steps: { readonly from: number; readonly value: Value }[];

  constructor(value: Value) {
    this.#steps = [{ from: 0, value }];
  }

  at(number: number): Value {
    const step = this.#steps.findLast((one) => one.from <= number) ?? this.#steps[0];
    if (step === undefined) throw new Error('There is always a first step.');
    return step.value;
  }

  /** The value holds from picture `from` on; steps that were to come later are forgotten. */
  set(from: number, value: Value): void {
    this.#steps = [...this.#steps.filter((one) => one.from < from), { from, value }];
  }

  /** The last value of all. */
  latest(): Value {
    return this.at(Number.POSITIVE_INFINITY);
  }

  reset(value: Value): void {
    this.#steps = [{ from: 0, value }];
  }
}

export class Timeline {
  readonly #fps: number;
  readonly #host: HostClock;
  readonly #jitterMs: Steps<number>;
  #driftPpm: number;
  /** The host's instant and the device's second at which the drift last changed. */
  #baseMs: number;
  #baseS = 0;

  /** @param fps pictures a second; a device without picture is only woken so often. */
  constructor(fps: number, host: HostClock, faults: TimelineFaults) {
    this.#fps = fps;
    this.#host = host;
    this.#driftPpm = faults.driftPpm;
    this.#jitterMs = new Steps(0);
    this.#baseMs = host.monoMs();
    this.setJitter(faults.fpsJitterMs);
  }

  /** Second 0 is now. */
  reboot(): void {
    this.#baseMs = this.#host.monoMs();
    this.#baseS = 0;
    this.#jitterMs.reset(this.#jitterMs.latest());
  }

  /** Seconds of the device since boot at a monotonic instant of the host. */
  elapsedS(nowMs: number): number {
    return this.#baseS + ((nowMs - this.#baseMs) / 1000) * this.#rate();
  }

  /** The host's monotonic instant at which the device counts `atS` seconds. */
  hostMs(atS: number): number {
    return this.#baseMs + ((atS - this.#baseS) * 1000) / this.#rate();
  }

  /** The device's second at which picture `number` is captured. Later numbers are always captured later. */
  captureS(number: number): number {
    return number / this.#fps + (this.#jitterMs.at(number) * shareOf(number)) / 1000;
  }

  /** The newest picture that has been captured at `nowMs`; -1 before the first. */
  newest(nowMs: number): number {
    const elapsedS = this.elapsedS(nowMs);
    const regular = Math.floor(elapsedS * this.#fps + 1e-6);
    return this.captureS(regular) <= elapsedS + 1e-6 ? regular : regular - 1;
  }

  setDrift(driftPpm: number): void {
    const nowMs = this.#host.monoMs();
    this.#baseS = this.elapsedS(nowMs);
    this.#baseMs = nowMs;
    this.#driftPpm = driftPpm;
  }

  /** Pictures not yet captured come up to `jitterMs` late. @throws Error when pictures would overtake each other. */
  setJitter(jitterMs: number): void {
    if (!(jitterMs >= 0 && jitterMs < 1000 / this.#fps)) {
      throw new Error(`fpsJitterMs must be from 0 to less than the ${1000 / this.#fps} ms between two pictures.`);
    }
    this.#jitterMs.set(Math.max(0, this.newest(this.#host.monoMs()) + 1), jitterMs);
  }

  #rate(): number {
    return 1 + this.#driftPpm / 1e6;
  }
}

/** A number from 0 to 1 that looks random and is always the same for the same picture, so that all sessions agree. */
function shareOf(number: number): number {
  let mixed = Math.imul(number + 1, 0x9e3779b1) >>> 0;
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x85ebca77) >>> 0;
  return ((mixed ^ (mixed >>> 13)) >>> 0) / 2 ** 32;
}
