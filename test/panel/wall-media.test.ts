import { expect, test } from 'vitest';
import { mediaAt, stretchesOf } from '../../panel/review/wall-media.ts';

const NINE = Date.UTC(2026, 10, 21, 1);

/** Fragments of two seconds as a playlist lists them: media time without holes, wall time as given. */
const fragments = (...wallStartsS: readonly number[]) =>
  wallStartsS.map((wallS, index) => ({ start: index * 2, duration: 2, programDateTime: NINE + wallS * 1000 }));

test('fragments that join are one stretch, a hole in wall time begins another', () => {
  expect(stretchesOf(fragments(0, 2, 4, 30, 32))).toEqual([
    { wallFromMs: NINE, wallToMs: NINE + 6_000, mediaFromS: 0 },
    { wallFromMs: NINE + 30_000, wallToMs: NINE + 34_000, mediaFromS: 6 },
  ]);
});

test('wall time before, in and behind a gap', () => {
  const stretches = stretchesOf(fragments(0, 2, 4, 30, 32));
  expect(mediaAt(stretches, NINE - 1)).toBeNull();
  expect(mediaAt(stretches, NINE)).toBe(0);
  expect(mediaAt(stretches, NINE + 5_500)).toBe(5.5);
  expect(mediaAt(stretches, NINE + 6_500)).toBeNull();
  expect(mediaAt(stretches, NINE + 29_999)).toBeNull();
  expect(mediaAt(stretches, NINE + 30_000)).toBe(6);
  expect(mediaAt(stretches, NINE + 33_000)).toBe(9);
});

test('the very end of a stretch shows its last picture', () => {
  const stretches = stretchesOf(fragments(0, 2));
  expect(mediaAt(stretches, NINE + 4_000)).toBeCloseTo(3.96, 5);
  expect(mediaAt(stretches, NINE + 4_101)).toBeNull();
});

test('rounding does not add up over eight hours', () => {
  // Every fragment is 7 ms longer than the playlist says in whole tenths; each carries its own true date.
  const many = Array.from({ length: 2_880 }, (_, index) => ({
    start: index * 10.007,
    duration: 10,
    programDateTime: NINE + index * 10_007,
  }));
  const last = 2_879;
  const at = mediaAt(stretchesOf(many), NINE + last * 10_007 + 5_000);
  expect(at).toBeCloseTo(last * 10.007 + 5, 2);
});

test('a hole in the media is not bridged, even when the dates fit', () => {
  const [first, , third] = fragments(0, 2, 4);
  const stretches = stretchesOf([first, third].filter((one) => one !== undefined));
  expect(mediaAt(stretches, NINE + 3_000)).toBeNull();
  expect(mediaAt(stretches, NINE + 4_500)).toBe(4.5);
});

test('a fragment without a date is left out', () => {
  expect(stretchesOf([{ start: 0, duration: 2, programDateTime: null }])).toEqual([]);
});
