/** Boxes of fragmented MP4: what ffmpeg really writes is read as ffprobe reads it, and damage is named, never suffered. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import {
  type Box,
  boxAt,
  boxesIn,
  type FragmentInfo,
  type Header,
  Mp4Fault,
  mediaInfoOf,
  readFragment,
  readHeader,
  readUuidBox,
  uuidBox,
} from '../../controller/core/mp4.ts';
import { makeFragmented, type ProbedPacket, probePackets, seeded } from '../oracle/fragmented.ts';

/** 1024 samples at 16 kHz. */
const AAC_FRAME_MS = 64;
const ID = Buffer.from('00112233445566778899aabbccddeeff', 'hex');

/** A file split into its header and its fragments. */
function split(bytes: Buffer): { header: Buffer; fragments: { start: number; bytes: Buffer }[] } {
  const boxes = [...boxesIn(bytes, 0, bytes.length)];
  const moov = boxes.find(({ type }) => type === 'moov');
  const fragments = boxes.flatMap((box, i) => {
    const mdat = boxes[i + 1];
    return box.type === 'moof' && mdat?.type === 'mdat'
      ? [{ start: box.start, bytes: bytes.subarray(box.start, mdat.end) }]
      : [];
  });
  return { header: bytes.subarray(0, moov?.end), fragments };
}

async function packetsOf(bytes: Buffer): Promise<ProbedPacket[]> {
  const folder = await mkdtemp(join(tmpdir(), 'quancheng-mp4-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'a.mp4'), bytes);
  return probePackets(join(folder, 'a.mp4'));
}

/** What ffprobe's packets say a fragment should be. */
function expected(packets: readonly ProbedPacket[], from: number, to: number, lead: 'video' | 'audio') {
  const inside = packets.filter(({ position }) => position >= from && position < to);
  const own = inside.filter(({ kind }) => kind === lead);
  const timed = own.length > 0 ? own : inside;
  const last = timed.at(-1);
  const steps = own.map(({ durationS }) => Math.round(durationS * 1_000)).sort((a, b) => a - b);
  return {
    startMs: (timed[0]?.decodeS ?? Number.NaN) * 1_000,
    endMs: ((last?.decodeS ?? Number.NaN) + (last?.durationS ?? Number.NaN)) * 1_000,
    videoFrames: inside.filter(({ kind }) => kind === 'video').length,
    audioFrames: inside.filter(({ kind }) => kind === 'audio').length,
    leadSamples: own.length,
    stepMs: steps[Math.floor((steps.length - 1) / 2)] ?? 0,
    // Not what ffprobe calls its duration: how far the second one is from it.
    firstStepMs: Math.round(
      (own.length > 1 ? (own[1]?.decodeS ?? 0) - (own[0]?.decodeS ?? 0) : (own[0]?.durationS ?? 0)) * 1_000,
    ),
    startsWithKeyframe: own[0]?.isKey ?? false,
  };
}

test.each([
  ['picture and sound', { video: true, audio: true }],
  ['picture only', { video: true, audio: false }],
  ['sound only', { video: false, audio: true }],
  ['B-frames', { video: true, audio: true, bFrames: 2 }],
  ['a long group of pictures', { video: true, audio: true, gop: 60 }],
])('header and fragments agree with ffprobe: %s', async (_name, recipe) => {
  const bytes = await makeFragmented(recipe);
  const packets = await packetsOf(bytes);
  const { header, fragments } = split(bytes);
  const read = readHeader(header);
  expect(mediaInfoOf(read, true)).toEqual({
    video: recipe.video ? { codec: 'avc1', width: 160, height: 96 } : null,
    audio: recipe.audio ? { codec: 'mp4a', sampleRate: 16_000, copied: true } : null,
  });
  expect(read.lead.kind).toBe(recipe.video ? 'video' : 'audio');
  expect(fragments.length).toBeGreaterThan(8);
  let videoFrames = 0;
  let audioFrames = 0;
  for (const { start, bytes: fragment } of fragments) {
    const info = readFragment(read, fragment);
    const should = expected(packets, start, start + fragment.length, recipe.video ? 'video' : 'audio');
    expect(info.startMs).toBeCloseTo(should.startMs, 1);
    // ffprobe calls every AAC packet a whole frame; the muxer says how much of the last one the input filled.
    const isLastSound = should.videoFrames === 0 && start === fragments.at(-1)?.start;
    expect(Math.abs(info.endMs - should.endMs)).toBeLessThan(isLastSound ? AAC_FRAME_MS : 0.1);
    const steps = { stepMs: Math.round(info.stepMs), firstStepMs: Math.round(info.firstStepMs) };
    expect({ ...info, ...steps, startMs: 0, endMs: 0 }).toEqual({ ...should, startMs: 0, endMs: 0 });
    videoFrames += info.videoFrames;
    audioFrames += info.audioFrames;
  }
  expect({ videoFrames, audioFrames }).toEqual({
    videoFrames: packets.filter(({ kind }) => kind === 'video').length,
    audioFrames: packets.filter(({ kind }) => kind === 'audio').length,
  });
  const keys = fragments.filter(({ bytes: one }) => readFragment(read, one).startsWithKeyframe);
  expect(keys.length < fragments.length, 'with a picture, most fragments begin between keyframes').toBe(recipe.video);
});

test('a fragment of sound only, in a run with a picture, starts no picture', async () => {
  const { header, fragments } = split(await makeFragmented());
  const sound = split(await makeFragmented({ video: false }));
  const both = readHeader(header);
  const audio = both.tracks.find(({ kind }) => kind === 'audio');
  const renamed = Buffer.from(sound.fragments[0]?.bytes ?? []);
  const tfhd = renamed.indexOf('tfhd');
  renamed.writeUInt32BE(audio?.id ?? 0, tfhd + 8);
  const info = readFragment(both, renamed);
  expect(info).toMatchObject({ videoFrames: 0, startsWithKeyframe: false });
  expect(info.audioFrames).toBeGreaterThan(0);
  expect(readFragment(both, fragments[0]?.bytes ?? Buffer.alloc(0)).startsWithKeyframe).toBe(true);
});

test('boxes: long sizes are read, a size of 0 and a size smaller than its own header are faults', () => {
  const long = Buffer.alloc(24);
  long.writeUInt32BE(1, 0);
  long.write('mdat', 4);
  long.writeBigUInt64BE(24n, 8);
  expect(boxAt(long, 0)).toEqual({ type: 'mdat', start: 0, headerBytes: 16, end: 24 } satisfies Box);
  expect(boxAt(long.subarray(0, 15), 0), 'half a header is no box yet').toBeNull();
  expect(boxAt(Buffer.alloc(7), 0)).toBeNull();
  long.writeBigUInt64BE(15n, 8);
  expect(() => boxAt(long, 0)).toThrow(Mp4Fault);
  for (const size of [0, 2, 7]) {
    const small = Buffer.alloc(16);
    small.writeUInt32BE(size, 0);
    expect(() => boxAt(small, 0)).toThrow(Mp4Fault);
  }
  expect(() => [...boxesIn(long, 0, 12)]).toThrow(Mp4Fault);
});

test('a trun that says four thousand million samples costs no time', async () => {
  const { header, fragments } = split(await makeFragmented({ audio: false }));
  const read = readHeader(header);
  const bytes = Buffer.from(fragments[1]?.bytes ?? []);
  const trun = bytes.indexOf('trun');
  bytes.writeUInt32BE(0, trun + 4);
  bytes.writeUInt32BE(0xffffffff, trun + 8);
  const before = performance.now();
  expect(() => finite(readFragment(read, bytes))).not.toThrow();
  bytes.writeUInt32BE(0x100, trun + 4);
  expect(() => readFragment(read, bytes)).toThrow(Mp4Fault);
  expect(performance.now() - before).toBeLessThan(500);
});

test.each([1, 2, 3])(
  'bits flipped and ends cut off are an Mp4Fault or still numbers, nothing else (seed %i)',
  async (seed) => {
    const { header, fragments } = split(await makeFragmented({ seconds: 1 }));
    const random = seeded(seed);
    const read = readHeader(header);
    const moof = fragments[1]?.bytes ?? Buffer.alloc(0);
    const moofEnd = boxAt(moof, 0)?.end ?? 0;
    let faults = 0;
    for (let round = 0; round < 1_000; round++) {
      const [broken, original, look]: [Buffer, Buffer, (bytes: Buffer) => unknown] =
        round % 2 === 0
          ? [damaged(header, header.length, random), header, readHeader]
          : [damaged(moof, moofEnd, random), moof, (bytes) => finite(readFragment(read, bytes))];
      try {
        look(broken);
      } catch (error) {
        faults += 1;
        if (!(error instanceof Mp4Fault)) {
          const where = [...broken.keys()].filter((i) => broken[i] !== original[i]);
          throw new Error(`round ${round}, bytes ${where.slice(0, 8)} of ${broken.length}: ${error}`, { cause: error });
        }
      }
    }
    expect(faults).toBeGreaterThan(100);
  },
);

/** One to four bits of the first `within` bytes flipped, or the end cut off. */
function damaged(bytes: Buffer, within: number, random: () => number): Buffer {
  if (random() < 0.2) return bytes.subarray(0, Math.floor(random() * within));
  const copy = Buffer.from(bytes);
  for (let flips = 1 + Math.floor(random() * 4); flips > 0; flips--) {
    const at = Math.floor(random() * within);
    copy.writeUInt8(copy.readUInt8(at) ^ (1 << Math.floor(random() * 8)), at);
  }
  return copy;
}

function finite(info: FragmentInfo): FragmentInfo {
  for (const value of [info.startMs, info.endMs, info.videoFrames, info.audioFrames])
    if (!Number.isFinite(value) || value < 0) throw new Error(`not a number: ${JSON.stringify(info)}`);
  return info;
}

test.each(['tfhd', 'tfdt', 'trun'])(
  'a %s too short for its own fields, at the end of the bytes, is an Mp4Fault',
  async (last) => {
    const { header } = split(await makeFragmented({ seconds: 1 }));
    const read = readHeader(header);
    const whole: { readonly [type: string]: Buffer } = {
      tfhd: Buffer.from(`00000000${read.lead.id.toString(16).padStart(8, '0')}`, 'hex'),
      tfdt: Buffer.alloc(8),
      trun: Buffer.from('0000010000000001000003e8', 'hex'),
    };
    const order = ['tfhd', 'tfdt', 'trun'].filter((type) => type !== last);
    const moof = (content: Buffer) => {
      const inner = [...order.map((type) => boxOf(type, whole[type] ?? content)), boxOf(last, content)];
      return boxOf('moof', boxOf('traf', Buffer.concat(inner)));
    };
    const full = whole[last] ?? Buffer.alloc(0);
    expect(readFragment(read, moof(full)).videoFrames).toBe(1);
    for (let length = 0; length < full.length; length++)
      expect(() => readFragment(read, moof(full.subarray(0, length))), `${length} bytes`).toThrow(Mp4Fault);
  },
);

function boxOf(type: string, content: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + content.length, 0);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, content]);
}

test('what is missing in a header is said', async () => {
  const { header } = split(await makeFragmented({ seconds: 1 }));
  const without = (type: string) => {
    const copy = Buffer.from(header);
    copy.write('free', copy.indexOf(type));
    return () => readHeader(copy);
  };
  expect(without('moov')).toThrow('no moov');
  expect(without('mdhd')).toThrow('mdia holds no mdhd');
  expect(without('stsd')).toThrow('stbl holds no stsd');
  const kinds = Buffer.from(header);
  for (const kind of ['vide', 'soun']) kinds.write('text', kinds.indexOf(kind));
  expect(() => readHeader(kinds)).toThrow('neither a video nor an audio track');
  const foreign: Header = { ...readHeader(header), tracks: [] };
  const [fragment] = split(await makeFragmented({ seconds: 1 })).fragments;
  expect(() => readFragment(foreign, fragment?.bytes ?? header)).toThrow('which the header does not have');
});

test('a box of our own carries JSON through; others, and unreadable ones, are null', () => {
  const box = uuidBox(ID, { room: '第一听证室', n: 7 });
  const found = boxAt(box, 0);
  expect(found).toEqual({ type: 'uuid', start: 0, headerBytes: 8, end: box.length });
  if (found === null) return;
  expect(readUuidBox(ID, box, found)).toEqual({ room: '第一听证室', n: 7 });
  expect(readUuidBox(Buffer.alloc(16), box, found)).toBeNull();
  expect(readUuidBox(ID, box, { ...found, type: 'free' })).toBeNull();
  box.write('}', 24);
  expect(readUuidBox(ID, box, found)).toBeNull();
});
