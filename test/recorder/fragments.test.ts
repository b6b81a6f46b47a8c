/** However the bytes of ffmpeg come, they give the same header and fragments; what is not MP4 ends in Mp4Fault or a bounded wait. */
import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { boxesIn, type FragmentInfo, Mp4Fault } from '../../controller/core/mp4.ts';
import { FragmentReader } from '../../controller/recorder/fragments.ts';
import { makeFragmented, seeded } from '../oracle/fragmented.ts';

interface Heard {
  readonly header: string | null;
  readonly fragments: { readonly hash: string; readonly info: FragmentInfo }[];
}

const sha = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/** Feeds the bytes in pieces of the sizes that `next` gives. */
function feed(bytes: Buffer, next: () => number): Heard {
  const fragments: Heard['fragments'] = [];
  let header: string | null = null;
  const reader = new FragmentReader({
    header: (part) => {
      header = sha(part);
    },
    fragment: (part, info) => fragments.push({ hash: sha(part), info }),
  });
  for (let at = 0; at < bytes.length; ) {
    const size = Math.max(1, next());
    reader.push(bytes.subarray(at, at + size));
    at += size;
  }
  return { header, fragments };
}

let bytes: Buffer;
beforeAll(async () => {
  bytes = await makeFragmented({ seconds: 2 });
});

describe('whole streams', () => {
  test('all at once, byte by byte and in random pieces give the same units, and these are the whole file', () => {
    const whole = feed(bytes, () => bytes.length);
    const boxes = [...boxesIn(bytes, 0, bytes.length)];
    const starts = boxes.filter(({ type }) => type === 'moof').map(({ start }) => start);
    const ends = boxes.filter(({ type }) => type === 'mdat').map(({ end }) => end);
    expect(whole.header).toBe(sha(bytes.subarray(0, starts[0])));
    expect(whole.fragments.map(({ hash }) => hash)).toEqual(starts.map((at, i) => sha(bytes.subarray(at, ends[i]))));
    expect(whole.fragments.map(({ info }) => info.videoFrames).reduce((a, b) => a + b, 0)).toBe(50);
    expect(feed(bytes, () => 1)).toEqual(whole);
    for (let seed = 1; seed <= 30; seed++) {
      const random = seeded(seed);
      const most = [20, 700, 8_000][seed % 3] ?? 1;
      expect(
        feed(bytes, () => Math.floor(random() * most)),
        `seed ${seed}`,
      ).toEqual(whole);
    }
  });

  test('a fragment is given as soon as its last byte is there, not with the next one', () => {
    const boxes = [...boxesIn(bytes, 0, bytes.length)];
    const firstEnd = boxes.find(({ type }) => type === 'mdat')?.end ?? 0;
    expect(feed(bytes.subarray(0, firstEnd), () => 1).fragments).toHaveLength(1);
    expect(feed(bytes.subarray(0, firstEnd - 1), () => 1).fragments).toHaveLength(0);
  });

  test('what is given is a copy: the next chunk in the same memory changes nothing', () => {
    const kept: Buffer[] = [];
    const reader = new FragmentReader({ header: (part) => kept.push(part), fragment: (part) => kept.push(part) });
    const chunk = Buffer.from(bytes);
    reader.push(chunk);
    const before = kept.map(sha);
    chunk.fill(0xff);
    expect(kept.map(sha)).toEqual(before);
    expect(kept.length).toBeGreaterThan(4);
  });

  test('a fragment takes the memory of its own length and no more, also a large one that comes slowly', () => {
    const boxes = [...boxesIn(bytes, 0, bytes.length)];
    const moof = boxes.find(({ type }) => type === 'moof');
    const large = Buffer.alloc(9 * 2 ** 20);
    large.writeUInt32BE(large.length, 0);
    large.write('mdat', 4, 'latin1');
    for (let at = 8; at < large.length; at += 1_000) large.writeUInt8(at % 251, at);
    const stream = Buffer.concat([bytes, bytes.subarray(moof?.start, moof?.end), large]);
    const kept: Buffer[] = [];
    const reader = new FragmentReader({ header: () => undefined, fragment: (part) => kept.push(part) });
    for (let at = 0; at < stream.length; at += 60_000) reader.push(stream.subarray(at, at + 60_000));
    expect(kept.map((part) => part.buffer.byteLength)).toEqual(kept.map((part) => part.length));
    expect(sha(kept.at(-1)?.subarray(-large.length) ?? Buffer.alloc(0))).toBe(sha(large));
    expect(kept.length).toBeGreaterThan(4);
  });

  test('the index that ffmpeg may write at its end belongs to nothing and breaks nothing', () => {
    const index = Buffer.alloc(32);
    index.writeUInt32BE(32, 0);
    index.write('mfra', 4);
    const whole = feed(bytes, () => bytes.length);
    expect(feed(Buffer.concat([bytes, index]), () => 1)).toEqual(whole);
  });
});

describe('damage', () => {
  test('cut anywhere, the whole units in front are given and the rest is waited for', () => {
    const whole = feed(bytes, () => bytes.length);
    const random = seeded(11);
    for (let round = 0; round < 200; round++) {
      const cut = Math.floor(random() * bytes.length);
      const heard = feed(bytes.subarray(0, cut), () => 4_096);
      expect(heard.fragments).toEqual(whole.fragments.slice(0, heard.fragments.length));
    }
  });

  test.each([21, 22, 23])(
    'bits flipped in every place: Mp4Fault or fewer units, never anything else (seed %i)',
    (seed) => {
      const random = seeded(seed);
      const structure = [...boxesIn(bytes, 0, bytes.length)].filter(({ type }) => type !== 'mdat');
      let faults = 0;
      for (let round = 0; round < 400; round++) {
        const broken = Buffer.from(bytes);
        // Media are most of the bytes and nobody reads them here: half of the damage goes where it is felt.
        const box = structure[Math.floor(random() * structure.length)];
        const [from, length] =
          round % 2 === 0 || box === undefined ? [0, bytes.length] : [box.start, box.end - box.start];
        for (let flips = 1 + Math.floor(random() * 3); flips > 0; flips--) {
          const at = from + Math.floor(random() * length);
          broken.writeUInt8(broken.readUInt8(at) ^ (1 << Math.floor(random() * 8)), at);
        }
        try {
          feed(broken, () => 1 + Math.floor(random() * 5_000));
        } catch (error) {
          faults += 1;
          expect(error, `seed ${seed}, round ${round}`).toBeInstanceOf(Mp4Fault);
        }
      }
      expect(faults).toBeGreaterThan(50);
    },
  );

  test.each([
    ['a box of 0 bytes', box(0, 'moof')],
    ['a box of 2 bytes', box(2, 'ftyp')],
    ['a box of 2 GiB', box(2 ** 31, 'mdat')],
    ['a long box of 16 EiB', Buffer.concat([box(1, 'moof'), Buffer.alloc(8, 0xff)])],
    ['a fragment before the header', Buffer.concat([box(16, 'mfra'), Buffer.alloc(8)])],
    ['text', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['nothing but small boxes', Buffer.concat(Array.from({ length: 100 }, () => box(8, 'free')))],
  ])('%s is an Mp4Fault at once', (_name, start) => {
    expect(() => feed(start, () => 1)).toThrow(Mp4Fault);
  });

  test('another box where a fragment should begin is an Mp4Fault', () => {
    const end = [...boxesIn(bytes, 0, bytes.length)].find(({ type }) => type === 'moov')?.end ?? 0;
    const foreign = Buffer.concat([bytes.subarray(0, end), box(8, 'styp'), bytes.subarray(end)]);
    expect(() => feed(foreign, () => 1_000)).toThrow('a styp box where a fragment should begin');
  });

  test('a box that says 63 MiB and never comes: memory holds what came, not what was announced, and no more than 64 MiB', () => {
    const reader = new FragmentReader({ header: () => undefined, fragment: () => undefined });
    const end = [...boxesIn(bytes, 0, bytes.length)].find(({ type }) => type === 'moov')?.end ?? 0;
    reader.push(bytes.subarray(0, end));
    const before = process.memoryUsage().arrayBuffers;
    reader.push(box(63 * 2 ** 20, 'moof'));
    for (let i = 0; i < 8; i++) reader.push(Buffer.alloc(65_536));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * 2 ** 20);
    expect(() => {
      reader.push(Buffer.alloc(63 * 2 ** 20 - 8 - 8 * 65_536));
      reader.push(box(2 * 2 ** 20, 'free'));
    }).toThrow(Mp4Fault);
  });
});

function box(size: number, type: string): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32BE(size, 0);
  bytes.write(type, 4, 'latin1');
  return bytes;
}
