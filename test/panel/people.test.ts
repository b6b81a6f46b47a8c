/** What the pages about people decide without a browser: names of browsers, reasons of weak PINs, codes as text, locks that count down. */
import { describe, expect, test } from 'vitest';
import { pinFault } from '../../controller/core/pin-rules.ts';
import { groupedCode } from '../../panel/login/code-text.ts';
import { laterOf } from '../../panel/login/lock.ts';
import { browserName } from '../../panel/people/browser-name.ts';
import { weakKey } from '../../panel/people/new-pin.ts';
import { routeOf } from '../../panel/shell/address.ts';
import { sentence } from '../../panel/words/say.ts';

test.each([
  [
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36',
    'Chrome 120, Linux',
  ],
  [
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/119.0 Safari/537.36 Edg/119.0',
    'Edge 119, Windows',
  ],
  ['Mozilla/5.0 (Windows NT 10.0; rv:115.0) Gecko/20100101 Firefox/115.0', 'Firefox 115, Windows'],
  ['Mozilla/5.0 (iPad; CPU OS 17_0 like Mac OS X) AppleWebKit/605 Version/17.0 Mobile Safari/604.1', 'Safari 17, iOS'],
  ['Mozilla/5.0 (Linux; Android 13) AppleWebKit/537.36 Chrome/118.0.0.0 Mobile Safari/537.36', 'Chrome 118, Android'],
  ['curl/8.5.0', 'curl/8.5.0'],
  ['x'.repeat(200), 'x'.repeat(30)],
  ['', ''],
])('a browser that calls itself %.40s… is shown short', (agent, name) => {
  expect(browserName(agent)).toBe(name);
});

test('every reason that the controller gives for a weak PIN has words of its own', () => {
  const reasons = ['12', '123456', '000000', '123321', '900101', '147258'].map((pin) => pinFault(pin) ?? '');
  const texts = [...reasons, 'the old one'].map((reason) => sentence('zh', weakKey(reason)));
  expect(new Set(texts).size).toBe(7);
  expect(weakKey(undefined)).toBe('weak.common');
  expect(weakKey('a reason of tomorrow')).toBe('weak.common');
});

test('a code is read in groups of four, while it is typed too', () => {
  expect(['', '1', '12345', '123456789012'].map(groupedCode)).toEqual(['', '1', '1234 5', '1234 5678 9012']);
});

describe('of two locks', () => {
  test('the later counts, and none is none', () => {
    expect([laterOf(null, null), laterOf(5, null), laterOf(null, 5), laterOf(7, 5)]).toEqual([null, 5, 5, 7]);
  });
});

test('pages about people have addresses of their own', () => {
  for (const page of ['pair', 'me', 'people']) {
    expect(routeOf(`/${page}`, '')).toEqual({ page });
    expect(routeOf(`/${page}/x`, '')).toEqual({ page: 'unknown' });
  }
});
