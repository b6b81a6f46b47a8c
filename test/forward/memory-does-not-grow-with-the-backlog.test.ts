import { createHash, randomBytes } from 'node:crypto';
import { open, rename } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { OutboxItem } from '../../controller/core/ports.ts';
import { FileOutbox, Scene, slowWayTo, until } from './scene.ts';

const MIB = 1024 * 1024;
const FILES = 2;
const FILE_MIB = 100;
/** Slower than the disk: what is read ahead would pile up. */
const BYTES_PER_S = 40 * MIB;
/** Without a window a whole file would be in memory, and twice: the library copies what is unacknowledged. */
const GROWTH_MIB_MAX = 110;

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

  /** Seals a large file that was never whole in the memory of this process. */
  async sealLarge(mib: number): Promise<void> {
    const aside = `${this.folder}/large`;
    const hash = createHash('sha256');
    const file = await open(aside, 'w');
    for (let i = 0; i < mib; i++) {
      const block = randomBytes(MIB);
      hash.update(block);
      await file.write(block);
    }
    await file.close();
    const { path } = await this.seal(1, { bytes: mib * MIB, sha256: hash.digest('hex') });
    await rename(aside, path);
  }
}

test('a backlog of 200 MB goes through little memory, twenty rows at a time', async () => {
  const { url, port } = await scene.broker('mosquitto');
  const slow = await slowWayTo(port, BYTES_PER_S);
  const outbox = new CountingOutbox(scene.root, scene.signer);
  for (let i = 0; i < FILES; i++) await outbox.sealLarge(FILE_MIB);
  await scene.centre(url);
  const before = process.memoryUsage().rss;
  let peak = before;
  const watching = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().rss);
  }, 10);
  const forwarder = scene.forwarder(slow.url, { outbox });
  await until('all is there', () => outbox.pending(0, 1).length === 0, 50_000);
  clearInterval(watching);
  await forwarder.close();
  slow.close();
  expect(outbox.limitMax).toBeLessThanOrEqual(20);
  expect((peak - before) / MIB).toBeLessThan(GROWTH_MIB_MAX);
});
