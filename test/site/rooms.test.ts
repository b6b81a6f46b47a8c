/** What is shown of a room and on its sign, and who is told when. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { RoomSnapshot, SignSnapshot } from '../../controller/core/desk.ts';
import { Stage } from './stage.ts';

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.open();
});
afterEach(async () => {
  await stage.close();
});

const clerk = () => stage.caller('clerk');
const room = (): RoomSnapshot => stage.desk.room(clerk(), 'r1');
const press = { press: 'press-1', kind: 'hearing', matter: '' } as const;

test('a room sleeps, arms, is ready, records, closes and sleeps again', async () => {
  expect(room()).toMatchObject({ readiness: 'asleep', session: null });
  expect(room().streams.map((stream) => stream.state)).toEqual(['off', 'off', 'off']);
  stage.desk.wake(clerk(), 'r1');
  await stage.pass(100);
  expect(room().readiness).toBe('ready');
  expect(room().streams.map((stream) => stream.state)).toEqual(['armed', 'armed', 'armed']);
  await stage.pass(900, { side: { code: 'camera-busy', detail: 'too many' } });
  expect(room().readiness).toBe('partly-ready');
  expect(room().alarms).toMatchObject([{ code: 'camera-busy', level: 'warning', stream: 'side' }]);
  const { session } = await stage.desk.open(clerk(), 'r1', press);
  expect(stage.desk.mayIn(clerk(), room())).toMatchObject({ open: false, close: true, extend: true, annotate: true });
  await stage.pass(900);
  expect(room().streams.map((stream) => stream.state)).toEqual(['recording', 'recording', 'recording']);
  await stage.desk.close(clerk(), session.id);
  expect(stage.desk.mayIn(clerk(), room())).toMatchObject({ open: true, close: false, extend: false });
  await stage.pass(6_000);
  expect(room().session?.state).toBe('closed');
  stage.clock.advance(6 * 60_000);
  expect(room()).toMatchObject({ readiness: 'asleep', session: null });
});

test('hours left follow from how fast the streams grow', async () => {
  expect(room().disk.hoursLeft).toBeNull();
  await stage.desk.open(clerk(), 'r1', press);
  await stage.pass(10_000);
  const { freeBytes, hoursLeft } = room().disk;
  expect(freeBytes).toBe(100 * 1024 ** 3);
  expect(hoursLeft).toBeGreaterThan(1_000);
});

test('without the recorder nothing is said to record, and everybody is told why', async () => {
  await stage.desk.open(clerk(), 'r1', press);
  await stage.pass(900);
  stage.recorder.present(false);
  stage.clock.advance(2_100);
  expect(room()).toMatchObject({ recorder: 'away', session: { confirmed: false } });
  expect(room().streams.map((stream) => stream.state)).toEqual(['lost', 'lost', 'lost']);
  expect(room().alarms[0]).toMatchObject({ code: 'recorder-away', level: 'alarm' });
});

test('a centre that is away is a warning and no more', async () => {
  await stage.recorder.beat();
  stage.centre = { state: 'away', trouble: 'no route to broker' };
  expect(room().alarms).toMatchObject([{ code: 'centre-away', level: 'warning', message: 'no route to broker' }]);
});

test.each([
  ['main', 'main-disk-away', 'the main disk is away (disk-failed, EIO); recording goes on on the second one'],
  ['mirror', 'second-disk-away', 'the second disk is away (disk-failed, EIO); there is one copy only'],
] as const)('one of two disks is away (%s): every room says which, until it is back', async (disk, code, message) => {
  const well = {
    ...({ volume: null, state: 'well', since: stage.clock.now(), cause: null, freeBytes: 1, totalBytes: 1 } as const),
    ...{ lackingSegments: 0, lackingBytes: 0 },
  };
  const both = [{ ...well, disk: 'main' } as const, { ...well, disk: 'mirror' } as const];
  stage.recorder.disks = both;
  await stage.recorder.beat();
  expect(room().alarms).toEqual([]);
  const away = { state: 'away', cause: { code: 'disk-failed', detail: 'EIO' } } as const;
  stage.recorder.disks = both.map((one) => (one.disk === disk ? { ...one, ...away } : one));
  await stage.recorder.beat();
  expect(room().alarms).toMatchObject([{ code, message, level: 'alarm', stream: null }]);
  stage.recorder.disks = both.map((one) => ({ ...one, state: 'catching-up' }) as const);
  await stage.recorder.beat();
  expect(room().alarms).toEqual([]);
});

describe('the sign', () => {
  test('says idle, starting, notice, fault, recording through the post-roll, idle', async () => {
    const state = (): SignSnapshot['state'] => stage.desk.sign('r1').state;
    expect(state()).toBe('idle');
    const { session } = await stage.desk.open(clerk(), 'r1', press);
    expect(state()).toBe('starting');
    await stage.pass(900);
    // The parties have not been told yet: the wording is what matters now.
    expect(state()).toBe('notice');
    expect(stage.desk.sign('r1').notice?.zh).toContain('全程录音录像');
    stage.clock.advance(2_100);
    expect(state()).toBe('fault');
    await stage.pass(900);
    await stage.desk.close(clerk(), session.id);
    await stage.pass(900);
    expect(state()).toBe('recording');
    await stage.pass(6_000);
    expect(state()).toBe('idle');
  });
});

describe('watching', () => {
  test('shows at once, at each change, and once a second', async () => {
    const seen: RoomSnapshot[] = [];
    const stop = stage.desk.watchRoom(clerk(), 'r1', (snapshot) => seen.push(snapshot));
    expect(seen).toHaveLength(1);
    await stage.desk.open(clerk(), 'r1', press);
    await vi.waitFor(() => expect(seen.at(-1)?.session?.state).toBe('opening'), 1_000);
    await stage.recorder.beat();
    await vi.waitFor(() => expect(seen.at(-1)?.session?.confirmed).toBe(true), 1_000);
    // Nobody says anything any more: within a second and a bit the watcher sees the proof grow old.
    stage.clock.advance(2_000);
    await vi.waitFor(() => expect(seen.at(-1)?.session?.confirmed).toBe(false), 1_000);
    const count = seen.length;
    await vi.waitFor(() => expect(seen.length).toBeGreaterThan(count), 2_000);
    const revisions = seen.map((snapshot) => snapshot.revision);
    expect(revisions).toEqual([...revisions].sort((a, b) => a - b));
    expect(new Set(revisions).size).toBe(revisions.length);
    stop();
    const after = seen.length;
    await stage.recorder.beat();
    await vi.waitFor(() => expect(stage.clock.now().monoMs).toBeGreaterThan(0));
    expect(seen.length).toBe(after);
  });

  test('gathers what comes quickly', async () => {
    const seen: RoomSnapshot[] = [];
    stage.desk.watchRoom(clerk(), 'r1', (snapshot) => seen.push(snapshot));
    const began = stage.clock.now().monoMs;
    for (let i = 0; i < 200; i++) await stage.recorder.beat();
    const tookMs = stage.clock.now().monoMs - began;
    expect(seen.length).toBeLessThanOrEqual(2 + tookMs / 90);
  });

  test('is for one’s own rooms only', () => {
    expect(() => stage.desk.watchRoom(clerk(), 'r2', () => undefined)).toThrow('may not look');
  });
});
