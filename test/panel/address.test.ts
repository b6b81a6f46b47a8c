import { expect, test } from 'vitest';
import { routeOf } from '../../panel/shell/address.ts';

test.each([
  ['/', { page: 'home' }],
  ['/room/hearing-1', { page: 'room', room: 'hearing-1' }],
  ['/room/%E5%90%AC%E8%AF%81', { page: 'room', room: '听证' }],
  ['/sign/hearing-1/', { page: 'sign', room: 'hearing-1' }],
  ['/review', { page: 'sessions' }],
  ['/review/01K', { page: 'review', session: '01K' }],
  ['/room', { page: 'unknown' }],
  ['/room/a/b', { page: 'unknown' }],
  ['/room/%E5%90', { page: 'unknown' }],
])('%s', (path, route) => {
  expect(routeOf(path, '')).toEqual(route);
});

test('after a login the way leads to a page of this site only', () => {
  const next = (value: string) => routeOf('/login', `?next=${encodeURIComponent(value)}`);
  expect(next('/room/a')).toEqual({ page: 'login', next: '/room/a' });
  for (const elsewhere of ['//evil.example', '/\\evil.example', 'https://evil.example', '', 'javascript:alert(1)']) {
    expect(next(elsewhere)).toEqual({ page: 'login', next: '/' });
  }
});
