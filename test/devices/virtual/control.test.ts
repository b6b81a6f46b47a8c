// Another process can ask a virtual site and throw its switches, one JSON object a line; the site ends with its process.

import { spawn } from 'node:child_process';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { startVirtualSite } from '../../../devices/virtual/site.ts';
import { SWITCHES } from '../../../devices/virtual/switches.ts';
import { RtspClient } from './rtsp-client.ts';
import { MEDIA_CACHE_DIR, testFolder, tinyCamera } from './test-site.ts';

interface Answer {
  readonly id?: unknown;
  readonly ok: boolean;
  readonly result?: unknown;
  readonly error?: string;
}

/** The built program; Node 20 cannot run the sources. */
const BUILT = new URL('../../../dist/devices/virtual/process.js', import.meta.url).href;

async function control(path: string): Promise<(request: object | string) => Promise<Answer>> {
  const socket = connect(path);
  onTestFinished(() => {
    socket.destroy();
  });
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  return async (request) => {
    socket.write(`${typeof request === 'string' ? request : JSON.stringify(request)}\n`);
    return JSON.parse((await lines.next()).value as string) as Answer;
  };
}

test('devices, state, sent and switches are answered, mistakes with a sentence', async () => {
  const controlSocket = join(await testFolder(), 'control.sock');
  const site = await startVirtualSite({
    cacheDir: MEDIA_CACHE_DIR,
    controlSocket,
    devices: [tinyCamera({ rtspAuth: [] })],
  });
  onTestFinished(() => site.close());
  expect((await stat(controlSocket)).mode & 0o777).toBe(0o600);
  const ask = await control(controlSocket);
  const camera = site.device('cam-1');
  expect(await ask({ id: 7, op: 'devices' })).toMatchObject({
    id: 7,
    ok: true,
    result: [{ id: 'cam-1', rtspUrl: camera.rtspUrl }],
  });
  expect(JSON.stringify(await ask({ op: 'devices' }))).not.toContain(camera.account.password);
  const client = await RtspClient.open(camera.rtspUrl);
  await client.play();
  expect(await ask({ op: 'sent', device: 'cam-1' })).toMatchObject({
    ok: true,
    result: [{ stream: 'main', transport: 'tcp' }],
  });
  expect(await ask({ op: 'switch', device: 'cam-1', name: 'Q01.drop' })).toEqual({ ok: true, result: null });
  await client.untilClosed();
  await ask({ op: 'switch', device: 'cam-1', name: 'Q03.clockOffset', value: { offsetMs: 3_600_000 } });
  const state = await ask({ op: 'state', device: 'cam-1' });
  expect(state).toMatchObject({ result: { sessions: 0 } });
  // Two clocks are read one after the other: a millisecond may lie between them.
  const { clockOffsetMs } = (state as { result: { clockOffsetMs: number } }).result;
  expect(Math.abs(clockOffsetMs - 3_600_000)).toBeLessThanOrEqual(1);
  const mistakes = [
    ['not json', 'JSON'],
    [{ op: 'dance', device: 'cam-1' }, 'op must be one of'],
    [{ op: 'state', device: 'cam-2' }, 'no device cam-2'],
    [{ op: 'switch', device: 'cam-1', name: 'Q99.burn' }, 'no switch Q99.burn'],
    [{ op: 'switch', device: 'cam-1', name: 'Q02.freeze', value: { what: 'all' } }, 'what must be one of packets'],
    [{ op: 'switch', device: 'cam-1', name: 'Q04.stepClock', value: {} }, 'byMs must be a number'],
  ] as const;
  for (const [request, sentence] of mistakes) {
    const answer = await ask(request);
    expect(answer.ok).toBe(false);
    expect(answer.error).toContain(sentence);
  }
});

test('every switch runs with the values the README shows', async () => {
  const controlSocket = join(await testFolder(), 'control.sock');
  const site = await startVirtualSite({ cacheDir: MEDIA_CACHE_DIR, controlSocket, devices: [tinyCamera()] });
  onTestFinished(() => site.close());
  const ask = await control(controlSocket);
  const shown = await readmeSwitches();
  expect(shown.map(({ name }) => name).sort()).toEqual(Object.keys(SWITCHES).sort());
  for (const { name, value } of shown) {
    expect(await ask({ op: 'switch', device: 'cam-1', name, value })).toEqual({ ok: true, result: null });
  }
});

test('a site runs as its own process, says when it is ready, and ends on SIGTERM', async () => {
  const folder = await testFolder();
  const specFile = join(folder, 'site.json');
  const controlSocket = join(folder, 'control.sock');
  await writeFile(specFile, JSON.stringify({ cacheDir: MEDIA_CACHE_DIR, devices: [tinyCamera()] }));
  const script = `import { runVirtualSite } from ${JSON.stringify(BUILT)};
    await runVirtualSite(${JSON.stringify(specFile)}, ${JSON.stringify(controlSocket)});`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ready = JSON.parse((await lines.next()).value as string);
  expect(ready).toMatchObject({ ready: true, controlSocket, devices: [{ id: 'cam-1', kind: 'camera' }] });
  const client = await RtspClient.open(ready.devices[0].rtspUrl);
  expect((await client.request('OPTIONS')).status).toBe(200);
  const ask = await control(controlSocket);
  // A stop in the middle of a reboot does not wait for the reboot.
  void ask({ op: 'switch', device: 'cam-1', name: 'Q01.reboot', value: { awayMs: 60_000 } }).catch(() => {});
  await client.untilClosed();
  child.kill('SIGTERM');
  expect(await ended).toBe(0);
});

/** Names and example values in the README's table of switches. */
async function readmeSwitches(): Promise<{ name: string; value: Record<string, unknown> }[]> {
  const text = await readFile(new URL('../../../devices/virtual/README.md', import.meta.url), 'utf8');
  return [...text.matchAll(/^\| `([\w.]+)` +\| `(\{.*?\})` +\|/gm)].map((match) => ({
    name: match[1] ?? '',
    value: JSON.parse(match[2] ?? '{}') as Record<string, unknown>,
  }));
}
