/** The recorder's door keeps its limits: whoever does not read, or comes in a crowd, costs the others nothing. */
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { RecorderStatus } from '../../controller/core/recording.ts';
import { RecorderSocket } from '../../controller/recorder/socket.ts';
import { until } from './rig.ts';

const VISITORS_MAX = 16;
const STATUS: RecorderStatus = {
  at: { wallMs: 1, monoMs: 1, boot: 'b' },
  pid: 1,
  version: '0',
  revision: 0,
  clock: { source: 'ntp' },
  disk: { freeBytes: 0, totalBytes: 0 },
  journal: { seq: 0, hash: '' },
  streams: {},
};

async function door(): Promise<{ readonly socket: RecorderSocket; readonly path: string; readonly warned: string[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'quancheng-door-'));
  const warned: string[] = [];
  const log = {
    info: () => undefined,
    warn: (_: object, message: string) => warned.push(message),
    error: () => undefined,
  };
  const socket = new RecorderSocket(
    {
      desire: () => Promise.resolve(),
      read: async function* () {},
      status: () => STATUS,
      peek: () => null,
      remove: () => Promise.resolve(),
    },
    log,
  );
  onTestFinished(async () => {
    await socket.close();
    await rm(folder, { recursive: true, force: true });
  });
  const path = join(folder, 'recorder.sock');
  await socket.listen(path);
  return { socket, path, warned };
}

interface Visitor {
  readonly socket: Socket;
  heard: string;
  isGone: boolean;
}

function visit(path: string): Visitor {
  const visitor: Visitor = { socket: connect(path), heard: '', isGone: false };
  visitor.socket.setEncoding('utf8').on('data', (text: string) => {
    visitor.heard += text;
  });
  visitor.socket
    .on('error', () => undefined)
    .on('close', () => {
      visitor.isGone = true;
    });
  onTestFinished(() => {
    visitor.socket.destroy();
  });
  return visitor;
}

test('so many visitors and no more: the next is sent away, those who are there go on hearing', async () => {
  const { socket, path, warned } = await door();
  const visitors = Array.from({ length: VISITORS_MAX }, () => visit(path));
  await until(() => visitors.every(({ heard }) => heard.includes('"status"')));
  const late = visit(path);
  await until(() => late.isGone);
  expect(late.heard).toBe('');
  expect(warned).toHaveLength(1);
  const before = visitors.map(({ heard }) => heard.length);
  socket.sendStatus(STATUS);
  await until(() => visitors.every(({ heard }, at) => heard.length > (before[at] ?? 0)));
  visitors[0]?.socket.destroy();
  await until(() => visitors[0]?.isGone === true);
  const next = visit(path);
  await until(() => next.heard.includes('"status"'));
});

test('a visitor who does not read is let go of when 8 MiB wait for it; another one hears everything', async () => {
  const { socket, path } = await door();
  const deaf = visit(path);
  const good = visit(path);
  await until(() => good.heard !== '' && deaf.heard !== '');
  deaf.socket.pause();
  const large = { ...STATUS, version: 'x'.repeat(256 * 1024) };
  for (let told = 0; told < 48; told++) {
    socket.sendStatus(large);
    const length = good.heard.length;
    await until(() => good.heard.length > length);
  }
  await until(() => good.heard.split('\n').length === 48 + 2);
  deaf.socket.resume();
  await until(() => deaf.isGone);
  expect(good.isGone).toBe(false);
  expect(deaf.heard.length).toBeLessThan(10 * 1024 * 1024);
});

test('a status finds nobody when everybody has gone', async () => {
  const { socket, path } = await door();
  expect(socket.hasVisitors).toBe(false);
  const visitor = visit(path);
  await until(() => socket.hasVisitors);
  visitor.socket.destroy();
  await until(() => !socket.hasVisitors);
});
