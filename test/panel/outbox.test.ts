/** Presses on a network that fails: a real server on this machine that answers, refuses, or is not there. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { ErrorBody } from '../../controller/api/contract.ts';
import { Outbox, type OutboxStore, type Post } from '../../panel/wire/outbox.ts';
import { until } from '../recorder/rig.ts';

interface Heard {
  readonly press: string;
  readonly agoMs: number;
}

/** A controller of which only the door is there. `status` is what it answers; 0 hangs up. */
async function door() {
  const heard: Heard[] = [];
  const state = { status: 0, code: 'session-over', kind: 'conflict' };
  const server: Server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    request.on('end', () => {
      if (state.status === 0) {
        request.socket.destroy();
        return;
      }
      heard.push(JSON.parse(text) as Heard);
      response.writeHead(state.status, { 'content-type': 'application/json' });
      const { code, kind } = state;
      response.end(state.status < 400 ? '{}' : JSON.stringify({ error: { code, kind, message: '', hint: '' } }));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const post: Post = async (path, body) => {
    const sent = { method: 'POST', body: JSON.stringify(body) };
    const response = await fetch(`http://127.0.0.1:${port}${path}`, sent).catch(() => null);
    if (response === null) return { outcome: 'unreachable' };
    const told = (await response.json()) as ErrorBody;
    if (response.ok) return { outcome: 'ok', value: told };
    return { outcome: 'refused', status: response.status, refusal: told.error };
  };
  return { heard, state, post };
}

class Memory implements OutboxStore {
  readonly kept = new Map<string, string>();
  getItem(key: string): string | null {
    return this.kept.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    this.kept.set(key, value);
  }
}

const mark = (id: string) => ({
  id,
  path: '/sessions/s/marks',
  body: { press: id },
  what: 'mark' as const,
  session: 's',
});

test('a press that finds nobody is sent again with the same id and the moment of the finger, in order', async () => {
  const { heard, state, post } = await door();
  const outbox = new Outbox('clerk', post, new Memory());
  onTestFinished(() => outbox.close());
  const pressedMono = performance.now();
  outbox.put(mark('first'), pressedMono);
  outbox.put(mark('second'));
  await until(() => outbox.items.value.some(({ state: now }) => now.at === 'sending' && now.tries > 0));
  state.status = 201;
  await until(() => heard.length === 2);
  expect(heard.map(({ press }) => press)).toEqual(['first', 'second']);
  expect(Math.abs((heard[0]?.agoMs ?? 0) - (performance.now() - pressedMono))).toBeLessThan(500);
  await until(() => outbox.items.value.every(({ state: now }) => now.at === 'sent'));
});

test('a page that was loaded anew goes on with what the same person pressed, and touches nobody else’s', async () => {
  const { heard, state, post } = await door();
  const memory = new Memory();
  const before = new Outbox('clerk', post, memory);
  before.put(mark('mine'), performance.now() - 2_000);
  before.close();
  const others = new Outbox('presider', post, memory);
  others.start();
  expect(others.items.value).toEqual([]);
  state.status = 201;
  const after = new Outbox('clerk', post, memory);
  onTestFinished(() => after.close());
  after.start();
  await until(() => heard.length >= 1);
  expect(heard[0]?.press).toBe('mine');
  expect(heard[0]?.agoMs).toBeGreaterThanOrEqual(2_000);
  await until(() => memory.getItem('quancheng.unsent') === '[]');
});

test('what is refused is said and not sent again; what waited ten minutes is given up', async () => {
  const { heard, state, post } = await door();
  state.status = 409;
  const outbox = new Outbox('clerk', post, new Memory());
  onTestFinished(() => outbox.close());
  outbox.put(mark('late'));
  await until(() => outbox.items.value[0]?.state.at === 'refused');
  expect(heard).toHaveLength(1);
  outbox.dismiss('late');
  expect(outbox.items.value).toEqual([]);
  outbox.put(mark('old'), performance.now() - 10 * 60_000 - 1);
  await until(() => outbox.items.value[0]?.state.at === 'given-up');
  expect(heard).toHaveLength(1);
});

test('a login that ended keeps the press for the same person', async () => {
  const { heard, state, post } = await door();
  Object.assign(state, { status: 401, code: 'not-logged-in', kind: 'unauthenticated' });
  const memory = new Memory();
  const outbox = new Outbox('clerk', post, memory);
  outbox.put(mark('kept'));
  await until(() => heard.length > 0);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(heard, 'nobody is asked again and again').toHaveLength(1);
  expect(memory.getItem('quancheng.unsent')).toContain('kept');
  expect(outbox.items.value[0]?.state.at).toBe('sending');
});
