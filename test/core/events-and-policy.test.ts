import { describe, expect, test } from 'vitest';
import type { Entry } from '../../controller/core/chain.ts';
import type { RecorderFact, SiteFact } from '../../controller/core/facts.ts';
import {
  EVENT_FORMS,
  type EventType,
  eventOf,
  readEventHeads,
  readEventList,
} from '../../controller/core/hrc-events.ts';
import { isNews, type Limits, type Policy, rateOf, readPolicy, tightened } from '../../controller/core/policy.ts';

const AT = { wallMs: 1_795_276_800_000.4, monoMs: 7, boot: 'b' };
const BY = { press: 'p', by: '张书记员' };
const NAMES = /张|王|甲|保密|camera 10\./;
const cause = { code: 'camera-stalled', detail: 'camera 10.1.2.3 of 王某' } as const;

/** One fact of each kind that is told, full of what must not be. */
const FACTS: { readonly [T in EventType]: SiteFact | RecorderFact } = {
  'session-scheduled': {
    ...{ type: 'session-scheduled', session: 's', ...BY, room: 'r', kind: 'hearing', matter: '王某诉甲局' },
    ...{ source: 'panel', planned: { fromMs: 1.2, toMs: null }, fields: { party: '王某' }, reference: '保密-1' },
  },
  'session-amended': { type: 'session-amended', session: 's', ...BY, room: 'r2', matter: '王某', fields: { a: '王' } },
  'session-cancelled': { type: 'session-cancelled', session: 's', ...BY, reason: '王某未到' },
  'session-opened': {
    ...{
      type: 'session-opened',
      session: 's',
      ...BY,
      room: 'r',
      kind: 'hearing',
      matter: '王',
      openedAt: AT,
      from: AT,
    },
    ...{ streams: [{ stream: 'cam', mandatory: true }], fields: { party: '王' } },
  },
  'session-confirmed': { type: 'session-confirmed', session: 's' },
  'session-filled': { type: 'session-filled', session: 's', ...BY, kind: 'inquiry', matter: '王' },
  'session-extended': { type: 'session-extended', session: 's', ...BY, untilMs: 9 },
  'session-closing': {
    ...{ type: 'session-closing', session: 's', ...BY, closedAt: AT, to: AT, debts: ['party'] },
    adjourned: { session: 't', planned: { fromMs: 1, toMs: 2 }, reason: '王某生病' },
  },
  'session-closed': { type: 'session-closed', session: 's', absent: [{ stream: 'cam', from: AT, to: AT, cause }] },
  'session-handed-over': { type: 'session-handed-over', session: 's' },
  gap: { type: 'gap', stream: 'cam', from: AT, to: AT, cause, claims: ['s'] },
  'interruption-explained': {
    ...{ type: 'interruption-explained', session: 's', ...BY },
    ...{ gaps: ['recorder-4'], spokenAt: null, reason: '王某' },
  },
  held: {
    type: 'held',
    hold: 'h',
    select: { session: 's', streams: null, fromMs: null, toMs: null, segs: null, siteSeqFrom: null, siteSeqTo: null },
    actor: '张',
    reason: '保密',
  },
  released: { type: 'released', hold: 'h', command: 'c', actor: '张', reason: null },
  purged: {
    ...{ type: 'purged', seg: 'g', stream: 'cam', run: 'r', sequence: 1, sha256: 'x', receipt: 'y' },
    ...{ keepDays: 30, sinceMs: 1 },
  },
  'segment-lost': { type: 'segment-lost', seg: 'g', stream: 'cam', why: 'camera 10.1.2.3' },
  'alarm-begun': { type: 'alarm-begun', alarm: 'a', code: 'disk-full', level: 'alarm', room: null, stream: null },
  'alarm-ended': { type: 'alarm-ended', alarm: 'a' },
};
const entry = (fact: SiteFact | RecorderFact, seq = 5) => ({ seq, prev: '', at: AT, fact }) as Entry<SiteFact>;
const listOf = (items: readonly unknown[], change: object = {}) => ({
  ...{ v: 1, site: 'court-1', journal: 'site', after: 0, items },
  ...change,
});

describe('an event', () => {
  test.each(Object.entries(FACTS))('%s says what it has to, reads back as it was, and names nobody', (type, fact) => {
    const event = eventOf(entry(fact));
    expect(event).toMatchObject({ type, seq: 5, at: 1_795_276_800_000 });
    expect(Object.keys(event ?? {}).sort()).toEqual(
      [...Object.keys(EVENT_FORMS[type as EventType]), 'type', 'seq', 'at'].sort(),
    );
    expect(JSON.stringify(event)).not.toMatch(NAMES);
    expect(readEventList(JSON.parse(JSON.stringify(listOf([event]))))).toEqual({
      ...{ list: listOf([event]), last: 5, passedOver: 0 },
    });
  });

  test('is not what only concerns the site', () => {
    expect(eventOf(entry({ type: 'audit', who: '张', did: 'looked', object: 's', room: null }))).toBeNull();
    expect(eventOf(entry({ type: 'session-amended', session: 's', ...BY, matter: '王' }))).toBeNull();
    expect(eventOf(entry({ type: 'session-filled', session: 's', ...BY, matter: '王' }))).toBeNull();
    expect(eventOf(entry({ type: 'policy-taken', jws: 'x' }))).toBeNull();
  });

  test('that is unknown, or does not fit its type, is passed over and counted', () => {
    const good = eventOf(entry(FACTS['session-opened'], 7));
    const items = [{ type: 'moon-rose', seq: 5, at: 1 }, { type: 'gap', seq: 6, at: 1, gap: 3 }, good];
    expect(readEventList(listOf([...items, { type: 'held', seq: 8, at: 1 }]))).toMatchObject({
      ...{ list: { items: [good] }, last: 8, passedOver: 3 },
    });
  });

  test.each<[string, object]>([
    ['numbers that do not rise', { items: [eventOf(entry(FACTS.held)), eventOf(entry(FACTS.held))] }],
    ['a number before its beginning', { after: 5, items: [eventOf(entry(FACTS.held))] }],
    ['another journal', { journal: 'diary' }],
    ['no site', { site: '../x' }],
    ['another version', { v: 2 }],
    ['too many', { items: Array.from({ length: 51 }, (_, i) => eventOf(entry(FACTS.held, i + 1))) }],
  ])('a list with %s is none', (_what, change) => {
    expect(readEventList(listOf([], change))).toBeNull();
  });

  test('how far the centre knows is two numbers', () => {
    expect(readEventHeads({ type: 'events', upTo: { site: 3, recorder: 0 } })).toEqual({ site: 3, recorder: 0 });
    for (const answer of [null, {}, { upTo: { site: 3 } }, { upTo: { site: -1, recorder: 0 } }])
      expect(readEventHeads(answer)).toBeNull();
  });
});

describe('a policy', () => {
  const own: Limits = { uplinkMbps: 20, sessionSharePercent: 30, minDurability: 'stored', keepDays: 30 };
  const policy = (change: object): Policy => {
    const read = readPolicy({ v: 1, site: 'court-1', iat: 5, ...change });
    if (read === null) throw new Error('not read');
    return read;
  };

  test('makes limits tighter and never looser', () => {
    expect(tightened(own, null)).toEqual(own);
    expect(tightened(own, policy({}))).toEqual(own);
    const tight = { uplinkMbps: 10, sessionSharePercent: 10, minDurability: 'locked', keepDays: 60 } as const;
    expect(tightened(own, policy(tight))).toEqual(tight);
    const loose = { uplinkMbps: 90, sessionSharePercent: 90, minDurability: 'engine', keepDays: 1 } as const;
    expect(tightened(own, policy(loose))).toEqual(own);
    expect(tightened({ ...own, uplinkMbps: null, keepDays: null }, policy(tight))).toEqual({
      ...tight,
      keepDays: null,
    });
  });

  test('sets the rate, less of it while a session runs', () => {
    expect(rateOf(own, false)).toBe(2_500_000);
    expect(rateOf(own, true)).toBe(750_000);
    expect(rateOf({ ...own, uplinkMbps: null }, true)).toBeNull();
  });

  test('is news when it is newer and says something else', () => {
    const kept = policy({ keepDays: 3 });
    expect(isNews(kept, null)).toBe(true);
    expect(isNews(policy({ keepDays: 3, iat: 9 }), kept)).toBe(false);
    expect(isNews(policy({ keepDays: 4, iat: 9 }), kept)).toBe(true);
    expect(isNews(policy({ keepDays: 4, iat: 5 }), kept)).toBe(false);
    expect(isNews(policy({ keepDays: 4, iat: 4 }), kept)).toBe(false);
  });

  test.each<[string, object]>([
    ['a version nobody knows', { v: 2 }],
    ['no site', { site: 7 }],
    ['no date', { iat: 'now' }],
    ['a line of nothing', { uplinkMbps: 0 }],
    ['more than all', { sessionSharePercent: 101 }],
    ['a durability nobody knows', { minDurability: 'eternal' }],
    ['days before today', { keepDays: -1 }],
  ])('with %s is none', (_what, change) => {
    expect(readPolicy({ v: 1, site: 'court-1', iat: 5, ...change })).toBeNull();
  });
});
