import { describe, expect, test } from 'vitest';
import type { SessionWarning } from '../../controller/api/contract-session.ts';
import { lateMs, meantEntry, nextEntry } from '../../panel/clerk/docket-order.ts';
import { nextStep } from '../../panel/clerk/next-step.ts';
import { check, entry, interruption, room, session, told } from './views.ts';

const MINUTE_MS = 60_000;
const NOW = 100 * MINUTE_MS;
const warning = (why: SessionWarning['why'], level: SessionWarning['level']): SessionWarning => ({
  ...{ why, level, since: 0, alarmAt: null, other: null },
});
const during = (more: Parameters<typeof session>[0]) => nextStep(room({ session: session(more) }), null, NOW).is;
const first = (...[view, due]: [Parameters<typeof room>[0], ReturnType<typeof entry> | null]) => {
  const step = nextStep(room(view), due, NOW);
  return step.is === 'before' ? step.first : step.is;
};

describe('while it records, the one thing to do is', () => {
  test('to wait for proof, whatever else is owed', () => {
    expect(during({ state: 'opening', confirmed: false, interruptions: [interruption()] })).toBe('proving');
  });
  test('to tell the parties, before anything else that is owed', () => {
    expect(during({ interruptions: [interruption()], debts: ['matter'] })).toBe('tell');
    expect(during({ confirmed: false })).toBe('tell');
  });
  test('to explain an interruption that is over and owes a reason', () => {
    expect(during({ notice: told, interruptions: [interruption()], debts: ['matter'] })).toBe('explain');
    expect(during({ notice: told, interruptions: [interruption({ id: null, to: null, owed: [] })] })).toBe('calm');
    expect(during({ notice: told, interruptions: [interruption({ owed: [] })] })).toBe('calm');
  });
  test('to say whether it goes on, once that is an alarm even before the telling', () => {
    expect(during({ notice: told, warnings: [warning('silence', 'warning')] })).toBe('extend');
    expect(during({ warnings: [warning('planned-end', 'warning')] })).toBe('tell');
    expect(during({ warnings: [warning('planned-end', 'alarm')] })).toBe('extend');
    expect(during({ notice: told, warnings: [warning('next-booking', 'alarm')] })).toBe('calm');
  });
  test('to look after a device, then to fill in, then nothing', () => {
    expect(during({ notice: told, confirmed: false, debts: ['matter'] })).toBe('mend');
    expect(during({ notice: told, debts: ['matter'] })).toBe('fill');
    expect(during({ notice: told })).toBe('calm');
    expect(during({ notice: { ...told, owed: false, told: null } })).toBe('calm');
  });
  test('after the stop, to fill in, to explain, or to go back', () => {
    const over = (more: Parameters<typeof session>[0]) => {
      const step = nextStep(room({ session: session({ state: 'closed', ...more }) }), null, NOW);
      return step.is === 'over' ? step.first : step.is;
    };
    expect(during({ state: 'closing' })).toBe('closing');
    expect(over({ debts: ['matter'] })).toBe('fill');
    expect(over({ interruptions: [interruption()] })).toBe('explain');
    expect(over({})).toBe('back');
  });
});

describe('before a start', () => {
  test('devices are checked while there is time, and nobody is sent to check when it is due', () => {
    const soon = entry('a', NOW + 10 * MINUTE_MS);
    expect(first({}, soon)).toBe('check');
    expect(first({ check: check({ state: 'running' }) }, soon)).toBe('checking');
    expect(first({ check: check() }, soon)).toBe('listen');
    const heard = { at: 0, by: '', streams: [], note: '' };
    expect(first({ check: check({ heard }) }, soon)).toBe('start');
    expect(first({}, entry('a', NOW + MINUTE_MS))).toBe('start');
    expect(first({}, entry('a', NOW - MINUTE_MS))).toBe('start');
    expect(first({}, null)).toBe('start');
  });
  test('a check that was made for another entry counts for nothing', () => {
    const soon = entry('a', NOW + 10 * MINUTE_MS);
    expect(first({ check: check({ session: 'b' }) }, soon)).toBe('check');
    expect(first({ check: check({ session: 'a' }) }, soon)).toBe('listen');
  });
  test('nobody is asked for what is not theirs', () => {
    const may = { open: true, close: true, extend: true, annotate: true, schedule: true, check: false };
    expect(first({ may }, entry('a', NOW + 10 * MINUTE_MS))).toBe('start');
  });
});

describe('the entry that is meant', () => {
  const past = entry('past', NOW - 200 * MINUTE_MS);
  const late = entry('late', NOW - 20 * MINUTE_MS);
  const next = entry('next', NOW + 40 * MINUTE_MS);
  const gone = entry('gone', NOW + MINUTE_MS, { state: 'cancelled' });
  test('is the one that is due, or the next to come, never one that was forgotten hours ago or cancelled', () => {
    expect(nextEntry([past, late, gone, next], NOW)?.id).toBe('late');
    expect(nextEntry([past, gone, next], NOW)?.id).toBe('next');
    expect(nextEntry([past, gone], NOW)).toBeNull();
  });
  test('is the one somebody chose, for as long as it can be opened', () => {
    expect(meantEntry([late, next], 'next', NOW)?.id).toBe('next');
    expect(meantEntry([late, { ...next, state: 'closed' }], 'next', NOW)?.id).toBe('late');
  });
  test('is late from its planned time on, until it was opened', () => {
    expect(lateMs(late, NOW)).toBe(20 * MINUTE_MS);
    expect(lateMs(next, NOW)).toBeNull();
    expect(lateMs({ ...late, state: 'open' }, NOW)).toBeNull();
  });
});
