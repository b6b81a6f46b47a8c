/** The recorder's door answers who asks to see: everything asked for, one after the other, and never more than is read. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { PeekAnswer } from '../../controller/core/recording.ts';
import { RecorderLink } from '../../controller/recorder/link.ts';
import { RecorderSocket } from '../../controller/recorder/socket.ts';

const LOG = { info() {}, warn() {}, error() {} };
const AT = { wallMs: 1, monoMs: 1, boot: 'b' };
const LARGE = 'A'.repeat(800 * 1024);

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quancheng-peeks-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

test('many large pictures asked for at once all come, and what is not there is said to be not there', async () => {
  const path = join(folder, 'recorder.sock');
  const status = () => ({
    ...({ at: AT, pid: 1, version: '0', revision: 0, clock: { source: 'ntp' }, streams: {} } as const),
    ...{ disk: { freeBytes: 0, totalBytes: 0 }, journal: { seq: 0, hash: '0'.repeat(64) } },
  });
  const peek = vi.fn((stream: string): PeekAnswer | null =>
    stream === 'none' ? null : { stream, run: 'r', index: 1, at: AT, media: LARGE },
  );
  // biome-ignore lint/correctness/useYield: a journal that holds nothing.
  async function* read() {
    return;
  }
  const socket = new RecorderSocket(
    { desire: async () => undefined, read, status, peek, remove: async () => undefined },
    LOG,
  );
  await socket.listen(path);
  const link = new RecorderLink({ socketPath: path, afterSeq: () => 0, log: LOG });
  const seen: string[] = [];
  let isHere = false;
  link.onPresence((here) => {
    isHere = here;
  });
  link.onPeek((stream, answer) => seen.push(`${stream} ${answer?.media.length ?? 'nothing'}`));
  link.start();
  try {
    await vi.waitFor(() => expect(isHere).toBe(true), 3_000);
    const streams = Array.from({ length: 12 }, (_, n) => `cam-${n}`);
    for (const stream of [...streams, 'none', ...streams]) link.peek(stream);
    const all = [...streams.map((stream) => `${stream} ${LARGE.length}`), 'none nothing'];
    await vi.waitFor(() => expect(new Set(seen)).toEqual(new Set(all)), 5_000);
    // What was asked for again while it waited is answered once.
    expect(seen.length).toBeLessThan(2 * streams.length);
    const count = seen.length;
    link.peek('cam-3');
    await vi.waitFor(() => expect(seen.length).toBeGreaterThan(count), 3_000);
  } finally {
    await link.close();
    await socket.close();
  }
});
