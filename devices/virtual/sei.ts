// The mark in every access unit: an SEI message "user_data_unregistered" (ITU-T H.264, D.1.7; H.265, D.2.7) that carries the
// absolute frame number, so that a recording can be checked frame by frame without decoding it.

import type { VideoCodec } from './spec.ts';

/** What a mark says. Times are microseconds since 1970; numbers count from the camera's boot. */
export interface FrameStamp {
  /** Absolute frame number since boot, beginning with 0. */
  readonly number: number;
  /** How often the camera has rebooted since it was made. */
  readonly boot: number;
  /** {@link deviceMark} of the device's id. */
  readonly device: number;
  /** Capture time by the camera's own (perhaps wrong) clock. */
  readonly captureTimeUs: number;
  /** The same instant by the clock of the machine that runs the virtual camera. */
  readonly hostTimeUs: number;
}

const MARK_UUID = Buffer.from('7b1d3c5ea4c64b1f9e02510c4d61726b', 'hex');
/** NAL unit headers of an SEI message; in H.265 that is a prefix SEI of layer 0. */
const SEI_HEADER = { h264: [6], h265: [39 << 1, 1] } as const;
const PAYLOAD_USER_DATA_UNREGISTERED = 5;
const STAMP_BYTES = 4 + 4 + 8 + 8 + 8;

/** A 32-bit mark (FNV-1a) of a device id, to tell one camera's frames from another's. */
export function deviceMark(id: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(id)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

/** The type in a NAL unit's header (H.264, 7.3.1; H.265, 7.3.1.2). */
export function nalType(nal: Uint8Array | readonly number[], codec: VideoCodec): number {
  const first = nal[0] ?? 0;
  return codec === 'h264' ? first & 0x1f : (first >> 1) & 0x3f;
}

/** Whether a slice of this type can be decoded with nothing before it: IDR in H.264, any IRAP picture in H.265. */
export function isKeySlice(type: number, codec: VideoCodec): boolean {
  return codec === 'h264' ? type === 5 : type >= 16 && type <= 21;
}

/** The SEI NAL unit for one frame, without start code, with emulation prevention. */
export function seiNal(stamp: FrameStamp, codec: VideoCodec = 'h264'): Buffer {
  const head = [...SEI_HEADER[codec], PAYLOAD_USER_DATA_UNREGISTERED, MARK_UUID.length + STAMP_BYTES];
  const raw = Buffer.alloc(head.length + MARK_UUID.length + STAMP_BYTES + 1);
  raw.set(head);
  MARK_UUID.copy(raw, head.length);
  let at = head.length + MARK_UUID.length;
  at = raw.writeUInt32BE(stamp.device, at);
  at = raw.writeUInt32BE(stamp.boot, at);
  at = raw.writeBigUInt64BE(BigInt(stamp.number), at);
  at = raw.writeBigInt64BE(BigInt(Math.round(stamp.captureTimeUs)), at);
  at = raw.writeBigInt64BE(BigInt(Math.round(stamp.hostTimeUs)), at);
  raw[at] = 0x80; // rbsp_trailing_bits
  return protect(raw);
}

/** Reads the mark from a NAL unit without start code; undefined when it is another NAL unit or another SEI message. */
export function readSei(nal: Uint8Array, codec: VideoCodec = 'h264'): FrameStamp | undefined {
  if (nalType(nal, codec) !== nalType(SEI_HEADER[codec], codec)) return undefined;
  const raw = unprotect(nal);
  let at: number = SEI_HEADER[codec].length;
  while (at + 2 < raw.length) {
    let type = 0;
    let size = 0;
    while (raw[at] === 0xff) type += raw[at++] ?? 0;
    type += raw[at++] ?? 0;
    while (raw[at] === 0xff) size += raw[at++] ?? 0;
    size += raw[at++] ?? 0;
    const body = raw.subarray(at, at + size);
    if (type === PAYLOAD_USER_DATA_UNREGISTERED && body.subarray(0, 16).equals(MARK_UUID) && size >= 16 + STAMP_BYTES) {
      return {
        device: body.readUInt32BE(16),
        boot: body.readUInt32BE(20),
        number: Number(body.readBigUInt64BE(24)),
        captureTimeUs: Number(body.readBigInt64BE(32)),
        hostTimeUs: Number(body.readBigInt64BE(40)),
      };
    }
    at += size;
  }
  return undefined;
}

/** Puts 0x03 before any byte 0..3 that follows two zero bytes (H.264, 7.4.1.1; H.265, 7.4.2). */
function protect(raw: Buffer): Buffer {
  const out: number[] = [];
  let zeros = 0;
  for (const byte of raw) {
    if (zeros >= 2 && byte <= 3) {
      out.push(3);
      zeros = 0;
    }
    out.push(byte);
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return Buffer.from(out);
}

function unprotect(nal: Uint8Array): Buffer {
  const out: number[] = [];
  let zeros = 0;
  for (const byte of nal) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    out.push(byte);
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return Buffer.from(out);
}
