// Prepared media in memory, cut into what goes on the wire: access units of NAL units, AAC frames, packets of other sound.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Caption,
  G711_RATE_HZ,
  L16_RATE_HZ,
  type MediaTools,
  OPUS_RATE_HZ,
  prepareAudio,
  prepareVideo,
} from './media-files.ts';
import { opusPackets } from './ogg.ts';
import { isKeySlice, nalType } from './sei.ts';
import type { AudioCodec, ResolvedDevice, VideoCodec, VideoSpec } from './spec.ts';

/** One picture: its slices, without parameter sets, and whether it is an IDR picture. */
export interface AccessUnit {
  readonly isKey: boolean;
  /** Its place in the loop by the order of showing; differs from its place in the list only with B-frames. */
  readonly shown: number;
  readonly slices: readonly Buffer[];
}

/** A picture loop, in decoding order. `still` is one GOP in which nothing moves. */
export interface VideoSet {
  readonly codec: VideoCodec;
  readonly fps: number;
  readonly gopFrames: number;
  readonly bFrames: number;
  /** SPS and PPS, in H.265 with a VPS before them. */
  readonly parameterSets: readonly Buffer[];
  readonly frames: readonly AccessUnit[];
  readonly still: readonly AccessUnit[];
  /** JPEG files, one for each second of the loop. */
  readonly snapshots: readonly Buffer[];
}

/** A sound loop, one buffer a packet. */
export interface AudioSet {
  readonly codec: Exclude<AudioCodec, 'none'>;
  readonly rateHz: number;
  readonly samplesPerPacket: number;
  readonly packets: readonly Buffer[];
}

export interface MediaSet {
  readonly video: VideoSet | undefined;
  readonly audio: AudioSet | undefined;
}

/** NAL unit types of the parameter sets, in their order in the stream. */
const PARAMETER_SETS = { h264: [7, 8], h265: [32, 33, 34] } as const;
/** The last type that is a slice. */
const LAST_SLICE = { h264: 5, h265: 31 } as const;
const AAC_FRAME_SAMPLES = 1024;
/** Sound that is no AAC goes out in packets of so many milliseconds. */
const PACKET_MS = 20;
const L16_SAMPLE_BYTES = 2;

/** Prepares and loads what one device plays. */
export async function loadMedia(tools: MediaTools, device: ResolvedDevice): Promise<MediaSet> {
  const video = device.video === undefined ? undefined : await loadVideo(tools, device.video, device);
  return { video, audio: await loadAudio(tools, device.audio, device) };
}

/** Prepares and loads a picture loop. */
export async function loadVideo(tools: MediaTools, video: VideoSpec, caption: Caption): Promise<VideoSet> {
  const { codec, fps, gopS, bFrames } = video;
  const files = await prepareVideo(tools, video, caption);
  const [loop, still] = await Promise.all(
    [files.loopFile, files.stillFile].map(async (file) => {
      const cut = parseAnnexB(await readFile(file), codec);
      if (bFrames === 0) return cut;
      const shown = parseOrder(await readFile(`${file}.order`, 'utf8'));
      if (shown.length !== cut.frames.length)
        throw new Error(`${file} has ${cut.frames.length} pictures, its order ${shown.length}.`);
      return { ...cut, frames: cut.frames.map((frame, at) => ({ ...frame, shown: shown[at] ?? at })) };
    }),
  );
  if (loop === undefined || still === undefined) throw new Error('Loop and still are both loaded above.');
  const names = (await readdir(files.snapshotDir)).filter((name) => name.endsWith('.jpg')).sort();
  const snapshots = await Promise.all(names.map((name) => readFile(join(files.snapshotDir, name))));
  // Both come from one encoder set-up; if they ever differ, switching between them would break the decoder.
  if (!Buffer.concat(loop.parameterSets).equals(Buffer.concat(still.parameterSets)))
    throw new Error('Loop and still have different stream parameters.');
  return { codec, fps, gopFrames: Math.round(gopS * fps), bFrames, ...loop, still: still.frames, snapshots };
}

/** Loads sound alone, for the switch that changes a running device's codec (case Q05). */
export async function loadAudio(
  tools: MediaTools,
  codec: AudioCodec,
  device: Pick<ResolvedDevice, 'audioRateHz' | 'audioLoopS'>,
): Promise<AudioSet | undefined> {
  if (codec === 'none') return undefined;
  const rateHz = {
    aac: device.audioRateHz,
    pcma: G711_RATE_HZ,
    pcmu: G711_RATE_HZ,
    l16: L16_RATE_HZ,
    opus: OPUS_RATE_HZ,
  }[codec];
  const bytes = await readFile(await prepareAudio(tools, codec, rateHz, device.audioLoopS));
  const samplesPerPacket = codec === 'aac' ? AAC_FRAME_SAMPLES : (rateHz * PACKET_MS) / 1000;
  const packetCount = (rateHz * device.audioLoopS) / samplesPerPacket;
  const packets = cutSound(codec, bytes, samplesPerPacket, packetCount);
  if (packets.length !== packetCount)
    throw new Error(`The sound loop has ${packets.length} packets, not ${packetCount}.`);
  return { codec, rateHz, samplesPerPacket, packets };
}

function cutSound(codec: AudioSet['codec'], bytes: Buffer, samples: number, packetCount: number): Buffer[] {
  switch (codec) {
    case 'pcma':
    case 'pcmu':
      return slice(bytes, samples);
    case 'l16':
      return slice(bytes, samples * L16_SAMPLE_BYTES);
    case 'aac':
      // The encoder's first frame is priming, so loop packet 0 of the middle loop is one further on.
      return parseAdts(bytes).slice(packetCount + 1, 2 * packetCount + 1);
    case 'opus':
      // The encoder's delay of 6.5 ms is no whole packet; the sound comes so much late.
      return opusPackets(bytes).slice(packetCount, 2 * packetCount);
  }
}

/** Cuts an Annex B stream of one-slice-or-more pictures; SEI messages of the encoder are left out. */
export function parseAnnexB(
  bytes: Buffer,
  codec: VideoCodec = 'h264',
): { parameterSets: Buffer[]; frames: AccessUnit[] } {
  const sets = new Map<number, Buffer>();
  const frames: { isKey: boolean; shown: number; slices: Buffer[] }[] = [];
  for (const nal of splitNals(bytes)) {
    const type = nalType(nal, codec);
    if (PARAMETER_SETS[codec].some((one) => one === type)) sets.set(type, sets.get(type) ?? nal);
    else if (type <= LAST_SLICE[codec]) {
      // H.264: first_mb_in_slice is ue(v), a leading 1 bit means 0. H.265: first_slice_segment_in_pic_flag. Either opens a picture.
      const opens = ((nal[codec === 'h264' ? 1 : 2] ?? 0) & 0x80) !== 0;
      if (opens) frames.push({ isKey: isKeySlice(type, codec), shown: frames.length, slices: [nal] });
      else frames.at(-1)?.slices.push(nal);
    }
  }
  const parameterSets = PARAMETER_SETS[codec].flatMap((type) => sets.get(type) ?? []);
  if (parameterSets.length < PARAMETER_SETS[codec].length) {
    throw new Error('The prepared picture has no stream parameters.');
  }
  return { parameterSets, frames };
}

/** Places by the order of showing, from ffmpeg's list of packets: the third field of each line is the presentation time. */
function parseOrder(list: string): number[] {
  const times = [...list.matchAll(/^0, *-?\d+, *(-?\d+),/gm)].map((match) => Number(match[1]));
  const places = new Map([...times].sort((one, other) => one - other).map((time, place) => [time, place]));
  return times.map((time) => places.get(time) ?? -1);
}

/** NAL units of an Annex B byte stream, without start codes and trailing zeros. */
export function splitNals(bytes: Buffer): Buffer[] {
  const nals: Buffer[] = [];
  let start = -1;
  for (let at = bytes.indexOf(START_CODE); at !== -1; at = bytes.indexOf(START_CODE, at + 3)) {
    if (start !== -1) nals.push(withoutTrailingZeros(bytes.subarray(start, at)));
    start = at + 3;
  }
  if (start !== -1) nals.push(withoutTrailingZeros(bytes.subarray(start)));
  return nals;
}

const START_CODE = Buffer.from([0, 0, 1]);

function withoutTrailingZeros(nal: Buffer): Buffer {
  let end = nal.length;
  while (end > 0 && nal[end - 1] === 0) end--;
  return nal.subarray(0, end);
}

/** AAC frames of an ADTS stream, without their headers. */
function parseAdts(bytes: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 0; at + 7 <= bytes.length; ) {
    const header = bytes.readUInt16BE(at);
    if (header >>> 4 !== 0xfff) throw new Error(`No ADTS header at byte ${at}.`);
    const headerBytes = header & 1 ? 7 : 9;
    const size = (bytes.readUInt32BE(at + 3) >>> 13) & 0x1fff;
    frames.push(bytes.subarray(at + headerBytes, at + size));
    at += size;
  }
  return frames;
}

function slice(bytes: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.floor(bytes.length / size) }, (_, at) => bytes.subarray(at * size, (at + 1) * size));
}
