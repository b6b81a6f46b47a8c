// The two marks in every picture, the SEI message and the strip, come back as they were written.

import { expect, test } from 'vitest';
import { deviceMark, readSei, seiNal } from '../../../devices/virtual/sei.ts';
import { paintStrip, readStrip } from '../../../devices/virtual/strip.ts';

test.each([
  [0, 0, 0, 0],
  [1, 3, 1_795_283_364_426_001, 1_795_283_364_426_000],
  [0x010003, 0, 256, 3],
  [2 ** 40 + 1, 7, -5, 2 ** 50],
])('an SEI message with number %i comes back, and holds no start code', (number, boot, captureTimeUs, hostTimeUs) => {
  const stamp = { number, boot, device: deviceMark('cam-1'), captureTimeUs, hostTimeUs };
  const nal = seiNal(stamp);
  expect(readSei(nal)).toEqual(stamp);
  for (let at = 0; at + 2 < nal.length; at++) {
    const word = nal.readUIntBE(at, 3);
    expect(word > 2).toBe(true);
  }
});

test('other NAL units and other messages are no mark', () => {
  expect(readSei(Buffer.from([0x65, 1, 2, 3]))).toBeUndefined();
  expect(readSei(Buffer.from([6, 5, 17, ...new Array<number>(17).fill(1), 0x80]))).toBeUndefined();
  expect(readSei(Buffer.from([6]))).toBeUndefined();
});

test('every strip number comes back, also from gray and noisy cells', () => {
  for (let index = 0; index < 65_536; index += 13) {
    const cells = paintStrip(index).map((value) => (value > 0 ? 170 : 80));
    expect(readStrip(cells)).toBe(index);
  }
});

test('a strip with one or two wrong cells is not read as another number', () => {
  const cells = paintStrip(1234);
  for (let one = 0; one < cells.length; one++) {
    for (let two = one; two < cells.length; two++) {
      const damaged = Uint8Array.from(cells, (value, at) => (at === one || at === two ? 255 - value : value));
      expect(readStrip(damaged)).toBeUndefined();
    }
  }
});
