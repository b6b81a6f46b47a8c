/** Secrets and codes as people read and type them. */
import { expect, test } from 'vitest';
import { codeOf, codeText, secretOf, secretText } from '../../controller/core/secret-text.ts';

test('a secret has 25 letters and digits in groups, each of five random bits', () => {
  const bytes = Uint8Array.from({ length: 25 }, (_, i) => i * 10 + 3);
  expect(secretText(bytes)).toMatch(/^([0-9A-HJKMNP-TV-Z]{5}-){4}[0-9A-HJKMNP-TV-Z]{5}$/);
  expect(secretText(Uint8Array.from({ length: 25 }, (_, i) => i))).toBe('01234-56789-ABCDE-FGHJK-MNPQR');
  expect(() => secretText(new Uint8Array(24))).toThrow();
});

test('however it is typed it is the same', () => {
  const secret = '01234-56789-ABCDE-FGHJK-MNPQR';
  for (const typed of [
    secret,
    secret.toLowerCase(),
    ` ${secret.replaceAll('-', '')} `,
    'oI234 56789 abcde fghjk mnpqr',
  ]) {
    expect(secretOf(typed)).toBe(secret.replaceAll('-', ''));
  }
  for (const typed of ['', '01234', `${secret}0`, secret.replace('A', 'U'), secret.replace('A', '中')]) {
    expect(secretOf(typed)).toBeNull();
  }
});

test('a code is twelve digits, in groups of four', () => {
  expect(codeText('123456789012')).toBe('1234 5678 9012');
  expect(codeOf('1234 5678 9012')).toBe('123456789012');
  for (const typed of ['', '12345678901', '1234567890123', '12345678901a']) expect(codeOf(typed)).toBeNull();
});
