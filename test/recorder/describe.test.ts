/** Asking a camera what it offers: every way to say no has its own cause, nothing outlasts its deadline, and nothing ends the process. */
import { createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { CauseCode, Source } from '../../controller/core/recording.ts';
import { DescribeFault, describe, readSdp } from '../../controller/recorder/describe.ts';
import { testCamera } from '../devices/virtual/test-site.ts';
import { seeded } from '../oracle/fragmented.ts';
import { sourceOf } from './rig.ts';

const DEADLINE_MS = 3_000;
const SHORT_MS = 400;
/** What a timer and a loaded machine may add. */
const LATE_MS = 300;

/** What came of it, and that it did not outlast its deadline. */
async function asked(source: Source, deadlineMs = DEADLINE_MS, signal?: AbortSignal) {
  const before = performance.now();
  const outcome = await describe(source, deadlineMs, signal).catch((error: unknown) => error);
  const tookMs = performance.now() - before;
  expect(tookMs).toBeLessThan(deadlineMs + LATE_MS);
  if (outcome instanceof Error) expect(outcome).toBeInstanceOf(DescribeFault);
  return { outcome, tookMs };
}

async function fault(
  source: Source,
  deadlineMs = DEADLINE_MS,
): Promise<{ code: CauseCode; detail: string; tookMs: number }> {
  const { outcome, tookMs } = await asked(source, deadlineMs);
  if (!(outcome instanceof DescribeFault)) throw new Error(`it offered ${JSON.stringify(outcome)}`);
  expect(outcome.message, 'what is told has no control characters and no password').not.toMatch(
    /\p{Cc}|Quancheng-2026/u,
  );
  return { ...outcome.reason, tookMs };
}

/** A server that does what it likes with each connection; answers the source to ask it with. */
async function server(onConnection: (socket: Socket, request: string) => void, greets = false): Promise<Source> {
  const sockets = new Set<Socket>();
  const listening = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    if (greets) onConnection(socket, '');
    else socket.on('data', (chunk) => onConnection(socket, chunk.toString()));
  });
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    listening.close();
  });
  const address = listening.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { url: `rtsp://127.0.0.1:${port}/live`, user: 'admin', password: 'secret', transport: 'auto', audio: 'auto' };
}

const SDP = 'v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H265/90000\r\n';
const ok = (body = SDP) => `RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

test.each([
  ['no login', []],
  ['Basic', ['basic']],
  ['Digest with MD5', ['digest-md5']],
  ['Digest, then Basic', ['digest-md5', 'basic']],
  ['Basic, then Digest', ['basic', 'digest-md5']],
  ['SHA-256, then MD5', ['digest-sha256', 'digest-md5']],
  ['SHA-256, then Basic', ['digest-sha256', 'basic']],
] as const)('%s lets us in, and tells picture and sound', async (_name, rtspAuth) => {
  const camera = await testCamera({ rtspAuth, password: 'p@ss: /#%&"\\密码', audio: 'pcma' });
  expect((await asked(sourceOf(camera))).outcome).toEqual({ video: 'H264', audio: 'PCMA' });
  expect(camera.state().wrongTries).toBe(0);
  expect(camera.state().sessions, 'asking takes no session').toBe(0);
});

test('Basic is sent only to who offers nothing better', async () => {
  const heard: string[] = [];
  const source = await server((socket, request) => {
    heard.push(/^Authorization: (\w+)/m.exec(request)?.[1] ?? 'none');
    socket.write(
      heard.length === 1
        ? 'RTSP/1.0 401 Unauthorized\r\nWWW-Authenticate: Basic realm="x"\r\nWWW-Authenticate: Digest realm="x", nonce="1", qop="auth", opaque="o"\r\n\r\n'
        : ok(),
    );
  });
  expect((await asked(source)).outcome).toEqual({ video: 'H265', audio: null });
  expect(heard).toEqual(['none', 'Digest']);
});

test('SHA-256 alone is named as a login we do not know, and nothing is tried', async () => {
  const camera = await testCamera({ rtspAuth: ['digest-sha256'] });
  expect(await fault(sourceOf(camera))).toMatchObject({ code: 'auth-unsupported' });
  expect(camera.state().wrongTries).toBe(0);
});

test.each([['basic'], ['digest-md5']] as const)('a wrong password is tried once (%s)', async (kind) => {
  const camera = await testCamera({ rtspAuth: [kind] });
  expect((await fault(sourceOf(camera, { password: 'wrong' }))).code).toBe('camera-refused-login');
  expect(camera.state().wrongTries).toBe(1);
  expect((await fault({ url: camera.rtspUrl, transport: 'auto', audio: 'auto' })).detail).toContain(
    'none is configured',
  );
  expect(camera.state().wrongTries, 'without a login nothing is tried').toBe(1);
});

test('a camera that locks and answers as if the password were wrong is not tried again, one that says so is told apart', async () => {
  const camera = await testCamera({ lockAfter: 2 });
  for (let i = 0; i < 2; i++) await fault(sourceOf(camera, { password: 'wrong' }));
  expect(camera.state().isLocked).toBe(true);
  expect((await fault(sourceOf(camera))).code, 'with the right password').toBe('camera-refused-login');
  camera.unlock();
  expect((await asked(sourceOf(camera))).outcome).toMatchObject({ video: 'H264' });
  const honest = await server((socket, request) =>
    socket.write(
      request.includes('Authorization')
        ? 'RTSP/1.0 403 Account Locked\r\n\r\n'
        : 'RTSP/1.0 401 Unauthorized\r\nWWW-Authenticate: Basic realm="x"\r\n\r\n',
    ),
  );
  expect((await fault(honest)).code).toBe('camera-locked-out');
});

test('a path that is not there', async () => {
  const camera = await testCamera();
  const { code, detail } = await fault(sourceOf(camera, { url: camera.rtspUrl.replace('/live/main', '/no/such') }));
  expect(code).toBe('camera-no-stream');
  expect(detail).toContain('404');
});

test('a port where nobody listens, and a camera that lets nobody in', async () => {
  const camera = await testCamera();
  const source = sourceOf(camera);
  await camera.close();
  expect(await fault(source)).toMatchObject({
    code: 'camera-unreachable',
    detail: expect.stringContaining('ECONNREFUSED'),
  });
});

test('a camera whose cable was pulled is given up at the deadline', async () => {
  const camera = await testCamera();
  camera.leave();
  const { code, detail, tookMs } = await fault(sourceOf(camera), SHORT_MS);
  expect(code).toBe('camera-unreachable');
  expect(detail).toContain('no answer within');
  expect(tookMs).toBeGreaterThan(SHORT_MS - 20);
});

test.each<[string, (socket: Socket) => void]>([
  ['says nothing', () => undefined],
  [
    'drips one byte at a time',
    (socket) => {
      const drip = setInterval(() => socket.write('R'), 20);
      socket.on('close', () => clearInterval(drip));
    },
  ],
  ['promises a body and keeps it', (socket) => socket.write('RTSP/1.0 200 OK\r\nContent-Length: 1000\r\n\r\nv=0')],
])('a server that %s is given up at the deadline', async (_name, act) => {
  expect((await fault(await server(act), SHORT_MS)).code).toBe('camera-unreachable');
});

test.each<[string, CauseCode, string | Buffer]>([
  ['HTTP', 'camera-unreachable', 'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n'],
  ['an empty first line', 'camera-unreachable', '\r\n\r\n'],
  ['a status of two digits', 'camera-unreachable', 'RTSP/1.0 20 OK\r\n\r\n'],
  ['300 kB without an end', 'camera-unreachable', 'x'.repeat(300_000)],
  ['a header of 300 kB', 'camera-unreachable', `RTSP/1.0 200 OK\r\nX: ${'x'.repeat(300_000)}\r\n`],
  [
    'a body of 1 GB',
    'camera-unreachable',
    `RTSP/1.0 200 OK\r\nContent-Length: 1000000000\r\n\r\n${'x'.repeat(300_000)}`,
  ],
  ['a body of less than nothing', 'camera-no-stream', 'RTSP/1.0 200 OK\r\nContent-Length: -5\r\n\r\n'],
  ['a length that is no number', 'camera-no-stream', 'RTSP/1.0 200 OK\r\nContent-Length: many\r\n\r\n'],
  ['an SDP without picture and sound', 'camera-no-stream', ok('v=0\r\ns=none\r\nm=application 0 RTP/AVP 107\r\n')],
  ['a phrase with control characters', 'camera-no-stream', 'RTSP/1.0 404 \x1b[31mNot\x07 Found\r\n\r\n'],
  ['401 without a challenge', 'auth-unsupported', 'RTSP/1.0 401 Unauthorized\r\n\r\n'],
  [
    '401 with a challenge of noise',
    'auth-unsupported',
    'RTSP/1.0 401 Unauthorized\r\nWWW-Authenticate: \x1b]\x07, ,=\r\n\r\n',
  ],
  ['401 again and again', 'camera-refused-login', 'RTSP/1.0 401 Unauthorized\r\nWWW-Authenticate: Basic\r\n\r\n'],
  ['453', 'camera-busy', 'RTSP/1.0 453 Not Enough Bandwidth\r\n\r\n'],
  ['503', 'camera-busy', 'RTSP/1.0 503 Service Unavailable\r\n\r\n'],
  ['403', 'camera-locked-out', 'RTSP/1.0 403 Forbidden\r\n\r\n'],
  ['500', 'camera-no-stream', 'RTSP/1.0 500 Internal Server Error\r\n\r\n'],
])('an answer of %s', async (_name, code, answer) => {
  const { code: told, tookMs } = await fault(await server((socket) => socket.write(answer)));
  expect(told).toBe(code);
  expect(tookMs, 'at once, not at the deadline').toBeLessThan(DEADLINE_MS / 2);
});

test('connections cut at every moment are an unreachable camera at once', async () => {
  const challenge = 'RTSP/1.0 401 Unauthorized\r\nWWW-Authenticate: Basic realm="x"\r\n\r\n';
  const cuts: readonly ((socket: Socket, request: string) => void)[] = [
    (socket) => socket.destroy(),
    (socket) => socket.end('RTSP/1.0 200'),
    (socket, request) => (request.includes('Authorization') ? socket.resetAndDestroy() : socket.write(challenge)),
  ];
  for (const cut of cuts) {
    const { code, tookMs } = await fault(await server(cut));
    expect(code).toBe('camera-unreachable');
    expect(tookMs).toBeLessThan(DEADLINE_MS / 2);
  }
  expect((await fault(await server((socket) => socket.resetAndDestroy(), true))).code).toBe('camera-unreachable');
});

test.each<[string, string, boolean]>([
  ['says so', 'Connection: close\r\n', true],
  ['says nothing of it', '', true],
  ['closes when it is asked again', '', false],
])(
  'a camera that closes the connection after its 401, and %s, is called anew with the login',
  async (_name, header, atOnce) => {
    const challenge = `RTSP/1.0 401 Unauthorized\r\n${header}WWW-Authenticate: Basic realm="x"\r\n\r\n`;
    const authorized: number[] = [];
    let calls = 0;
    const known = new WeakMap<Socket, number>();
    const source = await server((socket, request) => {
      if (!known.has(socket)) {
        calls += 1;
        known.set(socket, calls);
      }
      const call = known.get(socket) ?? 0;
      if (!request.includes('Authorization')) {
        if (atOnce) socket.end(challenge);
        else socket.write(challenge);
        return;
      }
      if (call === 1) {
        socket.resetAndDestroy();
        return;
      }
      authorized.push(call);
      socket.write(ok());
    });
    expect((await asked(source)).outcome).toEqual({ video: 'H265', audio: null });
    expect(authorized).toEqual([2]);
  },
);

test('a nonce that is too old is no wrong password: asked once more, and not a third time', async () => {
  const stale = (nonce: string) =>
    `RTSP/1.0 401 Unauthorized\r\nWWW-Authenticate: Digest realm="x", nonce="${nonce}", stale=TRUE\r\n\r\n`;
  const nonces: string[] = [];
  const answers = [stale('one'), stale('two'), ok()];
  const source = await server((socket, request) => {
    nonces.push(/nonce="(\w+)"/.exec(request)?.[1] ?? 'none');
    socket.write(answers[Math.min(nonces.length, answers.length) - 1] ?? '');
  });
  expect((await asked(source)).outcome).toEqual({ video: 'H265', audio: null });
  expect(nonces).toEqual(['none', 'one', 'two']);
  const forever = await server((socket) => socket.write(stale('again')));
  expect((await fault(forever)).code).toBe('camera-refused-login');
});

test('a camera that comes back while it is asked is caught by a fresh call, long before the deadline', async () => {
  let isBack = false;
  let backAt = 0;
  const source = await server((socket) => {
    // What was asked before is never answered.
    if (isBack) socket.write(ok());
  });
  setTimeout(() => {
    isBack = true;
    backAt = performance.now();
  }, 1_100);
  expect((await asked(source, 5_000)).outcome).toEqual({ video: 'H265', audio: null });
  expect(performance.now() - backAt).toBeLessThan(800 + LATE_MS);
});

test('a camera that takes its time is called twice and sent the login once', async () => {
  const logins: string[] = [];
  let asks = 0;
  const source = await server((socket, request) => {
    if (request.includes('Authorization')) {
      logins.push(request);
      socket.write(ok());
      return;
    }
    asks += 1;
    setTimeout(() => socket.write('RTSP/1.0 401 Unauthorized\r\nWWW-Authenticate: Basic realm="x"\r\n\r\n'), 1_000);
  });
  expect((await asked(source)).outcome).toEqual({ video: 'H265', audio: null });
  expect({ asks, logins: logins.length }).toEqual({ asks: 2, logins: 1 });
});

test('who was stopped before asking does not ask', async () => {
  let calls = 0;
  const source = await server(() => {
    calls += 1;
  }, true);
  const { outcome, tookMs } = await asked(source, DEADLINE_MS, AbortSignal.abort());
  expect(outcome).toBeInstanceOf(DescribeFault);
  expect(tookMs).toBeLessThan(DEADLINE_MS / 10);
  expect(calls).toBe(0);
});

test.each([1, 2])('hundreds of answers of noise: a cause each time, never anything else (seed %i)', async (seed) => {
  const random = seeded(seed);
  const samples = [ok(), 'RTSP/1.0 401 Unauthorized\r\nWWW-Authenticate: Digest realm="r", nonce="n"\r\n\r\n'];
  const source = await server((socket) => {
    const answer = Buffer.from(samples[random() < 0.5 ? 0 : 1] ?? '');
    for (let flips = Math.floor(random() * 12); flips > 0; flips--)
      answer.writeUInt8(Math.floor(random() * 256), Math.floor(random() * answer.length));
    socket.end(answer);
  });
  let offers = 0;
  for (let round = 0; round < 300; round++) if (!((await asked(source)).outcome instanceof Error)) offers += 1;
  expect(offers).toBeGreaterThan(10);
});

test('an answer in any pieces is read, and a stop ends the question at once', async () => {
  const whole = await server((socket) => {
    const bytes = [...ok()];
    const send = () => {
      const next = bytes.shift();
      if (next === undefined) return;
      socket.write(next, () => setImmediate(send));
    };
    send();
  });
  expect((await asked(whole)).outcome).toEqual({ video: 'H265', audio: null });
  const stop = new AbortController();
  const silent = await server(() => setImmediate(() => stop.abort()));
  const { outcome, tookMs } = await asked(silent, DEADLINE_MS, stop.signal);
  expect(outcome).toBeInstanceOf(DescribeFault);
  expect(tookMs).toBeLessThan(DEADLINE_MS / 2);
});

test.each<[string, string, { video: string | null; audio: string | null }]>([
  [
    'names as they stand',
    'm=video 0 RTP/AVP 96\na=rtpmap:96 h264/90000\nm=audio 0 RTP/AVP 97\na=rtpmap:97 MPEG4-GENERIC/16000/1',
    { video: 'H264', audio: 'MPEG4-GENERIC' },
  ],
  ['numbers that need no name', 'm=audio 0 RTP/AVP 8\r\nm=video 0 RTP/AVP 26\r\n', { video: 'JPEG', audio: 'PCMA' }],
  [
    'the first of two pictures',
    'm=video 0 RTP/AVP 96\na=rtpmap:96 H265/90000\nm=video 0 RTP/AVP 97\na=rtpmap:97 H264/90000',
    { video: 'H265', audio: null },
  ],
  ['a name for another number', 'm=video 0 RTP/AVP 96\na=rtpmap:97 H264/90000', { video: null, audio: null }],
  ['other media', 'm=application 0 RTP/AVP 107\na=rtpmap:107 vnd.onvif.metadata/90000', { video: null, audio: null }],
  ['nothing', '', { video: null, audio: null }],
])('an SDP with %s', (_name, sdp, offer) => {
  expect(readSdp(sdp)).toEqual(offer);
});
