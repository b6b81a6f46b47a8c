/** The wish, from who is awake and what is claimed: a table of cases. */
import { expect, test } from 'vitest';
import type { DesiredStream, Source } from '../../controller/core/recording.ts';
import type { OpenedSession } from '../../controller/core/session.ts';
import type { CheckRow } from '../../controller/core/session-index.ts';
import { type Instant, shift } from '../../controller/core/time.ts';
import { awakeRooms, wishOf } from '../../controller/site/wishes.ts';
import { PLAN } from './stage.ts';

const T0: Instant = { wallMs: 1_795_000_000_000, monoMs: 1_000_000, boot: 'b' };
const source = (stream: string): Source => ({ url: `rtsp://x/${stream}`, transport: 'auto', audio: 'auto' });

const running: OpenedSession = {
  state: 'opening',
  createdBy: 'li',
  createdAt: T0,
  source: 'walk-in',
  reference: null,
  planned: null,
  continues: null,
  check: null,
  fields: {},
  rules: null,
  extendedToMs: null,
  id: 'S1',
  press: 'p',
  room: 'r1',
  kind: 'hearing',
  matter: '',
  openedBy: 'li',
  openedAt: T0,
  from: shift(T0, -10_000),
  streams: [
    { stream: 'cam', mandatory: true },
    { stream: 'mic', mandatory: true },
    { stream: 'gone', mandatory: false },
  ],
};
const closing: OpenedSession = {
  ...running,
  state: 'closing',
  id: 'S0',
  confirmedAt: null,
  closedBy: 'li',
  closedAt: T0,
  to: shift(T0, 5_000),
  debtsAtClose: [],
  continuedBy: null,
};

function wish(more: {
  readonly leased?: readonly string[];
  readonly sessions?: readonly OpenedSession[];
  readonly checks?: readonly CheckRow[];
  readonly ended?: readonly string[];
  readonly unknown?: readonly string[];
}): { readonly [stream: string]: DesiredStream } {
  return wishOf({
    plan: PLAN,
    leased: new Set(more.leased ?? []),
    sessions: more.sessions ?? [],
    checks: more.checks ?? [],
    isEnded: (session, stream) => more.ended?.includes(`${session} ${stream}`) ?? false,
    sourceOf: (stream) => (more.unknown?.includes(stream) === true ? null : source(stream)),
  });
}

const modes = (streams: { readonly [stream: string]: DesiredStream }) =>
  Object.fromEntries(Object.entries(streams).map(([id, stream]) => [id, stream.mode]));

test('nobody there: everything is off', () => {
  expect(modes(wish({}))).toEqual({ cam: 'off', mic: 'off', side: 'off', cam2: 'off' });
});

test('a room whose panel is used is armed, the others are not', () => {
  const streams = wish({ leased: ['r1'] });
  expect(modes(streams)).toEqual({ cam: 'armed', mic: 'armed', side: 'armed', cam2: 'off' });
  expect(streams['cam']).toEqual({ source: source('cam'), mode: 'armed', preRollMs: 10_000 });
});

test('a running session keeps its streams and arms the rest of its room; without a lease they go off afterwards', () => {
  const streams = wish({ sessions: [running] });
  expect(modes(streams)).toEqual({ cam: 'keep', mic: 'keep', side: 'armed', cam2: 'off', gone: 'keep' });
  expect(streams['cam']).toEqual({
    source: source('cam'),
    mode: 'keep',
    preRollMs: 10_000,
    segmentMs: 10_000,
    claims: [{ id: 'S1', from: running.from, to: null }],
    after: 'off',
  });
  const leased = wish({ sessions: [running], leased: ['r1'] });
  expect(leased['cam']).toMatchObject({ after: 'armed' });
  // A stream that left the configuration has no room that could be awake.
  expect(leased['gone']).toMatchObject({ after: 'off' });
});

test('a claim whose end is journaled leaves the wish of its stream and of no other', () => {
  const streams = wish({ sessions: [closing], ended: ['S0 cam'] });
  expect(modes(streams)).toEqual({ cam: 'off', mic: 'keep', side: 'off', cam2: 'off', gone: 'keep' });
  expect(streams['mic']).toMatchObject({ claims: [{ id: 'S0', to: closing.to }] });
});

test('two sessions of one room are two claims on a stream', () => {
  const { cam } = wish({ sessions: [closing, running] });
  expect(cam).toMatchObject({ claims: [{ id: 'S0' }, { id: 'S1' }] });
});

test('a stream whose source nobody knows is left out', () => {
  expect(modes(wish({ sessions: [running], unknown: ['mic', 'gone'] }))).toEqual({
    cam: 'keep',
    side: 'armed',
    cam2: 'off',
  });
});

test('a session that is closing keeps no room awake', () => {
  expect(awakeRooms({ leased: new Set(), sessions: [closing], checks: [] })).toEqual(new Set());
});

test('a check is a claim too, and wakes its room while it goes on', () => {
  const check: CheckRow = {
    ...{ id: 'C1', room: 'r2', session: null, by: 'li', from: T0, to: shift(T0, 6_000), done: null, heard: null },
    streams: [{ stream: 'cam2', mandatory: true }],
  };
  const wished = wish({ checks: [check] })['cam2'];
  if (wished?.mode !== 'keep') throw new Error('the check keeps nothing');
  expect(wished.claims).toEqual([{ id: 'C1', from: T0, to: shift(T0, 6_000) }]);
  expect(awakeRooms({ leased: new Set(), sessions: [], checks: [check] })).toEqual(new Set(['r2']));
  expect(modes(wish({ checks: [check], ended: ['C1 cam2'] }))['cam2']).toBe('armed');
});
