// Prepared media in memory, cut into what goes on the wire: access units of NAL units, AAC frames, G.711 packets.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { G711_RATE_HZ, type MediaTools, prepareAudio, prepareVideo } from './media-files.ts';
import type { AudioCodec, ResolvedDevice } from './spec.ts';

/** One picture: its slices, without parameter sets, and whether it is an IDR picture. */
export interface AccessUnit {
  readonly isKey: boolean;
  readonly slices: readonly Buffer[];
}

/** A picture loop. `still` is one GOP in which nothing moves. */
export interface VideoSet {
  readonly fps: number;
  readonly gopFrames: number;
  readonly sps: Buffer;
  readonly pps: Buffer;
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

const NAL_SLICE = 1;
const NAL_IDR = 5;
const NAL_SPS = 7;
const NAL_PPS = 8;
const AAC_FRAME_SAMPLES = 1024;
const G711_PACKET_SAMPLES = 160; // 20 ms

/** Prepares and loads what one device plays. */
export async function loadMedia(tools: MediaTools, device: ResolvedDevice): Promise<MediaSet> {
  return { video: await loadVideo(tools, device), audio: await loadAudio(tools, device.audio, device) };
}

async function loadVideo(tools: MediaTools, device: ResolvedDevice): Promise<VideoSet | undefined> {
  if (device.video === undefined) return undefined;
  const { fps, gopS } = device.video;
  const files = await prepareVideo(tools, device.video, device);
  const loop = parseAnnexB(await readFile(files.loopFile));
  const still = parseAnnexB(await readFile(files.stillFile));
  const names = (await readdir(files.snapshotDir)).filter((name) => name.endsWith('.jpg')).sort();
  const snapshots = await Promise.all(names.map((name) => readFile(join(files.snapshotDir, name))));
  // Both come from one encoder set-up; if they ever differ, switching between them would break the decoder.
  if (!loop.sps.equals(still.sps) || !loop.pps.equals(still.pps))
    throw new Error('Loop and still have different stream parameters.');
  return { fps, gopFrames: Math.round(gopS * fps), ...loop, still: still.frames, snapshots };
}

/** Loads sound alone, for the switch that changes a running device's codec (case Q05). */
export async function loadAudio(
  tools: MediaTools,
  codec: AudioCodec,
  device: Pick<ResolvedDevice, 'audioRateHz' | 'audioLoopS'>,
): Promise<AudioSet | undefined> {
  if (codec === 'none') return undefined;
  const rateHz = codec === 'aac' ? device.audioRateHz : G711_RATE_HZ;
  const bytes = await readFile(await prepareAudio(tools, codec, rateHz, device.audioLoopS));
  const samplesPerPacket = codec === 'aac' ? AAC_FRAME_SAMPLES : G711_PACKET_SAMPLES;
  const packetCount = (rateHz * device.audioLoopS) / samplesPerPacket;
  const all = codec === 'aac' ? parseAdts(bytes) : slice(bytes, G711_PACKET_SAMPLES);
  // The encoder's first frame is priming, so loop packet 0 of the middle loop is one further on.
  const packets = codec === 'aac' ? all.slice(packetCount + 1, 2 * packetCount + 1) : all;
  if (packets.length !== packetCount)
    throw new Error(`The sound loop has ${packets.length} packets, not ${packetCount}.`);
  return { codec, rateHz, samplesPerPacket, packets };
}

/** Cuts an Annex B stream of one-slice-or-more pictures; SEI messages of the encoder are left out. */
export function parseAnnexB(bytes: Buffer): { sps: Buffer; pps: Buffer; frames: AccessUnit[] } {
  let sps: Buffer | undefined;
  let pps: Buffer | undefined;
  const frames: { isKey: boolean; slices: Buffer[] }[] = [];
  for (const nal of splitNals(bytes)) {
    const type = (nal[0] ?? 0) & 0x1f;
    if (type === NAL_SPS) sps ??= nal;
    else if (type === NAL_PPS) pps ??= nal;
    else if (type === NAL_SLICE || type === NAL_IDR) {
      // first_mb_in_slice is ue(v); a leading 1 bit means 0, so this slice opens a picture.
      const opens = ((nal[1] ?? 0) & 0x80) !== 0;
      if (opens) frames.push({ isKey: type === NAL_IDR, slices: [nal] });
      else frames.at(-1)?.slices.push(nal);
    }
  }
  if (sps === undefined || pps === undefined) throw new Error('The prepared picture has no stream parameters.');
  return { sps, pps, frames };
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
