import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ulid } from '../../controller/core/ulid.ts';
import type { Forwarder } from '../../controller/forward/forwarder.ts';
import type { ForwarderOptions } from '../../controller/forward/forwarder-options.ts';
import { MemoryArchive } from './memory-archive.ts';
import { PlainCentre } from './plain-centre.ts';
import { Scene, until } from './scene.ts';

const NO_SEG = ulid(1, new Uint8Array(10));
const SESSION = '01KAJ9M3W6Z8Q4T1V7X2Y5N0BD';

let scene: Scene;
let centre: PlainCentre;
let archive: MemoryArchive;
let url: string;
beforeEach(async () => {
  scene = new Scene();
  archive = new MemoryArchive(scene.outbox);
  ({ url } = await scene.broker('mosquitto'));
  centre = await PlainCentre.begin(scene, url);
});
afterEach(() => scene.end());

async function site(change: Partial<ForwarderOptions> = {}, isIntroduced = true): Promise<Forwarder> {
  if (isIntroduced) await centre.introduce();
  const forwarder = scene.forwarder(url, { trust: centre.trust, archive, ...change });
  await until('the site is there', () =>
    isIntroduced
      ? forwarder.link().state === 'connected'
      : forwarder.link().trouble?.includes('not connected') !== true,
  );
  return forwarder;
}

const segsOf = (list: readonly { seg: string }[] = []) => list.map(({ seg }) => seg).sort();

describe('a command', () => {
  test('that is not signed by the centre is not heard, and raises the alarm', async () => {
    await site();
    const stranger = await PlainCentre.begin(scene, url);
    const command = stranger.command('hold', { select: { session: SESSION } });
    await centre.send(command);
    await until('the alarm', () => scene.siteEar.alarms('receipt-refused').length === 1);
    expect(centre.answers).toEqual([]);
    expect(archive.holds.size).toBe(0);
  });

  test.each<[string, object, string, string]>([
    ['for another site', { site: 'court-0418' }, 'rejected', 'HRC-BAD'],
    ['that is over', { exp: 1_000 }, 'expired', 'HRC-EXP'],
    ['from the future', { iat: 9_999_999_999, exp: 9_999_999_999 }, 'expired', 'HRC-EXP'],
    ['of a type nobody knows', { type: 'format' }, 'rejected', 'HRC-BAD'],
    ['that selects nothing', { select: {} }, 'rejected', 'HRC-BAD'],
    ['without an end', { exp: undefined }, 'rejected', 'HRC-BAD'],
  ])('%s is refused with its reason', async (_what, change, status, code) => {
    await site();
    const command = centre.command('hold', { select: { session: SESSION } }, change);
    await centre.send(command);
    expect(await centre.ended(command.id)).toMatchObject({ status, err: { code } });
    expect(archive.holds.size).toBe(0);
  });

  test('left retained at the broker is none', async () => {
    const command = centre.command('hold', { select: { session: SESSION } });
    await centre.send(command, { retain: true });
    await site();
    await until('it was seen', () => scene.siteEar.said.some(({ message }) => message.includes('left retained')));
    expect(archive.holds.size).toBe(0);
    expect(centre.answers).toEqual([]);
  });

  test('that comes again is answered again and not done again; its id does not serve for another one', async () => {
    await site();
    const first = centre.command('hold', { select: { session: SESSION } });
    await centre.send(first);
    const answer = await centre.ended(first.id);
    expect(answer.status).toBe('successful');
    archive.holds.clear();
    await centre.send(first);
    await until('the same answer', () => centre.answers.filter(({ id }) => id === first.id).length === 2);
    expect(centre.answers.at(-1)).toEqual(answer);
    expect(archive.holds.size).toBe(0);
    const other = centre.command('hold', { select: { session: 'another' } }, { id: first.id });
    await centre.send(other);
    await until('it is refused', () => centre.answers.at(-1)?.err?.code === 'HRC-REPLAY');
    expect(archive.holds.size).toBe(0);
  });

  test('for which there is no room is asked to come later', async () => {
    await site();
    archive.growing = true;
    for (let i = 0; i < 32; i++) await centre.send(centre.command('fetch', { select: { session: SESSION } }));
    const late = centre.command('fetch', { select: { session: SESSION } });
    await centre.send(late);
    expect(await centre.ended(late.id)).toMatchObject({ err: { code: 'HRC-BUSY', retryS: 60 } });
  });
});

describe('fetch', () => {
  test('brings what was selected first, and says so step by step', async () => {
    await scene.outbox.sealMany(20, 2_000);
    const wanted = scene.outbox.items.slice(12, 15).map(({ segment }) => segment.seg);
    const order: string[] = [];
    centre.onEnd = (seg) => {
      order.push(seg);
      centre.sign(seg);
    };
    await site({}, false);
    const command = centre.command('fetch', { select: { segs: wanted }, deliver: { priority: 9 } });
    await centre.send(command);
    await until('it is accepted', () => centre.answers.some(({ status }) => status === 'accepted'));
    await centre.introduce();
    const answer = await centre.ended(command.id);
    expect(answer).toMatchObject({ status: 'successful', done: { segs: 3, bytes: 6_000 }, plan: { segs: 3 } });
    expect(order.slice(0, 3).sort()).toEqual([...wanted].sort());
    expect(segsOf(answer.items)).toEqual([...wanted].sort());
    const numbers = centre.answers.filter(({ id }) => id === command.id).map(({ n }) => n);
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    await scene.delivered();
  });

  test('of what has its receipt sends no bytes, unless they are wanted again', async () => {
    await site();
    await scene.outbox.sealMany(2, 3_000);
    await scene.delivered();
    const before = centre.topics.filter((topic) => topic.includes('/fin/')).length;
    const answer = await centre.order('fetch', { select: { session: SESSION } });
    expect(answer).toMatchObject({ status: 'successful', items: [{ st: 'have-receipt' }, { st: 'have-receipt' }] });
    expect(centre.topics.filter((topic) => topic.includes('/fin/'))).toHaveLength(before);
    const again = await centre.order('fetch', { select: { session: SESSION }, deliver: { again: true } });
    expect(again).toMatchObject({ status: 'successful', items: [{ st: 'sent' }, { st: 'sent' }] });
    expect(centre.topics.filter((topic) => topic.includes('/fin/'))).toHaveLength(before + 2);
  });

  test('of a range that is being recorded follows it to its end', async () => {
    await site();
    archive.growing = true;
    const command = centre.command('fetch', { select: { session: SESSION, streams: ['cam-02'] } });
    await centre.send(command);
    await scene.outbox.seal(1_000);
    await scene.outbox.seal(1_000, { stream: 'cam-03' });
    await until('the first is there', () => centre.answers.some(({ done }) => done?.segs === 1));
    await scene.outbox.seal(1_000);
    await scene.delivered();
    expect(centre.answers.every(({ status }) => status === 'accepted' || status === 'executing')).toBe(true);
    archive.growing = false;
    expect(await centre.ended(command.id)).toMatchObject({ status: 'successful', done: { segs: 2, bytes: 2_000 } });
  });

  test('says what is missing, what is damaged and what is too much', async () => {
    await site();
    const good = await scene.outbox.seal(1_000);
    const bad = await scene.outbox.seal(1_000, { sha256: 'ab'.repeat(32) });
    const segs = [good.segment.seg, bad.segment.seg, NO_SEG];
    const answer = await centre.order('fetch', { select: { segs } });
    expect(answer).toMatchObject({ status: 'partial', done: { segs: 1 } });
    expect(answer.items?.find(({ seg }) => seg === NO_SEG)).toMatchObject({ st: 'missing', err: 'HRC-NOSEG' });
    expect(answer.items?.find(({ seg }) => seg === bad.segment.seg)).toMatchObject({ st: 'lost', err: 'HRC-LOST' });
    expect(await centre.order('fetch', { select: { segs: [NO_SEG] } })).toMatchObject({
      status: 'failed',
      err: { code: 'HRC-NOSEG' },
    });
    const large = await centre.order('fetch', { select: { session: SESSION }, deliver: { maxBytes: 10 } });
    expect(large).toMatchObject({ status: 'rejected', err: { code: 'HRC-QUOTA' } });
  });

  test('is ended by cancel, and goes on after a restart of the site', async () => {
    const first = await site();
    archive.growing = true;
    const one = centre.command('fetch', { select: { session: SESSION } });
    const two = centre.command('fetch', { select: { session: SESSION } });
    await centre.send(one);
    await centre.send(two);
    await until('both are under way', () => archive.open().length === 2);
    expect(await centre.order('cancel', { target: one.id })).toMatchObject({ status: 'successful' });
    expect(await centre.ended(one.id)).toMatchObject({ status: 'cancelled' });
    await first.close();
    expect(archive.open().map(({ id }) => id)).toEqual([two.id]);
    await scene.outbox.seal(1_000);
    archive.growing = false;
    await site();
    expect(await centre.ended(two.id)).toMatchObject({ status: 'successful', done: { segs: 1 } });
    const numbers = centre.answers.filter(({ id }) => id === two.id).map(({ n }) => n);
    expect(new Set(numbers.slice(-2)).size).toBe(2);
  });
});

test('the catalogue is told page by page, from what the site itself knows', async () => {
  await site();
  await scene.outbox.sealMany(25, 100);
  const seen: string[] = [];
  let after: string | null = null;
  do {
    const page: object = after === null ? { limit: 10 } : { limit: 10, after };
    const answer = await centre.order('catalog', { select: { streams: ['cam-02'] }, page });
    expect(answer.plan?.segs).toBe(25);
    seen.push(...(answer.items ?? []).map(({ seg }) => seg));
    after = answer.next ?? null;
  } while (after !== null);
  expect(seen).toEqual(scene.outbox.items.map(({ segment }) => segment.seg));
});

test('what the centre keeps announcements of is announced at once, and again when numbers are missing', async () => {
  await scene.outbox.sealMany(50, 100);
  centre.onEnd = () => undefined;
  const forwarder = scene.forwarder(url, { trust: centre.trust, archive });
  await centre.introduce({ announce: 'all' });
  await until('all numbers are there', () => new Set(centre.announced.map(({ siteSeq }) => siteSeq)).size === 50);
  expect(forwarder.link().state).toBe('connected');
  centre.announced.length = 0;
  const answer = await centre.order('replay', { select: { siteSeqFrom: 17, siteSeqTo: 44 } });
  expect(answer).toMatchObject({ status: 'successful', done: { segs: 28 } });
  const numbers = new Set(centre.announced.map(({ siteSeq }) => siteSeq));
  for (let number = 17; number <= 44; number++) expect(numbers.has(number)).toBe(true);
  expect(await centre.order('replay', { select: { siteSeqFrom: 90, siteSeqTo: 91 } })).toMatchObject({
    err: { code: 'HRC-NOSEG' },
  });
});

test('what was deleted here after its receipt is called so, and never promised', async () => {
  await site({ pullFrom: ['http://127.0.0.1:1'] });
  const gone = await scene.outbox.seal(1_000);
  const kept = await scene.outbox.seal(1_000);
  await scene.delivered();
  scene.outbox.purged.add(gone.segment.seg);
  const purged = { seg: gone.segment.seg, st: 'purged' };
  const catalog = await centre.order('catalog', { select: { session: SESSION } });
  expect(catalog.items).toMatchObject([purged, { seg: kept.segment.seg, st: 'have-receipt' }]);
  expect(await centre.order('fetch', { select: { session: SESSION } })).toMatchObject({ status: 'successful' });
  const again = await centre.order('fetch', { select: { session: SESSION }, deliver: { again: true } });
  expect(again).toMatchObject({ status: 'partial', items: [{ ...purged, err: 'HRC-PURGED' }, { st: 'sent' }] });
  const alone = { select: { segs: [gone.segment.seg] }, deliver: { again: true } };
  expect(await centre.order('fetch', alone)).toMatchObject({ status: 'failed', err: { code: 'HRC-PURGED' } });
  expect(await centre.order('offer', alone)).toMatchObject({ status: 'failed', err: { code: 'HRC-PURGED' } });
  centre.announced.length = 0;
  await centre.order('replay', { select: { siteSeqFrom: 1, siteSeqTo: 2 } });
  expect(centre.announced.map(({ state }) => state)).toEqual(['purged', 'sent']);
});

test('a segment that is ordered once more, offered or in dispute is needed, whatever its receipt says', async () => {
  const forwarder = await site({ pullFrom: ['http://127.0.0.1:1'] });
  const { needs, checked } = forwarder.handedIn;
  const { segment } = await scene.outbox.seal(1_000);
  const { seg } = segment;
  await scene.delivered();
  expect(needs(seg)).toBeNull();
  const receipt = scene.outbox.receipts.get(seg)?.[0] ?? '';
  expect(checked(receipt)).toMatchObject({ seg, sha256: segment.sha256 });
  // The same word of a centre that nobody pinned.
  const stranger = await PlainCentre.begin(scene, url);
  expect(checked(stranger.jws('hrc-receipt', checked(receipt) as object))).toMatch(/not trusted/);
  centre.onEnd = () => undefined;
  const command = centre.command('fetch', { select: { segs: [seg] }, deliver: { again: true } });
  await centre.send(command);
  await until('it is ordered', () => needs(seg) !== null);
  centre.onEnd = (_seg, topic) => centre.result(topic, 'HRC-CONFLICT');
  await centre.order('cancel', { target: command.id });
  await until('it is let go of', () => needs(seg) === null);
  const disputed = await centre.order('fetch', { select: { segs: [seg] }, deliver: { again: true } });
  expect(disputed).toMatchObject({ status: 'failed', err: { code: 'HRC-CONFLICT' } });
  expect(needs(seg)).toContain('other bytes');
  await centre.order('offer', { select: { segs: [seg] } });
  const other = await scene.outbox.seal(1_000);
  await centre.order('offer', { select: { segs: [other.segment.seg] } });
  expect(needs(other.segment.seg)).not.toBeNull();
});

test('hold, release, reseal and offer answer for what they did', async () => {
  await site({ pullFrom: ['http://127.0.0.1:1'] });
  const { segment } = await scene.outbox.seal(100);
  const hold = centre.command('hold', { select: { segs: [segment.seg] }, reason: 'appeal' });
  await centre.send(hold);
  expect(await centre.ended(hold.id)).toMatchObject({ status: 'successful' });
  expect(archive.holds.get(hold.id)).toMatchObject({ actor: 'clerk:8812', reason: 'appeal' });
  expect(await centre.order('release', { target: hold.id })).toMatchObject({ status: 'successful' });
  expect(await centre.order('release', { target: hold.id })).toMatchObject({ status: 'failed' });
  expect(await centre.order('reseal', { select: { segs: [segment.seg, NO_SEG] } })).toMatchObject({
    status: 'partial',
  });
  expect(archive.resealed).toEqual([segment.seg]);
  const offer = await centre.order('offer', { select: { segs: [segment.seg] } });
  expect(offer).toMatchObject({ status: 'successful', offer: { base: ['http://127.0.0.1:1'] } });
  expect(Buffer.from(offer.offer?.token ?? '', 'base64url')).toHaveLength(32);
});

test('other kinds of commands are one row each', async () => {
  const types: string[] = [];
  const row = {
    type: 'docket.',
    run: ({ envelope }: { envelope: { type: string } }) => {
      types.push(envelope.type);
      return Promise.resolve({ status: 'successful' as const, more: { docket: { session: 's-1' } } });
    },
  };
  await site({ commands: [row] });
  expect(await centre.order('docket.create', { docket: {} })).toMatchObject({
    status: 'successful',
    docket: { session: 's-1' },
  });
  expect(types).toEqual(['docket.create']);
});
