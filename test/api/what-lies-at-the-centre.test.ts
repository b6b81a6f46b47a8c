/** Deleted segments over the API: the one gate first, then the way to the centre, and plain words while they are not here. */
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AppError } from '../../controller/core/errors.ts';
import type { SegmentFact } from '../../controller/core/facts.ts';
import type { Recallable, RecallStanding, Recalls } from '../../controller/core/recall.ts';
import { segmentPath } from '../../controller/ledger/layout.ts';
import { ApiStage, type Client } from './api-stage.ts';

/** The way to a centre that is a folder: what lies there comes at once, unless it is away. */
class FolderRecalls implements Recalls {
  readonly folder: string;
  readonly asked: string[] = [];
  readonly aheadOf: string[] = [];
  isAway = false;

  constructor(folder: string) {
    this.folder = folder;
  }

  bring({ seg, bytes }: Recallable): Promise<string> {
    this.asked.push(seg);
    if (!this.isAway) return Promise.resolve(join(this.folder, seg));
    return Promise.reject(new AppError('segment-away', `0 of ${bytes} bytes`, { retryAfterMs: 1_000 }));
  }

  ahead(wanted: readonly Recallable[]): void {
    this.aheadOf.push(...wanted.map(({ seg }) => seg));
  }

  standing({ seg, bytes }: Recallable): RecallStanding {
    const isHere = this.asked.includes(seg) && !this.isAway;
    return { state: isHere ? 'here' : 'coming', bytesHere: isHere ? bytes : 1, trouble: null };
  }
}

let api: ApiStage;
let centre: FolderRecalls;
let clerk: Client;
let session: string;
let segments: readonly SegmentFact[];

/** A closed session whose camera segments, but for the last one, were deleted here. */
beforeEach(async () => {
  api = await ApiStage.open();
  centre = new FolderRecalls(join(api.stage.folder, 'away'));
  api.stage.recalls = centre;
  clerk = await api.login('clerk');
  const opened = await clerk.post('/rooms/r1/sessions', { press: 'press-0001', kind: 'hearing', matter: '' });
  session = opened.body.id;
  await api.stage.pass(5_400);
  await clerk.post(`/sessions/${session}/close`);
  await api.stage.pass(6_000);
  segments = api.stage.store.segmentsOf(session, 'cam').map(({ fact }) => fact);
  expect(segments.length).toBeGreaterThan(4);
  await mkdir(centre.folder);
  for (const { seg, stream, run, sequence, sha256 } of segments.slice(0, -1)) {
    const decision = { seq: 1, hash: 'ab'.repeat(32) };
    await api.stage.recorder.append({ type: 'removed', seg, stream, run, sequence, sha256, decision });
    await rename(join(api.stage.layout.media, segmentPath(stream, run, sequence)), join(centre.folder, seg));
  }
  await api.stage.site.idle();
});
afterEach(() => api.close());

const mediaOf = (seg: string | undefined) => `/segments/${seg}/media.mp4`;
const audits = async (did: string) =>
  (await api.stage.facts()).flatMap((fact) => (fact.type === 'audit' && fact.did === did ? [fact.object] : []));

test('the review says where each lies, and playing brings back what is not here, the next ones too', async () => {
  const review = await clerk.get(`/sessions/${session}/review`);
  const places = review.body.streams.find(({ id }) => id === 'cam')?.segments.map(({ place }) => place);
  expect(places).toEqual([...segments.slice(0, -1).map(() => 'centre'), 'here']);
  const [first, second, third] = segments;
  const answer = await clerk.get(mediaOf(first?.seg), { range: 'bytes=8-11' });
  expect(answer.status).toBe(206);
  expect(answer.text).toBe((await readFile(join(centre.folder, first?.seg ?? ''))).subarray(8, 12).toString());
  expect(centre.aheadOf).toEqual([second?.seg, third?.seg]);
  expect(await audits('recall')).toEqual([first?.seg]);
  expect(await audits('play')).toEqual([first?.seg]);
  // Once it is here, no look at it says that it was fetched.
  await (await api.login('presider')).get(mediaOf(first?.seg));
  expect(await audits('recall')).toEqual([first?.seg]);
  expect(await audits('play')).toEqual([first?.seg, first?.seg]);
  await clerk.get(mediaOf(segments.at(-1)?.seg));
  expect(centre.asked).not.toContain(segments.at(-1)?.seg);
});

test('who may not see it moves no byte of it', async () => {
  const seg = segments[0]?.seg;
  for (const person of ['technician', 'administrator', 'clerk2']) {
    const client = await api.login(person);
    expect((await client.get(mediaOf(seg))).status).toBe(403);
    expect((await client.get(`/segments/${seg}/recall`)).status).toBe(403);
  }
  expect(centre.asked).toEqual([]);
});

test('while it is not here a player is told to ask again, and anybody how far it is', async () => {
  centre.isAway = true;
  const seg = segments[0]?.seg;
  const answer = await clerk.get(mediaOf(seg));
  expect([answer.status, answer.body.error.code, answer.headers.get('retry-after')]).toEqual([
    503,
    'segment-away',
    '1',
  ]);
  const view = JSON.parse((await clerk.get(`/segments/${seg}/recall`)).text) as object;
  expect(view).toEqual({ state: 'coming', bytes: segments[0]?.bytes, bytesHere: 1, trouble: null });
  const here = segments.at(-1);
  expect(JSON.parse((await clerk.get(`/segments/${here?.seg}/recall`)).text)).toMatchObject({ state: 'here' });
  // A site without a centre says the same, for ever.
  api.stage.recalls = null;
  expect((await clerk.get(mediaOf(seg))).body.error.code).toBe('segment-away');
  expect(existsSync(join(centre.folder, seg ?? ''))).toBe(true);
});
