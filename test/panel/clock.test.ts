import { expect, test } from 'vitest';
import { dateText, lengthText, sizePair, sizeText, timeText, waitText } from '../../panel/shell/clock.ts';

test('lengths are hours, minutes and whole seconds, beyond a day and never below nought', () => {
  expect(lengthText(0)).toBe('00:00:00');
  expect(lengthText(999)).toBe('00:00:00');
  expect(lengthText(4_523_400)).toBe('01:15:23');
  expect(lengthText(27 * 3_600_000)).toBe('27:00:00');
  expect(lengthText(-5_000)).toBe('00:00:00');
});

test('a wait reads nought only when it is over', () => {
  expect(waitText(61_000)).toBe('1:01');
  expect(waitText(1)).toBe('0:01');
  expect(waitText(0)).toBe('0:00');
});

test('wall times are those of Shanghai, midnight is 00', () => {
  expect(timeText(Date.UTC(2026, 10, 21, 1, 30, 5))).toBe('09:30:05');
  expect(timeText(Date.UTC(2026, 10, 20, 16, 0, 0))).toBe('00:00:00');
  expect(dateText(Date.UTC(2026, 10, 20, 16, 0, 0))).toBe('2026-11-21');
});

test('sizes carry three digits at most and never round up to a thousand', () => {
  expect(sizeText(0)).toBe('0 B');
  expect(sizeText(1_234)).toBe('1.2 kB');
  expect(sizeText(123_456_789)).toBe('123 MB');
  expect(sizeText(999_960)).toBe('1.0 MB');
  expect(sizeText(8e12)).toBe('8.0 TB');
});

test('a part and its whole are in one unit', () => {
  expect(sizePair(0, 68_327)).toEqual({ n: '0.0', m: '68.3 kB' });
  expect(sizePair(1_234_000, 9_876_000)).toEqual({ n: '1.2', m: '9.9 MB' });
  expect(sizePair(7, 512)).toEqual({ n: '7', m: '512 B' });
});
