/** Route D from the centre's side: a site made of a plain client and an HTTP server that may do everything wrong. */

import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { MqttClient } from 'mqtt';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { OutboxItem } from '../../controller/core/ports.ts';
import { ulid } from '../../controller/core/ulid.ts';
import { indexOf } from '../forward/centre-index.ts';
import { clock, Scene, SITE, until } from '../forward/scene.ts';

const TOKEN = 'A'.repeat(43);

let scene: Scene;
let client: MqttClient;
let item: OutboxItem;
let bytes: Buffer;
let base: string;
let asked: { url: string | undefined; range: string | undefined; authorization: string | undefined }[];
let results: { topic: string; code?: string }[];
let receipts: number;
/** What the site's server does; serves the file as it should unless said otherwise. */
let serve: (request: IncomingMessage, response: ServerResponse) => void;
let endings: (() => void)[];

beforeEach(async () => {
  scene = new Scene();
  [asked, results, receipts, endings] = [[], [], 0, []];
  bytes = randomBytes(30_000);
  item = await scene.outbox.seal(bytes);
  serve = (_request, response) => {
    response.writeHead(200, { etag: `"${item.segment.sha256}"` });
    response.end(bytes);
  };
  const server = createServer((request, response) => {
    const { range, authorization } = request.headers;
    asked.push({ url: request.url, range, authorization });
    serve(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  endings.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  base = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  const { url } = await scene.broker('mosquitto');
  await scene.centre(url, { wishes: { routes: ['D', 'B'], pullFrom: { [SITE]: [base], 'court-0418': [base] } } });
  client = await scene.client(url);
  client.on('message', (topic, payload) => {
    if (topic.endsWith('/dn/ftr')) results.push(JSON.parse(payload.toString()) as { topic: string; code?: string });
    if (topic.endsWith('/dn/receipt')) receipts += 1;
  });
  await client.subscribeAsync([`hrc/1/${SITE}/dn/#`], { qos: 1 });
  await say('state', {
    v: 1,
    online: true,
    site: SITE,
    at: clock.now().wallMs,
    keys: [scene.signer.publicKey],
    routes: ['D'],
  });
  await say('seg', [{ v: 1, siteSeq: 1, state: 'queued', route: 'D', jws: item.jws }]);
});
afterEach(async () => {
  await scene.end();
  for (const ending of endings) ending();
});

async function say(topic: string, payload: object): Promise<void> {
  await client.publishAsync(`hrc/1/${SITE}/up/${topic}`, JSON.stringify(payload), { qos: 1 });
}

const newId = () => ulid(clock.now().wallMs, randomBytes(10));

/** Offers the segment as a site does by itself. */
async function offer(change: object = {}): Promise<void> {
  const { seg, sha256, bytes: size } = item.segment;
  const fileId = `${seg}-${sha256.slice(0, 16)}-01`;
  const exp = Math.floor(clock.now().wallMs / 1_000) + 900;
  const words = { v: 1, type: 'offer', base: [base], token: TOKEN, exp, items: [{ seg, size, sha256, fileId }] };
  await say(`req/${newId()}`, { ...words, ...change });
}

const stored = async () => (await indexOf(scene.centreFolder)).filter(({ type }) => type === 'stored');

test('what is offered is fetched below the protocol’s own path, with the token, and receipted', async () => {
  await offer({ base: ['https://elsewhere.example', `${base}/some/path?x=1`] });
  await until('the receipt', () => receipts === 1);
  expect(asked).toEqual([{ url: `/v1/seg/${item.segment.seg}`, range: undefined, authorization: `Bearer ${TOKEN}` }]);
  expect(await stored()).toMatchObject([{ seg: item.segment.seg, sha256: item.segment.sha256 }]);
  await offer();
  await until('the receipt again', () => receipts === 2);
  expect(asked).toHaveLength(1);
});

test('so is what a site offers because the centre asked for it', async () => {
  const exp = Math.floor(clock.now().wallMs / 1_000) + 900;
  const items = [
    { seg: item.segment.seg, st: 'local' },
    { seg: newId(), st: 'missing' },
  ];
  const answer = { v: 1, id: newId(), n: 1, status: 'partial', at: clock.now().wallMs, items };
  await say(`rsp/${answer.id}`, { ...answer, offer: { base: [base], token: TOKEN, exp } });
  await until('the receipt', () => receipts === 1);
});

test.each<[string, object, string]>([
  ['another place', { base: ['http://127.0.0.1:9'] }, 'HRC-NOROUTE'],
  ['the place of this site under another name', { base: ['http://localhost:9'] }, 'HRC-NOROUTE'],
  ['a file of the machine', { base: ['file:///etc/passwd'] }, 'HRC-NOROUTE'],
  ['an offer that is over', { exp: 1 }, 'HRC-EXP'],
  ['a token that would end the header', { token: `${TOKEN}\r\nx: y` }, 'HRC-BAD'],
])('%s is not followed', async (_what, change, code) => {
  await offer(change);
  await until('the refusal', () => results.some((result) => result.code === code));
  expect([asked, receipts]).toEqual([[], 0]);
});

test.each<[string, (response: ServerResponse) => void, string]>([
  ['a redirect', (response) => response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end(), 'HRC-NOROUTE'],
  ['nothing of the kind', (response) => response.writeHead(404).end(), 'HRC-NOROUTE'],
  ['another file', (response) => response.writeHead(200, { etag: '"other"' }).end(bytes), 'HRC-FILEHASH'],
  ['other bytes', (response) => respond(response, Buffer.from(bytes).fill(0, 0, 9)), 'HRC-FILEHASH'],
  ['a file without end', (response) => endless(response), 'HRC-FILEHASH'],
])('%s where the file should be is refused, and nothing is kept', async (_what, answer, code) => {
  serve = (_request, response) => answer(response);
  await offer();
  await until('the refusal', () => results.some((result) => result.code === code));
  expect(results.at(-1)?.topic).toContain(item.segment.seg);
  expect([receipts, await stored()]).toEqual([0, []]);
});

test('a connection that breaks goes on behind what came; a site that heeds no range gives the whole again', async () => {
  let breaks = 0;
  serve = (request, response) => {
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const isWhole = breaks === 2;
    const headers = isWhole ? {} : { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` };
    response.writeHead(isWhole || from === 0 ? 200 : 206, { ...headers, etag: `"${item.segment.sha256}"` });
    breaks += 1;
    if (breaks > 2) response.end(bytes);
    else response.write(bytes.subarray(from, from + 10_000), () => setTimeout(() => request.socket.destroy(), 20));
  };
  await offer();
  await until('the receipt', () => receipts === 1);
  expect(asked.map(({ range }) => range)).toEqual([undefined, 'bytes=10000-', 'bytes=20000-']);
});

function respond(response: ServerResponse, body: Buffer): void {
  response.writeHead(200, { etag: `"${item.segment.sha256}"` });
  response.end(body);
}

function endless(response: ServerResponse): void {
  response.writeHead(200, { etag: `"${item.segment.sha256}"` });
  const more = (): void => {
    if (!response.destroyed) response.write(bytes, () => setImmediate(more));
  };
  more();
}
