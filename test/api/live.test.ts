/** The live side over real sockets: rooms for people who are logged in, signs for everybody, nothing for other sites. */
import { io, type Socket } from 'socket.io-client';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { RoomView, SignView } from '../../controller/api/contract.ts';
import { ApiStage, Client } from './api-stage.ts';

let api: ApiStage;
const sockets: Socket[] = [];
beforeEach(async () => {
  api = await ApiStage.open();
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.disconnect();
  await api.close();
});

function connectTo(namespace: string, headers: Record<string, string>, transports = ['websocket']): Socket {
  const socket = io(`${api.url}${namespace}`, {
    transports,
    extraHeaders: headers,
    forceNew: true,
    reconnection: false,
  });
  sockets.push(socket);
  return socket;
}

async function connected(socket: Socket): Promise<Socket> {
  await new Promise<void>((resolve, reject) => {
    socket.on('connect', resolve);
    socket.on('connect_error', reject);
  });
  return socket;
}

const refused = (socket: Socket): Promise<Error & { data?: { code: string } }> =>
  new Promise((resolve, reject) => {
    socket.on('connect_error', resolve);
    socket.on('connect', () => reject(new Error('connected')));
  });

describe('rooms', () => {
  for (const transport of ['websocket', 'polling']) {
    test(`are pushed whole over ${transport}, with what this person may do`, async () => {
      const clerk = await api.login('clerk');
      const seen: RoomView[] = [];
      const socket = await connected(connectTo('/', { cookie: clerk.cookie, origin: api.url }, [transport]));
      socket.on('room', (view: RoomView) => seen.push(view));
      expect(await socket.emitWithAck('watch', 'r1')).toEqual({ ok: true });
      await vi.waitFor(() => expect(seen.at(-1)).toMatchObject({ room: { id: 'r1' }, may: { open: true } }), 3_000);
      await clerk.post('/rooms/r1/sessions', { press: 'press-0001', kind: 'hearing' });
      await vi.waitFor(() => expect(seen.at(-1)?.session?.state).toBe('opening'), 3_000);
      await api.stage.pass(900);
      await vi.waitFor(() => expect(seen.at(-1)?.session?.confirmed).toBe(true), 3_000);
      expect(seen.at(-1)?.may).toMatchObject({ open: false, close: true });
      for (const view of seen) for (const alarm of view.alarms) expect(alarm.hint).not.toBe('');
    });
  }

  test('are for people with a login and authority', async () => {
    expect((await refused(connectTo('/', {}))).data).toMatchObject({ code: 'not-logged-in', kind: 'unauthenticated' });
    const clerk = await api.login('clerk');
    const socket = await connected(connectTo('/', { cookie: clerk.cookie }));
    const answers = [];
    for (const room of ['r2', 'nope', '../x', 7, null, { a: 1 }]) answers.push(await socket.emitWithAck('watch', room));
    expect(answers.map((answer) => answer.error?.code)).toEqual([
      'not-your-room',
      'room-unknown',
      ...Array.from({ length: 4 }, () => 'bad-request'),
    ]);
    // A client that wants no answer gets none, and the connection lives.
    socket.emit('watch', 'r1', 'not a function');
    socket.emit('watch');
    socket.emit('nonsense', 1);
    expect(await socket.emitWithAck('watch', 'r1')).toEqual({ ok: true });
  });

  test('stop at logout, on every connection of that login and of no other', async () => {
    const clerk = await api.login('clerk');
    const other = await api.login('clerk');
    const mine = await connected(connectTo('/', { cookie: clerk.cookie }));
    const theirs = await connected(connectTo('/', { cookie: other.cookie }));
    const heard: string[] = [];
    mine.on('logged-out', () => heard.push('logged-out'));
    mine.on('disconnect', () => heard.push('disconnect'));
    await clerk.post('/logout');
    await vi.waitFor(() => expect(heard).toEqual(['logged-out', 'disconnect']), 3_000);
    expect(await theirs.emitWithAck('watch', 'r1')).toEqual({ ok: true });
    expect((await refused(connectTo('/', { cookie: clerk.cookie }))).data?.code).toBe('not-logged-in');
  });

  test('stop at once when the panel is revoked, at that panel and at no other', async () => {
    const clerk = await api.login('clerk');
    const other = new Client(api.url);
    const { code } = await api.stage.desk.staff.makeCode(api.stage.caller('technician'), 'r1', '另一块');
    await other.post('/pair', { code });
    await other.post('/login', { person: 'clerk', pin: api.stage.pins.get('clerk') });
    const revoked = await connected(connectTo('/', { cookie: clerk.cookie }));
    const going = await connected(connectTo('/', { cookie: other.cookie }));
    const heard: string[] = [];
    revoked.on('logged-out', () => heard.push('logged-out'));
    revoked.on('disconnect', () => heard.push('disconnect'));
    const [first] = api.stage.desk.staff.panels(api.stage.caller('technician'));
    await api.stage.desk.staff.revokePanel(api.stage.caller('technician'), first?.id ?? '');
    await vi.waitFor(() => expect(heard).toEqual(['logged-out', 'disconnect']), 3_000);
    expect(await going.emitWithAck('watch', 'r1')).toEqual({ ok: true });
    expect((await refused(connectTo('/', { cookie: clerk.cookie }))).data?.code).toBe('not-logged-in');
    // A login's cookie without its panel's opens no socket either.
    const login = other.cookie.split('; ').find((part) => part.startsWith('quancheng=')) ?? '';
    expect((await refused(connectTo('/', { cookie: login }))).data?.code).toBe('not-logged-in');
  });

  test('of the last watch only', async () => {
    const presider = await api.login('presider');
    const socket = await connected(connectTo('/', { cookie: presider.cookie }));
    await socket.emitWithAck('watch', 'r1');
    await socket.emitWithAck('watch', 'r2');
    const rooms: string[] = [];
    socket.on('room', (view: RoomView) => rooms.push(view.room.id));
    await vi.waitFor(() => expect(rooms.length).toBeGreaterThan(1), 5_000);
    expect(new Set(rooms)).toEqual(new Set(['r2']));
  });
});

describe('signs', () => {
  test('are pushed without login and say only what hangs on the wall', async () => {
    const clerk = await api.login('clerk');
    const socket = await connected(connectTo('/sign', {}));
    const seen: SignView[] = [];
    socket.on('sign', (view: SignView) => seen.push(view));
    expect(await socket.emitWithAck('watch', 'r1')).toEqual({ ok: true });
    await clerk.post('/rooms/r1/sessions', { press: 'press-0001', kind: 'hearing', matter: '秘密' });
    await api.stage.pass(900);
    await vi.waitFor(() => expect(seen.at(-1)?.state).toBe('notice'), 3_000);
    expect(Object.keys(seen.at(-1) ?? {}).sort()).toEqual(['at', 'next', 'notice', 'room', 'since', 'state']);
    expect(JSON.stringify(seen)).not.toContain('秘密');
    expect((await socket.emitWithAck('watch', 'nope')).error.code).toBe('room-unknown');
  });
});

describe('other sites', () => {
  test('get no connection, although the browser would send the cookie', async () => {
    const clerk = await api.login('clerk');
    for (const transport of ['websocket', 'polling']) {
      for (const origin of ['https://evil.example', 'null']) {
        await refused(connectTo('/', { cookie: clerk.cookie, origin }, [transport]));
        await refused(connectTo('/sign', { origin }, [transport]));
      }
    }
  });

  test('nor can anybody send more than the name of a room', async () => {
    const socket = await connected(connectTo('/sign', {}));
    const gone = new Promise<void>((resolve) => socket.on('disconnect', () => resolve()));
    socket.emit('watch', 'x'.repeat(10_000));
    await gone;
    expect((await fetch(`${api.url}/api/v1/site`)).status).toBe(200);
  });
});

test('closing the API ends its connections and leaves the site working', async () => {
  const clerk = await api.login('clerk');
  const socket = await connected(connectTo('/', { cookie: clerk.cookie }));
  await socket.emitWithAck('watch', 'r1');
  const gone = new Promise<void>((resolve) => socket.on('disconnect', () => resolve()));
  await api.closeApi();
  await gone;
  expect(api.stage.desk.room(api.stage.caller('clerk'), 'r1').room.id).toBe('r1');
});
