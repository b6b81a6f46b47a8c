/** PINs that somebody would guess are refused, with the reason; and not so many that nothing is left. */
import { expect, test } from 'vitest';
import { type PinFault, pinFault } from '../../controller/core/pin-rules.ts';

const TABLE: readonly (readonly [string, PinFault | null])[] = [
  ['', 'length'],
  ['12345', 'length'],
  ['1234567890123', 'length'],
  ['12a456', 'length'],
  ['１２３４５６', 'length'],
  ['-12345', 'length'],
  ['000000', 'repeated'],
  ['666666', 'repeated'],
  ['121212', 'repeated'],
  ['123123', 'repeated'],
  ['112233', 'repeated'],
  ['665544', 'repeated'],
  ['12341234', 'repeated'],
  ['1212121', 'repeated'],
  ['123456', 'row'],
  ['654321', 'row'],
  ['456789', 'row'],
  ['789012', 'row'],
  ['210987', 'row'],
  ['246802', 'row'],
  ['0123456789', 'row'],
  ['123321', 'mirrored'],
  ['904409', 'mirrored'],
  ['871231', 'date'],
  ['311287', 'date'],
  ['19871231', 'date'],
  ['31121987', 'date'],
  ['12311987', 'date'],
  ['147258', 'common'],
  ['159357', 'common'],
  ['5201314', 'common'],
  ['738164', null],
  ['604815', null],
  ['991399', null],
  ['93847561', null],
];

test('each for its reason', () => {
  for (const [pin, fault] of TABLE) expect([pin, pinFault(pin)]).toEqual([pin, fault]);
});

test('more than nine of ten PINs of six digits are left, so that the rules make guessing no easier', () => {
  let good = 0;
  for (let i = 0; i < 1_000_000; i++) if (pinFault(String(i).padStart(6, '0')) === null) good += 1;
  expect(good).toBeGreaterThan(900_000);
});
