/** Cameras and lines that break in mid-claim, all in one house at once: each has its gap with its cause, and nobody else feels it. */
import { expect, test } from 'vitest';
import type { VirtualDeviceSpec } from '../../devices/virtual/spec.ts';
import { TINY_AUDIO_LOOP_S, TINY_VIDEO, tinyCamera } from '../devices/virtual/test-site.ts';
import { run } from '../oracle/frames.ts';
import { assertTonesComplete, readTonesOfRun } from '../oracle/tones.ts';
import { until } from '../recorder/rig.ts';
import { Scenario } from './scenario.ts';

const STALL_NOTICED_MS_MAX = 3_000;
const BACK_MS_MAX = 2_000;
const LOADED_MS = 2_000;
/** How long the sound is there before the picture. */
const SOUND_FIRST_MS = 1_500;
const YEAR_MS = 365 * 24 * 3_600_000;
/** The virtual cameras send one so often; segments here are a second long. */
const SENDER_REPORT_S = 5;
/** What the encoder of G.711 adds, on a loaded machine. */
const PLACED_OFF_MS_MAX = 300;
/** Long enough for a stall to be noticed and the first new attempts to fail. */
const HARM_MS = 5_000;

const HARMED = ['frozen', 'reset', 'dropped', 'deaf', 'away', 'rebooted'];
/** Of these, what is away for seconds; the others are back so soon that what they sent before may fill the hole. */
const AWAY = ['frozen', 'deaf', 'away', 'rebooted'];
/** The connection goes on, and so must the recording, under the same or a new timeline. */
const SHAKEN = ['clock-to-zero', 'clock-steps', 'resized', 'other-codec', 'other-sound', 'drifts'];
const UNHARMED = ['good', 'burst', 'sound-dies', 'same-picture'];

test('frozen, reset, cut, half-open, unplugged, rebooted, with new clocks and old bursts: the others lose no frame', async () => {
  const microphone: VirtualDeviceSpec = {
    id: 'mic',
    kind: 'microphone',
    room: '第一听证室',
    name: '话筒',
    audio: 'aac',
    audioLoopS: TINY_AUDIO_LOOP_S,
  };
  const cameras = [...HARMED, ...SHAKEN, ...UNHARMED].map((id) =>
    tinyCamera({ id, audio: id === 'frozen' ? 'none' : 'aac' }),
  );
  const scenario = await Scenario.begin([...cameras, microphone]);
  await scenario.open();
  await scenario.grown(1);

  const { rig } = scenario;
  const device = (id: string) => scenario.device(id);
  const frozenAtMs = performance.now();
  device('frozen').freeze('packets');
  device('reset').reset();
  device('dropped').drop();
  device('deaf').goDeaf();
  device('away').leave();
  const rebooted = device('rebooted').reboot(1_500);
  device('clock-to-zero').restartTimestamps();
  device('burst').holdBack(2_000);
  device('sound-dies').freeze('audio');
  device('same-picture').freeze('picture');
  device('clock-steps').stepClock(-3_600_000);
  device('drifts').setDrift(500);
  const changed = [
    device('resized').changeVideo({ width: 256, height: 144 }),
    device('other-codec').changeVideo({ codec: 'h265' }),
    device('other-sound').setAudio('pcma'),
  ];

  await until(() => rig.stream('frozen')?.phase === 'lost');
  expect(performance.now() - frozenAtMs).toBeLessThan(STALL_NOTICED_MS_MAX + LOADED_MS);
  expect(rig.stream('frozen')?.cause?.code).toBe('camera-stalled');
  await until(() => performance.now() - frozenAtMs > HARM_MS);
  await Promise.all([rebooted, ...changed]);
  const thawedAtMs = performance.now();
  device('frozen').freeze('off');
  device('deaf').hearAgain();
  device('away').comeBack();
  await scenario.growing('frozen');
  expect(performance.now() - thawedAtMs).toBeLessThan(BACK_MS_MAX + LOADED_MS);
  await scenario.growing();
  await scenario.grown(1);
  await scenario.close();

  const verdict = await scenario.verdict();
  expect(verdict.faults).toEqual([]);
  for (const id of [...UNHARMED, 'mic'])
    expect(verdict.of(id), id).toMatchObject({ framesMissing: 0, gapsMs: 0, gapCauses: [] });
  for (const id of AWAY) expect(verdict.of(id).gapCauses.length, id).toBeGreaterThan(0);
  expect(verdict.of('frozen').gapCauses).toEqual(['camera-stalled']);
  expect(rig.facts('run-begun').filter(({ stream }) => UNHARMED.includes(stream))).toHaveLength(UNHARMED.length);
  for (const file of rig.files('resized'))
    await run('ffmpeg', ['-v', 'error', '-xerror', '-i', file, '-f', 'null', '-']);
  assertTonesComplete(await readTonesOfRun(rig.files('mic'), TINY_AUDIO_LOOP_S), TINY_AUDIO_LOOP_S);
}, 120_000);

test('Q04 the timestamps jump by 100 s, ahead and back, and the next sender report takes them back: not a frame is lost', async () => {
  const cameras = [
    tinyCamera({ id: 'ahead', audio: 'aac' }),
    tinyCamera({ id: 'back', audio: 'aac' }),
    tinyCamera({ id: 'encoded', audio: 'pcmu' }),
    tinyCamera({ id: 'no-sound', audio: 'none' }),
    tinyCamera({ id: 'from-zero', audio: 'aac', video: { ...TINY_VIDEO, gopS: 4, loopS: 4 } }),
    tinyCamera({ id: 'other-year', audio: 'aac' }),
  ];
  const scenario = await Scenario.begin(cameras);
  await scenario.open();
  await scenario.grown(1, 'ahead');
  scenario.device('ahead').jumpTimestamps(100_000);
  scenario.device('back').jumpTimestamps(-100_000);
  scenario.device('encoded').jumpTimestamps(-100_000);
  scenario.device('no-sound').jumpTimestamps(-100_000);
  scenario.device('from-zero').restartTimestamps();
  scenario.device('other-year').stepClock(-YEAR_MS);
  await scenario.grown(SENDER_REPORT_S + 2, 'ahead');
  await scenario.close();
  const verdict = await scenario.verdict();
  expect(verdict.faults).toEqual([]);
  for (const { id } of cameras) {
    expect(verdict.of(id), id).toMatchObject({ framesMissing: 0, gapsMs: 0 });
    expect(Math.abs(verdict.of(id).placedOffMs), id).toBeLessThan(PLACED_OFF_MS_MAX);
    const runs = scenario.rig.facts('run-begun').filter(({ stream }) => stream === id);
    expect(runs, id).toHaveLength(1);
  }
}, 120_000);

test('Q02 a frozen camera whose sound comes back before its picture: the time without picture is in the ledger', async () => {
  const scenario = await Scenario.begin([tinyCamera({ id: 'one', audio: 'aac', video: { ...TINY_VIDEO, gopS: 2 } })]);
  await scenario.open();
  await scenario.grown(1);
  scenario.device('one').freeze('packets');
  await until(() => scenario.rig.stream('one')?.phase === 'lost');
  await until(() => scenario.device('one').state().sessions > 0);
  scenario.device('one').freeze('video');
  const soundAtMs = performance.now();
  await until(() => performance.now() - soundAtMs > SOUND_FIRST_MS);
  scenario.device('one').freeze('off');
  await scenario.growing();
  await scenario.grown(1);
  await scenario.close();
  expect((await scenario.verdict()).faults).toEqual([]);
}, 120_000);

test('Q04 a new SSRC in mid-session: a picture that lost its first packet is kept, and that it did is said', async () => {
  const scenario = await Scenario.begin([tinyCamera({ id: 'one', audio: 'aac' })]);
  await scenario.open();
  await scenario.grown(1);
  scenario.device('one').newSsrc();
  await until(() => scenario.rig.stream('one')?.warnings.some(({ code }) => code === 'packets-lost') === true);
  await scenario.grown(2);
  await scenario.close();
  const verdict = await scenario.verdict();
  expect(verdict.faults).toEqual([]);
  expect(verdict.of('one')).toMatchObject({ gapsMs: 0 });
  // One packet of the picture and one of the sound; ffmpeg does not always speak of both.
  const lost = scenario.rig.segments('one').map(({ lostPackets = 0 }) => lostPackets);
  expect([1, 2]).toContain(lost.reduce((sum, packets) => sum + packets, 0));
}, 120_000);
