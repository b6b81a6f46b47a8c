/** Every benchmark runs to its end in its smallest form and says its figures in one line; how good they are is not judged here. */
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

const RUN = new URL('run.mjs', import.meta.url).pathname;

function lastLine(...args: readonly string[]): { readonly [key: string]: number | null } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [RUN, ...args], { encoding: 'utf8' });
  expect({ status, stderr }, stdout).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}

test('record: cost and frames against bare ffmpeg', () => {
  const result = lastLine('record', '--tiny', '--streams', '1,2', '--seconds', '3');
  expect(Object.keys(result)).toEqual(['cpuRatio', 'memoryRatio', 'framesLost', 'flatness']);
  expect(result['cpuRatio']).toBeGreaterThan(0);
  expect(result['framesLost'], 'the one figure that no machine excuses').toBe(0);
}, 180_000);

test('start: armed and cold presses', () => {
  const result = lastLine('start', '--tiny', '--presses', '3', '--cold', '1');
  expect(Object.keys(result)).toEqual(['armedMedianMs', 'armedP99Ms', 'coldP99Ms']);
  for (const value of Object.values(result)) expect(value).toBeGreaterThan(0);
}, 180_000);

test('recover: one death of each kind', () => {
  const result = lastLine('recover', '--tiny', '--times', '1');
  expect(Object.keys(result)).toEqual([
    'controllerKillFramesLost',
    'ffmpegKillGapMs',
    'recorderKillGapMs',
    'powerCutLossMs',
    'stallNoticedMs',
    'otherStreamsFramesLost',
  ]);
  for (const key of ['ffmpegKillGapMs', 'recorderKillGapMs', 'stallNoticedMs']) expect(result[key]).toBeGreaterThan(0);
  expect([result['controllerKillFramesLost'], result['otherStreamsFramesLost']]).toEqual([0, 0]);
}, 240_000);

test('forward: a drain beside its rivals, backlogs, receipts, a recording beside it', () => {
  const small = ['--gib', '0.005', '--rounds', '1', '--backlog', '0.005,0.02', '--seconds', '1', '--receipts', '3'];
  const result = lastLine('forward', '--tiny', ...small);
  expect(Object.keys(result)).toEqual(['ratioMqtt', 'ratioHttp', 'rssGrowthMiB', 'receiptP99Ms', 'framesLostBeside']);
  for (const key of ['ratioMqtt', 'ratioHttp', 'receiptP99Ms']) expect(result[key]).toBeGreaterThan(0);
  expect(result['rssGrowthMiB']).not.toBeNull();
  expect(result['framesLostBeside']).toBe(0);
}, 180_000);

test('wrong options are refused with the usage and code 2', () => {
  for (const args of [
    [],
    ['nothing'],
    ['record', '--streams', 'many'],
    ['start', '--presses', '0'],
    ['record', '--x'],
  ]) {
    const { status, stderr } = spawnSync(process.execPath, [RUN, ...args], { encoding: 'utf8' });
    expect(status, args.join(' ')).toBe(2);
    expect(stderr).toContain('usage: bench record');
  }
});
