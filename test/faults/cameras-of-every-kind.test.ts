/** Every kind of camera and microphone in one house: no frame and no second of sound is missing from any of them. */
import { expect, test } from 'vitest';
import type { VirtualDeviceSpec } from '../../devices/virtual/spec.ts';
import { TINY_AUDIO_LOOP_S, TINY_VIDEO, tinyCamera } from '../devices/virtual/test-site.ts';
import { assertTonesComplete, readTonesOfRun } from '../oracle/tones.ts';
import { Scenario } from './scenario.ts';

/** Sound of every codec; all but AAC is encoded anew. */
const SOUNDS = ['aac', 'pcma', 'pcmu', 'l16', 'opus'] as const;
const JITTER_MS = 15;

const KINDS: readonly VirtualDeviceSpec[] = [
  ...SOUNDS.map((audio) => tinyCamera({ id: audio, audio })),
  tinyCamera({ id: 'no-sound', audio: 'none' }),
  tinyCamera({ id: 'gop-half', audio: 'none', video: { ...TINY_VIDEO, gopS: 0.5, fps: 20 } }),
  tinyCamera({ id: 'gop-ten', audio: 'aac', video: { ...TINY_VIDEO, gopS: 10, loopS: 10 } }),
  tinyCamera({ id: 'h265', audio: 'aac', video: { ...TINY_VIDEO, codec: 'h265' } }),
  tinyCamera({ id: 'h265-no-sprop', audio: 'none', sprop: 'none', video: { ...TINY_VIDEO, codec: 'h265' } }),
  tinyCamera({ id: 'b-frames', audio: 'aac', video: { ...TINY_VIDEO, bFrames: 2 } }),
  tinyCamera({ id: 'no-sprop', audio: 'aac', sprop: 'none' }),
  tinyCamera({ id: 'uneven', audio: 'aac', fpsJitterMs: JITTER_MS }),
  tinyCamera({ id: 'fast', audio: 'aac', driftPpm: 500 }),
  tinyCamera({ id: 'slow', audio: 'aac', driftPpm: -500 }),
  tinyCamera({ id: 'one-session', audio: 'none', maxSessions: 1 }),
  {
    id: 'mic',
    kind: 'microphone',
    room: '第一听证室',
    name: '话筒',
    audio: 'aac',
    audioLoopS: TINY_AUDIO_LOOP_S,
  },
];

test('every codec, GOPs of half a second and of ten, B-frames, no parameter sets, uneven, fast and slow, one session: whole', async () => {
  const scenario = await Scenario.begin(KINDS);
  await scenario.open();
  await scenario.grown(6, ...KINDS.map(({ id }) => id).filter((id) => id !== 'gop-ten'));
  await scenario.close();
  const verdict = await scenario.verdict({ unevenMs: { uneven: JITTER_MS } });
  expect(verdict.faults).toEqual([]);
  for (const one of verdict.streams)
    expect(one, one.stream).toMatchObject({ framesMissing: 0, gapsMs: 0, gapCauses: [] });
  for (const { id, kind } of KINDS) {
    if (kind === 'camera') expect(verdict.of(id).framesKept, id).toBeGreaterThan(100);
    expect(
      scenario.rig.facts('run-begun').filter(({ stream }) => stream === id),
      id,
    ).toHaveLength(1);
  }
  for (const id of [...SOUNDS, 'mic']) {
    const tones = await readTonesOfRun(scenario.rig.files(id), TINY_AUDIO_LOOP_S);
    expect(() => assertTonesComplete(tones, TINY_AUDIO_LOOP_S), id).not.toThrow();
    expect(tones.durationS, id).toBeGreaterThan(5);
  }
}, 180_000);
