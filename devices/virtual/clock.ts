// The clocks of a virtual device: the host's two clocks, and the camera's own wall clock, which may be wrong in every way.

import { performance } from 'node:perf_hooks';

/** The machine's clocks, read in one place. `monoMs` never steps; `wallMs` is UTC. */
export interface HostClock {
  monoMs(): number;
  wallMs(): number;
}

export const hostClock: HostClock = { monoMs: () => performance.now(), wallMs: () => Date.now() };

/** How a camera's clock starts. */
export interface VirtualClockSettings {
  readonly offsetMs: number;
  readonly driftPpm: number;
  readonly ntp: boolean;
  readonly timeZone: string;
  readonly survivesReboot: boolean;
}

/**
 * A camera's wall clock. It feeds GetSystemDateAndTime, the check of `Created`, the NTP field of RTCP sender reports and
 * the capture time in the picture. It runs on the monotonic clock, so a step of the host does not move it.
 */
export class VirtualClock {
  ntp: boolean;
  timeZone: string;
  /** Names of the NTP servers somebody set; they are stored and shown, never asked. */
  ntpServers: readonly string[] = ['ntp.site.example'];
  readonly #host: HostClock;
  readonly #survivesReboot: boolean;
  #driftPpm: number;
  #baseMonoMs: number;
  #baseWallMs: number;

  constructor(settings: VirtualClockSettings, host: HostClock = hostClock) {
    this.ntp = settings.ntp;
    this.timeZone = settings.timeZone;
    this.#host = host;
    this.#survivesReboot = settings.survivesReboot;
    this.#driftPpm = settings.driftPpm;
    this.#baseMonoMs = host.monoMs();
    this.#baseWallMs = host.wallMs() + settings.offsetMs;
  }

  /** The camera's idea of UTC in milliseconds, at monotonic instant `monoMs` (default: now). */
  wallMs(monoMs = this.#host.monoMs()): number {
    return this.#baseWallMs + (monoMs - this.#baseMonoMs) * (1 + this.#driftPpm / 1e6);
  }

  /** How far the camera is ahead of the host, in milliseconds. */
  offsetMs(): number {
    return this.wallMs() - this.#host.wallMs();
  }

  set(wallMs: number): void {
    this.#baseMonoMs = this.#host.monoMs();
    this.#baseWallMs = wallMs;
  }

  setOffset(offsetMs: number): void {
    this.set(this.#host.wallMs() + offsetMs);
  }

  step(byMs: number): void {
    this.set(this.wallMs() + byMs);
  }

  setDrift(driftPpm: number): void {
    this.set(this.wallMs());
    this.#driftPpm = driftPpm;
  }

  /** What a reboot does: NTP corrects the clock, a battery keeps it, and without either it is 1970 again. */
  reboot(): void {
    if (this.ntp) this.setOffset(0);
    else if (!this.#survivesReboot) this.set(0);
  }
}
