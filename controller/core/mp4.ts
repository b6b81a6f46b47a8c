/**
 * Reads the boxes of fragmented MP4 (ISO/IEC 14496-12) as ffmpeg writes it: a header (ftyp, moov) and fragments (moof, mdat).
 * Pure: bytes in, facts out. Nothing here decodes media.
 */
import type { MediaInfo } from './recording.ts';

export interface Box {
  readonly type: string;
  /** Offset of the box within the bytes given. */
  readonly start: number;
  readonly headerBytes: number;
  readonly end: number;
}

const SMALL_HEADER = 8;
const LARGE_HEADER = 16;
const UUID_BYTES = 16;
/** tfhd flags (8.8.7) and trun flags (8.8.8). */
const TFHD_BASE_OFFSET = 0x000001;
const TFHD_DESCRIPTION_INDEX = 0x000002;
const TFHD_DEFAULT_DURATION = 0x000008;
const TFHD_DEFAULT_SIZE = 0x000010;
const TFHD_DEFAULT_FLAGS = 0x000020;
const TRUN_DATA_OFFSET = 0x000001;
const TRUN_FIRST_FLAGS = 0x000004;
const TRUN_DURATION = 0x000100;
const TRUN_SIZE = 0x000200;
const TRUN_FLAGS = 0x000400;
const TRUN_COMPOSITION = 0x000800;
const SAMPLE_IS_NOT_SYNC = 0x00010000;

/** The box that begins at `start`, or null when its header is not wholly there. A size of 0 (to the end of the file) counts as broken. */
export function boxAt(bytes: Buffer, start: number): Box | null {
  if (start + SMALL_HEADER > bytes.length) return null;
  let size = bytes.readUInt32BE(start);
  let headerBytes = SMALL_HEADER;
  if (size === 1) {
    if (start + LARGE_HEADER > bytes.length) return null;
    size = Number(bytes.readBigUInt64BE(start + SMALL_HEADER));
    headerBytes = LARGE_HEADER;
  }
  const type = bytes.toString('latin1', start + 4, start + 8);
  if (size < headerBytes) throw new Mp4Fault(`box ${JSON.stringify(type)} says it is ${size} bytes long`);
  return { type, start, headerBytes, end: start + size };
}

/** The bytes are not the MP4 that was expected. */
export class Mp4Fault extends Error {}

/** The boxes directly inside `bytes[from, to)`. Throws Mp4Fault when one reaches past the end. */
export function* boxesIn(bytes: Buffer, from: number, to: number): Generator<Box> {
  let at = from;
  while (at < to) {
    const box = boxAt(bytes, at);
    if (box === null || box.end > to) throw new Mp4Fault(`a box at ${at} reaches past its parent`);
    yield box;
    at = box.end;
  }
}

/** Reads that answer damage with Mp4Fault: a box may be shorter than what should stand in it. */
function within(bytes: Buffer, at: number, length: number): number {
  if (at + length > bytes.length) throw new Mp4Fault(`a field at ${at} lies past the end`);
  return at;
}

const u8 = (bytes: Buffer, at: number): number => bytes.readUInt8(within(bytes, at, 1));
const u16 = (bytes: Buffer, at: number): number => bytes.readUInt16BE(within(bytes, at, 2));
const u32 = (bytes: Buffer, at: number): number => bytes.readUInt32BE(within(bytes, at, 4));
const u64 = (bytes: Buffer, at: number): number => Number(bytes.readBigUInt64BE(within(bytes, at, 8)));

function child(bytes: Buffer, parent: Box, type: string, skip = 0): Box | null {
  for (const box of boxesIn(bytes, parent.start + parent.headerBytes + skip, parent.end))
    if (box.type === type) return box;
  return null;
}

function need(bytes: Buffer, parent: Box, type: string): Box {
  const box = child(bytes, parent, type);
  if (box === null) throw new Mp4Fault(`${parent.type} holds no ${type}`);
  return box;
}

/** One track of a header. `timescale` is ticks per second. */
export interface Track {
  readonly id: number;
  readonly kind: 'video' | 'audio' | 'other';
  readonly timescale: number;
  /** Four letters of the sample entry, for example `avc1`, `hvc1`, `mp4a`. */
  readonly codec: string;
  readonly width: number;
  readonly height: number;
  readonly sampleRate: number;
  /** trex defaults (8.8.3). */
  readonly defaultDuration: number;
  readonly defaultFlags: number;
}

/** What a header says. */
export interface Header {
  readonly tracks: readonly Track[];
  /** The track that keyframes and times are taken from: the first video track, else the first audio track. */
  readonly lead: Track;
}

/** Reads a header: ftyp and moov, whole. Throws Mp4Fault when there is no track to record. */
export function readHeader(bytes: Buffer): Header {
  let moov: Box | null = null;
  for (const box of boxesIn(bytes, 0, bytes.length)) if (box.type === 'moov') moov = box;
  if (moov === null) throw new Mp4Fault('no moov in the header');
  const extends_ = new Map<number, { duration: number; flags: number }>();
  const mvex = child(bytes, moov, 'mvex');
  if (mvex !== null) {
    for (const trex of boxesIn(bytes, mvex.start + mvex.headerBytes, mvex.end)) {
      if (trex.type !== 'trex') continue;
      const at = trex.start + trex.headerBytes + 4;
      extends_.set(u32(bytes, at), {
        duration: u32(bytes, at + 8),
        flags: u32(bytes, at + 16),
      });
    }
  }
  const tracks: Track[] = [];
  for (const trak of boxesIn(bytes, moov.start + moov.headerBytes, moov.end)) {
    if (trak.type !== 'trak') continue;
    tracks.push(readTrack(bytes, trak, extends_));
  }
  const lead = tracks.find((track) => track.kind === 'video') ?? tracks.find((track) => track.kind === 'audio');
  if (lead === undefined) throw new Mp4Fault('the header has neither a video nor an audio track');
  return { tracks, lead };
}

function readTrack(
  bytes: Buffer,
  trak: Box,
  extends_: ReadonlyMap<number, { duration: number; flags: number }>,
): Track {
  const tkhd = need(bytes, trak, 'tkhd');
  const tkhdAt = tkhd.start + tkhd.headerBytes;
  const id = u32(bytes, tkhdAt + (u8(bytes, tkhdAt) === 1 ? 20 : 12));
  const mdia = need(bytes, trak, 'mdia');
  const mdhd = need(bytes, mdia, 'mdhd');
  const mdhdAt = mdhd.start + mdhd.headerBytes;
  const timescale = u32(bytes, mdhdAt + (u8(bytes, mdhdAt) === 1 ? 20 : 12));
  if (timescale === 0) throw new Mp4Fault(`track ${id} has timescale 0`);
  const hdlr = need(bytes, mdia, 'hdlr');
  const handler = bytes.toString('latin1', hdlr.start + hdlr.headerBytes + 8, hdlr.start + hdlr.headerBytes + 12);
  const stsd = need(bytes, need(bytes, need(bytes, mdia, 'minf'), 'stbl'), 'stsd');
  const entry = boxAt(bytes, stsd.start + stsd.headerBytes + 8);
  if (entry === null || entry.end > stsd.end) throw new Mp4Fault(`track ${id} has no sample description`);
  const at = entry.start + entry.headerBytes;
  const kind = handler === 'vide' ? 'video' : handler === 'soun' ? 'audio' : 'other';
  const defaults = extends_.get(id);
  return {
    id,
    kind,
    timescale,
    codec: entry.type,
    width: kind === 'video' ? u16(bytes, at + 24) : 0,
    height: kind === 'video' ? u16(bytes, at + 26) : 0,
    sampleRate: kind === 'audio' ? u16(bytes, at + 24) : 0,
    defaultDuration: defaults?.duration ?? 0,
    defaultFlags: defaults?.flags ?? 0,
  };
}

/** The header in the words of the journal. `audioCopied`: the sound is the camera's own, not encoded here. */
export function mediaInfoOf(header: Header, audioCopied: boolean): MediaInfo {
  const video = header.tracks.find((track) => track.kind === 'video');
  const audio = header.tracks.find((track) => track.kind === 'audio');
  return {
    video: video === undefined ? null : { codec: video.codec, width: video.width, height: video.height },
    audio: audio === undefined ? null : { codec: audio.codec, sampleRate: audio.sampleRate, copied: audioCopied },
  };
}

/** A picture is shown until the next one comes, and ffmpeg writes that as its length: longer than this it is a hole behind it. */
const HELD_MS_MAX = 1_000;

/** What one fragment (moof and mdat) carries. Times are milliseconds on the run's media timeline, of the lead track where it has samples. */
export interface FragmentInfo {
  readonly startMs: number;
  /** End of what the source really sent: a last picture that was only held because nothing followed does not stretch it. */
  readonly endMs: number;
  readonly videoFrames: number;
  readonly audioFrames: number;
  /** Samples of the lead track; 0 when only another track has any, whose times are then given. */
  readonly leadSamples: number;
  /** From one lead sample to the next, as a rule: the middle of them all; and from the first to the second. 0 without lead samples. */
  readonly stepMs: number;
  readonly firstStepMs: number;
  /** The first lead sample can be decoded without any before it. */
  readonly startsWithKeyframe: boolean;
}

/** Reads a moof. Throws Mp4Fault when it does not fit the header. */
export function readFragment(header: Header, bytes: Buffer): FragmentInfo {
  const moof = boxAt(bytes, 0);
  if (moof === null || moof.type !== 'moof' || moof.end > bytes.length)
    throw new Mp4Fault('a fragment does not begin with moof');
  let videoFrames = 0;
  let audioFrames = 0;
  let lead: TrackRun | null = null;
  let other: TrackRun | null = null;
  for (const traf of boxesIn(bytes, moof.start + moof.headerBytes, moof.end)) {
    if (traf.type !== 'traf') continue;
    const run = readTrackRun(header, bytes, traf);
    if (run === null) continue;
    if (run.track.kind === 'video') videoFrames += run.samples;
    if (run.track.kind === 'audio') audioFrames += run.samples;
    if (run.track.id === header.lead.id) lead = run;
    else other = run;
  }
  const timed = lead ?? other;
  if (timed === null) throw new Mp4Fault('a fragment without samples');
  return {
    startMs: (timed.start * 1000) / timed.track.timescale,
    endMs: ((timed.start + lengthSent(timed)) * 1000) / timed.track.timescale,
    videoFrames,
    audioFrames,
    leadSamples: lead?.samples ?? 0,
    stepMs: lead === null ? 0 : (lead.step * 1000) / lead.track.timescale,
    firstStepMs: lead === null ? 0 : (lead.first * 1000) / lead.track.timescale,
    // Every sound sample stands alone; a fragment with sound only, in a run with a picture, cannot start a picture.
    startsWithKeyframe: lead !== null && (header.lead.kind === 'audio' || lead.firstIsSync),
  };
}

/** Ticks that a fragment's samples last, its last one no longer than the one before it when it was held. */
function lengthSent({ track, duration, last, beforeLast }: TrackRun): number {
  return (last * 1000) / track.timescale > HELD_MS_MAX ? duration - last + Math.min(last, beforeLast) : duration;
}

/**
 * Dates the first lead sample of a fragment anew, in place: when it begins and how long it lasts, in milliseconds of the run. Nothing
 * else moves. For the first picture of a run, which the muxer dates to the run's beginning whenever it came.
 */
export function dateFirstSample(header: Header, bytes: Buffer, startMs: number, lastsMs: number): void {
  const moof = boxAt(bytes, 0);
  if (moof === null || moof.end > bytes.length) throw new Mp4Fault('a fragment does not begin with moof');
  for (const traf of boxesIn(bytes, moof.start + moof.headerBytes, moof.end)) {
    const run = traf.type === 'traf' ? readTrackRun(header, bytes, traf) : null;
    if (run === null || run.track.id !== header.lead.id) continue;
    const ticks = (ms: number) => Math.round((ms * run.track.timescale) / 1000);
    const { bytesAt, isLong } = tfdtOf(bytes, traf);
    if (isLong) bytes.writeBigUInt64BE(BigInt(ticks(startMs)), bytesAt);
    else bytes.writeUInt32BE(ticks(startMs), bytesAt);
    if (run.firstDurationAt !== null) bytes.writeUInt32BE(ticks(lastsMs), run.firstDurationAt);
  }
}

function tfdtOf(bytes: Buffer, traf: Box): { readonly bytesAt: number; readonly isLong: boolean } {
  const tfdt = need(bytes, traf, 'tfdt');
  const at = tfdt.start + tfdt.headerBytes;
  return { bytesAt: at + 4, isLong: u8(bytes, at) === 1 };
}

interface TrackRun {
  readonly track: Track;
  readonly start: number;
  readonly duration: number;
  /** Of its first sample, and where that stands when it stands for this sample alone. */
  readonly first: number;
  readonly firstDurationAt: number | null;
  /** The middle of all durations. */
  readonly step: number;
  /** Of its last sample, and of the one before it (0 when there is none). */
  readonly last: number;
  readonly beforeLast: number;
  readonly samples: number;
  readonly firstIsSync: boolean;
}

function readTrackRun(header: Header, bytes: Buffer, traf: Box): TrackRun | null {
  const tfhd = need(bytes, traf, 'tfhd');
  const tfhdAt = tfhd.start + tfhd.headerBytes;
  const tfhdFlags = u32(bytes, tfhdAt) & 0xffffff;
  const trackId = u32(bytes, tfhdAt + 4);
  const track = header.tracks.find((one) => one.id === trackId);
  if (track === undefined) throw new Mp4Fault(`a fragment of track ${trackId}, which the header does not have`);
  let at = tfhdAt + 8;
  if (tfhdFlags & TFHD_BASE_OFFSET) at += 8;
  if (tfhdFlags & TFHD_DESCRIPTION_INDEX) at += 4;
  let defaultDuration = track.defaultDuration;
  let defaultDurationAt: number | null = null;
  if (tfhdFlags & TFHD_DEFAULT_DURATION) {
    defaultDuration = u32(bytes, at);
    defaultDurationAt = at;
    at += 4;
  }
  if (tfhdFlags & TFHD_DEFAULT_SIZE) at += 4;
  let defaultFlags = track.defaultFlags;
  if (tfhdFlags & TFHD_DEFAULT_FLAGS) defaultFlags = u32(bytes, at);

  const tfdt = tfdtOf(bytes, traf);
  const start = tfdt.isLong ? u64(bytes, tfdt.bytesAt) : u32(bytes, tfdt.bytesAt);

  let samples = 0;
  let duration = 0;
  const durations: number[] = [];
  let firstDurationAt: number | null = null;
  let last = 0;
  let beforeLast = 0;
  let firstIsSync: boolean | null = null;
  for (const trun of boxesIn(bytes, traf.start + traf.headerBytes, traf.end)) {
    if (trun.type !== 'trun') continue;
    let p = trun.start + trun.headerBytes;
    const flags = u32(bytes, p) & 0xffffff;
    const count = u32(bytes, p + 4);
    p += 8;
    if (flags & TRUN_DATA_OFFSET) p += 4;
    let firstFlags: number | null = null;
    if (flags & TRUN_FIRST_FLAGS) {
      firstFlags = u32(bytes, p);
      p += 4;
    }
    const stride =
      (flags & TRUN_DURATION ? 4 : 0) +
      (flags & TRUN_SIZE ? 4 : 0) +
      (flags & TRUN_FLAGS ? 4 : 0) +
      (flags & TRUN_COMPOSITION ? 4 : 0);
    if (p + stride * count > trun.end) throw new Mp4Fault('a trun is shorter than its samples');
    // Without durations of their own the samples are not walked: a damaged count may say four thousand million.
    if (flags & TRUN_DURATION) {
      if (samples === 0 && count > 0) firstDurationAt = p;
      for (let i = 0; i < count; i++) {
        beforeLast = last;
        last = u32(bytes, p + stride * i);
        duration += last;
        durations.push(last);
      }
    } else {
      beforeLast = count > 1 ? defaultDuration : last;
      last = defaultDuration;
      duration += defaultDuration * count;
      if (samples === 0 && count === 1) firstDurationAt = defaultDurationAt;
    }
    if (firstIsSync === null && count > 0) {
      const flagsAt = p + (flags & TRUN_DURATION ? 4 : 0) + (flags & TRUN_SIZE ? 4 : 0);
      const sampleFlags = firstFlags ?? (flags & TRUN_FLAGS ? u32(bytes, flagsAt) : defaultFlags);
      firstIsSync = (sampleFlags & SAMPLE_IS_NOT_SYNC) === 0;
    }
    samples += count;
  }
  if (samples === 0) return null;
  const sorted = durations.toSorted((a, b) => a - b);
  return {
    ...{ track, start, duration, last, beforeLast, samples, firstDurationAt },
    first: durations[0] ?? defaultDuration,
    step: sorted[Math.floor((sorted.length - 1) / 2)] ?? defaultDuration,
    firstIsSync: firstIsSync ?? false,
  };
}

/** A `uuid` box (4.2) that carries JSON of ours; players pass over it. `id` is 16 bytes. */
export function uuidBox(id: Buffer, content: object): Buffer {
  const json = Buffer.from(JSON.stringify(content));
  const box = Buffer.alloc(SMALL_HEADER + UUID_BYTES + json.length);
  box.writeUInt32BE(box.length, 0);
  box.write('uuid', 4, 'latin1');
  id.copy(box, SMALL_HEADER);
  json.copy(box, SMALL_HEADER + UUID_BYTES);
  return box;
}

/** The JSON of a `uuid` box with this id, or null when the box is another one or cannot be read. */
export function readUuidBox(id: Buffer, bytes: Buffer, box: Box): unknown {
  const at = box.start + box.headerBytes;
  if (box.type !== 'uuid' || !bytes.subarray(at, at + UUID_BYTES).equals(id)) return null;
  try {
    return JSON.parse(bytes.toString('utf8', at + UUID_BYTES, box.end));
  } catch {
    return null;
  }
}
