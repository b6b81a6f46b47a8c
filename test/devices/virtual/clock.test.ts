// A camera's clock is wrong in the ways it was told to be, whatever the host does.

import { expect, test } from 'vitest';
import { type HostClock, VirtualClock } from '../../../devices/virtual/clock.ts';

const settings = { offsetMs: 0, driftPpm: 0, ntp: false, timeZone: 'CST-8', survivesReboot: true };

function host(): HostClock & { mono: number; wall: number } {
  return {
    mono: 1_000,
    wall: 1_800_000_000_000,
    monoMs() {
      return this.mono;
    },
    wallMs() {
      return this.wall;
    },
  };
}

test('it runs on the monotonic clock: a step of the host does not move it', () => {
  const machine = host();
  const clock = new VirtualClock({ ...settings, offsetMs: 5_000 }, machine);
  machine.mono += 2_000;
  machine.wall += 2_000 + 3_600_000;
  expect(clock.wallMs()).toBe(1_800_000_007_000);
  expect(clock.offsetMs()).toBe(5_000 - 3_600_000);
});

test('drift adds up, and changing it does not step', () => {
  const machine = host();
  const clock = new VirtualClock({ ...settings, driftPpm: 100 }, machine);
  machine.mono += 1_000_000;
  expect(clock.wallMs()).toBeCloseTo(1_800_001_000_100, 6);
  clock.setDrift(0);
  expect(clock.wallMs()).toBeCloseTo(1_800_001_000_100, 6);
});

test('step and set move it', () => {
  const machine = host();
  const clock = new VirtualClock(settings, machine);
  clock.step(-60_000);
  expect(clock.offsetMs()).toBe(-60_000);
  clock.set(0);
  machine.mono += 10;
  expect(clock.wallMs()).toBe(10);
});

test.each([
  ['a battery keeps the time', { survivesReboot: true }, 7_000],
  ['NTP puts it right', { ntp: true, survivesReboot: false }, 0],
  ['without either it is 1970', { survivesReboot: false }, -1_800_000_000_000],
])('over a reboot %s', (_, differences, offsetMs) => {
  const clock = new VirtualClock({ ...settings, offsetMs: 7_000, ...differences }, host());
  clock.reboot();
  expect(clock.offsetMs()).toBe(offsetMs);
});
