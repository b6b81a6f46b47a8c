/** Interruptions out of gaps: what belongs together, what is none, and what is owed for it. */
import { expect, test } from 'vitest';
import { type Interruption, interruptionsOf, type OpenGap } from '../../controller/core/interruptions.ts';
import { isOpened, type OpenedSession } from '../../controller/core/session.ts';
import type { ExplanationRow } from '../../controller/core/session-index.ts';
import type { GapRow } from '../../controller/core/site-index.ts';
import { shift } from '../../controller/core/time.ts';
import { T0, walk } from './session-scene.ts';

/** Opened at T0, confirmed a second later; `cam` is mandatory, `mic` is not. */
const running = opened(walk(['press-open', 'proof']));
const closed = opened(walk(['press-open', 'proof', 'press-close']));

function opened(session: ReturnType<typeof walk>): OpenedSession {
  if (!isOpened(session)) throw new Error('not opened');
  return session;
}

const s = (seconds: number) => shift(T0, seconds * 1_000);
const gap = (id: string, stream: string, from: number, to: number): GapRow => ({
  ...{ id, stream, from: s(from), to: s(to), cause: { code: 'camera-unreachable', detail: '' } },
});
const said = (gaps: readonly string[], spoken: number | null, reason: string | null): ExplanationRow => ({
  ...{ by: 'li', gaps, spokenAt: spoken === null ? null : s(spoken), reason },
});
const brief = (all: readonly Interruption[]) =>
  all.map((one) => [
    one.gaps.join('+'),
    (one.from.monoMs - T0.monoMs) / 1_000,
    one.to === null ? null : (one.to.monoMs - T0.monoMs) / 1_000,
    one.owed.join('+'),
  ]);
const of = (
  gaps: readonly GapRow[],
  open: readonly OpenGap[] = [],
  explained: readonly ExplanationRow[] = [],
  session = running,
) => interruptionsOf(session, gaps, open, explained);

test('gaps of several streams at one time, and right behind each other, are one interruption', () => {
  const all = of([gap('a', 'cam', 10, 20), gap('b', 'mic', 12, 31), gap('c', 'cam', 32, 34), gap('d', 'cam', 40, 45)]);
  expect(brief(all)).toEqual([
    ['a+b+c', 10, 34, 'spoken+typed'],
    ['d', 40, 45, 'spoken+typed'],
  ]);
  expect(all[0]).toMatchObject({ streams: ['cam', 'mic'], causes: ['camera-unreachable'], isMandatory: true });
});

test('what lay before the recording was confirmed, and what was too short to notice, is none', () => {
  expect(of([gap('a', 'cam', -30, 0.9), gap('b', 'cam', 10, 10.9)])).toEqual([]);
  // It reaches into the confirmed time by more than a moment.
  expect(brief(of([gap('a', 'cam', -30, 3)]))).toEqual([['a', -30, 3, 'spoken+typed']]);
});

test('many short ones in a row are one that was noticed', () => {
  expect(brief(of([gap('a', 'cam', 10, 10.4), gap('b', 'cam', 11, 11.4), gap('c', 'cam', 12, 12.4)]))).toEqual([
    ['a+b+c', 10, 12.4, 'spoken+typed'],
  ]);
});

test('while it goes on nothing is owed, and nobody can name it yet', () => {
  const open = { stream: 'cam', from: s(21), cause: 'camera-stalled' };
  expect(brief(of([gap('a', 'mic', 19.5, 20)], [open]))).toEqual([['a', 19.5, null, '']]);
  expect(brief(of([], [open]))).toEqual([['', 21, null, '']]);
});

test('a stream that is not mandatory owes nothing', () => {
  expect(brief(of([gap('a', 'mic', 10, 20)]))).toEqual([['a', 10, 20, '']]);
});

test('spoken and typed are owed each for itself, and who explained a part explained it', () => {
  const gaps = [gap('a', 'cam', 10, 20), gap('b', 'mic', 12, 31)];
  expect(brief(of(gaps, [], [said(['a'], 35, null)]))).toEqual([['a+b', 10, 31, 'typed']]);
  expect(brief(of(gaps, [], [said(['a'], 35, null), said(['a', 'b'], null, '停电')]))).toEqual([['a+b', 10, 31, '']]);
  const [one] = of(gaps, [], [said(['a'], 35, '停电'), said(['b'], null, '网络中断')]);
  expect(one).toMatchObject({ spokenAt: s(35), reason: '网络中断', owed: [] });
  expect(brief(of(gaps, [], [said(['z'], 35, '停电')]))[0]?.[3]).toBe('spoken+typed');
});

test('what lay behind the press to close is none', () => {
  expect(of([gap('a', 'cam', 2.5, 6)], [], [], closed)).toEqual([]);
  // It begins half a second before the press.
  expect(of([gap('a', 'cam', 1.5, 6)], [], [], closed)).toEqual([]);
});
