/** Sealing and hand-over: numbers without holes, one chain per stream, the same after any restart; receipts once and for good. */
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Manifest } from '../../controller/core/hrc.ts';
import { jwsHash, publicKeyOf, verifyJws } from '../../controller/core/jws.ts';
import type { OutboxItem } from '../../controller/core/ports.ts';
import { segmentPath } from '../../controller/ledger/layout.ts';
import { SessionDeadlines } from '../../controller/store/deadlines.ts';
import { StoreOutbox } from '../../controller/store/outbox.ts';
import { Stage } from './stage.ts';

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.open();
});
afterEach(async () => {
  await stage.close();
});

const clerk = () => stage.caller('clerk');
const outbox = () =>
  new StoreOutbox(stage.store, stage.site.journal, new SessionDeadlines(stage.store.sql, stage.plan.rules), (segment) =>
    join(stage.layout.media, segmentPath(segment.stream, segment.run, segment.sequence)),
  );

function expectWhole(items: readonly OutboxItem[]): void {
  expect(items.map((item) => item.siteSeq)).toEqual(items.map((_, i) => i + 1));
  const chain = new Map<string, { seq: number; hash: string }>();
  for (const { jws, segment } of items) {
    const check = verifyJws(jws, 'hrc-seg', [publicKeyOf(stage.keys.publicKey)]);
    if (!check.ok) throw new Error(check.message);
    const manifest = check.payload as Manifest;
    const before = chain.get(segment.stream);
    expect(manifest).toMatchObject({ site: 'test-site', seg: segment.seg, sha256: segment.sha256 });
    expect(manifest.seq).toBe((before?.seq ?? -1) + 1);
    expect(manifest.prev).toBe(before?.hash ?? null);
    chain.set(segment.stream, { seq: manifest.seq, hash: jwsHash(jws) });
  }
}

test('every segment is sealed in the order of the recorder, gap-free over restarts', async () => {
  const { session } = await stage.desk.open(clerk(), 'r1', { press: 'press-1', kind: 'hearing', matter: '' });
  await stage.pass(3_000);
  await stage.stop();
  // Recorded while the controller was down, more than one batch of it.
  for (let i = 0; i < 12; i++) {
    stage.clock.advance(900);
    await stage.recorder.beat();
  }
  await stage.start();
  await stage.site.idle();
  await stage.pass(2_000);
  const items = outbox().pending(0, 1_000);
  expectWhole(items);
  const segments = ['cam', 'mic', 'side'].flatMap((stream) => stage.store.segmentsOf(session.id, stream));
  expect(items).toHaveLength(segments.length);
  expect(items.length).toBeGreaterThan(40);
  expect(outbox().lastSiteSeq()).toBe(items.length);
  expect(
    outbox()
      .pending(10, 5)
      .map((item) => item.siteSeq),
  ).toEqual([11, 12, 13, 14, 15]);
});

test('segments that come while others are being sealed are sealed too, each once', async () => {
  await stage.desk.open(clerk(), 'r1', { press: 'press-1', kind: 'hearing', matter: '' });
  for (let i = 0; i < 15; i++) {
    stage.clock.advance(900);
    await stage.recorder.beat();
  }
  await stage.site.idle();
  expectWhole(outbox().pending(0, 1_000));
  const sealed = (await stage.facts()).filter((fact) => fact.type === 'sealed');
  expect(new Set(sealed.map((fact) => fact.seg)).size).toBe(sealed.length);
});

test('a session is handed over when the centre has signed for every segment of it, and only then', async () => {
  const { session } = await stage.desk.open(clerk(), 'r1', { press: 'press-1', kind: 'hearing', matter: '' });
  await stage.pass(2_000);
  const box = outbox();
  let sealedCalls = 0;
  box.onSealed(() => {
    sealedCalls += 1;
  });
  for (const item of box.pending(0, 100)) await box.receipt(item.segment.seg, `receipt ${item.segment.seg}`);
  expect(stage.desk.session(clerk(), session.id).state).toBe('open');
  await stage.desk.close(clerk(), session.id);
  await stage.pass(6_000);
  expect(sealedCalls).toBeGreaterThan(0);
  expect(stage.desk.session(clerk(), session.id).state).toBe('closed');
  const left = box.pending(0, 1_000);
  expect(box.backlog()).toMatchObject({ segments: left.length, oldestMs: left[0]?.segment.from.wallMs });
  for (const item of left.slice(1)) await box.receipt(item.segment.seg, 'r');
  await stage.site.idle();
  const { handOver, state } = stage.desk.session(clerk(), session.id);
  expect([state, handOver.total - handOver.done]).toEqual(['closed', 1]);
  await box.receipt(left[0]?.segment.seg ?? '', 'r');
  await stage.site.idle();
  expect(stage.desk.session(clerk(), session.id).state).toBe('handed-over');
  expect(box.backlog()).toEqual({ segments: 0, bytes: 0, oldestMs: null });
});

test('a receipt is kept once, the first one, and none for what was never sealed', async () => {
  await stage.desk.open(clerk(), 'r1', { press: 'press-1', kind: 'hearing', matter: '' });
  await stage.pass(900);
  const box = outbox();
  const seg = box.pending(0, 1)[0]?.segment.seg ?? '';
  await box.receipt(seg, 'first');
  await box.receipt(seg, 'second');
  expect(box.isReceipted(seg)).toBe(true);
  expect((await stage.facts()).filter((fact) => fact.type === 'receipted')).toEqual([
    { type: 'receipted', seg, receipt: 'first' },
  ]);
  await expect(box.receipt('never', 'r')).rejects.toThrow('never sealed');
  expect(box.item(seg)?.path).toContain('/media/');
});

test('receipts that arrived while the site was down count at its next start', async () => {
  const { session } = await stage.desk.open(clerk(), 'r1', { press: 'press-1', kind: 'hearing', matter: '' });
  await stage.desk.close(clerk(), session.id);
  await stage.pass(6_000);
  const box = outbox();
  const items = box.pending(0, 100);
  // Straight into the journal's index, past the site: as if it died right after the last receipt.
  stage.recorder.forgetListeners();
  for (const item of items) await stage.journal.append({ type: 'receipted', seg: item.segment.seg, receipt: 'r' });
  await stage.stop();
  await stage.start();
  await stage.site.idle();
  expect(stage.desk.session(clerk(), session.id).state).toBe('handed-over');
});
