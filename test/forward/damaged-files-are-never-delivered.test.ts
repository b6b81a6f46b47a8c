import { mkdirSync, readFileSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ConflictFact, StoredFact } from '../../controller/central/facts.ts';
import { sha256 } from '../../controller/core/chain.ts';
import { indexOf } from './centre-index.ts';
import { FileOutbox, Scene, until } from './scene.ts';

let scene: Scene;
beforeEach(() => {
  scene = new Scene();
});
afterEach(() => scene.end());

test.each<[string, (path: string) => void]>([
  [
    'changed in one bit',
    (path) => {
      const bytes = readFileSync(path);
      bytes[700_000] = (bytes[700_000] ?? 0) ^ 1;
      writeFileSync(path, bytes);
    },
  ],
  ['cut short', (path) => truncateSync(path, 500_000)],
  ['longer', (path) => writeFileSync(path, Buffer.concat([readFileSync(path), Buffer.from([0])]))],
  ['gone', (path) => unlinkSync(path)],
  [
    'replaced by a folder',
    (path) => {
      unlinkSync(path);
      mkdirSync(path);
    },
  ],
])('a file that is %s after sealing raises an alarm, is not delivered, and holds nothing up', async (_what, damage) => {
  const { url } = await scene.broker('mosquitto');
  const bad = await scene.outbox.seal(900_000);
  damage(bad.path);
  await scene.outbox.sealMany(4, 200_000);
  await scene.centre(url);
  scene.forwarder(url);
  await until('the others are there', () => scene.outbox.pending(0, 10).length === 1);
  await until('the alarm', () => scene.siteEar.alarms('verify-failed').length > 0);
  expect(scene.siteEar.alarms('verify-failed')).toMatchObject([{ fields: { seg: bad.segment.seg } }]);
  const stored = (await indexOf(scene.centreFolder)).filter((fact) => fact.type === 'stored');
  expect(stored).toHaveLength(4);
  expect(stored.some(({ seg }) => seg === bad.segment.seg)).toBe(false);
});

test('the same segment id with other bytes is kept beside the first, gets no receipt, and alarms both ends', async () => {
  const { url } = await scene.broker('aedes');
  await scene.centre(url);
  const first = scene.forwarder(url);
  const { segment } = await scene.outbox.seal(Buffer.from('what was recorded'));
  await scene.delivered();
  await first.close();

  const forged = new FileOutbox(scene.root, scene.signer);
  const second = await forged.seal(Buffer.from('what somebody would like'), { seg: segment.seg });
  scene.forwarder(url, { outbox: forged });
  await until('the alarm here', () => scene.siteEar.alarms('verify-failed').length > 0);
  await until('the alarm there', () => scene.centreEar.alarms('verify-failed').length > 0);
  expect(forged.receipts.size).toBe(0);
  const facts = await indexOf(scene.centreFolder);
  const stored = facts.filter((fact): fact is StoredFact => fact.type === 'stored');
  const conflicts = facts.filter((fact): fact is ConflictFact => fact.type === 'conflict');
  expect(stored.map((fact) => fact.sha256)).toEqual([segment.sha256]);
  expect(conflicts.map((fact) => fact.sha256)).toEqual([second.segment.sha256]);
  for (const { path, sha256: hash } of [...stored, ...conflicts])
    expect(sha256(readFileSync(join(scene.centreFolder, path)))).toBe(hash);
});
