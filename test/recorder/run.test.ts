/** When the first picture of a run was taken: the muxer dates it to the run's beginning, the second picture tells the truth. */
import { beforeAll, describe, expect, test } from 'vitest';
import { boxesIn, type FragmentInfo, type Header, readFragment, readHeader } from '../../controller/core/mp4.ts';
import type { MediaInfo } from '../../controller/core/recording.ts';
import { type Dated, Run } from '../../controller/recorder/run.ts';
import { makeFragmented } from '../oracle/fragmented.ts';

const STEP_MS = 40;
const VIDEO = { codec: 'avc1', width: 160, height: 96 };
const AUDIO = { codec: 'mp4a', sampleRate: 16_000, copied: true };

let header: Header;
/** One picture as ffmpeg writes it, 40 ms long, at 0. */
let onePicture: Buffer;

beforeAll(async () => {
  // A keyframe at every picture: each stands alone in its fragment.
  const bytes = await makeFragmented({ audio: false, gop: 1, seconds: 1 });
  const boxes = [...boxesIn(bytes, 0, bytes.length)];
  header = readHeader(bytes.subarray(0, boxes.find(({ type }) => type === 'moov')?.end));
  const moof = boxes.findIndex(({ type }) => type === 'moof');
  onePicture = Buffer.from(bytes.subarray(boxes[moof]?.start, boxes[moof + 1]?.end));
});

function run(media: MediaInfo = { video: VIDEO, audio: AUDIO }): Run {
  const track = header.lead;
  const sound = { ...track, id: track.id + 1, kind: 'audio' as const };
  const tracks = media.audio === null ? [track] : [track, sound];
  return new Run('01M7ZNP7P5G36CXJ4SJ8420NC8', Buffer.alloc(0), { tracks, lead: track }, media);
}

function info(more: Partial<FragmentInfo>): FragmentInfo {
  return {
    ...{ startMs: 0, endMs: 0, videoFrames: 0, audioFrames: 0, leadSamples: 0, stepMs: 0, firstStepMs: 0 },
    startsWithKeyframe: false,
    ...more,
  };
}

const sound = (startMs: number, endMs: number) => ({
  bytes: Buffer.alloc(8),
  info: info({ startMs, endMs, audioFrames: 12 }),
  arrivedMonoMs: endMs,
});
const pictures = (startMs: number, count: number) => ({
  bytes: Buffer.alloc(8),
  info: info({
    startMs,
    endMs: startMs + count * STEP_MS,
    ...{ videoFrames: count, leadSamples: count, stepMs: STEP_MS, firstStepMs: STEP_MS },
  }),
  arrivedMonoMs: startMs + count * STEP_MS,
});
const alone = () => {
  const bytes = Buffer.from(onePicture);
  return { bytes, info: readFragment(header, bytes), arrivedMonoMs: 2_040 };
};
const times = (dated: readonly Dated[]) => dated.map(({ info: { startMs, endMs } }) => [startMs, endMs]);

describe('sound first', () => {
  test('the first picture waits for the second, is dated before it, in its bytes too, and the sound covers no time', () => {
    const one = run();
    expect(one.date(sound(0, 250))).toEqual([]);
    expect(one.date(sound(250, 2_000))).toEqual([]);
    const first = alone();
    expect(one.date(first)).toEqual([]);
    expect(one.date(sound(2_000, 2_040)), 'sound that comes between the two').toEqual([]);
    const dated = one.date(pictures(2_040, 6));
    expect(times(dated)).toEqual([
      [2_000, 2_000],
      [2_000, 2_000],
      [2_000, 2_040],
      [2_040, 2_040],
      [2_040, 2_280],
    ]);
    expect(dated.map(({ info: { startsWithKeyframe } }) => startsWithKeyframe)).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
    expect(dated.every(({ holeMs }) => holeMs === 0)).toBe(true);
    expect(readFragment(header, first.bytes)).toMatchObject({ startMs: 2_000, endMs: 2_040 });
  });

  test('a run that ends before the second picture gives what it has', () => {
    const one = run();
    one.date(sound(0, 250));
    one.date(alone());
    expect(times(one.settle())).toEqual([
      [0, 0],
      [0, 40],
    ]);
    expect(one.settle()).toEqual([]);
  });

  test('sound without end and without a picture is not held without end', () => {
    const one = run();
    for (let at = 0; at < 400; at++) expect(one.date(sound(at * 250, (at + 1) * 250))).toEqual([]);
    one.date(pictures(100_000, 6));
    expect(one.date(pictures(100_240, 6))).toHaveLength(1);
  });
});

describe('picture first', () => {
  test('an ordinary beginning waits for nothing and is not touched', () => {
    const one = run();
    expect(times(one.date(pictures(0, 6)))).toEqual([[0, 240]]);
    expect(times(one.date(pictures(240, 6)))).toEqual([[240, 480]]);
  });

  test('a run without sound never waits', () => {
    expect(run({ video: VIDEO, audio: null }).date(alone())).toHaveLength(1);
  });
});

test('sound while the picture is away covers no time, and the hole in the picture is told', () => {
  const one = run();
  one.date(pictures(0, 6));
  expect(times(one.date(sound(250, 500)))).toEqual([[240, 240]]);
  const [back] = one.date(pictures(1_740, 6));
  expect(back?.holeMs).toBe(1_500);
});

test('what ffmpeg holds back: two pictures, one frame of copied sound, two frames of encoded sound', () => {
  const held = (media: MediaInfo, stepMs: number) => run(media).heldBackMs(info({ stepMs }));
  expect(held({ video: VIDEO, audio: AUDIO }, 40)).toBe(80);
  expect(held({ video: VIDEO, audio: { ...AUDIO, sampleRate: 8_000, copied: false } }, 40)).toBe(256);
  expect(held({ video: VIDEO, audio: { ...AUDIO, sampleRate: 8_000, copied: false } }, 200)).toBe(400);
  expect(held({ video: null, audio: AUDIO }, 64)).toBe(64);
  expect(held({ video: VIDEO, audio: null }, 1_500), 'a picture that stood alone').toBe(500);
  const one = run();
  expect([40, 1_500, 25].map((stepMs) => one.heldBackMs(info({ stepMs })))).toEqual([80, 80, 50]);
});
