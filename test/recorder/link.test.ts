/** The link to the recorder: follows, wishes, reconnects, and survives whatever comes over the socket. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Log } from '../../controller/core/ports.ts';
import type { DesiredState, ToRecorder } from '../../controller/core/recording.ts';
import { LINE_BYTES_MAX, RecorderLink } from '../../controller/recorder/link.ts';

class FakeRecorder {
  readonly connections: Socket[] = [];
  readonly received: ToRecorder[][] = [];
  #server: Server | null = null;

  async listen(path: string): Promise<void> {
    this.#server = createServer((socket) => {
      const received: ToRecorder[] = [];
      this.connections.push(socket);
      this.received.push(received);
      let tail = '';
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => {
        const lines = (tail + chunk.toString()).split('\n');
        tail = lines.pop() ?? '';
        for (const line of lines) received.push(JSON.parse(line) as ToRecorder);
      });
    });
    await new Promise<void>((resolve) => this.#server?.listen(path, resolve));
  }

  async close(): Promise<void> {
    for (const socket of this.connections) socket.destroy();
    await new Promise<void>((resolve) => (this.#server === null ? resolve() : this.#server.close(() => resolve())));
    this.#server = null;
  }

  say(text: string): void {
    this.connections.at(-1)?.write(text);
  }
}

const lines: string[] = [];
const log: Log = {
  info: () => undefined,
  warn: (_object, message) => void lines.push(message),
  error: (_object, message) => void lines.push(message),
};
const wish = (revision: number): DesiredState => ({ revision, streams: {} });
const entry = (seq: number) => ({ seq, prev: 'p', at: { wallMs: 1, monoMs: 1, boot: 'b' }, fact: { type: 'x' } });

let folder: string;
let path: string;
let recorder: FakeRecorder;
let link: RecorderLink;
let held = 0;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quancheng-link-'));
  path = join(folder, 'recorder.sock');
  recorder = new FakeRecorder();
  held = 0;
  lines.length = 0;
  link = new RecorderLink({ socketPath: path, afterSeq: () => held, log });
});

afterEach(async () => {
  await link.close();
  await recorder.close();
  await rm(folder, { recursive: true });
});

test('asks for the journal behind what the index holds and sends the newest wish, also after a reconnection', async () => {
  const presence: boolean[] = [];
  link.onPresence((isHere) => presence.push(isHere));
  link.desire(wish(1));
  link.desire(wish(2));
  link.start();
  await recorder.listen(path);
  await vi.waitFor(() => expect(recorder.received[0]).toHaveLength(2), 5_000);
  expect(recorder.received[0]).toEqual([
    { type: 'follow', afterSeq: 0 },
    { type: 'desired', desired: wish(2) },
  ]);
  link.desire(wish(3));
  await vi.waitFor(() => expect(recorder.received[0]).toHaveLength(3), 5_000);

  held = 17;
  await recorder.close();
  await vi.waitFor(() => expect(presence).toEqual([true, false]), 5_000);
  link.desire(wish(4));
  await recorder.listen(path);
  await vi.waitFor(() => expect(recorder.received[1]).toHaveLength(2), 5_000);
  expect(recorder.received[1]).toEqual([
    { type: 'follow', afterSeq: 17 },
    { type: 'desired', desired: wish(4) },
  ]);
  expect(presence).toEqual([true, false, true]);
});

test('entries and statuses arrive in order, in whatever pieces they come', async () => {
  const heard: unknown[] = [];
  link.onEntry((one) => heard.push(one.seq));
  link.onStatus((status) => heard.push(status));
  link.start();
  await recorder.listen(path);
  await vi.waitFor(() => expect(recorder.connections).toHaveLength(1), 5_000);
  const text =
    `${JSON.stringify({ type: 'entry', entry: entry(1) })}\n${JSON.stringify({ type: 'status', status: { 听: 1 } })}\n` +
    `${JSON.stringify({ type: 'entry', entry: entry(2) })}\n`;
  const bytes = Buffer.from(text);
  for (const byte of bytes) recorder.connections[0]?.write(Buffer.from([byte]));
  await vi.waitFor(() => expect(heard).toEqual([1, { 听: 1 }, 2]), 5_000);
});

test('rubbish, unknown words and a throwing listener harm nothing', async () => {
  const heard: number[] = [];
  link.onEntry(() => {
    throw new Error('mine');
  });
  link.onEntry((one) => heard.push(one.seq));
  link.start();
  await recorder.listen(path);
  await vi.waitFor(() => expect(recorder.connections).toHaveLength(1), 5_000);
  recorder.say('not json\nnull\n{"type":"news"}\n{"type":"refused","message":"no"}\n');
  recorder.say(`${JSON.stringify({ type: 'entry', entry: entry(1) })}\n`);
  await vi.waitFor(() => expect(heard).toEqual([1]), 5_000);
  expect(lines).toContain('a line of the recorder could not be read');
  expect(lines).toContain('the recorder refused what was asked');
  expect(lines).toContain('a listener to the recorder failed');
});

test('a line without end is cut off and a new connection made', async () => {
  link.start();
  await recorder.listen(path);
  await vi.waitFor(() => expect(recorder.connections).toHaveLength(1), 5_000);
  recorder.say('x'.repeat(LINE_BYTES_MAX + 1));
  await vi.waitFor(() => expect(recorder.connections).toHaveLength(2), 5_000);
});

test('close ends it although nobody ever answered', async () => {
  link.start();
  link.desire(wish(1));
  await link.close();
});
