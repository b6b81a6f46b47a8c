/** Every single thing that stands against a deletion is enough by itself, and what is not known stands against it. */
import { describe, expect, test } from 'vitest';
import type { SegmentFact } from '../../controller/core/facts.ts';
import type { Receipt } from '../../controller/core/hrc.ts';
import {
  CLOCK_STEADY_MS,
  DAY_MS,
  type PurgeCase,
  type PurgeObstacle,
  type PurgeTime,
  purgeBar,
  purgeVerdict,
} from '../../controller/core/purge.ts';
import type { Instant } from '../../controller/core/time.ts';

const KEEP_DAYS = 30;
const NOW: Instant = { wallMs: 1_800_000_000_000, monoMs: 100 * DAY_MS, boot: 'b' };
const TIME: PurgeTime = { now: NOW, clock: { source: 'ntp' }, steadySince: null };

const ago = (days: number): Instant => ({
  wallMs: NOW.wallMs - days * DAY_MS,
  monoMs: NOW.monoMs - days * DAY_MS,
  boot: 'b',
});

const SEGMENT: SegmentFact = {
  ...{ type: 'segment', seg: 'SEG', stream: 'cam', run: 'run', sequence: 1, from: ago(41), to: ago(40) },
  ...{ mediaFromMs: 0, mediaToMs: 1, videoFrames: 1, audioFrames: 0, bytes: 100, headerBytes: 8 },
  ...{ sha256: 'a'.repeat(64), media: { video: null, audio: null }, clock: { source: 'ntp' }, claims: ['S'] },
  ...{ startsWithKeyframe: true, gapBefore: null, adopted: false },
};

const RECEIPT: Receipt = {
  ...{ v: 1, site: 'site', seg: 'SEG', sha256: SEGMENT.sha256, size: 100, durability: 'stored', verified: 'read-back' },
  iat: Math.floor(ago(39).wallMs / 1_000),
  permit: { delete: true },
};

const SESSION = { kind: 'session', id: 'S', handedOverAt: ago(35), owesExplanation: false } as const;

const GOOD: PurgeCase = {
  ...{ segment: SEGMENT, receipt: RECEIPT, receiptedAt: ago(39), claims: [SESSION] },
  ...{ isHeld: false, forwarding: null, isWatched: false },
};

test('when nothing stands against it, it may go; the days count from the last thing that happened', () => {
  expect(purgeVerdict(KEEP_DAYS, GOOD, TIME)).toEqual({ may: true, sinceMs: ago(35).wallMs });
  expect(purgeBar(KEEP_DAYS, TIME)).toBeNull();
});

const receipt = (more: Partial<Receipt>): Partial<PurgeCase> => ({ receipt: { ...RECEIPT, ...more } });

describe('stands against it by itself', () => {
  const cases: readonly (readonly [string, Partial<PurgeCase>, PurgeObstacle])[] = [
    ['a receipt that does not hold any more', { receipt: 'key 0123 is not trusted' }, 'receipt'],
    ['a receipt for another segment', receipt({ seg: 'OTHER' }), 'receipt'],
    ['a receipt for other bytes', receipt({ sha256: 'b'.repeat(64) }), 'receipt'],
    ['a receipt for another length', receipt({ size: 101 }), 'receipt'],
    ['no permit', receipt({ permit: { delete: false } }), 'permit'],
    ['a permit for later', receipt({ permit: { delete: true, deleteAfter: NOW.wallMs / 1_000 + 1 } }), 'permit'],
    ['a permit for a time that is none', receipt({ permit: { delete: true, deleteAfter: Number.NaN } }), 'permit'],
    ['a receipt of yesterday by the centre', receipt({ iat: Math.floor(ago(1).wallMs / 1_000) }), 'young'],
    ['a receipt of the future', receipt({ iat: Math.floor(ago(-100).wallMs / 1_000) }), 'young'],
    ['a receipt that was kept yesterday', { receiptedAt: ago(1) }, 'young'],
    ['a segment of yesterday', { segment: { ...SEGMENT, to: ago(1) } }, 'young'],
    ['a moment that is none', { receiptedAt: { ...NOW, monoMs: Number.NaN } }, 'young'],
    ['a session handed over yesterday', { claims: [{ ...SESSION, handedOverAt: ago(1) }] }, 'young'],
    ['a second session handed over yesterday', { claims: [SESSION, { ...SESSION, handedOverAt: ago(1) }] }, 'young'],
    ['a session not handed over', { claims: [SESSION, { ...SESSION, handedOverAt: null }] }, 'session'],
    ['an interruption to be explained', { claims: [{ ...SESSION, owesExplanation: true }] }, 'explanation'],
    ['a check that goes on', { claims: [SESSION, { kind: 'check', id: 'C', doneAt: null }] }, 'session'],
    ['a check of yesterday', { claims: [SESSION, { kind: 'check', id: 'C', doneAt: ago(1) }] }, 'young'],
    ['a claim that nobody knows', { claims: [SESSION, { kind: 'unknown', id: 'X' }] }, 'unexplained'],
    ['no claim at all', { claims: [] }, 'unexplained'],
    ['a hold', { isHeld: true }, 'held'],
    ['a delivery under way', { forwarding: 'it is being sent' }, 'forwarding'],
    ['somebody who looks at it', { isWatched: true }, 'watched'],
  ];
  for (const [name, change, why] of cases)
    test(name, () => {
      expect(purgeVerdict(KEEP_DAYS, { ...GOOD, ...change }, TIME)).toMatchObject({ may: false, why });
    });
});

test('nothing at all is deleted without a rule, by a clock that nobody vouches for, or soon after it was stepped', () => {
  const bars: readonly (readonly [number | null, Partial<PurgeTime>, PurgeObstacle])[] = [
    [null, {}, 'no-rule'],
    [KEEP_DAYS, { clock: { source: 'free' } }, 'clock'],
    [KEEP_DAYS, { clock: { source: 'unknown' } }, 'clock'],
    [KEEP_DAYS, { steadySince: NOW }, 'clock'],
    [KEEP_DAYS, { steadySince: { ...NOW, monoMs: NOW.monoMs - CLOCK_STEADY_MS + 1 } }, 'clock'],
  ];
  for (const [keepDays, change, why] of bars) {
    expect(purgeBar(keepDays, { ...TIME, ...change })).toMatchObject({ may: false, why });
    expect(purgeVerdict(keepDays, GOOD, { ...TIME, ...change })).toMatchObject({ may: false, why });
  }
  const steady = { ...NOW, monoMs: NOW.monoMs - CLOCK_STEADY_MS };
  expect(purgeVerdict(KEEP_DAYS, GOOD, { ...TIME, steadySince: steady }).may).toBe(true);
});

test('a wall clock that was set forward makes nothing older than the monotonic clock says', () => {
  const ahead = { ...NOW, wallMs: NOW.wallMs + 1_000 * DAY_MS };
  const young = { ...GOOD, segment: { ...SEGMENT, to: ago(10) }, receiptedAt: ago(10) };
  expect(purgeVerdict(KEEP_DAYS, young, { ...TIME, now: ahead })).toMatchObject({ may: false, why: 'young' });
});

test('keepDays 0 lets go of what is handed over at once, and nothing sooner', () => {
  const fresh = { ...GOOD, receiptedAt: NOW, claims: [{ ...SESSION, handedOverAt: NOW }] };
  expect(purgeVerdict(0, fresh, TIME).may).toBe(true);
  expect(purgeVerdict(0, { ...fresh, claims: [{ ...SESSION, handedOverAt: null }] }, TIME).may).toBe(false);
});
