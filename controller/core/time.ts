/** Time as evidence needs it: a wall label, a monotonic reading and the boot it belongs to, always together. */

/**
 * One moment. `wallMs` is UTC milliseconds as the clock said then (a label, may be stepped later); `monoMs` is CLOCK_MONOTONIC
 * in milliseconds, shared by all processes of one boot (durations come from here); `boot` is the kernel's boot id.
 */
export interface Instant {
  readonly wallMs: number;
  readonly monoMs: number;
  readonly boot: string;
}

/** What is known about the wall clock's truth. `ntp`: the kernel says synchronised; `free`: it says not; `unknown`: nobody answers. */
export interface ClockState {
  readonly source: 'ntp' | 'free' | 'unknown';
}

/** The world's clock, given from outside so that rules and tests own time. */
export interface Clock {
  now(): Instant;
  state(): ClockState;
}

/** `instant` moved by `ms` (negative: earlier) on both scales. */
export function shift(instant: Instant, ms: number): Instant {
  return { wallMs: instant.wallMs + ms, monoMs: instant.monoMs + ms, boot: instant.boot };
}

/**
 * Milliseconds from `a` to `b`. Within one boot by the monotonic scale, so that a stepped wall clock changes no duration;
 * across boots only the wall labels are left to go by.
 */
export function between(a: Instant, b: Instant): number {
  return a.boot === b.boot ? b.monoMs - a.monoMs : b.wallMs - a.wallMs;
}

/** The earlier of two moments. */
export function earlier(a: Instant, b: Instant): Instant {
  return between(a, b) >= 0 ? a : b;
}

/** The later of two moments. */
export function later(a: Instant, b: Instant): Instant {
  return between(a, b) >= 0 ? b : a;
}
