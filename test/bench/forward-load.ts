/** The segments that a benchmark of forwarding sends: files as large as ten seconds of the cameras' pictures, and backlogs of them. */
import { createHash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { shift } from '../../controller/core/time.ts';
import { SystemClock } from '../../controller/ledger/system-clock.ts';
import { type ReadyFile, SEGMENT_MS, writeBacklog } from '../forward/backlog.ts';
import type { Scene } from './scene.ts';

export const SITE = 'court-0417';
const GIB = 1024 ** 3;
/** Ten seconds at 4 Mbit/s. */
const SEGMENT_BYTES = 5_000_000;
const TINY_BYTES = 300_000;

export function segmentBytes(scene: Scene): number {
  return scene.options.tiny ? TINY_BYTES : SEGMENT_BYTES;
}

/** How many segments make so many GiB. */
export function segmentsIn(scene: Scene, gib: number): number {
  return Math.max(1, Math.round((gib * GIB) / segmentBytes(scene)));
}

/** `count` files, each different from its first byte on: nothing along the way can pass for another. */
export async function makeFiles(scene: Scene, count: number): Promise<readonly ReadyFile[]> {
  const folder = await scene.newFolder();
  const bytes = segmentBytes(scene);
  const content = randomBytes(bytes);
  const files: ReadyFile[] = [];
  for (let number = 0; number < count; number++) {
    content.writeUInt32BE(number, 0);
    const path = join(folder, `${number}.mp4`);
    await writeFile(path, content);
    files.push({ path, bytes, sha256: createHash('sha256').update(content).digest('hex') });
  }
  return files;
}

/** A data folder in which these files were recorded for a session and reached nobody. */
export async function backlogOf(scene: Scene, files: readonly ReadyFile[]): Promise<string> {
  const data = join(await scene.newFolder(), 'data');
  const from = shift(new SystemClock().now(), -files.length * SEGMENT_MS);
  await writeBacklog(data, SITE, [{ stream: 'cam-1', files, from, isSession: true }]);
  return data;
}
