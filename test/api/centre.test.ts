/** The centre's API over real HTTP: who may do what, what is refused, and what is written down. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { io } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { CENTRE_ROUTES } from '../../controller/api/centre/routes.ts';
import type * as schema from '../../controller/api/centre/schemas.ts';
import { startCentrePage } from '../../controller/api/centre/start.ts';
import type * as contract from '../../controller/api/contract-centre.ts';
import type { Listening } from '../../controller/api/listen.ts';
import { DeskStage } from '../central/desk-stage.ts';
import { SITE, until } from '../forward/scene.ts';
import { Client } from './api-stage.ts';

const SESSION = '01KAJ9M3W6Z8Q4T1V7X2Y5N0BD';
const BYTES = Buffer.concat([box('ftyp', 24), box('moov', 400), box('moof', 100), box('mdat', 5_000)]);
const HEADER_BYTES = 424;

let stage: DeskStage;
let page: Listening;
let admin: Client;
let reader: Client;
let seg = '';
let day = 0;

function box(type: string, size: number): Buffer {
  const bytes = Buffer.alloc(size, 7);
  bytes.writeUInt32BE(size, 0);
  bytes.write(type, 4, 'latin1');
  return bytes;
}

const url = () => `http://127.0.0.1:${page.port}`;
async function entered(name: string, secret: string): Promise<Client> {
  const client = new Client(url());
  expect((await client.post('/login', { name, secret })).status).toBe(200);
  return client;
}

beforeAll(async () => {
  stage = await DeskStage.open('aedes');
  const { scene, broker, desk } = stage;
  const panelFolder = join(scene.root, 'pages');
  await mkdir(panelFolder, { recursive: true });
  await writeFile(join(panelFolder, 'centre.html'), '<!doctype html><title>全程</title>');
  page = await startCentrePage({ desk, log: scene.centreEar, version: '1', host: '127.0.0.1', port: 0, panelFolder });
  const item = await scene.outbox.seal(BYTES, { claims: [SESSION] });
  ({ seg } = item.segment);
  day = item.segment.from.wallMs;
  scene.forwarder(broker.url);
  await scene.delivered();
  admin = await entered('admin', stage.secret);
  const { body } = await admin.post('/people', { name: '王芳', role: 'reader' });
  reader = await entered('王芳', (body as unknown as { secret: string }).secret);
}, 60_000);
afterAll(async () => {
  await page.close();
  await stage.close();
});

const stream = () =>
  `/sites/${SITE}/streams/cam-02/playlist.m3u8?from=${Math.round(day) - 5}&to=${Math.round(day) + 60_000}`;
const trail = () => stage.desk.door.trail(stage.caller, 200, null);

test('without a login nothing is answered but the name and the door, by HTTP or by socket', async () => {
  const nobody = new Client(url());
  for (const { method, path, needsLogin } of CENTRE_ROUTES) {
    const filled = path
      .replace('{site}', SITE)
      .replace(/\{(?:seg|command|person)\}/, seg)
      .replace('{session}', SESSION)
      .replace('{stream}', 'cam-02')
      .replace('{login}', 'a'.repeat(64));
    const { status } = await nobody.send(method.toUpperCase(), filled, method === 'post' ? { body: {} } : {});
    if (needsLogin) expect([path, status]).toEqual([path, 401]);
    else expect([path, status]).not.toEqual([path, 401]);
  }
  nobody.cookie = `quancheng=${'A'.repeat(43)}`;
  expect((await nobody.get('/sites')).status).toBe(401);
  const socket = io(url(), { reconnection: false, transports: ['websocket'] });
  const refusal = await new Promise<string>((resolve) =>
    socket.once('connect_error', ({ message }) => resolve(message)),
  );
  expect(refusal).toBe('not-logged-in');
  socket.close();
});

test('a page of another origin may not do anything with the cookie', async () => {
  for (const headers of [{ origin: 'http://evil.example' }, { 'sec-fetch-site': 'cross-site' }] as Record<
    string,
    string
  >[]) {
    const wish = { press: '12345678', type: 'hold', session: SESSION, streams: null, from: null, to: null };
    const { status, body } = await admin.post(
      `/sites/${SITE}/commands`,
      { ...wish, target: null, reason: null },
      headers,
    );
    expect([status, body.error.code]).toEqual([403, 'foreign-origin']);
  }
});

describe('hostile requests', () => {
  test.each([
    '/sites/..%2f..%2fetc',
    '/sites/court-0417%00',
    '/sites/COURT',
    `/sites/${SITE}/sessions/..%2f..`,
    `/sites/${SITE}/segments/..%2f_keys%2freceipt.pem/media.mp4`,
    `/sites/${SITE}/range?from=9&to=1`,
    `/sites/${SITE}/range?from=-1&to=1e300`,
    `/sites/${SITE}/streams/cam-02/playlist.m3u8`,
    '/commands?limit=100000',
    '/commands?before=x',
    '/trail?before=-1',
  ])('%s is refused in words, and nothing else happens', async (path) => {
    const { status, body } = await admin.get(path);
    expect([400, 404]).toContain(status);
    expect(['bad-request', 'not-found']).toContain(body.error.code);
    expect(JSON.stringify(body)).not.toMatch(/\/tmp\/|node_modules|SELECT/);
  });

  test('bodies that are no commands are refused, and name the field', async () => {
    const wish = {
      press: '12345678',
      type: 'fetch',
      session: null,
      streams: null,
      from: 1,
      to: 2,
      target: null,
      reason: null,
    };
    for (const [change, field] of [
      [{ type: 'reseal' }, 'type'],
      [{ from: 5 }, 'to'],
      [{ from: null }, 'session'],
      [{ streams: ['../x'] }, 'streams.0'],
      [{ streams: [] }, 'streams'],
      [{ press: "'; DROP TABLE command" }, 'press'],
      [{ reason: 'x'.repeat(201) }, 'reason'],
      [{ type: 'release' }, 'target'],
    ] as const) {
      const { status, body } = await admin.post(`/sites/${SITE}/commands`, { ...wish, ...change });
      expect([status, body.error.fields?.[0]?.field]).toEqual([400, field]);
    }
    expect((await admin.post(`/sites/${SITE}/commands`, 'x'.repeat(20_000))).status).toBe(400);
    expect((await admin.post(`/sites/${SITE}/commands`, { ...wish, more: 1 })).status).toBe(400);
  });

  test('what is not there is said to be not there', async () => {
    const codes = await Promise.all(
      [
        '/sites/court-9999',
        `/sites/${SITE}/sessions/${SESSION}`,
        `/sites/${SITE}/segments/${SESSION}/media.mp4`,
        `/sites/court-9999/segments/${seg}/media.mp4`,
        `/commands/${SESSION}`,
      ].map(async (path) => (await admin.get(path)).body.error.code),
    );
    expect(codes).toEqual(['site-unknown', 'session-unknown', 'segment-unknown', 'segment-unknown', 'command-unknown']);
  });
});

test('a reader fetches and plays; holding, cancelling a hold, people and the trail are for administrators', async () => {
  const wish = { session: SESSION, streams: null, from: null, to: null, target: null, reason: null };
  expect((await reader.post(`/sites/${SITE}/commands`, { ...wish, press: 'reader-01', type: 'fetch' })).status).toBe(
    201,
  );
  const hold = await reader.post(`/sites/${SITE}/commands`, { ...wish, press: 'reader-02', type: 'hold' });
  expect([hold.status, hold.body.error.code]).toEqual([403, 'not-your-role']);
  const held = await admin.post(`/sites/${SITE}/commands`, { ...wish, press: 'admin-01', type: 'hold' });
  expect(held.status).toBe(201);
  expect((await reader.post(`/commands/${held.body.id}/cancel`, { press: 'reader-03' })).status).toBe(403);
  const release = { ...wish, type: 'release', session: null, press: 'admin-02', target: held.body.id };
  expect((await admin.post('/sites/court-9999/commands', release)).status).toBe(404);
  expect((await admin.post(`/sites/${SITE}/commands`, release)).status).toBe(201);
  for (const path of ['/people', '/trail']) expect((await reader.get(path)).status).toBe(403);
  expect((await reader.post('/people', { name: 'x', role: 'reader' })).status).toBe(403);
});

test('every byte passes one gate: ranges are right, and who played what is in the journal', async () => {
  const before = trail().filter(({ did }) => did === 'play').length;
  const list = await reader.get(stream());
  expect(list.text).toContain(
    `#EXT-X-MAP:URI="/api/v1/sites/${SITE}/segments/${seg}/media.mp4",BYTERANGE="${HEADER_BYTES}@0"`,
  );
  expect(list.text).toContain(`/api/v1/sites/${SITE}/segments/${seg}/body.m4s`);
  const get = (file: string, headers: Record<string, string> = {}) =>
    fetch(`${url()}/api/v1/sites/${SITE}/segments/${seg}/${file}`, { headers: { cookie: reader.cookie, ...headers } });
  const whole = await get('media.mp4');
  expect(Buffer.from(await whole.arrayBuffer()).equals(BYTES)).toBe(true);
  const body = await get('body.m4s');
  expect(Buffer.from(await body.arrayBuffer()).equals(BYTES.subarray(HEADER_BYTES))).toBe(true);
  const part = await get('body.m4s', { range: 'bytes=10-19' });
  expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 10-19/${BYTES.length - HEADER_BYTES}`]);
  expect(Buffer.from(await part.arrayBuffer()).equals(BYTES.subarray(HEADER_BYTES + 10, HEADER_BYTES + 20))).toBe(true);
  expect((await get('media.mp4', { range: 'bytes=999999-' })).status).toBe(416);
  const looks = trail().filter(({ did }) => did === 'play' || did === 'review');
  // Once for all of these, and once for the list.
  expect(looks.filter(({ did }) => did === 'play').length).toBe(before + 1);
  expect(looks[0]).toMatchObject({ who: '王芳', did: 'play', object: seg, site: SITE, source: '127.0.0.1' });
  expect(looks[1]).toMatchObject({ who: '王芳', did: 'review', site: SITE });
});

test('wrong secrets lock the person and say for how long; a new secret opens the door, and the old logins are out', async () => {
  const { secret } = (await admin.post('/people', { name: '李强', role: 'reader' })).body as unknown as {
    secret: string;
  };
  const inside = await entered('李强', secret);
  const socket = io(url(), { extraHeaders: { cookie: inside.cookie }, reconnection: false, transports: ['websocket'] });
  const out = new Promise((resolve) => socket.once('logged-out', () => resolve(true)));
  await new Promise((resolve) => socket.once('connect', () => resolve(true)));
  const guess = new Client(url());
  for (let i = 0; i < 5; i++) {
    const { status, body } = await guess.post('/login', { name: '李强', secret: `${i}`.repeat(25) });
    expect([status, body.error.code]).toEqual([401, 'wrong-secret']);
  }
  const locked = await guess.post('/login', { name: '李强', secret });
  expect([locked.status, locked.body.error.code]).toEqual([429, 'too-many-tries']);
  expect(Number(locked.headers.get('retry-after'))).toBeGreaterThan(0);
  // Somebody who is in stays in, and unknown names look the same.
  expect((await inside.get('/me')).status).toBe(200);
  expect((await guess.post('/login', { name: 'nobody', secret })).body.error.code).toBe('wrong-secret');
  const person = stage.desk.door.people(stage.caller).find(({ name }) => name === '李强');
  const renewed = (await admin.post(`/people/${person?.id}/secret`)).body as unknown as { secret: string };
  expect((await inside.get('/me')).status).toBe(401);
  await out;
  socket.close();
  await entered('李强', renewed.secret);
  expect(trail().map(({ did }) => did)).toEqual(expect.arrayContaining(['locked', 'login-refused', 'secret-given']));
});

test('the last administrator stays, names are given once, and no secret is in the journal or the log', async () => {
  const me = stage.desk.door.people(stage.caller).find(({ name }) => name === 'admin');
  expect((await admin.post(`/people/${me?.id}/remove`)).body.error.code).toBe('last-administrator');
  const twins = await Promise.all([1, 2].map(() => admin.post('/people', { name: '赵敏', role: 'reader' })));
  expect(twins.map(({ status }) => status).sort()).toEqual([201, 409]);
  expect(JSON.stringify(stage.scene.centreEar.said)).not.toContain(stage.secret);
});

test('the API document describes every route, and news comes when something changed', async () => {
  const document = (await (await fetch(`${url()}/api/openapi.json`)).json()) as {
    paths: object;
    components: { schemas: object };
  };
  expect(Object.keys(document.paths).sort()).toEqual([...new Set(CENTRE_ROUTES.map(({ path }) => path))].sort());
  const named = [...JSON.stringify(document).matchAll(/#\/components\/schemas\/(\w+)/g)].map(([, name]) => name ?? '');
  expect(named.filter((name) => !(name in document.components.schemas))).toEqual([]);
  const socket = io(url(), { extraHeaders: { cookie: reader.cookie }, reconnection: false, transports: ['websocket'] });
  let news = 0;
  socket.on('news', () => {
    news += 1;
  });
  await new Promise((resolve) => socket.once('connect', () => resolve(true)));
  await admin.post(`/sites/${SITE}/commands`, {
    ...{
      press: 'news-0001',
      type: 'fetch',
      session: SESSION,
      streams: null,
      from: null,
      to: null,
      target: null,
      reason: null,
    },
  });
  await until('news', () => news > 0);
  socket.close();
});

/** Compiles only while contract and schemas say the same. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
type Loose<T> = T extends readonly (infer E)[]
  ? Loose<E>[]
  : T extends object
    ? { -readonly [K in keyof T]: Loose<T[K]> }
    : T;
type Says<S extends z.ZodType, T> = Same<Loose<z.output<S>>, Loose<T>>;
test('contract and schemas say the same', () => {
  const same: [
    Says<typeof schema.siteList, contract.SiteList>,
    Says<typeof schema.sitePage, contract.SitePage>,
    Says<typeof schema.stretchView, contract.StretchView>,
    Says<typeof schema.commandList, contract.CommandList>,
    Says<typeof schema.commandRequest, contract.CommandRequest>,
    Says<typeof schema.centrePeople, contract.CentrePeople>,
    Says<typeof schema.centreTrail, contract.CentreTrail>,
    Says<typeof schema.centreMe, contract.CentreMe>,
  ] = [true, true, true, true, true, true, true, true];
  expect(same).not.toContain(false);
});
