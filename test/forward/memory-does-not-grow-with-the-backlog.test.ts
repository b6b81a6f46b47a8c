import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { OutboxItem } from '../../controller/core/ports.ts';
import { FileOutbox, Scene, until } from './scene.ts';

const MIB = 1024 * 1024;

let scene: Scene;
beforeEach(() => {
  scene = new Scene();
});
afterEach(() => scene.end());

/** Notices how much of the outbox is read at once. */
class CountingOutbox extends FileOutbox {
  limitMax = 0;
  override pending(afterSiteSeq: number, limit: number): readonly OutboxItem[] {
    this.limitMax = Math.max(this.limitMax, limit);
    return super.pending(afterSiteSeq, limit);
  }
}

test('a backlog of 400 MB goes through less than 200 MB of memory, twenty rows at a time', async () => {
  const { url } = await scene.broker('mosquitto');
  const outbox = new CountingOutbox(scene.root, scene.signer);
  for (let i = 0; i < 4; i++) await outbox.seal(randomBytes(100 * MIB));
  await scene.centre(url);
  const before = process.memoryUsage().rss;
  let peak = before;
  const watching = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().rss);
  }, 20);
  scene.forwarder(url, { outbox });
  await until('all is there', () => outbox.pending(0, 1).length === 0, 50_000);
  clearInterval(watching);
  expect(outbox.limitMax).toBeLessThanOrEqual(20);
  expect((peak - before) / MIB).toBeLessThan(200);
});
