/**
 * A machine without breath: the processor taken away, the recorder itself stopped for seconds, a disk that stands still while memory is
 * short. What memory and the lines can hold is not lost, and what they cannot is in the ledger.
 */
import { spawn } from 'node:child_process';
import { expect, onTestFinished, test } from 'vitest';
import type { SegmentFact } from '../../controller/core/facts.ts';
import { tinyCamera } from '../devices/virtual/test-site.ts';
import { until } from '../recorder/rig.ts';
import { Scenario, type ScenarioVerdict } from './scenario.ts';

const CAMERAS = [tinyCamera({ id: 'one', audio: 'aac' }), tinyCamera({ id: 'two', audio: 'pcma' })];
const STARVED_S = 4;
const LOOPS = 3;
const HALTED_MS = 4_000;

const MIB = 1024 * 1024;
/** Large pictures, so that a stall of seconds fills what a stall of a minute fills otherwise. */
const LARGE = { width: 1920, height: 1080, fps: 25, bitrateKbps: 8_000, gopS: 1, loopS: 2 } as const;
const LARGE_CAMERAS = ['one', 'two'].map((id) => tinyCamera({ id, audio: 'pcma', video: LARGE }));
/** The least that a stream gets, and a JavaScript heap in which nothing but the program itself has room. */
const RING_MIB = 4;
const SHORT_OF_MEMORY = { QUANCHENG_MEMORY_MIB: `${RING_MIB}`, NODE_OPTIONS: '--max-old-space-size=32' };
/** 60 s at 8 Mbit/s is this part of the 64 MiB that a stream has on a machine with enough memory. */
const A_MINUTE = 60_000_000 / (64 * MIB);

/** Lets every sync that begins within the next moments take so long as media need to fill `share` of a stream's memory. */
async function stallDisk(scenario: Scenario, share: number): Promise<void> {
  await scenario.open();
  // A loop is two segments.
  await scenario.grown(3);
  const bytesPerMs = (id: string) => {
    const loop = scenario.rig.segments(id).slice(-2);
    const sum = (of: (segment: SegmentFact) => number) => loop.reduce((total, segment) => total + of(segment), 0);
    return sum(({ bytes }) => bytes) / sum(({ mediaFromMs, mediaToMs }) => mediaToMs - mediaFromMs);
  };
  const stallMs = Math.round((share * RING_MIB * MIB) / Math.max(...scenario.ids.map(bytesPerMs)));
  scenario.rig.shim?.rules({ call: 'sync', on: '.mp4', delayMs: stallMs });
  // Until every stream stands: its memory fills, and no sync returns.
  await until(() => scenario.ids.every((id) => (scenario.rig.stream(id)?.ringMs ?? 0) > 1_500));
  scenario.rig.shim?.rules();
}

/**
 * When a sync that took many seconds returns, bytes have reached the disk just then (invariant 1), although the file has not grown for as
 * long: the watch from outside cannot know that.
 */
function withoutWatch(scenario: Scenario, verdict: ScenarioVerdict): string[] {
  return verdict.faults.filter((fault) => !scenario.watch.faults.includes(fault));
}

test('the processor is starved for a few seconds: not a frame lost', async () => {
  const scenario = await Scenario.begin(CAMERAS);
  await scenario.open();
  await scenario.grown(1);
  const loops = Array.from({ length: LOOPS }, () =>
    spawn('timeout', [`${STARVED_S}`, 'sh', '-c', 'while :; do :; done'], { stdio: 'ignore' }),
  );
  onTestFinished(() => {
    for (const loop of loops) loop.kill();
  });
  await Promise.all(loops.map((loop) => new Promise((resolve) => loop.once('exit', resolve))));
  await scenario.grown(1);
  await scenario.close();
  const verdict = await scenario.verdict();
  expect(verdict.faults).toEqual([]);
  for (const one of verdict.streams) expect(one, one.stream).toMatchObject({ framesMissing: 0, gapsMs: 0 });
});

test('the recorder stands still for 4 s and goes on: nothing is called a stall, not a frame lost', async () => {
  const scenario = await Scenario.begin(CAMERAS);
  await scenario.open();
  await scenario.grown(1);
  process.kill(scenario.rig.pid, 'SIGSTOP');
  await new Promise((resolve) => setTimeout(resolve, HALTED_MS));
  process.kill(scenario.rig.pid, 'SIGCONT');
  await scenario.growing();
  await scenario.grown(1);
  await scenario.close();
  const verdict = await scenario.verdict();
  expect(verdict.faults).toEqual([]);
  for (const one of verdict.streams) expect(one, one.stream).toMatchObject({ framesMissing: 0, gapsMs: 0 });
});

test('the disk stands still for as long as a minute at 8 Mbit/s is in memory, and the heap is small: not a frame lost', async () => {
  const scenario = await Scenario.begin(LARGE_CAMERAS, { shim: true, environment: SHORT_OF_MEMORY });
  await stallDisk(scenario, A_MINUTE);
  await scenario.growing();
  await scenario.grown(1);
  await scenario.close();
  const verdict = await scenario.verdict();
  expect(withoutWatch(scenario, verdict)).toEqual([]);
  for (const one of verdict.streams) expect(one, one.stream).toMatchObject({ framesMissing: 0, gapsMs: 0 });
}, 120_000);

test('the disk stands still for longer than memory holds: the recorder lives, and what had to go is in the ledger as memory-full', async () => {
  const scenario = await Scenario.begin(LARGE_CAMERAS, { shim: true, environment: SHORT_OF_MEMORY });
  const { pid } = scenario.rig;
  await stallDisk(scenario, 2);
  const most = () => Math.max(...scenario.ids.map((id) => scenario.rig.stream(id)?.ringBytes ?? 0));
  await until(() => most() > 0.8 * RING_MIB * MIB);
  expect(most()).toBeLessThanOrEqual(RING_MIB * MIB);
  await scenario.growing();
  await scenario.grown(1);
  await scenario.close();
  expect(scenario.rig.pid).toBe(pid);
  const verdict = await scenario.verdict();
  expect(withoutWatch(scenario, verdict)).toEqual([]);
  for (const { stream, gapCauses } of verdict.streams) expect([...new Set(gapCauses)], stream).toEqual(['memory-full']);
}, 120_000);
