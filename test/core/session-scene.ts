/** Inputs of the session machine and the ways to each state, for tests that walk through it. */
import type { Session, SessionState } from '../../controller/core/session.ts';
import { type SessionInput, step } from '../../controller/core/session-machine.ts';
import type { SessionEffect, Verdict } from '../../controller/core/session-verdict.ts';
import { type Instant, shift } from '../../controller/core/time.ts';

export const T0: Instant = { wallMs: 1_795_000_000_000, monoMs: 5_000_000, boot: 'boot-a' };
export const STREAMS = [
  { stream: 'cam', mandatory: true },
  { stream: 'mic', mandatory: false },
];
const TEXT = { notice: 'told', version: 1, textSha256: 'a'.repeat(64) };
const PLANNED = { fromMs: T0.wallMs + 600_000, toMs: T0.wallMs + 4_200_000 };

/** One input of each type, as somebody would press it. */
export const INPUTS = {
  schedule: {
    ...{ type: 'schedule', session: 'S1', press: 'plan-0001', room: 'r1', kind: 'hearing', matter: 'M', by: 'li' },
    ...{ source: 'panel', planned: PLANNED, fields: { presider: '张' }, continues: null, reference: null },
  },
  amend: {
    type: 'amend',
    press: 'amend-001',
    by: 'li',
    change: { matter: 'N', fields: { presider: '', place: '二' } },
  },
  move: { type: 'amend', press: 'amend-002', by: 'li', change: { room: 'r2' } },
  cancel: { type: 'cancel', press: 'cancel-01', by: 'li', reason: '撤回' },
  'begin-check': {
    ...{ type: 'begin-check', check: 'C1', press: 'check-001', by: 'li', from: T0, to: shift(T0, 6_000) },
    streams: STREAMS,
  },
  'end-check passed': { type: 'end-check', check: 'C1', verdict: 'passed', findings: [] },
  'end-check warned': { type: 'end-check', check: 'C1', verdict: 'warned', findings: [] },
  'press-open': {
    ...{ type: 'press-open', press: 'open-0001', by: 'li', running: null, preRollMs: 30_000, streams: STREAMS },
    walkIn: { session: 'S1', room: 'r1', kind: 'hearing', matter: 'M', fields: {} },
    rules: { id: 'rules', version: 1 },
  },
  'press-open (another runs)': {
    ...{ type: 'press-open', press: 'open-0002', by: 'li', running: 'S9', preRollMs: 30_000, streams: STREAMS },
    walkIn: { session: 'S2', room: 'r1', kind: 'hearing', matter: 'M', fields: {} },
    rules: null,
  },
  proof: { type: 'proof' },
  'proof-lost': { type: 'proof-lost' },
  'press-close': { type: 'press-close', press: null, by: 'wang', postRollMs: 5_000, debts: [], adjourned: null },
  adjourn: {
    ...{ type: 'press-close', press: 'adjourn-1', by: 'wang', postRollMs: 5_000, debts: ['presider'] },
    adjourned: { session: 'S2', planned: PLANNED, reason: '补充证据' },
  },
  'claims-ended': { type: 'claims-ended', absent: [] },
  'all-receipted': { type: 'all-receipted' },
  fill: { type: 'fill', press: 'fill-0001', by: 'li', change: { matter: 'N', fields: { place: '二' } } },
  mark: {
    type: 'mark',
    mark: 'mark-0001',
    kind: 'evidence',
    by: 'li',
    pressedAt: shift(T0, 3_600_000),
    note: '',
    page: '',
  },
  'note-mark': { type: 'note-mark', mark: 'mark-0001', press: 'note-0001', by: 'li', note: '原件', page: '3' },
  tell: {
    ...{ type: 'tell', press: 'tell-0001', by: 'li', pressedAt: shift(T0, 3_600_000), answer: 'understood', note: '' },
    text: TEXT,
  },
  'notice-shown': { type: 'notice-shown', display: 'd1', ackedAt: shift(T0, 3_600_000), text: TEXT },
  'notice-spoken': { type: 'notice-spoken', display: 'd1', ackedAt: shift(T0, 3_600_000), how: 'recorded', text: TEXT },
  'explain (typed)': { type: 'explain', press: 'expl-0001', by: 'li', gaps: ['g1'], spokenAt: null, reason: '停电' },
  'explain (spoken)': {
    ...{ type: 'explain', press: 'expl-0002', by: 'li', gaps: ['g1'], spokenAt: shift(T0, 3_600_000), reason: null },
  },
  extend: { type: 'extend', press: 'extend-01', by: 'li', untilMs: T0.wallMs + 7_200_000 },
  warn: { type: 'warn', why: 'planned-end' },
} as const satisfies { readonly [name: string]: SessionInput };

export type InputName = keyof typeof INPUTS;
export const INPUT_NAMES = Object.keys(INPUTS) as InputName[];

export const WAYS: { readonly [state in SessionState]: readonly InputName[] } = {
  scheduled: ['schedule'],
  checking: ['schedule', 'begin-check'],
  ready: ['schedule', 'begin-check', 'end-check passed'],
  cancelled: ['schedule', 'cancel'],
  opening: ['press-open'],
  open: ['press-open', 'proof'],
  closing: ['press-open', 'proof', 'press-close'],
  closed: ['press-open', 'proof', 'press-close', 'claims-ended'],
  'handed-over': ['press-open', 'proof', 'press-close', 'claims-ended', 'all-receipted'],
};

/** The session after these inputs, a second apart. */
export function walk(names: readonly InputName[], from: Session | null = null): Session {
  let session = from;
  names.forEach((name, i) => {
    const verdict = step(session, INPUTS[name], shift(T0, i * 1_000));
    if (!verdict.ok) throw new Error(`${name}: ${verdict.refusal.message}`);
    session = verdict.next;
  });
  if (session === null) throw new Error('nothing walked');
  return session;
}

export const factsOf = (effects: readonly SessionEffect[]): string[] =>
  effects.flatMap((effect) => (effect.type === 'append' ? [effect.fact.type] : []));

/**
 * What a step comes to in one word: `→ state`, `+` where something is written down and the state stays, `·` where nothing changes,
 * the code of a refusal, or `impossible`.
 */
export function outcomeOf(session: Session | null, input: SessionInput, at: Instant): string {
  let verdict: Verdict;
  try {
    verdict = step(session, input, at);
  } catch {
    return 'impossible';
  }
  if (!verdict.ok) return verdict.refusal.code;
  if (verdict.next.state !== session?.state) return `→ ${verdict.next.state}`;
  return factsOf(verdict.effects).length > 0 ? '+' : '·';
}
