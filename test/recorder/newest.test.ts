/** What a glance gets: from the last keyframe on, without holes, in bounds, and of one run only. */
import { expect, test } from 'vitest';
import type { Header, Track } from '../../controller/core/mp4.ts';
import type { MediaInfo } from '../../controller/core/recording.ts';
import { NEWEST_BYTES_MAX, Newest } from '../../controller/recorder/newest.ts';
import type { Fragment } from '../../controller/recorder/ring.ts';
import { Run } from '../../controller/recorder/run.ts';

const TRACK: Track = {
  ...{ id: 1, kind: 'video', timescale: 90_000, codec: 'avc1', width: 160, height: 96 },
  ...{ sampleRate: 0, defaultDuration: 0, defaultFlags: 0 },
};
const HEADER: Header = { tracks: [TRACK], lead: TRACK };
const PICTURE: MediaInfo = { video: { codec: 'avc1', width: 160, height: 96 }, audio: null };
const SOUND: MediaInfo = { video: null, audio: { codec: 'mp4a', sampleRate: 8_000, copied: true } };
const AT = { wallMs: 1, monoMs: 1, boot: 'b' };

const runOf = (media: MediaInfo, id = 'run-1') => new Run(id, Buffer.from('H'), HEADER, media);
const fragment = (run: Run, index: number, startsWithKeyframe: boolean, text: string | Buffer): Fragment => ({
  run,
  index,
  bytes: Buffer.from(text),
  info: {
    ...{ startMs: 0, endMs: 0, videoFrames: 1, audioFrames: 0, startsWithKeyframe },
    ...{ leadSamples: 1, stepMs: 40, firstStepMs: 40 },
  },
  lostPackets: 0,
});
const held = (newest: Newest): string | null => {
  const media = newest.answer('cam')?.media;
  return media === undefined ? null : Buffer.from(media, 'base64').toString();
};

test('a picture begins with its keyframe, and a newer keyframe takes its place', () => {
  const newest = new Newest();
  const run = runOf(PICTURE);
  expect(newest.answer('cam')).toBeNull();
  newest.take(fragment(run, 0, false, 'a'), AT);
  expect(held(newest)).toBeNull();
  newest.take(fragment(run, 1, true, 'b'), AT);
  newest.take(fragment(run, 2, false, 'c'), AT);
  expect(held(newest)).toBe('Hbc');
  expect(newest.answer('cam')).toMatchObject({ stream: 'cam', run: 'run-1', index: 2, at: AT });
  newest.take(fragment(run, 3, true, 'd'), AT);
  expect(held(newest)).toBe('Hd');
});

test('sound alone is the last seconds of it', () => {
  const newest = new Newest();
  const run = runOf(SOUND);
  for (let n = 0; n < 20; n++) newest.take(fragment(run, n, true, String.fromCharCode(97 + n)), AT);
  expect(held(newest)).toBe('Hefghijklmnopqrst');
});

test('what would be too much ends it where it is, without a hole, until the next keyframe', () => {
  const newest = new Newest();
  const run = runOf(PICTURE);
  newest.take(fragment(run, 0, true, 'a'), AT);
  newest.take(fragment(run, 1, false, Buffer.alloc(NEWEST_BYTES_MAX)), AT);
  newest.take(fragment(run, 2, false, 'c'), AT);
  expect(held(newest)).toBe('Ha');
  expect(newest.answer('cam')?.index).toBe(0);
  newest.take(fragment(run, 3, true, 'd'), AT);
  expect(held(newest)).toBe('Hd');
  newest.take(fragment(run, 4, true, Buffer.alloc(NEWEST_BYTES_MAX)), AT);
  expect(held(newest)).toBeNull();
});

test('another run is another picture', () => {
  const newest = new Newest();
  newest.take(fragment(runOf(PICTURE, 'run-1'), 5, true, 'a'), AT);
  newest.take(fragment(runOf(PICTURE, 'run-2'), 0, false, 'b'), AT);
  expect(held(newest)).toBeNull();
  newest.clear();
  expect(newest.answer('cam')).toBeNull();
});
