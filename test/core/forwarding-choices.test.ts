import { describe, expect, test } from 'vitest';
import {
  admit,
  contentHash,
  isProgressDue,
  readDeliver,
  readEnvelope,
  readPage,
  readSelect,
} from '../../controller/core/hrc-command.ts';
import { nextOf, type Waiting } from '../../controller/core/hrc-next.ts';
import { afterFailure, chooseRoute, NEW_RECORD, type RouteStanding } from '../../controller/core/hrc-routes.ts';
import { type Bucket, EMPTY_BUCKET, spend } from '../../controller/core/token-bucket.ts';

const ID = '01KAJ9M3W6Z8Q4T1V7X2Y5N0BC';
const payload = { v: 1, id: ID, site: 'court-1', type: 'fetch', iat: 100, exp: 200, select: { session: 's' } };
const own = (change: { readonly [name: string]: Partial<RouteStanding> } = {}): RouteStanding[] =>
  (['A', 'B', 'C', 'D'] as const).map((name) => ({ name, trouble: null, record: NEW_RECORD, ...change[name] }));

describe('the way that is taken', () => {
  test('is the first of the centre that works and does not rest', () => {
    expect(chooseRoute(['C', 'A'], own(), 0)).toEqual({ route: 'C' });
    expect(chooseRoute(['C', 'A'], own({ C: { trouble: 'x' } }), 0)).toEqual({ route: 'A' });
    const resting = own({ C: { record: { failures: 1, restUntilMs: 50 } } });
    expect(chooseRoute(['C', 'A'], resting, 49)).toEqual({ route: 'A' });
    expect(chooseRoute(['C', 'A'], resting, 50)).toEqual({ route: 'C' });
    expect(chooseRoute(['Z', 'A'], own(), 0)).toEqual({ route: 'A' });
  });
  test('is the wished one only where the centre takes it', () => {
    expect(chooseRoute(['A', 'B'], own(), 0, 'B')).toEqual({ route: 'B' });
    expect(chooseRoute(['A', 'B'], own(), 0, 'D')).toEqual({ route: 'A' });
  });
  test('is none, with when or why', () => {
    const rest = { record: { failures: 1, restUntilMs: 70 } };
    expect(chooseRoute(['A', 'B'], own({ A: rest, B: { record: { failures: 1, restUntilMs: 60 } } }), 0)).toEqual({
      route: null,
      restUntilMs: 60,
    });
    expect(chooseRoute(['D'], own({ D: { trouble: 'no address' } }), 0)).toMatchObject({
      route: null,
      restUntilMs: null,
      why: 'D: no address',
    });
    expect(chooseRoute([], own(), 0)).toMatchObject({ route: null, restUntilMs: null });
  });
  test('rests longer each time, never for ever', () => {
    let record = NEW_RECORD;
    const rests: number[] = [];
    for (let i = 0; i < 30; i++) {
      record = afterFailure(record, 0, 0.5);
      rests.push(record.restUntilMs);
    }
    expect(rests[0]).toBeGreaterThanOrEqual(20_000);
    expect(rests).toEqual([...rests].sort((a, b) => a - b));
    expect(rests.at(-1)).toBeLessThanOrEqual(15 * 60_000);
  });
});

describe('what is next', () => {
  const one = (siteSeq: number, change: Partial<Waiting> = {}): Waiting => ({
    seg: `${siteSeq}`,
    siteSeq,
    ordered: 0,
    dueMs: null,
    isSession: true,
    ...change,
  });
  const next = (list: Waiting[], newest = false) => nextOf(list, 1_000, newest)?.siteSeq;
  test('is what was ordered, then what is due, then sessions, then the oldest or the newest', () => {
    expect(next([one(1), one(2, { ordered: 5 }), one(3, { ordered: 9 })])).toBe(3);
    expect(next([one(1), one(2, { dueMs: 9_000 }), one(3, { dueMs: 5_000, isSession: false })])).toBe(3);
    expect(next([one(1, { isSession: false }), one(2)])).toBe(2);
    expect(next([one(1), one(2), one(3)])).toBe(1);
    expect(next([one(1), one(2), one(3)], true)).toBe(3);
    expect(next([one(1, { ordered: 2 }), one(2, { ordered: 2 })], true)).toBe(1);
    expect(next([])).toBeUndefined();
  });
  test('a deadline far away is none yet, one that is over comes first', () => {
    expect(next([one(1), one(2, { dueMs: 1_000 + 30 * 3_600_000 })])).toBe(1);
    expect(next([one(1, { dueMs: 2_000 }), one(2, { dueMs: -5_000 })])).toBe(2);
  });
});

describe('a rate', () => {
  test('is kept to the byte over any pattern of pieces', () => {
    for (let round = 0; round < 50; round++) {
      const perS = 1_000 + Math.floor(Math.random() * 1e6);
      let bucket: Bucket = EMPTY_BUCKET;
      let [now, sent] = [0, 0];
      for (let i = 0; i < 200; i++) {
        const bytes = 1 + Math.floor(Math.random() * 262_144);
        const step = spend(bucket, bytes, perS, now);
        ({ bucket } = step);
        now += step.waitMs;
        sent += bytes;
        // A quarter of a second may have been saved up, no more.
        expect(sent).toBeLessThanOrEqual(((now + 250) * perS) / 1_000 + 1);
        if (Math.random() < 0.1) now += Math.random() * 1_000;
      }
    }
  });
  test('is none where none is set, and what was owed before is forgotten then', () => {
    const owed = spend(EMPTY_BUCKET, 1e9, 1_000, 0).bucket;
    expect(spend(owed, 1e9, null, 1).waitMs).toBe(0);
  });
});

describe('a command', () => {
  const envelope = readEnvelope(payload);
  if (envelope === null) throw new Error('unreadable');
  test('is admitted once, in time, for this site', () => {
    const hash = contentHash(envelope);
    expect(admit(envelope, hash, 'court-1', null, 150_000)).toEqual({ do: 'begin' });
    expect(admit(envelope, hash, 'court-1', hash, 900_000)).toEqual({ do: 'repeat' });
    expect(admit(envelope, hash, 'court-1', 'other', 150_000)).toMatchObject({
      code: 'HRC-REPLAY',
      status: 'rejected',
    });
    expect(admit(envelope, hash, 'court-2', hash, 150_000)).toMatchObject({ code: 'HRC-BAD' });
    expect(admit(envelope, hash, 'court-1', null, 200_001)).toMatchObject({ code: 'HRC-EXP', status: 'expired' });
    expect(admit(envelope, hash, 'court-1', null, 100_000 - 600_001)).toMatchObject({ code: 'HRC-EXP' });
  });
  test('is the same when it is signed anew, or its fields come in another order', () => {
    const again = readEnvelope({ ...payload, iat: 300, exp: 400 });
    const turned = readEnvelope(Object.fromEntries(Object.entries(payload).reverse()));
    const other = readEnvelope({ ...payload, select: { session: 't' } });
    expect(again && contentHash(again)).toBe(contentHash(envelope));
    expect(turned && contentHash(turned)).toBe(contentHash(envelope));
    expect(other && contentHash(other)).not.toBe(contentHash(envelope));
  });
  test.each([
    null,
    7,
    [],
    'x',
    {},
    { ...payload, v: 2 },
    { ...payload, id: 'x' },
    { ...payload, id: '../../etc/passwd-000000000' },
    { ...payload, site: 5 },
    { ...payload, type: 'x'.repeat(500) },
    { ...payload, iat: -1 },
    { ...payload, exp: 1.5 },
    { ...payload, exp: '9' },
  ])('%j is none', (value) => {
    expect(readEnvelope(value)).toBeNull();
  });
  test.each([
    {},
    { select: {} },
    { select: [] },
    { select: { segs: [] } },
    { select: { segs: ['../x'] } },
    { select: { segs: Array(501).fill(ID) } },
    { select: { streams: ['UP'] } },
    { select: { from: -1 } },
    { select: { to: '5' } },
    { select: { session: '' } },
  ])('%j selects nothing', (body) => {
    expect(readSelect(body)).toBeNull();
  });
  test.each([
    { deliver: 5 },
    { deliver: { route: 'E' } },
    { deliver: { priority: 10 } },
    { deliver: { again: 1 } },
    { deliver: { maxBytes: -1 } },
    { deliver: { urls: [{ seg: ID }] } },
    { deliver: { urls: [{ seg: ID, url: 'x', headers: { a: 1 } }] } },
  ])('%j cannot be delivered', (body) => {
    expect(readDeliver(body)).toBeNull();
  });
  test('pages are bounded', () => {
    expect(readPage({}, 100)).toEqual({ after: null, limit: 100 });
    expect(readPage({ page: { limit: 900, after: '7' } }, 100)).toEqual({ after: '7', limit: 100 });
    expect(readPage({ page: { limit: 1_001 } }, 100)).toBeNull();
    expect(readPage({ page: { limit: 0 } }, 100)).toBeNull();
  });
  test('progress is told after a while or at each twentieth, and not when nothing happened', () => {
    const told = { atMs: 0, segs: 0 };
    expect(isProgressDue(told, { atMs: 99_999, segs: 0 }, 100, 10_000)).toBe(false);
    expect(isProgressDue(told, { atMs: 1, segs: 4 }, 100, 10_000)).toBe(false);
    expect(isProgressDue(told, { atMs: 1, segs: 5 }, 100, 10_000)).toBe(true);
    expect(isProgressDue(told, { atMs: 10_000, segs: 1 }, 100, 10_000)).toBe(true);
  });
});
