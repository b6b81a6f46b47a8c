/** The session machine: every state × every input from a table, and random walks that keep its invariants at each step. */
import { describe, expect, test } from 'vitest';
import {
  assertSession,
  claimEndOf,
  confirmedAtOf,
  holdsClaims,
  isRunning,
  SESSION_STATES,
  type Session,
  type SessionEffect,
  type SessionInput,
  type SessionState,
  step,
} from '../../controller/core/session.ts';
import { type Instant, shift } from '../../controller/core/time.ts';

const T0: Instant = { wallMs: 1_795_000_000_000, monoMs: 5_000_000, boot: 'boot-a' };
const STREAMS = [
  { stream: 'cam', mandatory: true },
  { stream: 'mic', mandatory: false },
];
const OPEN: SessionInput = {
  type: 'press-open',
  session: 'S1',
  press: 'P1',
  room: 'r1',
  kind: 'hearing',
  matter: 'M',
  by: 'li',
  preRollMs: 30_000,
  streams: STREAMS,
};
const PROOF: SessionInput = { type: 'proof' };
const CLOSE: SessionInput = { type: 'press-close', by: 'wang', postRollMs: 5_000 };
const ENDED: SessionInput = { type: 'claims-ended', absent: [] };
const RECEIPTED: SessionInput = { type: 'all-receipted' };

const WAY: { readonly [state in SessionState]: readonly SessionInput[] } = {
  opening: [OPEN],
  open: [OPEN, PROOF],
  closing: [OPEN, PROOF, CLOSE],
  closed: [OPEN, PROOF, CLOSE, ENDED],
  'handed-over': [OPEN, PROOF, CLOSE, ENDED, RECEIPTED],
};

function walk(inputs: readonly SessionInput[]): Session {
  let session: Session | null = null;
  let at = T0;
  for (const input of inputs) {
    const verdict = step(session, input, at);
    if (!verdict.ok) throw new Error(verdict.refusal.message);
    session = verdict.next;
    at = shift(at, 1_000);
  }
  if (session === null) throw new Error('nothing walked');
  return session;
}

const factsOf = (effects: readonly SessionEffect[]): string[] =>
  effects.flatMap((effect) => (effect.type === 'append' ? [effect.fact.type] : []));

/** state × input → next state, or the refusal's code, or `impossible`; and the facts that are journaled. */
const TABLE: readonly (readonly [SessionState | 'nothing', string, SessionInput, string, readonly string[]])[] = [
  ['nothing', 'press', OPEN, 'opening', ['session-opened']],
  ['nothing', 'press without mandatory stream', { ...OPEN, streams: [] }, 'no-mandatory-stream', []],
  ['nothing', 'proof', PROOF, 'session-unknown', []],
  ['nothing', 'proof lost', { type: 'proof-lost' }, 'session-unknown', []],
  ['nothing', 'close', CLOSE, 'session-unknown', []],
  ['nothing', 'claims ended', ENDED, 'session-unknown', []],
  ['nothing', 'all receipted', RECEIPTED, 'session-unknown', []],
  ...SESSION_STATES.flatMap((state) => [
    [state, 'the same press', OPEN, state, []] as const,
    [state, 'another press', { ...OPEN, press: 'P2', session: 'S2' }, 'session-already-open', []] as const,
    [state, 'proof lost', { type: 'proof-lost' }, state, []] as const,
  ]),
  ['opening', 'proof', PROOF, 'open', ['session-confirmed']],
  ['opening', 'close', CLOSE, 'closing', ['session-closing']],
  ['opening', 'claims ended', ENDED, 'impossible', []],
  ['opening', 'all receipted', RECEIPTED, 'opening', []],
  ['open', 'proof', PROOF, 'open', []],
  ['open', 'close', CLOSE, 'closing', ['session-closing']],
  ['open', 'claims ended', ENDED, 'impossible', []],
  ['open', 'all receipted', RECEIPTED, 'open', []],
  ['closing', 'proof', PROOF, 'closing', []],
  ['closing', 'close', CLOSE, 'closing', []],
  ['closing', 'claims ended', ENDED, 'closed', ['session-closed']],
  ['closing', 'all receipted', RECEIPTED, 'closing', []],
  ['closed', 'proof', PROOF, 'closed', []],
  ['closed', 'close', CLOSE, 'closed', []],
  ['closed', 'claims ended', ENDED, 'closed', []],
  ['closed', 'all receipted', RECEIPTED, 'handed-over', ['session-handed-over']],
  ['handed-over', 'proof', PROOF, 'handed-over', []],
  ['handed-over', 'close', CLOSE, 'handed-over', []],
  ['handed-over', 'claims ended', ENDED, 'handed-over', []],
  ['handed-over', 'all receipted', RECEIPTED, 'handed-over', []],
];

describe('every state takes every input', () => {
  for (const [state, name, input, outcome, facts] of TABLE) {
    test(`${state}: ${name} → ${outcome}`, () => {
      const session = state === 'nothing' ? null : walk(WAY[state]);
      const at = shift(T0, 60_000);
      if (outcome === 'impossible') {
        expect(() => step(session, input, at)).toThrow('cannot have ended');
        return;
      }
      const verdict = step(session, input, at);
      if (verdict.ok) {
        expect(verdict.next.state).toBe(outcome);
        expect(factsOf(verdict.effects)).toEqual(facts);
        assertSession(verdict.next);
        if (facts.length === 0) expect(verdict.next).toEqual(session);
      } else {
        expect(verdict.refusal.code).toBe(outcome);
        expect(verdict.refusal.message.length).toBeGreaterThan(10);
      }
    });
  }

  test('the table is whole: every state has a row for each type of input', () => {
    for (const state of ['nothing', ...SESSION_STATES]) {
      const types = new Set(TABLE.filter((row) => row[0] === state).map((row) => row[2].type));
      expect([...types].sort()).toEqual([
        'all-receipted',
        'claims-ended',
        'press-close',
        'press-open',
        'proof',
        'proof-lost',
      ]);
    }
  });
});

test('the claim reaches from the press minus the pre-roll to the close plus the post-roll', () => {
  const closing = walk([OPEN, CLOSE]);
  expect(closing.from.monoMs).toBe(T0.monoMs - 30_000);
  expect(claimEndOf(closing)?.monoMs).toBe(T0.monoMs + 1_000 + 5_000);
  expect(confirmedAtOf(closing)).toBeNull();
});

test('the journal comes before the wish, and the wish before the news', () => {
  const verdict = step(null, OPEN, T0);
  if (!verdict.ok) throw new Error('refused');
  expect(verdict.effects.map((effect) => effect.type)).toEqual(['append', 'wish', 'announce']);
});

test('a refusal names the running session', () => {
  const verdict = step(walk([OPEN]), { ...OPEN, press: 'P2' }, T0);
  expect(verdict.ok ? '' : verdict.refusal.message).toContain('S1');
});

test('assertSession sees a broken session', () => {
  const good = walk([OPEN, PROOF, CLOSE, ENDED]);
  if (good.state !== 'closed') throw new Error('not closed');
  assertSession(good);
  expect(() => assertSession({ ...good, to: shift(good.closedAt, -1) })).toThrow('claim ends');
  expect(() => assertSession({ ...good, streams: [] })).toThrow('mandatory');
  expect(() => assertSession({ ...good, confirmedAt: shift(good.openedAt, -1) })).toThrow('confirmed');
});

test('random walks keep the invariants, never go back and journal each change once', () => {
  let seed = 7;
  const random = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed % below;
  };
  for (let round = 0; round < 300; round++) {
    let session: Session | null = null;
    let at = T0;
    const journaled: string[] = [];
    for (let i = 0; i < 25; i++) {
      at = shift(at, random(3_000));
      const inputs: SessionInput[] = [
        OPEN,
        { ...OPEN, press: 'P2', session: 'S2' },
        PROOF,
        { type: 'proof-lost' },
        CLOSE,
        RECEIPTED,
      ];
      if (session !== null && !isRunning(session)) inputs.push(ENDED);
      const input = inputs[random(inputs.length)] as SessionInput;
      const verdict = step(session, input, at);
      if (!verdict.ok) continue;
      const was: SessionState | null = session?.state ?? null;
      session = verdict.next;
      assertSession(session);
      const rank = (state: SessionState | null): number => (state === null ? -1 : SESSION_STATES.indexOf(state));
      expect(rank(session.state)).toBeGreaterThanOrEqual(rank(was));
      journaled.push(...factsOf(verdict.effects));
      expect(factsOf(verdict.effects).length).toBe(was === session.state ? 0 : 1);
      if (session.state === 'closed' || session.state === 'handed-over') expect(holdsClaims(session)).toBe(false);
    }
    expect(new Set(journaled).size).toBe(journaled.length);
  }
});
