import { describe, expect, test } from 'vitest';
import type { OpenedState, SessionView } from '../../controller/api/contract-session.ts';
import { elapsedMs, faceOf, isRunning, unproven } from '../../panel/clerk/face.ts';
import { signFaceOf } from '../../panel/sign/sign-face.ts';
import { session as anySession, room, stream } from './views.ts';

const session = (state: OpenedState, confirmed: boolean, closedAt: number | null = null): SessionView =>
  anySession({ state, confirmed, closedAt, requested: closedAt === null ? 'record' : 'stop' });

describe('the clerk reads', () => {
  test('the room again, once a session that is over was put aside; one that runs cannot be', () => {
    expect(faceOf(room({ session: session('closed', false, 9_000) }), 's')).toBe('ready');
    expect(faceOf(room({ session: session('open', true) }), 's')).toBe('recording');
  });

  test.each([
    ['opening', false, 'starting'],
    ['opening', true, 'starting'],
    ['open', true, 'recording'],
    ['open', false, 'fault'],
    ['closing', true, 'closing'],
    ['closing', false, 'closing'],
    ['closed', false, 'closed'],
    ['handed-over', false, 'handed-over'],
  ] as const)('%s, confirmed %s, as %s', (state, confirmed, face) => {
    const view = room({ session: session(state, confirmed) });
    expect(faceOf(view)).toBe(face);
  });

  test('nothing before the first snapshot', () => {
    expect(faceOf(null)).toBe('waiting');
  });

  test('only mandatory streams that are not on disk as the reason of a fault', () => {
    const view = room({
      streams: [stream('a', true, 'recording'), stream('b', true, 'lost'), stream('c', false, 'lost')],
    });
    expect(unproven(view).map(({ id }) => id)).toEqual(['b']);
  });

  test('a length that ends with the press that closed it', () => {
    expect(elapsedMs(session('open', true), 61_000)).toBe(60_000);
    expect(elapsedMs(session('closing', true, 31_000), 61_000)).toBe(30_000);
    expect(isRunning(session('closing', true, 31_000))).toBe(true);
    expect(isRunning(session('closed', false, 31_000))).toBe(false);
  });
});

test('a sign that hears nothing never says that it records', () => {
  for (const face of ['idle', 'next', 'starting', 'notice', 'recording', 'fault'] as const) {
    expect(signFaceOf(face, false)).toBe(face);
    expect(signFaceOf(face, true)).toBe('unknown');
  }
  expect(signFaceOf(null, false)).toBe('unknown');
});
