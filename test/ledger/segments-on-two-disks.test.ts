/** Segments on two disks: the first that has them answers, a disk that refuses lacks them, and a copy is made whole or not at all. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { copySegment, SourceDamaged } from '../../controller/ledger/copy-segment.ts';
import type { Disks } from '../../controller/ledger/disks.ts';
import { segmentPath } from '../../controller/ledger/layout.ts';
import { Media } from '../../controller/ledger/media.ts';
import { hashFile, type SegmentIdentity } from '../../controller/ledger/segment-file.ts';
import { SystemClock } from '../../controller/ledger/system-clock.ts';
import { until } from '../recorder/rig.ts';
import { twoDisks } from './two-disks.ts';

const MIB = 1024 * 1024;
const SMALL_MIB = 13;
const HEADER = Buffer.from('a header');
const clock = new SystemClock();

function identity(sequence: number): SegmentIdentity {
  return {
    ...{ seg: '01M7ZNP7TKXT02PNEMST9BMA6T', stream: 'cam-1', run: '01M7ZNP7T66Z0ZFN3MPKMG910A', sequence },
    ...{ from: clock.now(), mediaFromMs: 0, media: { video: null, audio: null }, clock: { source: 'ntp' }, claims: [] },
    ...{ startsWithKeyframe: true, gapBefore: null },
  };
}

const nameOf = (sequence: number) => segmentPath('cam-1', '01M7ZNP7T66Z0ZFN3MPKMG910A', sequence);
const fileOn = (root: string, sequence: number) => join(root, 'media', nameOf(sequence));
const sha = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/** Two disks of which the named ones are full after some MiB. */
async function withSmall(...small: readonly ('main' | 'mirror')[]) {
  const place = await twoDisks(small.includes('main') ? SMALL_MIB : 64, small.includes('mirror') ? SMALL_MIB : 64);
  if (!place.areMounted) return null;
  const disks = await place.disks();
  return { ...place, both: disks, media: new Media(disks, clock) };
}

const lacked = (disks: Disks) => disks.all.map(({ lacking }) => [...lacking.keys()]);

describe('written', () => {
  test('both hold the same, and nobody lacks anything', async () => {
    const { main, mirror, disks } = await twoDisks();
    const both = await disks();
    const media = new Media(both, clock);
    const segment = await media.begin(identity(1), HEADER);
    for (let i = 0; i < 8; i++) {
      await segment.write(randomBytes(100_000));
      await segment.sync();
    }
    const { bytes, sha256 } = await segment.finish();
    await media.idle();
    for (const root of [main, mirror]) {
      expect((await stat(fileOn(root, 1))).size).toBe(bytes);
      expect(await hashFile(fileOn(root, 1))).toBe(sha256);
    }
    expect(lacked(both)).toEqual([[], []]);
    expect(both.all.map(({ queuedBytes }) => queuedBytes)).toEqual([0, 0]);
  });

  test.each(['main', 'mirror'] as const)(
    'the %s disk fills up: the other one has it all, and the next goes there alone',
    async (role) => {
      const small = await withSmall(role);
      if (small === null) return;
      const { both, media } = small;
      const other = role === 'main' ? small.mirror : small.main;
      const segment = await media.begin(identity(1), HEADER);
      for (let i = 0; i < 16; i++) await segment.write(randomBytes(MIB));
      const { sha256 } = await segment.finish();
      expect(await hashFile(fileOn(other, 1))).toBe(sha256);
      await until(() => both.usable.length === 1);
      expect(both[role]).toMatchObject({ state: 'away', cause: { code: 'disk-full' } });
      expect(lacked(both)).toEqual(role === 'main' ? [[nameOf(1)], []] : [[], [nameOf(1)]]);
      const next = await media.begin(identity(2), HEADER);
      await next.finish();
      expect(lacked(both).flat()).toEqual([nameOf(1), nameOf(2)]);
      await expect(stat(fileOn(small[role], 2))).rejects.toThrow('ENOENT');
    },
  );

  test('both fill up: it is refused, and can be finished at its last good sync', async () => {
    const small = await withSmall('main', 'mirror');
    if (small === null) return;
    const { both, media } = small;
    const segment = await media.begin(identity(1), HEADER);
    const first = randomBytes(MIB);
    await segment.write(first);
    await segment.sync();
    const fill = async () => {
      for (let i = 0; i < 16; i++) await segment.write(randomBytes(MIB));
    };
    await expect(fill()).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(both.usable, 'the last one is never left').toHaveLength(1);
    await segment.setBack();
    const { bytes, sha256 } = await segment.finish();
    expect(bytes).toBeLessThan(MIB + 10_000);
    const [last] = both.usable;
    const path = join(last?.layout.media ?? '', nameOf(1));
    expect(await hashFile(path)).toBe(sha256);
    expect((await readFile(path)).includes(first)).toBe(true);
  });

  test('a name is never written over, on any disk', async () => {
    const { disks, mirror } = await twoDisks();
    const both = await disks();
    await mkdir(dirname(fileOn(mirror, 1)), { recursive: true });
    await writeFile(fileOn(mirror, 1), 'somebody else');
    const segment = await new Media(both, clock).begin(identity(1), HEADER);
    await segment.finish();
    expect(await readFile(fileOn(mirror, 1), 'utf8')).toBe('somebody else');
    expect(lacked(both)).toEqual([[], [nameOf(1)]]);
  });
});

describe('copied', () => {
  const content = randomBytes(3 * MIB);
  const whole = { bytes: content.length, sha256: sha(content) };

  async function pair() {
    const { main, mirror, disks } = await twoDisks();
    const both = await disks();
    for (const root of [main, mirror]) await mkdir(dirname(fileOn(root, 1)), { recursive: true });
    await writeFile(fileOn(main, 1), content);
    const { main: from, mirror: to } = both;
    if (to === null) throw new Error('there is no second disk');
    return { mirror, copy: () => copySegment(from, to, nameOf(1), whole), main };
  }

  test('whole, where nothing was, and where its beginning was', async () => {
    for (const before of [null, Buffer.alloc(0), content.subarray(0, 2 * MIB + 17)]) {
      const { mirror, copy } = await pair();
      if (before !== null) await writeFile(fileOn(mirror, 1), before);
      expect(await copy()).toEqual({ setAside: null });
      expect(sha(await readFile(fileOn(mirror, 1)))).toBe(whole.sha256);
      expect(await readdir(join(mirror, 'copying'))).toEqual([]);
    }
  });

  test('and what stood there and is something else is kept', async () => {
    for (const before of [Buffer.from('something else'), Buffer.concat([content, Buffer.from('and more')])]) {
      const { mirror, copy } = await pair();
      await writeFile(fileOn(mirror, 1), before);
      const { setAside } = await copy();
      expect(sha(await readFile(join(mirror, setAside ?? '')))).toBe(sha(before));
      expect(sha(await readFile(fileOn(mirror, 1)))).toBe(whole.sha256);
    }
  });

  test('never from a file that is not what was recorded', async () => {
    const { main, mirror, copy } = await pair();
    await writeFile(fileOn(mirror, 1), content.subarray(0, 10));
    for (const damaged of [
      Buffer.from(content).fill(7, 100, 101),
      content.subarray(1),
      Buffer.concat([content, content]),
    ]) {
      await writeFile(fileOn(main, 1), damaged);
      await expect(copy()).rejects.toBeInstanceOf(SourceDamaged);
      expect((await stat(fileOn(mirror, 1))).size, 'what was there stays').toBe(10);
    }
  });
});
