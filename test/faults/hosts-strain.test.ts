/** A machine without breath: the processor taken away, the recorder itself stopped for seconds. What the lines buffer is not lost. */
import { spawn } from 'node:child_process';
import { expect, onTestFinished, test } from 'vitest';
import { tinyCamera } from '../devices/virtual/test-site.ts';
import { Scenario } from './scenario.ts';

const CAMERAS = [tinyCamera({ id: 'one', audio: 'aac' }), tinyCamera({ id: 'two', audio: 'pcma' })];
const STARVED_S = 4;
const LOOPS = 3;
const HALTED_MS = 4_000;

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
