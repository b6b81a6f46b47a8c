/**
 * The long form: random faults at random moments for as many minutes as are asked for, one verdict at the end of every claim and one
 * at the end of all. The same seed draws the same faults in the same order.
 *
 *   QUANCHENG_FAULTS_MINUTES=10 QUANCHENG_FAULTS_SEED=1 npx vitest run --config test/faults/vitest.long.config.ts
 *
 * A line for each fault; the last line is one JSON object.
 */
import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { TINY_AUDIO_LOOP_S, TINY_VIDEO, tinyCamera } from '../devices/virtual/test-site.ts';
import { seeded } from '../oracle/fragmented.ts';
import { RESULT_FILE } from './long.setup.ts';
import { drawFault, RANDOM_FAULTS } from './random-faults.ts';
import { Scenario, type ScenarioVerdict } from './scenario.ts';

const MINUTES = Number(process.env['QUANCHENG_FAULTS_MINUTES'] ?? 10);
const SEED = Number(process.env['QUANCHENG_FAULTS_SEED'] ?? Math.trunc(Date.now() / 1_000) % 1_000_000);
/** What the last recovery and the last verdict may take on top. */
const END_MS_MAX = 600_000;
const FAULTS_PER_CLAIM_MAX = 8;
const TWO_AT_ONCE = 0.3;

const CAMERAS = [
  tinyCamera({ id: 'plain', audio: 'aac' }),
  tinyCamera({ id: 'long-gop', audio: 'aac', video: { ...TINY_VIDEO, gopS: 4, loopS: 4 } }),
  tinyCamera({ id: 'g711', audio: 'pcmu', maxSessions: 1 }),
  tinyCamera({ id: 'silent', audio: 'none', video: { ...TINY_VIDEO, gopS: 0.5, fps: 20 } }),
  tinyCamera({ id: 'next-key', audio: 'aac', startAt: 'next-keyframe' }),
];
const MICROPHONE = {
  id: 'mic',
  kind: 'microphone',
  room: '第一听证室',
  name: '话筒',
  audio: 'aac',
  audioLoopS: TINY_AUDIO_LOOP_S,
} as const;

test(
  `${MINUTES} minutes of random faults`,
  async () => {
    const chance = seeded(SEED);
    const beginMs = performance.now();
    const isOver = () => performance.now() - beginMs > MINUTES * 60_000;
    const say = (text: string) =>
      console.log(`${((performance.now() - beginMs) / 1_000).toFixed(1).padStart(7)} s  ${text}`);
    say(`seed ${SEED}, ${MINUTES} minutes`);
    const scenario = await Scenario.begin([...CAMERAS, MICROPHONE], { shim: true, segmentMs: 2_000 });
    const found: string[] = [];
    let faults = 0;
    let claims = 0;

    const judge = async (isLast: boolean): Promise<ScenarioVerdict> => {
      const verdict = await scenario.verdict(isLast ? {} : { expected: ({ level }) => level === 'note' });
      for (const fault of verdict.faults.filter((one) => !found.includes(one))) {
        found.push(fault);
        say(`  NOT WELL: ${fault}`);
      }
      return verdict;
    };

    while (!isOver()) {
      await scenario.open();
      claims += 1;
      const count = 1 + Math.floor(chance() * FAULTS_PER_CLAIM_MAX);
      for (let drawn = 0; drawn < count && !isOver(); drawn++) {
        await new Promise((resolve) => setTimeout(resolve, 500 + chance() * 3_000));
        const fault = drawFault(chance);
        const camera = CAMERAS[Math.floor(chance() * CAMERAS.length)]?.id ?? '';
        const runs = [fault.run(scenario, camera, chance)];
        let said = fault.isOfCamera ? `${fault.name} of ${camera}` : fault.name;
        if (chance() < TWO_AT_ONCE) {
          const others = CAMERAS.filter(({ id }) => id !== camera);
          const second = drawFault(
            chance,
            RANDOM_FAULTS.filter(({ isOfCamera }) => isOfCamera),
          );
          const other = others[Math.floor(chance() * others.length)]?.id ?? '';
          runs.push(second.run(scenario, other, chance));
          said += `, and ${second.name} of ${other}`;
          faults += 1;
        }
        say(said);
        faults += 1;
        await Promise.all(runs);
        await scenario.growing();
      }
      await scenario.close();
      await judge(false);
      say(`claim ${claims} is closed`);
    }

    // What a disk refused to answer for is taken in, or set aside, by a fresh start; then nothing may be left unexplained.
    await scenario.rig.kill('SIGTERM');
    await scenario.rig.start();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const { streams } = await judge(true);
    const sum = (of: (one: (typeof streams)[number]) => number) => streams.reduce((total, one) => total + of(one), 0);
    writeFileSync(
      RESULT_FILE,
      JSON.stringify({
        seed: SEED,
        minutes: MINUTES,
        faults,
        claims,
        framesSent: sum((one) => one.framesSent),
        framesKept: sum((one) => one.framesKept),
        gapsMs: sum((one) => one.gapsMs),
        ok: found.length === 0,
      }),
    );
    expect(found).toEqual([]);
  },
  MINUTES * 60_000 + END_MS_MAX,
);
