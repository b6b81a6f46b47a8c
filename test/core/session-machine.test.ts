/** The session machine: every state × every input as the table in core/README.md says, and random walks that keep its invariants. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  assertSession,
  claimEndOf,
  confirmedAtOf,
  holdsClaims,
  isAwaited,
  isEnding,
  isOpened,
  isRunning,
  type OpenedSession,
  SESSION_STATES,
  type Session,
} from '../../controller/core/session.ts';
import { step } from '../../controller/core/session-machine.ts';
import { between, shift } from '../../controller/core/time.ts';
import { factsOf, INPUT_NAMES, INPUTS, type InputName, outcomeOf, T0, WAYS, walk } from './session-scene.ts';

const README = readFileSync(new URL('../../controller/core/README.md', import.meta.url), 'utf8');
/** Later than everything on the way to any state. */
const LATER = shift(T0, 3_600_000);

function rowsOfReadme(): readonly (readonly string[])[] {
  const table = README.split('<!-- table of states: begin -->')[1]?.split('<!-- table of states: end -->')[0] ?? '';
  return table
    .trim()
    .split('\n')
    .filter((line) => !/^\|[\s|-]+\|$/.test(line))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );
}

function opened(session: Session): OpenedSession {
  if (!isOpened(session)) throw new Error(`${session.state} is not opened`);
  return session;
}

describe('the table in core/README.md', () => {
  const [header = [], ...rows] = rowsOfReadme();

  test('has every input and every state', () => {
    expect(header).toEqual(['input', 'nothing', ...SESSION_STATES]);
    expect(rows.map((row) => row[0])).toEqual(INPUT_NAMES);
  });

  for (const [name = '', ...cells] of rows) {
    test(`is what the machine does: ${name}`, () => {
      const input = INPUTS[name as InputName];
      cells.forEach((cell, i) => {
        const state = header[i + 1] as keyof typeof WAYS | 'nothing';
        const session = state === 'nothing' ? null : walk(WAYS[state]);
        expect(`${state}: ${outcomeOf(session, input, LATER)}`).toBe(`${state}: ${cell}`);
      });
    });
  }
});

test('a step that moves or adds leaves one fact; one that changes nothing leaves the session as it was', () => {
  for (const way of Object.values(WAYS)) {
    const session = walk(way);
    for (const name of INPUT_NAMES) {
      const outcome = outcomeOf(session, INPUTS[name], LATER);
      if (outcome === 'impossible') continue;
      const verdict = step(session, INPUTS[name], LATER);
      if (!verdict.ok) {
        expect(verdict.refusal.message).toContain(
          verdict.refusal.code.startsWith('session-already') ? 'S' : session.id,
        );
        continue;
      }
      assertSession(verdict.next);
      expect(factsOf(verdict.effects)).toHaveLength(outcome === '·' ? 0 : 1);
      if (outcome === '·') expect(verdict.next).toEqual(session);
    }
  }
});

describe('opening', () => {
  test('claims from the press minus the pre-roll to the close plus the post-roll', () => {
    const closing = opened(walk(['press-open', 'press-close']));
    expect(closing.from.monoMs).toBe(T0.monoMs - 30_000);
    expect(claimEndOf(closing)?.monoMs).toBe(T0.monoMs + 1_000 + 5_000);
    expect(confirmedAtOf(closing)).toBeNull();
  });

  test('of a docket entry keeps its id, its fields and who planned it, and takes the streams of now', () => {
    const planned = walk(['schedule']);
    const session = opened(walk(['press-open'], planned));
    expect(session).toMatchObject({ id: 'S1', createdBy: 'li', source: 'panel', fields: { presider: '张' } });
    expect(session.streams).toHaveLength(2);
    expect(session.rules).toBe('rules');
  });

  test('journals first, then wishes, then tells', () => {
    const verdict = step(null, INPUTS['press-open'], T0);
    if (!verdict.ok) throw new Error('refused');
    expect(verdict.effects.map((effect) => effect.type)).toEqual(['append', 'wish', 'announce']);
  });

  test('a second session in the room is refused and the first one named', () => {
    const verdict = step(walk(['schedule']), INPUTS['press-open (another runs)'], T0);
    expect(verdict.ok ? '' : verdict.refusal.message).toContain('S9');
  });

  test('without a mandatory stream nothing could ever be proven', () => {
    expect(outcomeOf(null, { ...INPUTS['press-open'], streams: [] }, T0)).toBe('no-mandatory-stream');
    expect(outcomeOf(walk(['schedule']), { ...INPUTS['press-open'], streams: [] }, T0)).toBe('no-mandatory-stream');
  });
});

describe('adjourning', () => {
  test('is one fact with the close, and names the session that it goes on as', () => {
    const running = walk(['press-open', 'proof', 'fill']);
    const verdict = step(running, INPUTS.adjourn, LATER);
    if (!verdict.ok) throw new Error('refused');
    expect(verdict.next).toMatchObject({ state: 'closing', continuedBy: 'S2', debtsAtClose: ['presider'] });
    const [effect] = verdict.effects;
    expect(effect).toMatchObject({
      fact: { type: 'session-closing', adjourned: { session: 'S2' }, debts: ['presider'] },
    });
  });
});

describe('what is noted beside a session', () => {
  test('is dated by its first press, never before the opening', () => {
    const running = walk(['press-open', 'proof']);
    const early = step(running, { ...INPUTS.mark, pressedAt: shift(T0, -60_000) }, LATER);
    if (!early.ok) throw new Error('refused');
    expect(early.effects[0]).toMatchObject({ fact: { type: 'mark', markedAt: opened(running).openedAt } });
  });

  test('is taken after the close when it was pressed before it', () => {
    for (const way of [WAYS.closing, WAYS.closed, WAYS['handed-over']]) {
      const session = opened(walk(way));
      for (const name of ['mark', 'tell'] as const) {
        expect(outcomeOf(session, { ...INPUTS[name], pressedAt: shift(T0, 1_500) }, LATER)).toBe('+');
      }
      const spoken = { ...INPUTS['explain (spoken)'], spokenAt: shift(T0, 1_500) };
      expect(outcomeOf(session, spoken, LATER)).toBe('+');
    }
  });

  test('an empty field takes away what was there, and filling in what is there already changes nothing', () => {
    const amended = walk(['schedule', 'amend']);
    expect(amended.fields).toEqual({ place: '二' });
    expect(outcomeOf(amended, INPUTS.amend, LATER)).toBe('·');
    const filled = walk(['press-open', 'fill']);
    expect(outcomeOf(filled, INPUTS.fill, LATER)).toBe('·');
  });

  test('who moves an entry to another room has it checked there anew', () => {
    const moved = walk(['schedule', 'begin-check', 'end-check passed', 'move']);
    expect(moved).toMatchObject({ state: 'scheduled', room: 'r2', check: null });
    // The check of the old room ends, and makes nothing ready.
    expect(outcomeOf(walk(['schedule', 'begin-check', 'move']), INPUTS['end-check passed'], LATER)).toBe('+');
  });
});

test('assertSession sees a broken session', () => {
  const good = walk(WAYS.closed);
  if (good.state !== 'closed') throw new Error('not closed');
  assertSession(good);
  expect(() => assertSession({ ...good, to: shift(good.closedAt, -1) })).toThrow('claim ends');
  expect(() => assertSession({ ...good, streams: [] })).toThrow('mandatory');
  expect(() => assertSession({ ...good, confirmedAt: shift(good.openedAt, -1) })).toThrow('confirmed');
  expect(() => assertSession({ ...good, continues: good.id })).toThrow('continue itself');
  expect(() => assertSession({ ...good, source: 'panel' })).toThrow('planned times');
  const planned = walk(['schedule']);
  expect(() => assertSession({ ...planned, planned: { fromMs: 5, toMs: 5 } })).toThrow('planned to end');
  expect(() => assertSession({ ...walk(WAYS.ready), check: null })).toThrow('ready by a check');
});

test('random walks keep the invariants: nothing goes back, one fact a change, nobody is recorded twice', () => {
  const random = numbers(7);
  const rank = (session: Session | null): number => {
    if (session === null) return -1;
    return isAwaited(session) ? 0 : SESSION_STATES.indexOf(session.state);
  };
  const reached = new Set<string>();
  for (let round = 0; round < 600; round++) {
    let session: Session | null = null;
    let at = T0;
    const journaled: string[] = [];
    for (let i = 0; i < 40; i++) {
      at = shift(at, random(3_000));
      const names = INPUT_NAMES.filter((name) => outcomeOf(session, INPUTS[name], at) !== 'impossible');
      const name = names[random(names.length)] as InputName;
      const input = name === 'mark' || name === 'tell' ? { ...INPUTS[name], pressedAt: at } : INPUTS[name];
      const verdict = step(session, input, at);
      if (!verdict.ok) continue;
      const was = session as Session | null;
      session = verdict.next;
      assertSession(session);
      reached.add(session.state);
      expect(rank(session)).toBeGreaterThanOrEqual(rank(was));
      const facts = factsOf(verdict.effects);
      expect(facts.length).toBeLessThanOrEqual(1);
      if (was?.state !== session.state) expect(facts).toHaveLength(1);
      journaled.push(...facts);
      // A claim once begun never changes, and its end never moves.
      if (was !== null && isOpened(was) && isOpened(session)) {
        expect([session.id, session.from, session.streams, session.press]).toEqual([
          was.id,
          was.from,
          was.streams,
          was.press,
        ]);
        expect(session.room).toBe(was.room);
        if (isEnding(was)) expect(claimEndOf(session)).toEqual(claimEndOf(was));
      }
      if (isOpened(session) && !isRunning(session)) {
        expect(between(session.openedAt, claimEndOf(session) ?? session.openedAt)).toBeGreaterThanOrEqual(0);
      }
      if (session.state === 'closed' || session.state === 'handed-over') expect(holdsClaims(session)).toBe(false);
    }
    const once = ['session-scheduled', 'session-opened', 'session-confirmed', 'session-closing', 'session-closed'];
    for (const type of [...once, 'session-cancelled', 'session-handed-over']) {
      expect(journaled.filter((one) => one === type).length).toBeLessThanOrEqual(1);
    }
    if (journaled.includes('session-cancelled')) expect(journaled).not.toContain('session-opened');
  }
  expect([...reached].sort()).toEqual([...SESSION_STATES].sort());
});

/** Numbers below a bound that look random and are the same in every run (mulberry32). */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}
