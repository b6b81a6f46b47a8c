/** What lies at the centre only comes back: whole, once, after any break, and never as something else than was recorded. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { placeOf } from '../../controller/central/registrar.ts';
import { topicsOf } from '../../controller/core/hrc.ts';
import { readManifest } from '../../controller/core/hrc-reading.ts';
import { payloadOf } from '../../controller/core/jws.ts';
import type { OutboxItem } from '../../controller/core/ports.ts';
import type { Recalls } from '../../controller/core/recall.ts';
import type { Forwarder } from '../../controller/forward/forwarder.ts';
import type { ForwarderOptions } from '../../controller/forward/forwarder-options.ts';
import { type BrokerKind, Scene, SITE, slowWayTo, until } from './scene.ts';

let scene: Scene;
beforeEach(() => {
  scene = new Scene();
});
afterEach(() => scene.end());

const NEVER = new AbortController().signal;
/** More than one piece, and an odd end. */
const BYTES = 700_001;
const QUICK_RECALL = { recallWaitMs: 10_000, recallRetryMs: 20, recallLingerMs: 200, recallRestMs: 300 };

function recalledFolder(): string {
  return join(scene.root, 'recalled');
}

function lines(change: Partial<ForwarderOptions> = {}): Partial<ForwarderOptions> {
  return { recalled: { folder: recalledFolder() }, ...change, timing: { ...QUICK_RECALL, ...change.timing } };
}

function recallsOf(forwarder: Forwarder): Recalls {
  if (forwarder.recalls === null) throw new Error('this forwarder has no place for what comes back');
  return forwarder.recalls;
}

/** Segments that the centre holds and that are deleted here; what they were. */
async function heldAtTheCentre(
  count: number,
  bytes = BYTES,
): Promise<readonly { readonly item: OutboxItem; readonly was: Buffer }[]> {
  await scene.outbox.sealMany(count, bytes);
  const held = scene.outbox.items.map((item) => ({ item, was: readFileSync(item.path) }));
  await scene.delivered();
  for (const { item } of held) rmSync(item.path);
  return held;
}

function centreFileOf(item: OutboxItem): string {
  const manifest = readManifest(payloadOf(item.jws));
  if (manifest === null) throw new Error('unreachable');
  return join(scene.centreFolder, placeOf(manifest));
}

describe.each<[BrokerKind, 4 | 5]>([
  ['aedes', 4],
  ['mosquitto', 5],
  ['mosquitto', 4],
])('%s, MQTT %i', (kind, protocol) => {
  test('a deleted segment comes back whole, once for all who ask', async () => {
    const { url } = await scene.broker(kind);
    await scene.centre(url);
    const recalls = recallsOf(scene.forwarder(url, lines({ protocol })));
    const [{ item, was }] = (await heldAtTheCentre(1)) as [{ item: OutboxItem; was: Buffer }];
    expect(recalls.standing(item.segment).state).toBe('away');
    const paths = await Promise.all([1, 2, 3].map(() => recalls.bring(item.segment, NEVER)));
    expect(new Set(paths)).toEqual(new Set([join(recalledFolder(), `${item.segment.seg}.mp4`)]));
    expect(readFileSync(paths[0] ?? '').equals(was)).toBe(true);
    expect(recalls.standing(item.segment)).toEqual({ state: 'here', bytesHere: BYTES, trouble: null });
    expect(scene.siteEar.said.filter(({ message }) => message.startsWith('a segment came back'))).toHaveLength(1);
    expect(readdirSync(recalledFolder())).toEqual([`${item.segment.seg}.mp4`]);
  });
});
