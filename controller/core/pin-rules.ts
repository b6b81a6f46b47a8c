/** Which PINs are too easy to guess. Those that are made here and those that people choose pass the same rules. */

export const PIN_DIGITS_MIN = 6;
export const PIN_DIGITS_MAX = 12;

/** length: too short or too long, or not digits only. row: 123456, 246802. repeated: 000000, 121212, 123123. mirrored: 123321. date: a birthday. common: on the list. */
export type PinFault = 'length' | 'row' | 'repeated' | 'mirrored' | 'date' | 'common';

/** Roads over the keypad, and sums of money and good wishes that many people choose. */
const COMMON: ReadonlySet<string> = new Set([
  ...['147258', '258369', '147852', '159357', '357159', '159753', '741852', '963852', '123654', '456123', '789456'],
  ...['520131', '5201314', '131452', '1314520', '112358', '314159', '142857', '100200', '200100', '123789', '987321'],
]);

/** Why a PIN is refused, or null when it may be used. */
export function pinFault(pin: string): PinFault | null {
  if (!/^\d+$/.test(pin) || pin.length < PIN_DIGITS_MIN || pin.length > PIN_DIGITS_MAX) return 'length';
  if (repeats(pin)) return 'repeated';
  if (isRow(pin)) return 'row';
  if (isMirrored(pin)) return 'mirrored';
  if (isDate(pin)) return 'date';
  return COMMON.has(pin) ? 'common' : null;
}

/** A short piece over and over, or pairs of the same digit in a row as in 112233. */
function repeats(pin: string): boolean {
  for (let length = 1; length <= pin.length / 2; length++) {
    if (
      pin
        .slice(0, length)
        .repeat(Math.ceil(pin.length / length))
        .startsWith(pin)
    )
      return true;
  }
  const pairs = pin.match(/../g) ?? [];
  return (
    pin.length % 2 === 0 && pairs.every((pair) => pair[0] === pair[1]) && isRow(pairs.map((pair) => pair[0]).join(''))
  );
}

/** Every digit the same step from the one before, over nine to nought too. */
function isRow(pin: string): boolean {
  const step = (i: number) => (Number(pin[i]) - Number(pin[i - 1]) + 10) % 10;
  return [...pin].every((_, i) => i < 2 || step(i) === step(1));
}

function isMirrored(pin: string): boolean {
  return pin === [...pin].reverse().join('');
}

/** Year, month and day in the orders that people write them: the first thing that somebody who knows a person tries. */
function isDate(pin: string): boolean {
  const [a, b, c] = [pin.slice(0, 2), pin.slice(2, 4), pin.slice(4, 6)].map(Number) as [number, number, number];
  if (pin.length === 6) return isDay(b, c) || isDay(b, a);
  if (pin.length !== 8) return false;
  const [yearFirst, yearLast] = [Number(pin.slice(0, 4)), Number(pin.slice(4))];
  return (isYear(yearFirst) && isDay(c, Number(pin.slice(6)))) || (isYear(yearLast) && (isDay(b, a) || isDay(a, b)));
}

function isDay(month: number, day: number): boolean {
  return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

function isYear(year: number): boolean {
  return year >= 1900 && year <= 2099;
}
