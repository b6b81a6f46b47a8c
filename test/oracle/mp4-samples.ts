// Walks the boxes of a fragmented MP4 (ISO 14496-12) and gives back its samples, without any help from the code under test.

import { readFile } from 'node:fs/promises';

export interface Sample {
  readonly bytes: Buffer;
  /** Decode time in the track's timescale. */
  readonly decodeTime: number;
  /** Time of showing in the track's timescale; differs from the decode time only with B-frames. */
  readonly showTime: number;
}

/** One track of one file. `format` is the sample entry, for example `avc1` or `mp4a`. */
export interface TrackSamples {
  readonly trackId: number;
  readonly format: string;
  readonly timescale: number;
  /** Bytes of the length in front of each NAL unit; 0 where there are none. */
  readonly nalLengthBytes: number;
  readonly samples: Sample[];
}

interface Box {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

/** Samples in file order, for every track. A last fragment that is cut short is left out. */
export async function readSamples(file: string): Promise<TrackSamples[]> {
  const bytes = await readFile(file);
  const tracks = new Map<number, TrackSamples>();
  const defaults = new Map<number, SampleDefaults>();
  for (const box of boxes(bytes, 0, bytes.length)) {
    if (box.type === 'moov') readMovie(bytes, box, tracks, defaults);
    else if (box.type === 'moof') readFragment(bytes, box, tracks, defaults);
  }
  return [...tracks.values()];
}

interface SampleDefaults {
  readonly duration: number;
  readonly size: number;
}

function* boxes(bytes: Buffer, start: number, end: number): Generator<Box> {
  for (let at = start; at + 8 <= end; ) {
    let size = bytes.readUInt32BE(at);
    let header = 8;
    if (size === 1 && at + 16 <= end) {
      size = Number(bytes.readBigUInt64BE(at + 8));
      header = 16;
    } else if (size === 0) size = end - at;
    if (size < header) throw new Error(`A box of ${size} bytes at byte ${at}.`);
    yield { type: bytes.toString('latin1', at + 4, at + 8), start: at + header, end: Math.min(at + size, end) };
    at += size;
  }
}

function find(bytes: Buffer, within: Box, ...path: readonly string[]): Box | undefined {
  let box: Box | undefined = within;
  for (const type of path) {
    const outer: Box | undefined = box;
    if (outer === undefined) return undefined;
    box = [...boxes(bytes, outer.start, outer.end)].find((inner) => inner.type === type);
  }
  return box;
}

function readMovie(
  bytes: Buffer,
  movie: Box,
  tracks: Map<number, TrackSamples>,
  defaults: Map<number, SampleDefaults>,
): void {
  for (const track of boxes(bytes, movie.start, movie.end)) {
    if (track.type === 'mvex') {
      for (const trex of boxes(bytes, track.start, track.end)) {
        if (trex.type !== 'trex') continue;
        const at = trex.start + 4;
        defaults.set(bytes.readUInt32BE(at), {
          duration: bytes.readUInt32BE(at + 8),
          size: bytes.readUInt32BE(at + 12),
        });
      }
    }
    if (track.type !== 'trak') continue;
    const header = find(bytes, track, 'tkhd');
    const media = find(bytes, track, 'mdia', 'mdhd');
    const descriptions = find(bytes, track, 'mdia', 'minf', 'stbl', 'stsd');
    if (header === undefined || media === undefined || descriptions === undefined) continue;
    const trackId = bytes.readUInt32BE(header.start + (bytes[header.start] === 1 ? 20 : 12));
    const timescale = bytes.readUInt32BE(media.start + (bytes[media.start] === 1 ? 20 : 12));
    const [entry] = boxes(bytes, descriptions.start + 8, descriptions.end);
    if (entry === undefined) continue;
    const nalLengthBytes = nalLengthOf(bytes, entry);
    tracks.set(trackId, { trackId, format: entry.type, timescale, nalLengthBytes, samples: [] });
  }
}

/** lengthSizeMinusOne (ISO 14496-15): the fifth byte of avcC, the twenty-second of hvcC. */
function nalLengthOf(bytes: Buffer, entry: Box): number {
  if (!/^(avc[13]|hvc1|hev1)$/.test(entry.type)) return 0;
  // A visual sample entry has 78 bytes of fields before its boxes.
  for (const { type, start } of boxes(bytes, entry.start + 78, entry.end)) {
    if (type === 'avcC' || type === 'hvcC') return ((bytes[start + (type === 'avcC' ? 4 : 21)] ?? 3) & 3) + 1;
  }
  return 0;
}

function readFragment(
  bytes: Buffer,
  fragment: Box,
  tracks: Map<number, TrackSamples>,
  movieDefaults: Map<number, SampleDefaults>,
): void {
  // Without a base offset, data counts from the first byte of the moof box (default-base-is-moof, which ffmpeg is told to write).
  const fragmentStart = fragment.start - 8;
  for (const box of boxes(bytes, fragment.start, fragment.end)) {
    if (box.type !== 'traf') continue;
    const header = find(bytes, box, 'tfhd');
    if (header === undefined) continue;
    const flags = bytes.readUInt32BE(header.start) & 0xffffff;
    const trackId = bytes.readUInt32BE(header.start + 4);
    const track = tracks.get(trackId);
    if (track === undefined) continue;
    let at = header.start + 8;
    let base = fragmentStart;
    if (flags & 0x1) {
      base = Number(bytes.readBigUInt64BE(at));
      at += 8;
    }
    if (flags & 0x2) at += 4;
    let { duration, size } = movieDefaults.get(trackId) ?? { duration: 0, size: 0 };
    if (flags & 0x8) {
      duration = bytes.readUInt32BE(at);
      at += 4;
    }
    if (flags & 0x10) size = bytes.readUInt32BE(at);
    const decode = find(bytes, box, 'tfdt');
    let time = 0;
    if (decode !== undefined) {
      const isLong = bytes[decode.start] === 1;
      time = isLong ? Number(bytes.readBigUInt64BE(decode.start + 4)) : bytes.readUInt32BE(decode.start + 4);
    }
    let position = base;
    for (const run of boxes(bytes, box.start, box.end)) {
      if (run.type === 'trun')
        ({ time, position } = readRun(bytes, run, track, { base, time, position, duration, size }));
    }
  }
}

function readRun(
  bytes: Buffer,
  run: Box,
  track: TrackSamples,
  start: { base: number; time: number; position: number; duration: number; size: number },
): { time: number; position: number } {
  const flags = bytes.readUInt32BE(run.start) & 0xffffff;
  const count = bytes.readUInt32BE(run.start + 4);
  let at = run.start + 8;
  let { time, position } = start;
  if (flags & 0x1) {
    position = start.base + bytes.readInt32BE(at);
    at += 4;
  }
  if (flags & 0x4) at += 4;
  for (let sample = 0; sample < count; sample++) {
    const field = (flag: number, otherwise: number) => {
      if (!(flags & flag)) return otherwise;
      at += 4;
      return bytes.readUInt32BE(at - 4);
    };
    const duration = field(0x100, start.duration);
    const size = field(0x200, start.size);
    field(0x400, 0);
    // Signed in version 1 of the box; no offset of version 0 is so large that it would look negative.
    const offset = field(0x800, 0) | 0;
    if (position + size <= bytes.length) {
      track.samples.push({
        bytes: bytes.subarray(position, position + size),
        decodeTime: time,
        showTime: time + offset,
      });
    }
    position += size;
    time += duration;
  }
  return { time, position };
}
