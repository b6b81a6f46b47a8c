/** An RTSP server is told from silence, from another server and from nothing, without a login and within the deadline. */
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { knockAtRtsp } from '../../../devices/onvif/rtsp-door.ts';
import { startVirtualSite } from '../../../devices/virtual/site.ts';

let server: Server | undefined;
const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  server?.close();
});

async function serve(answer: (socket: Socket) => void): Promise<string> {
  const listening = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    answer(socket);
  });
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  const address = listening.address();
  return `rtsp://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/live`;
}

test('a virtual microphone answers, without a login and without taking a session', async () => {
  const site = await startVirtualSite({
    cacheDir: join(tmpdir(), 'quancheng-virtual-media'),
    devices: [{ id: 'mic', kind: 'microphone', room: 'Room', name: 'mic', audio: 'pcma', maxSessions: 0 }],
  });
  try {
    await knockAtRtsp(site.device('mic').rtspUrl);
  } finally {
    await site.close();
  }
});

test.each([
  ['silence', () => undefined, 'does not answer RTSP within 200 ms'],
  [
    'a web server',
    (socket: Socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'),
    'does not speak RTSP: HTTP/1.1 400',
  ],
  ['a closed door', (socket: Socket) => socket.end(), 'closes the connection'],
])('%s is no RTSP server', async (_, answer, says) => {
  const url = await serve(answer);
  await expect(knockAtRtsp(url, 200)).rejects.toMatchObject({
    code: 'camera-unreachable',
    message: expect.stringContaining(says),
  });
});

test('nobody there is said at once', async () => {
  const url = await serve(() => undefined);
  server?.close();
  await new Promise((resolve) => server?.once('close', resolve));
  await expect(knockAtRtsp(url)).rejects.toThrow('ECONNREFUSED');
});
