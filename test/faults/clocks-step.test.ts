/** Wall clocks that step while recording, a machine that starts in 1970, a zone with summer time: no second is lost, stretched or told twice. */
import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { between } from '../../controller/core/time.ts';
import { tinyCamera } from '../devices/virtual/test-site.ts';
import { until } from '../recorder/rig.ts';
import { Scenario } from './scenario.ts';

/** Where Debian's libfaketime lies; the multi-threaded one, because Node has threads. */
const FAKETIME = ['x86_64-linux-gnu', 'aarch64-linux-gnu']
  .map((machine) => `/usr/lib/${machine}/faketime/libfaketimeMT.so.1`)
  .find(existsSync);
/** A camera that begins with what it sent before could fill the hole that a killed recorder leaves. */
const CAMERAS = [
  tinyCamera({ id: 'one', audio: 'aac', startAt: 'next-keyframe' }),
  tinyCamera({ id: 'two', audio: 'none', startAt: 'next-keyframe' }),
];

/** A wall clock that a test can set for a recorder; its monotonic clock stays true. */
class FalseClock {
  readonly #folder = mkdtempSync(join(tmpdir(), 'quancheng-clock-'));

  constructor(first: string) {
    onTestFinished(() => rmSync(this.#folder, { recursive: true, force: true }));
    this.set(first);
  }

  /** `+3600`: an hour ahead of the truth; `@1970-01-01 00:00:20`: it begins there. */
  set(time: string): void {
    writeFileSync(join(this.#folder, 'next'), `${time}\n`);
    renameSync(join(this.#folder, 'next'), join(this.#folder, 'time'));
  }

  get environment(): { readonly [name: string]: string } {
    if (FAKETIME === undefined) throw new Error('libfaketime is not there: apt-get install faketime');
    return {
      LD_PRELOAD: FAKETIME,
      FAKETIME_TIMESTAMP_FILE: join(this.#folder, 'time'),
      FAKETIME_CACHE_DURATION: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    };
  }
}

async function expectNothingLost(scenario: Scenario): Promise<void> {
  const verdict = await scenario.verdict();
  expect(verdict.faults).toEqual([]);
  for (const one of verdict.streams) expect(one, one.stream).toMatchObject({ framesMissing: 0, gapsMs: 0 });
  for (const segment of scenario.rig.facts('segment')) {
    const lengthMs = between(segment.from, segment.to);
    expect(lengthMs, `${segment.stream} ${segment.sequence}`).toBeGreaterThan(0);
    expect(Math.abs(lengthMs - (segment.mediaToMs - segment.mediaFromMs))).toBeLessThan(50);
  }
}

test('the clock of the machine steps an hour back and two ahead: not a frame lost, and each step is written down', async () => {
  const clock = new FalseClock('+0');
  const scenario = await Scenario.begin(CAMERAS, { environment: clock.environment });
  await scenario.open();
  await scenario.grown(1);
  clock.set('-3600');
  await until(() => scenario.rig.facts('clock-stepped').length === 1);
  await scenario.grown(1);
  clock.set('+3600');
  await until(() => scenario.rig.facts('clock-stepped').length === 2);
  await scenario.grown(1);
  await scenario.close();
  const [back, ahead] = scenario.rig.facts('clock-stepped');
  expect(back?.byMs).toBeCloseTo(-3_600_000, -3);
  expect(ahead?.byMs).toBeCloseTo(7_200_000, -3);
  await expectNothingLost(scenario);
});

test('a machine that starts in 1970 and is set right in mid-claim, in a zone with summer time', async () => {
  const clock = new FalseClock('@1970-01-01 00:00:20');
  const scenario = await Scenario.begin(CAMERAS, {
    environment: { ...clock.environment, TZ: 'America/New_York' },
  });
  await scenario.open();
  await scenario.grown(1);
  clock.set('+0');
  await until(() => scenario.rig.facts('clock-stepped').length === 1);
  await scenario.grown(1);
  // A kill after the step: what was labelled 1970 and what is labelled today are still one claim.
  await scenario.rig.kill('SIGKILL');
  await scenario.rig.start();
  await scenario.growing();
  await scenario.close();
  const verdict = await scenario.verdict();
  expect(verdict.faults).toEqual([]);
  // At most one: a camera's newest pictures, sent once more, may reach back over a short death.
  for (const { stream, gapCauses } of verdict.streams)
    expect(['', 'recorder-killed'], stream).toContain(gapCauses.join());
});

test('New York in the night in which the hour between 1 and 2 o’clock comes twice: labels are UTC, and nothing notices', async () => {
  const clock = new FalseClock('@2026-11-01 05:59:56');
  const scenario = await Scenario.begin(CAMERAS, {
    environment: { ...clock.environment, TZ: 'America/New_York' },
  });
  await scenario.open();
  await scenario.grown(3);
  await scenario.close();
  expect(scenario.rig.facts('clock-stepped')).toEqual([]);
  const labels = scenario.rig.segments('one').map(({ from }) => from.wallMs);
  expect(labels).toEqual([...labels].sort((a, b) => a - b));
  await expectNothingLost(scenario);
});
