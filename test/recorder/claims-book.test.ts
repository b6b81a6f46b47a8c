/** The account of claims: what is open, what they span, and that an end is an end. */
import { expect, test } from 'vitest';
import type { DesiredClaim } from '../../controller/core/recording.ts';
import type { Instant } from '../../controller/core/time.ts';
import { ClaimsBook } from '../../controller/recorder/claims-book.ts';

const at = (monoMs: number): Instant => ({ wallMs: 1_000_000 + monoMs, monoMs, boot: 'a' });
const claim = (id: string, from: number, to: number | null): DesiredClaim => ({
  id,
  from: at(from),
  to: to === null ? null : at(to),
});

test('the span runs from the first beginning to the last end, and has no end while one claim is open', () => {
  const book = new ClaimsBook();
  expect(book.span(at(7))).toEqual({ from: at(7), to: null });
  book.wish([claim('b', 20, 40), claim('a', 10, 30)]);
  expect(book.span(at(7))).toEqual({ from: at(10), to: at(40) });
  book.wish([claim('c', 25, null)]);
  expect(book.span(at(7))).toEqual({ from: at(10), to: null });
});

test('a claim is begun once, proven for good, and never comes back once it has ended', () => {
  const book = new ClaimsBook();
  book.wish([claim('a', 10, null), claim('b', 10, null)]);
  expect(book.beginNew().map(({ id }) => id)).toEqual(['a', 'b']);
  expect(book.beginNew()).toEqual([]);
  book.prove(['a', 'somebody else’s']);
  expect(book.areProven).toBe(false);
  book.wish([claim('a', 10, 30)]);
  expect(book.statuses).toEqual([
    { id: 'a', state: 'keeping' },
    { id: 'b', state: 'waiting' },
  ]);
  expect(book.open.find(({ id }) => id === 'a')?.to, 'its end was told later').toEqual(at(30));
  book.end('a');
  book.wish([claim('a', 10, null)]);
  expect([book.ids, book.isEnded('a'), book.isEnded('b')]).toEqual([['b'], true, false]);
});

test('a wish that names fewer claims ends none', () => {
  const book = new ClaimsBook();
  book.wish([claim('a', 10, null)]);
  book.wish([]);
  expect([book.ids, book.isEmpty, book.size]).toEqual([['a'], false, 1]);
});

test('what an earlier process journaled is not begun again, and what it ended stays ended', () => {
  const book = new ClaimsBook();
  book.restore(['a', 'b'], ['b']);
  book.wish([claim('a', 10, null), claim('b', 10, null), claim('c', 10, null)]);
  expect(book.ids).toEqual(['a', 'c']);
  expect(book.beginNew().map(({ id }) => id)).toEqual(['c']);
});
