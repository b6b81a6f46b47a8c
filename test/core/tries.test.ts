/** Locks after wrong tries: how soon, how long, what time forgives, and that no clock opens one. */
import { describe, expect, test } from 'vitest';
import type { Instant } from '../../controller/core/time.ts';
import {
  afterWrong,
  isForgotten,
  lockLeftMs,
  PERSON_LIMIT,
  PLACE_LIMIT,
  type Tries,
  type TryLimit,
  takenOver,
} from '../../controller/core/tries.ts';

const MINUTE = 60_000;
const at = (ms: number, boot = 'a', stepped = 0): Instant => ({
  wallMs: 1.7e12 + ms + stepped,
  monoMs: 5_000 + ms,
  boot,
});

function wrongTimes(times: number, limit: TryLimit, now: Instant, before: Tries | null = null): Tries {
  let tries = afterWrong(before, limit, now);
  for (let i = 1; i < times; i++) tries = afterWrong(tries, limit, now);
  return tries;
}

describe('for a person and for a place', () => {
  for (const limit of [PERSON_LIMIT, PLACE_LIMIT]) {
    test(`the ${limit.tries}th wrong try locks, and each lock in a row is twice as long, up to a quarter of an hour`, () => {
      let now = 0;
      let tries: Tries | null = null;
      for (const lockMs of [1, 2, 4, 8, 15, 15].map((minutes) => minutes * MINUTE)) {
        for (let i = 1; i < limit.tries; i++) {
          tries = afterWrong(tries, limit, at(now));
          expect(lockLeftMs(tries, at(now))).toBe(0);
        }
        tries = afterWrong(tries, limit, at(now));
        expect(lockLeftMs(tries, at(now))).toBe(lockMs);
        expect(lockLeftMs(tries, at(now + lockMs - 1))).toBe(1);
        expect(lockLeftMs(tries, at(now + lockMs))).toBe(0);
        now += lockMs;
      }
    });

    test(`time forgives (${limit.tries}): one try after another, and after a calm day the lock is short again`, () => {
      const almost = wrongTimes(limit.tries - 1, limit, at(0));
      expect(lockLeftMs(afterWrong(almost, limit, at(limit.forgiveMs - 1)), at(limit.forgiveMs - 1))).toBe(MINUTE);
      expect(lockLeftMs(afterWrong(almost, limit, at(limit.forgiveMs)), at(limit.forgiveMs))).toBe(0);
      const twice = wrongTimes(limit.tries, limit, at(MINUTE), wrongTimes(limit.tries, limit, at(0)));
      const later = at(MINUTE + 2 * limit.calmMs);
      expect(lockLeftMs(wrongTimes(limit.tries, limit, later, twice), later)).toBe(MINUTE);
      expect(isForgotten(twice, limit, at(2 * MINUTE))).toBe(false);
      expect(isForgotten(twice, limit, later)).toBe(true);
    });

    test(`whoever goes on day and night gets few tries (${limit.tries})`, () => {
      let tries: Tries | null = null;
      let made = 0;
      for (let now = 0; now < 24 * 60 * MINUTE; now += MINUTE) {
        while (lockLeftMs(tries, at(now)) === 0) {
          tries = afterWrong(tries, limit, at(now));
          made += 1;
        }
      }
      expect(made).toBeLessThanOrEqual(limit.tries * 102);
    });
  }
});

describe('a clock', () => {
  const locked = wrongTimes(PERSON_LIMIT.tries, PERSON_LIMIT, at(0));

  test('that is set forward or back in the middle of a lock changes nothing of it', () => {
    for (const stepped of [-365 * 86_400_000, -MINUTE, MINUTE, 365 * 86_400_000]) {
      expect(lockLeftMs(locked, at(20_000, 'a', stepped))).toBe(40_000);
    }
  });

  test('that is set between two boots opens no lock: it begins anew', () => {
    for (const stepped of [-365 * 86_400_000, 0, 365 * 86_400_000]) {
      const now = at(3_000, 'b', stepped);
      expect(lockLeftMs(takenOver(locked, now), now)).toBe(MINUTE);
      const almost = takenOver(wrongTimes(PERSON_LIMIT.tries - 1, PERSON_LIMIT, at(0)), now);
      expect(lockLeftMs(afterWrong(almost, PERSON_LIMIT, now), now)).toBe(MINUTE);
    }
  });

  test('of the same boot is gone on with after a restart of the process', () => {
    expect(takenOver(locked, at(30_000))).toEqual(locked);
  });
});

test('a try that was under way when the lock fell neither ends nor lengthens it', () => {
  const locked = wrongTimes(PERSON_LIMIT.tries, PERSON_LIMIT, at(0));
  const more = wrongTimes(3, PERSON_LIMIT, at(1_000), locked);
  expect(lockLeftMs(more, at(1_000))).toBe(MINUTE - 1_000);
});

test('nothing tried is nothing locked', () => {
  expect(lockLeftMs(null, at(0))).toBe(0);
});
