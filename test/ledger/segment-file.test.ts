/** A segment on disk: what was written is what is hashed, and after a crash it is read up to its last whole fragment. */
import { createHash } from 'node:crypto';
import { appendFile, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type FragmentInfo, Mp4Fault, mediaInfoOf } from '../../controller/core/mp4.ts';
import { hashFile, readSegmentFile, SegmentFile, type SegmentIdentity } from '../../controller/ledger/segment-file.ts';
import { FragmentReader } from '../../controller/recorder/fragments.ts';
import { makeFragmented, seeded } from '../oracle/fragmented.ts';
import { run } from '../oracle/frames.ts';

const T0 = { wallMs: 1_795_000_000_000, monoMs: 5_000, boot: 'boot-a' };
const sha = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quancheng-segment-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
});

interface Parts {
  readonly header: Buffer;
  readonly identity: SegmentIdentity;
  readonly fragments: { readonly bytes: Buffer; readonly info: FragmentInfo }[];
}

async function parts(): Promise<Parts> {
  const fragments: Parts['fragments'] = [];
  let header = Buffer.alloc(0);
  let media: SegmentIdentity['media'] = { video: null, audio: null };
  new FragmentReader({
    header: (bytes, read) => {
      header = Buffer.from(bytes);
      media = mediaInfoOf(read, false);
    },
    fragment: (bytes, info) => fragments.push({ bytes, info }),
  }).push(await makeFragmented({ seconds: 2 }));
  const identity: SegmentIdentity = {
    ...{ seg: '01M7ZNP7TKXT02PNEMST9BMA6T', stream: 'cam-1', run: '01M7ZNP7T66Z0ZFN3MPKMG910A', sequence: 7 },
    ...{ from: T0, mediaFromMs: 0, media, clock: { source: 'ntp' }, claims: ['01M7ZNP7P5G36CXJ4SJ8420NC8'] },
    ...{ startsWithKeyframe: true, gapBefore: null },
  };
  return { header, identity, fragments };
}

/** A finished segment of all fragments. */
async function written(): Promise<Parts & { readonly path: string; readonly bytes: number; readonly sha256: string }> {
  const all = await parts();
  const file = await SegmentFile.create(folder, all.identity, all.header);
  for (const { bytes } of all.fragments) await file.write(bytes);
  return { ...all, path: file.path, ...(await file.finish()) };
}

describe('writing', () => {
  test('name, size and hash are those of the file, and players play it', async () => {
    const { path, bytes, sha256, identity, fragments } = await written();
    expect(path).toBe(join(folder, 'cam-1', identity.run, '000007.mp4'));
    const content = await readFile(path);
    expect(content.length).toBe(bytes);
    expect(sha(content)).toBe(sha256);
    expect(await hashFile(path)).toBe(sha256);
    expect((await stat(path)).mode & 0o777).toBe(0o640);
    // ffmpeg ends with a word when anything in it cannot be decoded.
    await run('ffmpeg', ['-nostdin', '-v', 'error', '-xerror', '-i', path, '-f', 'null', '-']);
    expect(fragments.length).toBeGreaterThan(4);
  });

  test('a name is never written over', async () => {
    const { header, identity, path, sha256 } = await written();
    await expect(SegmentFile.create(folder, identity, header)).rejects.toMatchObject({ code: 'EEXIST' });
    expect(await hashFile(path)).toBe(sha256);
  });

  test('set back to what was written wholly, then carried on: size and hash still agree', async () => {
    const { header, identity, fragments } = await parts();
    const file = await SegmentFile.create(folder, identity, header);
    await file.write(fragments[0]?.bytes ?? header);
    await file.sync();
    // What a disk that filled up half-way leaves behind.
    await appendFile(file.path, (fragments[1]?.bytes ?? header).subarray(0, 100));
    await file.setBack();
    expect((await stat(file.path)).size).toBe(file.bytes);
    await file.write(fragments[1]?.bytes ?? header);
    const { bytes, sha256 } = await file.finish();
    expect((await stat(file.path)).size).toBe(bytes);
    expect(await hashFile(file.path)).toBe(sha256);
    expect((await readSegmentFile(file.path)).fragments).toBe(2);
  });

  test('nothing is answered by a file that was let go of', async () => {
    const { header, identity } = await parts();
    const file = await SegmentFile.create(folder, identity, header);
    await file.abandon();
    await expect(file.write(header)).rejects.toThrow();
    await expect(file.finish()).rejects.toThrow();
  });
});

describe('reading', () => {
  test('a whole file says all that was put in', async () => {
    const { path, identity, header, fragments, bytes } = await written();
    expect(await readSegmentFile(path)).toEqual({
      identity: { v: 1, ...identity },
      headerBytes: header.length,
      wholeBytes: bytes,
      fileBytes: bytes,
      mediaFromMs: fragments[0]?.info.startMs,
      mediaToMs: fragments.findLast(({ info }) => info.leadSamples > 0)?.info.endMs,
      videoFrames: fragments.reduce((sum, { info }) => sum + info.videoFrames, 0),
      audioFrames: fragments.reduce((sum, { info }) => sum + info.audioFrames, 0),
      fragments: fragments.length,
      isHollow: false,
    });
  });

  test('cut at any byte: as many fragments as are whole, or an Mp4Fault while there is no whole beginning', async () => {
    const { path, fragments, header } = await written();
    const content = await readFile(path);
    const random = seeded(3);
    const beginning = content.length - fragments.reduce((sum, { bytes }) => sum + bytes.length, 0);
    const cuts = [0, 7, header.length - 1, header.length, beginning - 1, beginning, content.length - 1];
    for (let i = 0; i < 60; i++) cuts.push(Math.floor(random() * content.length));
    for (const cut of cuts.sort((a, b) => b - a)) {
      await truncate(path, cut);
      if (cut < beginning) {
        await expect(readSegmentFile(path), `cut at ${cut}`).rejects.toThrow(Mp4Fault);
        continue;
      }
      let whole = beginning;
      let count = 0;
      for (const { bytes } of fragments) {
        if (whole + bytes.length > cut) break;
        whole += bytes.length;
        count += 1;
      }
      expect(await readSegmentFile(path), `cut at ${cut}`).toMatchObject({
        wholeBytes: count === 0 ? 0 : whole,
        fragments: count,
        fileBytes: cut,
      });
    }
  });

  test.each([
    ['zeros', Buffer.alloc(5_000)],
    ['noise', Buffer.from(Array.from({ length: 5_000 }, seeded(8), Number).map((n) => n * 256))],
    ['media without its header', Buffer.concat([Buffer.from('00000010', 'hex'), Buffer.from('mdat'), Buffer.alloc(8)])],
    [
      'a fragment header full of zeros',
      Buffer.concat([
        Buffer.from('00000040', 'hex'),
        Buffer.from('moof'),
        Buffer.alloc(56),
        Buffer.from('00000008', 'hex'),
        Buffer.from('mdat'),
      ]),
    ],
    ['a box of 4 GiB', Buffer.concat([Buffer.from('ffffffff', 'hex'), Buffer.from('moof'), Buffer.alloc(64)])],
  ])('behind the last whole fragment: %s, as a power cut may leave it', async (_name, tail) => {
    const { path, bytes, fragments } = await written();
    await appendFile(path, tail);
    expect(await readSegmentFile(path)).toMatchObject({ wholeBytes: bytes, fragments: fragments.length });
  });

  test('what is not one of ours is an Mp4Fault that says why', async () => {
    const path = join(folder, 'a.mp4');
    await writeFile(path, await makeFragmented({ seconds: 1 }));
    await expect(readSegmentFile(path)).rejects.toThrow('which segment it is');
    for (const [content, said] of [
      [Buffer.alloc(0), 'no whole header'],
      [Buffer.alloc(4_096), '0 bytes long'],
      [Buffer.from('a holiday letter, not a film'), 'no whole header'],
    ] as const) {
      await writeFile(path, content);
      await expect(readSegmentFile(path)).rejects.toThrow(said);
      await expect(readSegmentFile(path)).rejects.toBeInstanceOf(Mp4Fault);
    }
    await expect(readSegmentFile(join(folder, 'none.mp4'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('hundreds of flipped bits: Mp4Fault or contents that fit the file, never anything else', async () => {
    const { path } = await written();
    const content = await readFile(path);
    const random = seeded(4);
    for (let round = 0; round < 300; round++) {
      const broken = Buffer.from(content);
      const within = round % 2 === 0 ? 3_000 : content.length;
      for (let flips = 1 + Math.floor(random() * 3); flips > 0; flips--) {
        const at = Math.floor(random() * within);
        broken.writeUInt8(broken.readUInt8(at) ^ (1 << Math.floor(random() * 8)), at);
      }
      await writeFile(path, broken);
      const found = await readSegmentFile(path).catch((error: unknown) => error);
      if (found instanceof Error) expect(found, `round ${round}: ${found}`).toBeInstanceOf(Mp4Fault);
      else expect((found as { wholeBytes: number }).wholeBytes).toBeLessThanOrEqual(broken.length);
    }
  });

  test('a power cut that left zeros in the middle of a fragment, or in its last bytes: it counts up to the one before', async () => {
    const { path, fragments, bytes } = await written();
    const content = await readFile(path);
    const lengths = fragments.map(({ bytes: { length } }) => length);
    const upTo = (count: number) => bytes - lengths.slice(count).reduce((sum, length) => sum + length, 0);
    const middle = lengths.findIndex((length, at) => at > 0 && length > 2_000);
    for (const [count, from, to] of [
      [middle, upTo(middle) + 1_000, upTo(middle) + 1_600],
      [middle, upTo(middle + 1) - 40, upTo(middle + 1)],
    ] as const) {
      await writeFile(path, Buffer.from(content).fill(0, from, to));
      expect(await readSegmentFile(path), `zeros from ${from}`).toMatchObject({
        ...{ isHollow: true, fragments: count, wholeBytes: upTo(count) },
      });
    }
    await writeFile(path, content);
    expect(await readSegmentFile(path)).toMatchObject({ isHollow: false, fragments: fragments.length });
  });
});
