import { expect, test } from 'vitest';
import { barOf, MeterTrack } from '../../panel/clerk/meter-track.ts';

const sound = (from: number, levels: readonly number[]) => ({
  ...{ from, stepMs: 100, levels, peak: -3, isDigitalZero: false },
});

test('a level is that of its own moment, a hole holds the last for a while, and then nothing is known', () => {
  const track = new MeterTrack();
  expect(track.at(1_000)).toBeNull();
  track.take(sound(1_000, [-40, -20, -30]));
  track.take(sound(2_000, [-10]));
  expect(track.at(999)).toBeNull();
  expect(track.at(1_000)).toBe(-40);
  expect(track.at(1_199)).toBe(-20);
  expect(track.at(1_500)).toBe(-30);
  expect(track.at(2_050)).toBe(-10);
  expect(track.at(4_000)).toBe(-10);
  expect(track.at(6_000)).toBeNull();
});

test('what is old is forgotten', () => {
  const track = new MeterTrack();
  track.take(sound(0, [-40]));
  track.take(sound(60_000, [-20]));
  expect(track.at(0)).toBeNull();
});

test('a bar is empty in a quiet room and full at the loudest there is', () => {
  expect(barOf(-90)).toBe(0);
  expect(barOf(-60)).toBe(0);
  expect(barOf(-30)).toBe(0.5);
  expect(barOf(0)).toBe(1);
});
