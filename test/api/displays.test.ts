/** Displays, speech and glances over HTTP and sockets: what hangs on a wall is for everybody, what happens in a room is not. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { io, type Socket } from 'socket.io-client';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { z } from 'zod';
import type * as contract from '../../controller/api/contract-display.ts';
import type * as schema from '../../controller/api/schemas-display.ts';
import { PLAN } from '../site/stage.ts';
import { ApiStage, Client } from './api-stage.ts';

type Plain<T> = T extends readonly (infer Item)[]
  ? Plain<Item>[]
  : T extends object
    ? { -readonly [Key in keyof T]-?: Plain<Exclude<T[Key], undefined>> }
    : T;
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Agree<Contract, Schema extends z.ZodType> = Same<Plain<Contract>, Plain<z.output<Schema>>>;

/** The compiler refuses this file when a schema and its contract differ. */
const agreements: {
  readonly DisplayFace: Agree<contract.DisplayFace, typeof schema.displayFace>;
  readonly DisplayView: Agree<contract.DisplayView, typeof schema.displayView>;
  readonly PaintedRequest: Agree<contract.PaintedRequest, typeof schema.paintedRequest>;
  readonly SpokenRequest: Agree<contract.SpokenRequest, typeof schema.spokenRequest>;
  readonly DisplayStatus: Agree<contract.DisplayStatus, typeof schema.displayStatus>;
  readonly DisplayList: Agree<contract.DisplayList, typeof schema.displayList>;
  readonly DisplayLog: Agree<contract.DisplayLog, typeof schema.displayLog>;
  readonly SignsView: Agree<contract.SignsView, typeof schema.signsView>;
  readonly LampView: Agree<contract.LampView, typeof schema.lampView>;
  readonly SpeechState: Agree<contract.SpeechState, typeof schema.speechState>;
  readonly GlanceView: Agree<contract.GlanceView, typeof schema.glanceView>;
} = {
  ...{ DisplayFace: true, DisplayView: true, PaintedRequest: true, SpokenRequest: true, DisplayStatus: true },
  ...{ DisplayList: true, DisplayLog: true, SignsView: true, LampView: true, SpeechState: true, GlanceView: true },
};

const DISPLAYS = [
  { id: 'door', name: '门', shows: 'room', room: 'r1', loudspeaker: true, darkAfterS: 10, mandatory: true },
  { id: 'other', name: '门', shows: 'room', room: 'r2', loudspeaker: false, darkAfterS: 10, mandatory: true },
  { id: 'hall', name: '厅', shows: 'hall', room: null, loudspeaker: false, darkAfterS: 10, mandatory: true },
] as const;
const SPEECH = Buffer.from('RIFF and so on');

let api: ApiStage;
const sockets: Socket[] = [];
beforeEach(async () => {
  api = await ApiStage.open((stage) => {
    stage.plan = { ...PLAN, displays: DISPLAYS };
    const path = join(stage.folder, 'speech.wav');
    stage.voice = {
      speechOf: async () => {
        await writeFile(path, SPEECH);
        return { path, mediaType: 'audio/wav', how: 'synthesised' };
      },
    };
  });
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.disconnect();
  await api.close();
});

const view = async (id: string): Promise<contract.DisplayView> =>
  (await new Client(api.url).get(`/displays/${id}`)).body as unknown as contract.DisplayView;
const painted = (shown: contract.DisplayView, more: object = {}) => ({
  ...{ holder: 'a'.repeat(32), key: shown.key, face: shown.face, heldMs: 10, isWhole: true, width: 800, height: 480 },
  lines: [shown.notice?.zh ?? '未在录音录像'],
  ...more,
});

test('schemas and contract agree', () => {
  expect(Object.values(agreements).every(Boolean)).toBe(true);
});

describe('a wall', () => {
  test('is believed only from this machine or a paired screen', async () => {
    const elsewhere = { 'x-forwarded-for': '192.0.2.7' };
    const shown = await view('door');
    const stranger = await new Client(api.url).post('/displays/door/painted', painted(shown), elsewhere);
    expect([stranger.status, (stranger.body as { error?: { code?: string } }).error?.code]).toEqual([
      403,
      'panel-not-paired',
    ]);
    const words = { holder: 'a'.repeat(32), speak: '01KAJ9M3W6Z8Q4T1V7X2Y5N0BD', outcome: 'ended' };
    expect((await new Client(api.url).post('/displays/door/spoken', words, elsewhere)).status).toBe(403);
    const panel = await api.panelAt('r1');
    expect((await panel.post('/displays/door/painted', painted(shown), elsewhere)).status).toBe(200);
  });

  test('is told what it should show without a login, and nothing else', async () => {
    const clerk = await api.login('clerk');
    await clerk.post('/rooms/r1/sessions', { press: 'press-0001', kind: 'hearing', matter: '秘密' });
    await api.stage.pass(900);
    const shown = await view('door');
    expect(shown).toMatchObject({ face: 'notice', room: { id: 'r1' }, display: { id: 'door', loudspeaker: true } });
    expect(shown.notice?.zh).toContain('全程录音录像');
    expect(JSON.stringify(shown)).not.toContain('秘密');
    expect(JSON.stringify(shown)).not.toContain(api.stage.desk.sessions(api.stage.caller('clerk'), 'r1', 1)[0]?.id);
    expect((await view('hall')).notice).toMatchObject({ zh: '您已进入监控区域' });
    const answer = await new Client(api.url).get('/displays/nope');
    expect([answer.status, answer.body.error.code]).toEqual([404, 'display-unknown']);
  });

  test('says what it painted; another browser is refused; nonsense is refused', async () => {
    const wall = new Client(api.url);
    const shown = await view('door');
    const first = await wall.post('/displays/door/painted', painted(shown));
    expect(first.status).toBe(200);
    expect(first.body).toMatchObject({ key: shown.key });
    const other = await wall.post('/displays/door/painted', painted(shown, { holder: 'b'.repeat(32) }));
    expect([other.status, other.body.error.code]).toEqual([409, 'display-taken']);
    const faults = [
      { lines: Array.from({ length: 21 }, () => 'x') },
      { lines: ['x'.repeat(501)] },
      { heldMs: -1 },
      { face: 'blank' },
      { holder: 'x' },
      { extra: 1 },
    ];
    for (const fault of faults) {
      expect((await wall.post('/displays/door/painted', painted(shown, fault))).status).toBe(400);
    }
    const foreign = await wall.post('/displays/door/painted', painted(shown), { origin: 'https://evil.example' });
    expect([foreign.status, foreign.body.error.code]).toEqual([403, 'foreign-origin']);
    const list = await (await api.login('clerk')).get('/displays');
    const { displays } = list.body as unknown as contract.DisplayList;
    expect(displays.map(({ id, state }) => `${id} ${state}`)).toEqual(['door lit', 'hall dark']);
  });

  test('is pushed what it should show, at each change', async () => {
    const socket = io(`${api.url}/display`, { transports: ['websocket'], forceNew: true, reconnection: false });
    sockets.push(socket);
    const seen: contract.DisplayView[] = [];
    socket.on('display', (one: contract.DisplayView) => seen.push(one));
    expect(await socket.emitWithAck('watch', 'door')).toEqual({ ok: true });
    expect((await socket.emitWithAck('watch', 'nope')).error.code).toBe('display-unknown');
    expect(await socket.emitWithAck('watch', 'door')).toEqual({ ok: true });
    await (await api.login('clerk')).post('/rooms/r1/sessions', { press: 'press-0001', kind: 'hearing' });
    await vi.waitFor(() => expect(seen.at(-1)?.face).toBe('starting'), 3_000);
    await api.stage.pass(900);
    await vi.waitFor(() => expect(seen.at(-1)?.face).toBe('notice'), 3_000);
  });
});

test('the notice is fetched by its text, spoken once, and seen by the clerk', async () => {
  const wall = new Client(api.url);
  const clerk = await api.login('clerk');
  await wall.post('/displays/door/painted', painted(await view('door')));
  await clerk.post('/rooms/r1/sessions', { press: 'press-0001', kind: 'hearing' });
  await api.stage.pass(900);
  await wall.post('/displays/door/painted', painted(await view('door')));
  await vi.waitFor(async () => expect((await view('door')).speak).not.toBeNull(), 3_000);
  const { speak } = await view('door');
  if (speak === null) throw new Error('nothing to speak');
  const file = await fetch(`${api.url}${speak.audio}`);
  expect([file.status, file.headers.get('content-type')]).toEqual([200, 'audio/wav']);
  expect(Buffer.from(await file.arrayBuffer())).toEqual(SPEECH);
  expect((await wall.get(`/speech/${'0'.repeat(64)}`)).status).toBe(404);
  for (const outcome of ['begun', 'ended']) {
    const told = await wall.post('/displays/door/spoken', { holder: 'a'.repeat(32), speak: speak.id, outcome });
    expect(told.status).toBe(200);
  }
  expect((await clerk.get('/rooms/r1/signs')).body).toMatchObject({ speech: 'ended', lamps: [] });
  expect((await (await api.login('clerk2')).get('/rooms/r1/signs')).status).toBe(403);
  expect((await clerk.post('/rooms/r1/speech')).body).toMatchObject({ speech: 'waiting' });
  expect((await (await api.login('auditor')).post('/rooms/r1/speech')).status).toBe(403);
});

test('the log of a display is for those of its room, and of a hall for everybody who is logged in', async () => {
  const wall = new Client(api.url);
  await wall.post('/displays/door/painted', painted(await view('door')));
  await api.stage.site.idle();
  const clerk = await api.login('clerk');
  const log = (await clerk.get('/displays/door/log')).body as unknown as contract.DisplayLog;
  expect(log.stretches).toMatchObject([{ face: 'idle', to: null, lines: ['未在录音录像'] }]);
  expect((await clerk.get('/displays/other/log')).status).toBe(403);
  expect((await clerk.get('/displays/hall/log')).body).toEqual({ stretches: [] });
  expect((await wall.get('/displays/door/log')).status).toBe(401);
  expect((await clerk.get('/displays/door/log?from=x')).status).toBe(400);
});

test('a glance and its pictures need a login and authority, and are not kept by a browser', async () => {
  api.stage.decoder = {
    decode: async () => ({ jpeg: Uint8Array.of(0xff, 0xd8, 1), thumb: null, pcm: new Uint8Array(6_400) }),
  };
  const clerk = await api.login('clerk');
  const asked = clerk.get('/rooms/r1/glance');
  await vi.waitFor(() => expect(api.stage.recorder.peeks).toHaveLength(3), 3_000);
  for (const stream of ['cam', 'mic', 'side']) {
    api.stage.recorder.peeked({ stream, run: 'RUN', index: 7, at: api.stage.clock.now(), media: 'AAAA' });
  }
  const glance = (await asked).body as unknown as contract.GlanceView;
  expect(glance.streams.map(({ id, sound }) => [id, sound?.isDigitalZero])).toEqual([
    ['cam', true],
    ['mic', true],
    ['side', true],
  ]);
  const still = await fetch(`${api.url}${glance.streams[0]?.still}`, { headers: { cookie: clerk.cookie } });
  expect([still.status, still.headers.get('content-type'), still.headers.get('cache-control')]).toEqual([
    200,
    'image/jpeg',
    'no-store',
  ]);
  expect(new Uint8Array(await still.arrayBuffer())).toEqual(Uint8Array.of(0xff, 0xd8, 1));
  expect((await new Client(api.url).get('/rooms/r1/glance')).status).toBe(401);
  expect((await (await api.login('clerk2')).get('/rooms/r1/glance')).status).toBe(403);
  expect((await (await api.login('administrator')).get('/rooms/r1/streams/cam/still.jpg')).status).toBe(403);
});
