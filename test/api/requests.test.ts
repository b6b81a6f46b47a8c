/** The REST side over real HTTP: the way of a hearing, refusals, hostile requests, media in ranges, the panel's files. */
import { createHash } from 'node:crypto';
import { connect, createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startApi } from '../../controller/api/start.ts';
import { CATALOGUE } from '../../controller/core/errors.ts';
import { type Answer, ApiStage, Client } from './api-stage.ts';

let api: ApiStage;
beforeEach(async () => {
  api = await ApiStage.open();
});
afterEach(async () => {
  await api.close();
});

const OPEN = { press: 'press-0001', kind: 'hearing', matter: '某某听证' };

/** A closed session of room r1 and one of its segments. */
async function recorded(clerk: Client): Promise<{ session: string; seg: string }> {
  const { body } = await clerk.post('/rooms/r1/sessions', OPEN);
  await api.stage.pass(3_000);
  await clerk.post(`/sessions/${body.id}/close`);
  await api.stage.pass(6_000);
  const review = await clerk.get(`/sessions/${body.id}/review`);
  return { session: body.id, seg: review.body.streams[0]?.segments[0]?.id ?? '' };
}

function expectRefusal(answer: Answer, status: number, code: string): void {
  expect([answer.status, answer.body.error?.code]).toEqual([status, code]);
  expect(answer.body.error.kind).toBe(CATALOGUE[code as keyof typeof CATALOGUE].kind);
  expect(answer.body.error.hint).toBe(CATALOGUE[code as keyof typeof CATALOGUE].hint);
  expect(JSON.stringify(answer.body)).not.toContain('controller/');
}

describe('a hearing', () => {
  test('is opened, confirmed, closed and reviewed', async () => {
    const clerk = await api.login('clerk');
    expect((await clerk.get('/me')).body).toEqual({
      person: { id: 'clerk', name: '名-clerk', role: 'clerk' },
      rooms: [
        { id: 'r1', name: '一', nameEn: 'One' },
        { id: 'bare', name: '空', nameEn: 'Bare' },
      ],
      panel: { id: expect.any(String), name: '屏-r1', room: { id: 'r1', name: '一', nameEn: 'One' } },
      how: 'pin',
      may: { panels: false, people: false, give: false, trail: false },
    });
    expect((await clerk.post('/rooms/r1/wake')).body.readiness).toBe('arming');
    const opened = await clerk.post('/rooms/r1/sessions', OPEN);
    expect([opened.status, opened.body.state, opened.body.matter]).toEqual([201, 'opening', '某某听证']);
    const again = await clerk.post('/rooms/r1/sessions', OPEN);
    expect([again.status, again.body.id]).toEqual([200, opened.body.id]);
    const other = await clerk.post('/rooms/r1/sessions', { ...OPEN, press: 'press-0002' });
    expectRefusal(other, 409, 'session-already-open');
    expect(other.body.error.message).toContain(opened.body.id);
    await api.stage.pass(2_000);
    expect((await clerk.get('/rooms/r1')).body).toMatchObject({
      session: { state: 'open', confirmed: true },
      may: { open: false, close: true },
    });
    const closing = await clerk.post(`/sessions/${opened.body.id}/close`);
    expect([closing.status, closing.body.state]).toEqual([200, 'closing']);
    await api.stage.pass(6_000);
    expect((await clerk.get(`/sessions/${opened.body.id}`)).body.state).toBe('closed');
    const list = await clerk.get('/sessions?room=r1&limit=5');
    expect(list.body.sessions.map((one) => one.id)).toEqual([opened.body.id]);
    expect((await clerk.get('/sessions')).body.sessions).toHaveLength(1);
    const review = await clerk.get(`/sessions/${opened.body.id}/review`);
    expect(review.body.streams.map((one) => one.id)).toEqual(['cam', 'mic', 'side']);
    expect(review.body.to - review.body.from).toBeGreaterThan(15_000);
  });

  test('without a mandatory stream is refused', async () => {
    const clerk = await api.login('clerk');
    expectRefusal(await clerk.post('/rooms/bare/sessions', OPEN), 409, 'no-mandatory-stream');
  });
});

describe('who may do what', () => {
  const ROLES = ['clerk', 'clerk2', 'presider', 'custodian', 'approver', 'auditor', 'technician', 'administrator'];
  /** Everything about room r1, who may have it, and what it answers them. */
  const TABLE: readonly {
    readonly name: string;
    readonly ask: (client: Client, known: { session: string; seg: string }) => Promise<Answer>;
    readonly may: readonly string[];
    readonly status: number;
  }[] = [
    {
      name: 'look at the room',
      ask: (client) => client.get('/rooms/r1'),
      may: ROLES.filter((one) => one !== 'clerk2'),
      status: 200,
    },
    {
      name: 'wake it',
      ask: (client) => client.post('/rooms/r1/wake'),
      may: ['clerk', 'presider', 'technician', 'administrator'],
      status: 200,
    },
    {
      name: 'list its sessions',
      ask: (client) => client.get('/sessions?room=r1'),
      may: ROLES.filter((one) => one !== 'clerk2'),
      status: 200,
    },
    {
      name: 'see a session',
      ask: (client, { session }) => client.get(`/sessions/${session}`),
      may: ROLES.filter((one) => one !== 'clerk2'),
      status: 200,
    },
    {
      name: 'close it',
      ask: (client, { session }) => client.post(`/sessions/${session}/close`),
      may: ['clerk', 'presider'],
      status: 200,
    },
    {
      name: 'open one (the same press)',
      ask: (client) => client.post('/rooms/r1/sessions', OPEN),
      may: ['clerk', 'presider'],
      status: 200,
    },
    {
      name: 'review it',
      ask: (client, { session }) => client.get(`/sessions/${session}/review`),
      may: ['clerk', 'presider', 'custodian', 'approver', 'auditor'],
      status: 200,
    },
    {
      name: 'play a stream',
      ask: (client, { session }) => client.get(`/sessions/${session}/streams/cam/playlist.m3u8`),
      may: ['clerk', 'presider', 'custodian', 'approver', 'auditor'],
      status: 200,
    },
    {
      name: 'read a segment',
      ask: (client, { seg }) => client.get(`/segments/${seg}/media.mp4`),
      may: ['clerk', 'presider', 'custodian', 'approver', 'auditor'],
      status: 200,
    },
    {
      name: 'ask how far a segment is that has to come back',
      ask: (client, { seg }) => client.get(`/segments/${seg}/recall`),
      may: ['clerk', 'presider', 'custodian', 'approver', 'auditor'],
      status: 200,
    },
    {
      name: 'read a piece of a segment',
      ask: (client, { seg }) => client.get(`/segments/${seg}/media.mp4`, { range: 'bytes=0-3' }),
      may: ['clerk', 'presider', 'custodian', 'approver', 'auditor'],
      status: 206,
    },
  ];

  test('follows role and room on every route', async () => {
    const known = await recorded(await api.login('clerk'));
    for (const id of ROLES) {
      const client = await api.login(id);
      for (const { name, ask, may, status } of TABLE) {
        const answer = await ask(client, known);
        expect([id, name, answer.status]).toEqual([id, name, may.includes(id) ? status : 403]);
        if (answer.status === 403) expectRefusal(answer, 403, 'not-your-room');
      }
    }
    const nobody = new Client(api.url);
    for (const { ask } of TABLE) expectRefusal(await ask(nobody, known), 401, 'not-logged-in');
    const borrowed = new Client(api.url);
    borrowed.cookie = `quancheng=${'A'.repeat(43)}; quancheng-panel=${'A'.repeat(43)}`;
    for (const { ask } of TABLE) expectRefusal(await ask(borrowed, known), 401, 'not-logged-in');
    // Lists show only rooms of one's own.
    expect((await (await api.login('clerk2')).get('/sessions')).body.sessions).toEqual([]);
    expect((await (await api.login('auditor')).get('/sessions')).body.sessions).toHaveLength(1);
  });

  test('what hangs on the wall is for everybody', async () => {
    const nobody = new Client(api.url);
    expect((await nobody.get('/signs/r1')).body).toMatchObject({ state: 'idle', room: { id: 'r1' } });
    expectRefusal(await nobody.get('/signs/nope'), 404, 'room-unknown');
    expect((await nobody.get('/site')).body).toEqual({ name: '测试', nameEn: 'Test', demo: false, version: '0.0.0' });
  });
});

describe('media', () => {
  test('comes whole or in ranges, and the bytes are those that were sealed', async () => {
    const clerk = await api.login('clerk');
    const { seg } = await recorded(clerk);
    const path = `/segments/${seg}/media.mp4`;
    const raw = async (headers: Record<string, string> = {}, method = 'GET') => {
      const response = await fetch(`${api.url}/api/v1${path}`, {
        method,
        headers: { cookie: clerk.cookie, ...headers },
      });
      return { response, bytes: Buffer.from(await response.arrayBuffer()) };
    };
    const whole = await raw();
    const size = whole.bytes.length;
    const sha256 = createHash('sha256').update(whole.bytes).digest('hex');
    expect(whole.response.status).toBe(200);
    expect(whole.response.headers.get('etag')).toBe(`"${sha256}"`);
    expect(whole.response.headers.get('content-type')).toBe('video/mp4');
    expect(whole.response.headers.get('cache-control')).toBe('private');
    expect(whole.response.headers.get('accept-ranges')).toBe('bytes');
    for (const [range, first, last] of [
      ['bytes=0-7', 0, 7],
      ['bytes=8-', 8, size - 1],
      ['bytes=-5', size - 5, size - 1],
      [`bytes=10-${size + 100}`, 10, size - 1],
    ] as const) {
      const part = await raw({ range });
      expect([range, part.response.status]).toEqual([range, 206]);
      expect(part.response.headers.get('content-range')).toBe(`bytes ${first}-${last}/${size}`);
      expect(part.bytes).toEqual(whole.bytes.subarray(first, last + 1));
    }
    for (const range of [`bytes=${size}-`, 'bytes=-0']) {
      const outside = await raw({ range });
      expect([range, outside.response.status]).toEqual([range, 416]);
      expect(outside.response.headers.get('content-range')).toBe(`bytes */${size}`);
    }
    for (const range of ['bytes=5-2', 'bytes=0-1,4-5', 'lines=1-2', 'bytes=-']) {
      expect([range, (await raw({ range })).response.status]).toEqual([range, 200]);
    }
    expect((await raw({ 'if-none-match': `"${sha256}"` })).response.status).toBe(304);
    const head = await raw({}, 'HEAD');
    expect([head.response.status, head.response.headers.get('content-length')]).toEqual([200, String(size)]);
  });

  test('is audited once for each login and segment, however many pieces are asked for', async () => {
    const clerk = await api.login('clerk');
    const { seg, session } = await recorded(clerk);
    const asks = Array.from({ length: 20 }, (_, i) =>
      clerk.get(`/segments/${seg}/media.mp4`, { range: `bytes=${i}-${i}` }),
    );
    await Promise.all(asks);
    const auditor = await api.login('auditor');
    await auditor.get(`/segments/${seg}/media.mp4`);
    api.stage.clock.advance(11 * 60_000);
    await clerk.get(`/segments/${seg}/media.mp4`);
    const audits = (await api.stage.facts()).filter(
      (fact) => fact.type === 'audit' && ['review', 'play'].includes(fact.did),
    );
    expect(audits).toEqual([
      { type: 'audit', who: 'clerk', did: 'review', object: session, room: 'r1' },
      { type: 'audit', who: 'clerk', did: 'play', object: seg, room: 'r1' },
      { type: 'audit', who: 'auditor', did: 'play', object: seg, room: 'r1' },
      { type: 'audit', who: 'clerk', did: 'play', object: seg, room: 'r1' },
    ]);
  });

  test('that is in the index and not on the disk is said to be unknown', async () => {
    const clerk = await api.login('clerk');
    const { seg } = await recorded(clerk);
    const { rm } = await import('node:fs/promises');
    await rm(api.stage.layout.media, { recursive: true });
    const answer = await clerk.get(`/segments/${seg}/media.mp4`);
    expectRefusal(answer, 404, 'segment-unknown');
    expect(JSON.stringify(answer.body)).not.toContain(api.stage.folder);
  });
});

describe('playlists', () => {
  test('grow while a session runs and are whole afterwards, with a new map for each run', async () => {
    const clerk = await api.login('clerk');
    const { body } = await clerk.post('/rooms/r1/sessions', OPEN);
    await api.stage.pass(1_800);
    const path = `/sessions/${body.id}/streams/cam/playlist.m3u8`;
    const growing = await clerk.get(path);
    expect(growing.headers.get('content-type')).toContain('application/vnd.apple.mpegurl');
    expect(growing.text).toContain('#EXT-X-PLAYLIST-TYPE:EVENT');
    expect(growing.text).not.toContain('#EXT-X-ENDLIST');
    api.stage.recorder.newRun();
    await api.stage.pass(900);
    const grown = await clerk.get(path);
    expect(grown.text.startsWith(growing.text.trimEnd())).toBe(true);
    await clerk.post(`/sessions/${body.id}/close`);
    await api.stage.pass(6_000);
    const { text } = await clerk.get(path);
    expect(text).toContain('#EXT-X-VERSION:7');
    expect(text).toContain('#EXT-X-PLAYLIST-TYPE:VOD');
    expect(text.trimEnd().endsWith('#EXT-X-ENDLIST')).toBe(true);
    expect(text.match(/#EXT-X-MAP:URI="\/api\/v1\/segments\/01SEG\d+\/media\.mp4",BYTERANGE="8@0"/g)).toHaveLength(2);
    expect(text.match(/#EXT-X-DISCONTINUITY\n/g)).toHaveLength(1);
    const segments = api.stage.store.segmentsOf(body.id, 'cam').map((row) => row.fact);
    expect(text.match(/#EXTINF:/g)).toHaveLength(segments.length);
    expect(text).toContain(
      `#EXT-X-BYTERANGE:${(segments[0]?.bytes ?? 0) - 8}@8\n/api/v1/segments/${segments[0]?.seg}/`,
    );
    expect(text).toContain(`#EXT-X-PROGRAM-DATE-TIME:${new Date(segments[0]?.from.wallMs ?? 0).toISOString()}`);
    expectRefusal(await clerk.get(`/sessions/${body.id}/streams/cam2/playlist.m3u8`), 404, 'not-found');
  });
});

describe('hostile requests', () => {
  test('by pages of other sites change nothing', async () => {
    const clerk = await api.login('clerk');
    for (const headers of [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: `http://127.0.0.1:${api.port + 1}` },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ]) {
      for (const path of ['/rooms/r1/sessions', '/rooms/r1/wake', '/logout', '/login']) {
        expectRefusal(await clerk.post(path, OPEN, headers as Record<string, string>), 403, 'foreign-origin');
      }
    }
    expect((await clerk.get('/me')).status).toBe(200);
    const own = await clerk.post('/rooms/r1/wake', {}, { origin: api.url, 'sec-fetch-site': 'same-origin' });
    expect(own.status).toBe(200);
  });

  test('with ids that are none are bad requests and nothing else', async () => {
    const clerk = await api.login('clerk');
    for (const id of ['..%2F..%2Fetc%2Fpasswd', '%00', "x'%20OR%201=1", 'a'.repeat(200), '__proto__', '%E5%90%AC']) {
      for (const path of [
        `/rooms/${id}`,
        `/sessions/${id}`,
        `/sessions/${id}/review`,
        `/segments/${id}/media.mp4`,
        `/segments/${id}/recall`,
      ]) {
        expectRefusal(await clerk.get(path), 400, 'bad-request');
      }
    }
    expectRefusal(await clerk.get('/segments/%/media.mp4'), 400, 'bad-request');
    expectRefusal(await clerk.get('/sessions/constructor'), 404, 'session-unknown');
    expectRefusal(await clerk.get('/segments/SEG0/media.mp4'), 404, 'segment-unknown');
    expectRefusal(await clerk.get('/rooms/nope'), 404, 'room-unknown');
  });

  test('with bodies that are not as described are named field by field', async () => {
    const clerk = await api.login('clerk');
    const bodies: readonly (readonly [unknown, string | null])[] = [
      [{}, 'press'],
      [{ ...OPEN, press: 'x' }, 'press'],
      [{ ...OPEN, press: { $gt: '' } }, 'press'],
      [{ ...OPEN, kind: 'Party!' }, 'kind'],
      [{ ...OPEN, fields: { presider: 7 } }, 'fields.presider'],
      [{ ...OPEN, matter: 'x'.repeat(201) }, 'matter'],
      [{ ...OPEN, extra: 1 }, ''],
      ['[1,2]', ''],
      ['"text"', null],
      ['{"press":', null],
      [`{"press":"${'x'.repeat(20_000)}"}`, null],
    ];
    for (const [body, field] of bodies) {
      const answer = await clerk.post('/rooms/r1/sessions', body);
      expectRefusal(answer, 400, 'bad-request');
      if (field !== null) expect(answer.body.error.fields?.map((one) => one.field)).toContain(field);
    }
    const form = await clerk.send('POST', '/rooms/r1/sessions', {
      body: 'press=press-0001&kind=hearing',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expectRefusal(form, 400, 'bad-request');
    for (const query of ['limit=0', 'limit=1000', 'limit=x', 'limit=1&limit=2', 'room=../x', 'room[a]=1&limit=0']) {
      expectRefusal(await clerk.get(`/sessions?${query}`), 400, 'bad-request');
    }
    expect((await clerk.get('/sessions')).body.sessions).toEqual([]);
  });

  test('for what is not there are answered in JSON below /api', async () => {
    const client = new Client(api.url);
    expectRefusal(await client.get('/nope'), 404, 'not-found');
    expectRefusal(await client.send('DELETE', '/sessions/x'), 404, 'not-found');
    const response = await fetch(`${api.url}/api/v2/site`);
    expect(response.status).toBe(404);
    expect(response.headers.get('content-type')).toContain('application/json');
  });

  test('that are no HTTP at all harm nobody', async () => {
    await new Promise<void>((resolve, reject) => {
      const socket = connect(api.port, '127.0.0.1', () => socket.end('\u0000\u0001 rubbish\r\n\r\n'));
      socket.on('close', () => resolve());
      socket.on('error', reject);
      socket.resume();
    });
    expect((await new Client(api.url).get('/site')).status).toBe(200);
  });

  test('for media are refused while the access cannot be journaled (invariant 10)', async () => {
    const clerk = await api.login('clerk');
    const { seg } = await recorded(clerk);
    await api.stage.journal.close();
    for (let i = 0; i < 2; i++) expectRefusal(await clerk.get(`/segments/${seg}/media.mp4`), 500, 'internal');
  });

  test('that fail inside answer without saying how', async () => {
    const clerk = await api.login('clerk');
    await api.stage.journal.close();
    const answer = await clerk.post('/rooms/r1/sessions', OPEN);
    expectRefusal(answer, 500, 'internal');
    expect(answer.body.error.message).toBe('something went wrong here');
    expect(api.stage.fatal).toHaveLength(1);
  });
});

describe('headers', () => {
  test('allow what the panel needs and nothing else', async () => {
    const { headers } = await fetch(`${api.url}/`);
    const policy = headers.get('content-security-policy') ?? '';
    for (const part of [
      "default-src 'self'",
      "media-src 'self' blob:",
      "worker-src 'self' blob:",
      "img-src 'self' data: blob:",
      "style-src 'self'",
      "connect-src 'self' ws: wss:",
      "frame-ancestors 'none'",
    ]) {
      expect(policy.split(';')).toContain(part);
    }
    expect(policy).not.toContain('upgrade-insecure-requests');
    expect(policy).not.toContain('unsafe');
    expect(headers.get('x-powered-by')).toBeNull();
    expect(headers.get('strict-transport-security')).toBeNull();
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });
});

describe('the panel', () => {
  test('is one page at each of its addresses, with assets that never change', async () => {
    for (const path of ['/', '/login', '/room/r1', '/sign/r1', '/review', '/review/ABC', '/room/r1?x=1']) {
      const response = await fetch(`${api.url}${path}`);
      expect([path, response.status, response.headers.get('cache-control')]).toEqual([path, 200, 'no-cache']);
      expect(await response.text()).toContain('全程');
    }
    const asset = await fetch(`${api.url}/assets/index-abc123.js`);
    expect(asset.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    for (const path of ['/assets/nope.js', '/nope', '/..%2f..%2fquancheng.sqlite', '/assets/..%2f..%2fjournal']) {
      expect([path, (await fetch(`${api.url}${path}`)).status]).toEqual([path, 404]);
    }
  });
});

describe('the port', () => {
  test('that somebody else has is named', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as { port: number };
    const { desk, log } = api.stage;
    const starting = startApi({ desk, log, version: '0', host: '127.0.0.1', port, panelFolder: api.panelFolder });
    await expect(starting).rejects.toMatchObject({
      code: 'port-taken',
      message: expect.stringContaining(String(port)),
    });
    other.close();
    const nowhere = startApi({ desk, log, version: '0', host: '192.0.2.1', port: 0, panelFolder: api.panelFolder });
    await expect(nowhere).rejects.toMatchObject({ code: 'bad-config' });
  });
});
