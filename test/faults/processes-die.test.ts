/** Processes that die at any moment: ffmpeg, the recorder, all at once, while opening, closing and changing files. */
import { readdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { layoutOf } from '../../controller/ledger/layout.ts';
import { tinyCamera } from '../devices/virtual/test-site.ts';
import { seeded } from '../oracle/fragmented.ts';
import { until } from '../recorder/rig.ts';
import { Scenario, type ScenarioVerdict } from './scenario.ts';

/** What is promised, and what a loaded test machine may add to it. */
const FFMPEG_GAP_MS_MAX = 1_500;
const RECORDER_GAP_MS_MAX = 3_000;
const LOADED_MS = 1_500;
const RANDOM_KILLS = 3;
const SEED = Number(process.env['QUANCHENG_FAULTS_SEED'] ?? 20_261);

const CAMERAS = [
  tinyCamera({ id: 'one', audio: 'aac' }),
  tinyCamera({ id: 'two', audio: 'pcma' }),
  tinyCamera({ id: 'three', audio: 'none' }),
];

/**
 * No gap longer than the bound, and all for this cause. A recorder that is back before the camera's newest group of pictures is over
 * gets these pictures once more, and there may be no gap at all.
 */
function expectGaps(verdict: ScenarioVerdict, cause: string, maxMs: number): void {
  for (const { stream, gapCauses, longestGapMs } of verdict.streams) {
    for (const code of gapCauses) expect(code, stream).toBe(cause);
    expect(longestGapMs, stream).toBeLessThan(maxMs + LOADED_MS);
  }
}

test('one ffmpeg is killed: its stream has one short gap, the others lose no frame', async () => {
  const scenario = await Scenario.begin(CAMERAS);
  await scenario.open();
  await scenario.grown(1);
  const [victim] = await scenario.rig.children();
  process.kill(victim ?? 0, 'SIGKILL');
  await until(() => scenario.rig.facts('run-ended').length > 0);
  await scenario.grown(2);
  await scenario.close();
  const verdict = await scenario.verdict();
  expect(verdict.faults).toEqual([]);
  expect(scenario.rig.facts('run-ended')[0]?.exit).toBe('SIGKILL');
  const killed = scenario.rig.facts('run-ended')[0]?.stream;
  for (const { stream, longestGapMs, framesMissing } of verdict.streams) {
    if (stream === killed) expect(longestGapMs).toBeLessThan(FFMPEG_GAP_MS_MAX + LOADED_MS);
    else expect({ longestGapMs, framesMissing }, stream).toEqual({ longestGapMs: 0, framesMissing: 0 });
  }
});

test(`kill -9 of the recorder at moments drawn from seed ${SEED}: it takes up its claims by itself, each time one short gap`, async () => {
  const random = seeded(SEED);
  const scenario = await Scenario.begin(CAMERAS);
  await scenario.open();
  for (let kill = 0; kill < RANDOM_KILLS; kill++) {
    const pauseMs = 500 + random() * 2_000;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    await scenario.rig.kill('SIGKILL');
    await scenario.rig.start();
    await scenario.growing();
  }
  await scenario.close();
  const verdict = await scenario.verdict();
  expect(verdict.faults).toEqual([]);
  expect(scenario.rig.facts('recorder-started').map(({ before }) => before)).toEqual([
    'first-start',
    ...Array.from({ length: RANDOM_KILLS }, () => 'killed'),
  ]);
  expectGaps(verdict, 'recorder-killed', RECORDER_GAP_MS_MAX);
});

test('recorder and all its ffmpegs die in the moment in which a new file appears: it is taken in or set aside, never lost', async () => {
  const scenario = await Scenario.begin(CAMERAS, { segmentMs: 1_000 });
  await scenario.open();
  const { media } = layoutOf(scenario.rig.folder);
  const files = async () => (await readdir(media, { recursive: true })).filter((name) => name.endsWith('.mp4')).length;
  await scenario.grown(1);
  const before = await files();
  await until(async () => (await files()) > before);
  await scenario.rig.killAll();
  await scenario.rig.start();
  await scenario.growing();
  await scenario.close();
  const verdict = await scenario.verdict();
  expect(verdict.faults).toEqual([]);
  expectGaps(verdict, 'recorder-killed', RECORDER_GAP_MS_MAX);
});

test('the recorder dies while a claim is being opened, and while it is being closed: both happen all the same', async () => {
  const scenario = await Scenario.begin(CAMERAS);
  await scenario.arm();
  const claim = scenario.press();
  // The wish has reached the disk; whether a first frame has is a matter of luck.
  await until(() => scenario.rig.facts('claim-begun').length > 0);
  await scenario.rig.kill('SIGKILL');
  await scenario.rig.start();
  scenario.wishAgain();
  await scenario.growing();
  expect(scenario.rig.facts('claim-begun').filter((fact) => fact.claim === claim.id)).toHaveLength(CAMERAS.length);
  await scenario.grown(1);
  scenario.release();
  await scenario.rig.kill('SIGKILL');
  await scenario.rig.start();
  scenario.wishAgain();
  await scenario.ended();
  const verdict = await scenario.verdict();
  expect(verdict.faults).toEqual([]);
  expect(scenario.rig.facts('claim-ended')).toHaveLength(CAMERAS.length);
});

test('SIGTERM and a new start in mid-claim: files are closed, the gap says that it was stopped', async () => {
  const scenario = await Scenario.begin(CAMERAS);
  await scenario.open();
  await scenario.grown(1);
  expect(await scenario.rig.kill('SIGTERM')).toBe(0);
  await scenario.rig.start();
  await scenario.growing();
  await scenario.close();
  const verdict = await scenario.verdict();
  expect(verdict.faults).toEqual([]);
  expectGaps(verdict, 'recorder-stopped', RECORDER_GAP_MS_MAX);
  expect(scenario.rig.facts('segment').every(({ adopted }) => !adopted)).toBe(true);
});
