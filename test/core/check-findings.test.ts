/** What a check finds: each thing that can be wrong, and that nothing is called good that nobody saw. */
import { expect, test } from 'vitest';
import { type CheckInputs, checkFindings, type Sense, verdictOf } from '../../controller/core/check-findings.ts';
import type { SegmentFact } from '../../controller/core/facts.ts';
import type { RecorderStatus } from '../../controller/core/recording.ts';
import type { DevicePlan } from '../../controller/core/site-plan.ts';
import { shift } from '../../controller/core/time.ts';
import { STREAMS, T0 } from './session-scene.ts';

const device = (id: string, kind: DevicePlan['kind']): DevicePlan => ({
  ...{
    id,
    kind,
    room: 'r1',
    name: id,
    mandatory: true,
    source: { rtsp: 'rtsp://x' },
    transport: 'auto',
    audio: 'auto',
  },
  login: null,
});
const segment = (ms: number, videoFrames: number, audioFrames: number) =>
  ({ mediaFromMs: 0, mediaToMs: ms, videoFrames, audioFrames }) as SegmentFact;
const NOW = shift(T0, 7_000);
const STATUS = { at: NOW, streams: {} } as unknown as RecorderStatus;
const LIVELY: Sense = { isMoving: true, hasSound: true, isDark: false };

function found(change: Partial<CheckInputs> = {}): { readonly verdict: string; readonly bad: readonly string[] } {
  const findings = checkFindings({
    check: {
      ...{ id: 'C1', room: 'r1', session: null, by: 'li', from: T0, to: shift(T0, 6_000), streams: STREAMS },
      ...{ done: null, heard: null },
    },
    now: NOW,
    devices: [device('cam', 'camera'), device('mic', 'microphone')],
    status: STATUS,
    clock: { source: 'ntp' },
    hoursLeft: 100,
    kept: (stream) => (stream === 'cam' ? [segment(6_000, 150, 0)] : [segment(6_000, 0, 280)]),
    sense: () => LIVELY,
    ...change,
  });
  return {
    verdict: verdictOf(findings),
    bad: findings
      .filter(({ isGood }) => isGood !== true)
      .map(({ what, stream, isGood }) => `${what} ${stream} ${isGood}`),
  };
}

test('everything is good', () => {
  expect(found()).toEqual({ verdict: 'passed', bad: [] });
});

test('a recorder that does not answer, a disk that is nearly full', () => {
  expect(found({ status: null })).toEqual({ verdict: 'warned', bad: ['recorder null false'] });
  expect(found({ hoursLeft: 7 })).toEqual({ verdict: 'warned', bad: ['disk null false'] });
});

test('what nobody can know yet is said, and costs nothing: the rate of a first day, the state of a clock', () => {
  expect(found({ hoursLeft: null })).toEqual({ verdict: 'passed', bad: ['disk null null'] });
  expect(found({ clock: { source: 'unknown' } })).toEqual({ verdict: 'passed', bad: ['clock null null'] });
  expect(found({ clock: { source: 'free' } })).toEqual({ verdict: 'passed', bad: ['clock null false'] });
});

test('a stream of which nothing, or too little, came to the disk', () => {
  expect(found({ kept: () => [] }).bad).toEqual([
    'kept cam false',
    'picture cam false',
    'kept mic false',
    'sound mic false',
  ]);
  expect(found({ kept: () => [segment(2_000, 50, 90)] })).toMatchObject({ verdict: 'warned' });
  // A camera that slept needs its time to wake.
  expect(found({ kept: () => [segment(3_100, 50, 90)] })).toMatchObject({ verdict: 'passed' });
});

test('a picture that stands still or is dark, and a line that is dead', () => {
  expect(found({ sense: () => ({ ...LIVELY, isMoving: false }) }).bad).toEqual(['picture cam false']);
  expect(found({ sense: () => ({ ...LIVELY, isDark: true }) }).bad).toEqual(['picture cam false']);
  expect(found({ sense: () => ({ ...LIVELY, hasSound: false }) }).bad).toEqual(['sound mic false']);
});

test('a picture that nobody could look at counts by its frames; sound that nobody could hear is not called good', () => {
  expect(found({ sense: () => null })).toEqual({ verdict: 'warned', bad: ['sound mic null'] });
});
