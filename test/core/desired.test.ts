/** How a wish meets what is being kept: silence never ends a claim, and what ended never comes back. */
import { describe, expect, test } from 'vitest';
import { claimsOf, fallBack, mergeDesired } from '../../controller/core/desired.ts';
import type { DesiredClaim, DesiredState, DesiredStream, Source } from '../../controller/core/recording.ts';
import { type Instant, shift } from '../../controller/core/time.ts';
import { seeded } from '../oracle/fragmented.ts';

const T0: Instant = { wallMs: 1_795_000_000_000, monoMs: 5_000_000, boot: 'boot-a' };
const SOURCE: Source = { url: 'rtsp://10.0.0.1/live', transport: 'auto', audio: 'auto' };
const OTHER: Source = { ...SOURCE, url: 'rtsp://10.0.0.2/live', user: 'admin', password: 'new' };
const none = () => false;

const claim = (id: string, to: Instant | null = null): DesiredClaim => ({ id, from: T0, to });
const off = (source = SOURCE): DesiredStream => ({ source, mode: 'off' });
const armed = (source = SOURCE): DesiredStream => ({ source, mode: 'armed', preRollMs: 4_000 });
const keep = (claims: readonly DesiredClaim[], after: 'armed' | 'off' = 'armed', source = SOURCE): DesiredStream => ({
  source,
  mode: 'keep',
  preRollMs: 4_000,
  segmentMs: 10_000,
  claims,
  after,
});
const state = (revision: number, streams: { readonly [stream: string]: DesiredStream } = {}): DesiredState => ({
  revision,
  streams,
});
const END = shift(T0, 60_000);
const LATER = shift(T0, 90_000);

describe('one stream', () => {
  const cases: readonly {
    readonly name: string;
    readonly current: DesiredStream | null;
    readonly asked: DesiredStream | null;
    readonly ended?: readonly string[];
    readonly next: DesiredStream | null;
    readonly forgotten?: readonly string[];
  }[] = [
    { name: 'nothing before: the wish as it is', current: null, asked: keep([claim('A')]), next: keep([claim('A')]) },
    { name: 'off, armed and back', current: off(), asked: armed(), next: armed() },
    { name: 'armed, not named any more', current: armed(), asked: null, next: null },
    {
      name: 'a claim that the wish leaves out goes on',
      current: keep([claim('A')]),
      asked: keep([claim('B')]),
      next: keep([claim('B'), claim('A')]),
      forgotten: ['A'],
    },
    {
      name: 'a whole stream that the wish leaves out goes on',
      current: keep([claim('A')], 'off'),
      asked: null,
      next: keep([claim('A')], 'off'),
      forgotten: ['A'],
    },
    {
      name: 'armed over an open claim: it goes on and is armed afterwards',
      current: keep([claim('A')], 'off'),
      asked: armed(),
      next: keep([claim('A')], 'armed'),
      forgotten: ['A'],
    },
    {
      name: 'off over an open claim: it goes on and is off afterwards',
      current: keep([claim('A')], 'armed'),
      asked: off(),
      next: keep([claim('A')], 'off'),
      forgotten: ['A'],
    },
    {
      name: 'a forgotten claim that has its end needs no word',
      current: keep([claim('A', END)]),
      asked: armed(),
      next: keep([claim('A', END)]),
    },
    {
      name: 'an end is taken',
      current: keep([claim('A')]),
      asked: keep([claim('A', END)]),
      next: keep([claim('A', END)]),
    },
    {
      name: 'an end once given is not taken back',
      current: keep([claim('A', END)]),
      asked: keep([claim('A')]),
      next: keep([claim('A', END)]),
    },
    {
      name: 'an end may move',
      current: keep([claim('A', END)]),
      asked: keep([claim('A', LATER)]),
      next: keep([claim('A', LATER)]),
    },
    {
      name: 'a beginning never moves',
      current: keep([claim('A')]),
      asked: keep([{ id: 'A', from: LATER, to: null }]),
      next: keep([claim('A')]),
    },
    {
      name: 'an ended claim does not come back, open or not',
      current: armed(),
      asked: keep([claim('A'), claim('B', END), claim('C')]),
      ended: ['A', 'B'],
      next: keep([claim('C')]),
    },
    {
      name: 'all claims ended: armed',
      current: keep([claim('A', END)]),
      asked: keep([claim('A', END)], 'armed'),
      ended: ['A'],
      next: armed(),
    },
    {
      name: 'all claims ended: off',
      current: keep([claim('A', END)]),
      asked: keep([claim('A')], 'off'),
      ended: ['A'],
      next: off(),
    },
    { name: 'a keep without claims is none', current: null, asked: keep([], 'armed'), next: armed() },
    {
      name: 'a stream whose claims have ended and that nobody names',
      current: keep([claim('A', END)]),
      asked: null,
      ended: ['A'],
      next: null,
    },
    {
      name: 'a new source under a running claim',
      current: keep([claim('A')]),
      asked: keep([claim('A')], 'armed', OTHER),
      next: keep([claim('A')], 'armed', OTHER),
    },
    {
      name: 'a new source with a forgotten claim: the claim goes on from there',
      current: keep([claim('A')]),
      asked: armed(OTHER),
      next: keep([claim('A')], 'armed', OTHER),
      forgotten: ['A'],
    },
    { name: 'a new source while armed', current: armed(), asked: armed(OTHER), next: armed(OTHER) },
  ];

  // A stream may have a name that every object has, too.
  test.each(cases.flatMap((one) => ['cam-1', 'constructor'].map((stream) => ({ ...one, stream }))))(
    '$name ($stream)',
    ({ stream, current, asked, ended = [], next, forgotten = [] }) => {
      const streams = (one: DesiredStream | null) => (one === null ? {} : { [stream]: one });
      const merged = mergeDesired(
        state(3, streams(current)),
        state(4, streams(asked)),
        (name, id) => name === stream && ended.includes(id),
      );
      expect(merged.next).toEqual(state(4, streams(next)));
      expect(merged.forgotten).toEqual(forgotten.map((id) => ({ stream, claim: id })));
    },
  );
});

test('streams do not touch each other, and a merge changes neither of its inputs', () => {
  const current = Object.freeze(state(1, { a: keep([claim('A')]), b: keep([claim('A')]), c: armed() }));
  const asked = Object.freeze(state(2, { b: keep([claim('A', END)]), c: off(), d: armed() }));
  const before = JSON.stringify([current, asked]);
  const { next, forgotten } = mergeDesired(current, asked, none);
  expect(next.streams).toEqual({ a: keep([claim('A')]), b: keep([claim('A', END)]), c: off(), d: armed() });
  expect(forgotten).toEqual([{ stream: 'a', claim: 'A' }]);
  expect(JSON.stringify([current, asked])).toBe(before);
});

test('claims are those of a keep, and what is left of it', () => {
  expect(claimsOf(undefined)).toEqual([]);
  expect(claimsOf(armed())).toEqual([]);
  expect(claimsOf(keep([claim('A')]))).toEqual([claim('A')]);
  expect(fallBack(keep([claim('A')], 'armed'))).toEqual(armed());
  expect(fallBack(keep([claim('A')], 'off'))).toEqual(off());
  expect(fallBack(armed())).toEqual(armed());
});

test.each([1, 2, 3, 4, 5])('random walk: what began ends by its own end alone (seed %i)', (seed) => {
  const random = seeded(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const ids = ['A', 'B', 'C', 'D', 'E', 'F'];
  const names = ['s1', 's2', 'constructor'];
  const ended = new Set<string>();
  let current = state(0);
  let sawForgotten = 0;
  for (let step = 1; step <= 1_500; step++) {
    // Ended in the journal, as the keeper does once a claim has its end.
    for (const [stream, wish] of Object.entries(current.streams)) {
      for (const one of claimsOf(wish)) if (one.to !== null && random() < 0.2) ended.add(`${stream}/${one.id}`);
    }
    if (random() < 0.01) ended.clear();
    const streams: { [stream: string]: DesiredStream } = {};
    for (const stream of names) {
      const chosen = ids
        .filter(() => random() < 0.4)
        .map((id) => claim(id, random() < 0.3 ? pick([END, LATER]) : null));
      const wish = pick([null, off, armed, () => keep(chosen, pick(['armed', 'off']), pick([SOURCE, OTHER]))]);
      if (wish !== null) streams[stream] = wish();
    }
    const asked = state(step, streams);
    const isEnded = (stream: string, id: string) => ended.has(`${stream}/${id}`);
    const { next, forgotten } = mergeDesired(current, asked, isEnded);
    sawForgotten += forgotten.length;
    expect(next.revision).toBe(step);
    for (const stream of names) {
      const was = Object.hasOwn(current.streams, stream) ? current.streams[stream] : undefined;
      const is = Object.hasOwn(next.streams, stream) ? next.streams[stream] : undefined;
      const wish = Object.hasOwn(streams, stream) ? streams[stream] : undefined;
      const kept = claimsOf(is);
      expect(new Set(kept.map(({ id }) => id)).size, 'each claim once').toBe(kept.length);
      expect(
        kept.filter(({ id }) => isEnded(stream, id)),
        'nothing ended comes back',
      ).toEqual([]);
      for (const one of claimsOf(was)) {
        if (isEnded(stream, one.id)) continue;
        const still = kept.find(({ id }) => id === one.id);
        expect(still, `${stream}/${one.id} goes on`).toBeDefined();
        expect(still?.from).toEqual(one.from);
        if (one.to !== null) expect(still?.to).not.toBeNull();
        const isNamed = claimsOf(wish).some(({ id }) => id === one.id);
        const told = forgotten.some((each) => each.stream === stream && each.claim === one.id);
        expect(told).toBe(!isNamed && one.to === null);
      }
      for (const one of claimsOf(wish))
        if (!isEnded(stream, one.id)) expect(kept.some(({ id }) => id === one.id)).toBe(true);
      if (is?.mode === 'keep') expect(kept.length, 'a keep keeps something').toBeGreaterThan(0);
      else expect(is?.mode).toBe(wish?.mode === 'keep' ? wish.after : wish?.mode);
      if (wish !== undefined) expect(is?.source).toEqual(wish.source);
    }
    expect(mergeDesired(next, asked, isEnded).next, 'the same wish again changes nothing').toEqual(next);
    current = next;
  }
  expect(sawForgotten).toBeGreaterThan(100);
});
