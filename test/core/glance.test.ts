/** Levels are those of the sound, a dead line is told from a quiet room, and a frozen or covered picture from a living one. */
import { expect, test } from 'vitest';
import {
  difference,
  type Glance,
  isDark,
  isMoving,
  LEVEL_FLOOR_DB,
  levelsOf,
  PCM_RATE_HZ,
  THUMB_HEIGHT,
  THUMB_WIDTH,
} from '../../controller/core/glance.ts';

function tone(seconds: number, amplitude: number): Uint8Array {
  const samples = Math.round(seconds * PCM_RATE_HZ);
  const bytes = new Uint8Array(samples * 2);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < samples; i++) {
    view.setInt16(i * 2, Math.round(amplitude * 32_767 * Math.sin((2 * Math.PI * 440 * i) / PCM_RATE_HZ)), true);
  }
  return bytes;
}

test('a full sine is -3 dBFS in every step, and a tenth of it is 20 dB less', () => {
  const full = levelsOf(tone(1, 1), 10_000);
  expect(full?.levels).toHaveLength(10);
  expect(full?.from).toBe(9_000);
  for (const level of full?.levels ?? []) expect(level).toBeCloseTo(-3, 0);
  expect(full?.peak).toBeCloseTo(0, 1);
  expect(levelsOf(tone(0.5, 0.1), 0)?.levels[2]).toBeCloseTo(-23, 0);
});

test('a dead line is exactly nothing, a quiet room is not', () => {
  expect(levelsOf(new Uint8Array(6_400), 0)).toMatchObject({
    isDigitalZero: true,
    peak: LEVEL_FLOOR_DB,
    levels: [LEVEL_FLOOR_DB, LEVEL_FLOOR_DB],
  });
  const quiet = new Uint8Array(3_200);
  quiet[100] = 1;
  expect(levelsOf(quiet, 0)).toMatchObject({ isDigitalZero: false });
});

test('what is left over of the sound is its oldest, and too little of it is none', () => {
  expect(levelsOf(new Uint8Array(3_198), 0)).toBeNull();
  const bytes = new Uint8Array(3_200 + 200);
  bytes.fill(0x40, 0, 200);
  expect(levelsOf(bytes, 0)?.isDigitalZero).toBe(true);
  // Sound may begin at any place of a larger piece of memory.
  expect(levelsOf(new Uint8Array(4_001).subarray(1, 3_201), 0)?.levels).toEqual([LEVEL_FLOOR_DB]);
});

const picture = (at: (x: number, y: number) => number): Uint8Array =>
  Uint8Array.from({ length: THUMB_WIDTH * THUMB_HEIGHT }, (_, i) => at(i % THUMB_WIDTH, Math.floor(i / THUMB_WIDTH)));
const glance = (index: number, thumb: Uint8Array | null): Glance => ({
  stream: 'cam',
  at: { wallMs: index, monoMs: index, boot: 'b' },
  run: 'run',
  index,
  jpeg: null,
  thumb,
  sound: null,
});

test('a black or covered picture is told from a dark room with something in it', () => {
  expect(isDark(picture(() => 3))).toBe(true);
  expect(isDark(picture((x) => (x > 20 ? 90 : 5)))).toBe(false);
  expect(isDark(picture(() => 120))).toBe(false);
});

test('a picture moves when it differs, stands when it does not, and cannot be judged by one moment', () => {
  const still = picture((x, y) => x * 3 + y);
  const noisy = picture((x, y) => x * 3 + y + ((x * 7 + y) % 3 === 0 ? 1 : 0));
  expect(difference(still, still)).toBe(0);
  expect(isMoving(glance(1, still), glance(2, noisy))).toBe(true);
  expect(isMoving(glance(1, still), glance(2, still))).toBe(false);
  expect(isMoving(glance(1, still), glance(1, still))).toBeNull();
  expect(isMoving(glance(1, null), glance(2, still))).toBeNull();
});
