/** What commands of the centre find in the index: by session, stream, time and number; holds and new manifests are facts. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Select } from '../../controller/core/hrc-command.ts';
import { jwsHash, payloadOf } from '../../controller/core/jws.ts';
import { siteSigner } from '../../controller/forward/signer.ts';
import { SessionDeadlines } from '../../controller/store/deadlines.ts';
import { StoreOutbox } from '../../controller/store/outbox.ts';
import { StoreArchive } from '../../controller/store/site-archive.ts';
import { Stage } from '../site/stage.ts';

const ALL: Select = {
  session: null,
  streams: null,
  fromMs: null,
  toMs: null,
  segs: null,
  siteSeqFrom: null,
  siteSeqTo: null,
};
const BY = { command: '01KAJ9M3W6Z8Q4T1V7X2Y5N0BC', actor: 'clerk:8812', reason: 'appeal' };

let stage: Stage;
let archive: StoreArchive;
let outbox: StoreOutbox;
let keys: string;
beforeEach(async () => {
  stage = await Stage.open();
  keys = mkdtempSync(join(tmpdir(), 'archive-'));
  archive = new StoreArchive(stage.store, stage.site.journal, siteSigner(join(keys, 'site.pem')));
  outbox = new StoreOutbox(
    stage.store,
    stage.site.journal,
    new SessionDeadlines(stage.store.sql, stage.plan.rules),
    ({ seg }) => `/${seg}`,
  );
});
afterEach(async () => {
  await stage.close();
  rmSync(keys, { recursive: true });
});

async function hearing(press: string): Promise<string> {
  const clerk = stage.caller('clerk');
  const { session } = await stage.desk.open(clerk, 'r1', { press, kind: 'hearing', matter: '甲' });
  await stage.pass(8_000);
  return session.id;
}

async function end(session: string): Promise<void> {
  await stage.desk.close(stage.caller('clerk'), session);
  await stage.pass(8_000);
  await stage.site.idle();
}

const all = (select: Partial<Select>) => archive.segments({ ...ALL, ...select }, 0, 1_000);

test('segments are found by session, stream, range and number, in pages', async () => {
  const session = await hearing('press-a');
  await end(session);
  const found = all({ session });
  expect(found.length).toBeGreaterThan(3);
  expect(found.every(({ siteSeq }) => siteSeq !== null)).toBe(true);
  const paged = [];
  for (let place = 0; ; ) {
    const page = archive.segments({ ...ALL, session }, place, 2);
    paged.push(...page);
    const last = page.at(-1);
    if (last === undefined) break;
    place = last.place;
  }
  expect(paged).toEqual(found);
  expect(archive.extent({ ...ALL, session })).toEqual({
    segs: found.length,
    bytes: found.reduce((sum, { bytes }) => sum + bytes, 0),
  });
  const [one, two] = found;
  if (one === undefined || two === undefined) throw new Error('too few');
  expect(all({ segs: [two.seg] })).toEqual([two]);
  expect(all({ streams: [one.stream] }).every(({ stream }) => stream === one.stream)).toBe(true);
  expect(all({ fromMs: one.toMs - 1, toMs: one.toMs }).some(({ seg }) => seg === one.seg)).toBe(true);
  expect(all({ fromMs: one.toMs + 1 }).some(({ seg }) => seg === one.seg)).toBe(false);
  expect(all({ siteSeqFrom: 2, siteSeqTo: 3 }).map(({ siteSeq }) => siteSeq)).toEqual([2, 3]);
  expect(all({ session: 'another' })).toEqual([]);
});

test('what is being recorded grows, until the session is over and sealed', async () => {
  const session = await hearing('press-a');
  const nowMs = stage.clock.now().wallMs;
  expect(archive.runningSessions()).toEqual([session]);
  expect(archive.isGrowing({ ...ALL, session }, nowMs)).toBe(true);
  expect(archive.isGrowing({ ...ALL, session: 'another' }, nowMs)).toBe(false);
  expect(archive.isGrowing({ ...ALL, fromMs: nowMs - 60_000, toMs: nowMs + 5_000 }, nowMs)).toBe(true);
  expect(archive.isGrowing({ ...ALL, segs: ['x'] }, nowMs)).toBe(false);
  await end(session);
  const later = stage.clock.now().wallMs + 60_000;
  expect(archive.runningSessions()).toEqual([]);
  expect(archive.isGrowing({ ...ALL, session }, later)).toBe(false);
  expect(archive.isGrowing({ ...ALL, toMs: later - 1 }, later)).toBe(false);
});

test('holds are facts: they are there after a reindex, until they are released', async () => {
  const session = await hearing('press-a');
  await end(session);
  const seg = all({ session })[0]?.seg ?? '';
  expect(archive.isHeld(seg)).toBe(false);
  await archive.hold({ ...ALL, session }, BY);
  await archive.hold({ ...ALL, session }, BY);
  expect(archive.isHeld(seg)).toBe(true);
  expect(await archive.release('nobody', BY)).toBe(false);
  expect(await archive.release(BY.command, BY)).toBe(true);
  expect(archive.isHeld(seg)).toBe(false);
  expect(stage.store.sql.all('SELECT hold, actor, reason FROM hold')).toEqual([
    { hold: BY.command, actor: BY.actor, reason: BY.reason },
  ]);
});

test('a manifest that is signed anew names the one it replaces, and is what leaves from then on', async () => {
  const session = await hearing('press-a');
  await end(session);
  const seg = all({ session })[0]?.seg ?? '';
  const before = outbox.item(seg)?.jws ?? '';
  expect(await archive.reseal(seg, BY)).toBe(true);
  expect(await archive.reseal('nobody', BY)).toBe(false);
  const after = outbox.item(seg)?.jws ?? '';
  expect(after).not.toBe(before);
  const manifestBefore = payloadOf(before) as { readonly prev: string | null };
  expect(payloadOf(after)).toMatchObject({
    seg,
    was: jwsHash(before),
    prev: manifestBefore.prev,
  });
  // The chain goes on from what was sealed first.
  expect(stage.store.sealsOf(all({ session })[0]?.stream ?? '').count).toBeGreaterThan(0);
});

test('transfers and commands are kept, the newest commands only', () => {
  const row = {
    seg: 's',
    route: 'A',
    attempt: 2,
    init: '{}',
    chunkBytes: 5,
    acknowledged: Uint8Array.of(1, 255),
    atMs: 7,
  } as const;
  archive.keepTransfer(row);
  archive.keepTransfer({ ...row, atMs: 8 });
  expect(archive.transfer('s')).toMatchObject({ attempt: 2, atMs: 8 });
  expect([...(archive.transfer('s')?.acknowledged ?? [])]).toEqual([1, 255]);
  archive.forgetTransfer('s');
  expect(archive.transfer('s')).toBeNull();
  archive.begin('one', 'a'.repeat(64), 'jws-1', 1);
  archive.begin('two', 'b'.repeat(64), 'jws-2', 2);
  archive.answered('one', '{"n":1}', true);
  expect(archive.open()).toEqual([{ id: 'two', jws: 'jws-2', answer: null }]);
  expect(archive.known('one')).toEqual({ hash: 'a'.repeat(64), answer: '{"n":1}' });
  expect(archive.known('three')).toBeNull();
});

test('the outbox answers newest, sessions first, and everything by number', async () => {
  const session = await hearing('press-a');
  await end(session);
  const items = outbox.pending(0, 1_000);
  expect(items.every(({ isSession }) => isSession)).toBe(true);
  expect(outbox.newest(Number.MAX_SAFE_INTEGER, 2).map(({ siteSeq }) => siteSeq)).toEqual([
    items.length,
    items.length - 1,
  ]);
  expect(outbox.urgent(1, 2).map(({ siteSeq }) => siteSeq)).toEqual([2, 3]);
  await outbox.receipt(items[0]?.segment.seg ?? '', 'r');
  expect(outbox.sealed(1, 2, 10).map(({ siteSeq }) => siteSeq)).toEqual([1, 2]);
  expect(outbox.pending(0, 1)[0]?.siteSeq).toBe(2);
});
