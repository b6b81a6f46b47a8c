/** Warnings about the times of sessions: when each begins, when it becomes an alarm, what ends it. */
import { describe, expect, test } from 'vitest';
import { isOpened, type OpenedSession, type Session } from '../../controller/core/session.ts';
import { isArmedFor, type StopLimits, stopWarningsOf } from '../../controller/core/stop-warnings.ts';
import { type Instant, shift } from '../../controller/core/time.ts';
import { INPUTS, T0, walk } from './session-scene.ts';

const MINUTE = 60_000;
const LIMITS: StopLimits = {
  ...{ ceilingMs: 240 * MINUTE, silenceMs: 15 * MINUTE, countdownMs: 10 * MINUTE, leadMs: 10 * MINUTE },
};
/** Planned from T0 + 10 min to T0 + 70 min. */
const planned = walk(['schedule']);
const running = opened(walk(['press-open', 'proof'], planned));
const walkIn = opened(walk(['press-open', 'proof']));

function opened(session: Session): OpenedSession {
  if (!isOpened(session)) throw new Error('not opened');
  return session;
}

const entry = (id: string, from: number, to: number | null): Session => ({
  ...planned,
  id,
  planned: { fromMs: T0.wallMs + from * MINUTE, toMs: to === null ? null : T0.wallMs + to * MINUTE },
});
const at = (minutes: number): Instant => shift(T0, minutes * MINUTE);
const warned = (
  session: Session,
  minutes: number,
  more: { readonly others?: readonly Session[]; readonly silentSince?: Instant } = {},
) =>
  stopWarningsOf({
    ...{ session, others: more.others ?? [], silentSince: more.silentSince ?? null, limits: LIMITS, now: at(minutes) },
  }).map(({ why, level, since, alarmAt, other }) => ({
    ...{ why, level, since: (since - T0.wallMs) / MINUTE, other },
    alarmAt: alarmAt === null ? null : (alarmAt - T0.wallMs) / MINUTE,
  }));

describe('an entry that waits', () => {
  test('is late from its time on, and an alarm later', () => {
    expect(warned(planned, 10)).toEqual([]);
    expect(warned(planned, 12)).toEqual([{ why: 'late-start', level: 'warning', since: 10, alarmAt: 20, other: null }]);
    expect(warned(planned, 21)).toEqual([{ why: 'late-start', level: 'alarm', since: 10, alarmAt: null, other: null }]);
    expect(warned(walk(['schedule', 'cancel']), 30)).toEqual([]);
  });

  test('says which others it overlaps or lies right beside', () => {
    const others = [entry('S5', 60, 90), entry('S6', 72, 90), entry('S7', 100, 120), entry('S8', 0, null)];
    expect(warned(planned, 0, { others }).map(({ why, other }) => [why, other])).toEqual([
      ['next-booking', 'S5'],
      ['adjacent', 'S6'],
    ]);
    expect(warned(entry('S8', 0, null), 0, { others: [planned] })).toEqual([]);
    expect(warned(planned, 0, { others: [entry('S9', 10, null)] })).toMatchObject([
      { why: 'next-booking', other: 'S9' },
    ]);
  });
});

describe('a session that runs', () => {
  test('is warned about at its planned end, alarmed about later, and left alone after it was extended', () => {
    expect(warned(running, 69)).toEqual([]);
    expect(warned(running, 71)).toEqual([
      { why: 'planned-end', level: 'warning', since: 70, alarmAt: 80, other: null },
    ]);
    expect(warned(running, 81)).toMatchObject([{ why: 'planned-end', level: 'alarm' }]);
    const extended = opened(walk(['extend'], running));
    expect(extended.extendedToMs).toBe(INPUTS.extend.untilMs);
    expect(warned(extended, 81)).toEqual([]);
    expect(warned(extended, 121)).toMatchObject([{ why: 'planned-end', since: 120 }]);
  });

  test('has a ceiling by the monotonic clock, however the wall clock was set', () => {
    expect(warned(walkIn, 239)).toEqual([]);
    expect(warned(walkIn, 241)).toEqual([{ why: 'ceiling', level: 'warning', since: 240, alarmAt: 250, other: null }]);
    const stepped = { ...at(60), wallMs: T0.wallMs + 600 * MINUTE };
    expect(stopWarningsOf({ session: walkIn, others: [], silentSince: null, limits: LIMITS, now: stepped })).toEqual(
      [],
    );
  });

  test('is asked about after long silence on every microphone, unless somebody said how long it goes on', () => {
    const silentSince = at(20);
    expect(warned(walkIn, 34, { silentSince })).toEqual([]);
    expect(warned(walkIn, 36, { silentSince })).toEqual([
      { why: 'silence', level: 'warning', since: 35, alarmAt: 45, other: null },
    ]);
    expect(warned(opened(walk(['extend'], walkIn)), 36, { silentSince })).toEqual([]);
  });

  test('and the entry that it runs into are both warned, and neither is cut', () => {
    const next = entry('S7', 60, 120);
    // Its planned end lies behind the beginning of the next: that is known from the press on.
    expect(warned(running, 30, { others: [next] })).toEqual([
      { why: 'next-booking', level: 'warning', since: 0, alarmAt: 60, other: 'S7' },
    ]);
    expect(warned(next, 30, { others: [running] })).toMatchObject([{ why: 'next-booking', other: 'S1', since: 0 }]);
    // A walk-in has no planned end: it is in the way when the next one is near.
    expect(warned(walkIn, 49, { others: [next] })).toEqual([]);
    expect(warned(walkIn, 51, { others: [next] })).toMatchObject([
      { why: 'next-booking', level: 'warning', since: 50 },
    ]);
    expect(warned(walkIn, 61, { others: [next] })).toMatchObject([{ why: 'next-booking', level: 'alarm' }]);
    expect(warned(next, 61, { others: [walkIn] }).map(({ why }) => why)).toEqual(['next-booking', 'late-start']);
  });

  test('that is closed warns about nothing', () => {
    const closed = walk(['press-close'], running);
    expect(warned(closed, 500, { others: [entry('S7', 60, 120)], silentSince: at(0) })).toEqual([]);
  });
});

test('a room is armed before what is planned in it, until that was opened, cancelled, or is plainly over', () => {
  const armed = (session: Session, minutes: number): boolean =>
    isArmedFor(session, 15 * MINUTE, 60 * MINUTE, at(minutes));
  expect([armed(planned, -6), armed(planned, -5), armed(planned, 69), armed(planned, 70)]).toEqual([
    false,
    true,
    true,
    false,
  ]);
  expect(armed(entry('S2', 10, null), 69)).toBe(true);
  expect(armed(running, 12)).toBe(false);
  expect(armed(walk(['schedule', 'cancel']), 12)).toBe(false);
});
