// RTP and RTCP on the sending side: H.264 (RFC 6184, single NAL unit and FU-A), H.265 (RFC 7798, single NAL unit and FU), AAC-hbr
// (RFC 3640), G.711 and L16 (RFC 3551), Opus (RFC 7587) and sender reports (RFC 3550). Payload bytes are never copied: a packet is a small head and a view into the media.

import { randomInt } from 'node:crypto';
import { nalType } from './sei.ts';
import type { VideoCodec } from './spec.ts';

/** Largest RTP payload; keeps a packet inside one Ethernet frame, as cameras do. */
const MAX_PAYLOAD_BYTES = 1_400;
/** Room in front of every head for the four bytes of RTSP's interleaved framing. */
export const HEADROOM_BYTES = 4;
const RTP_HEADER_BYTES = 12;
const FU_A = 28;
/** The fragmentation unit of H.265. */
const FU = 49;
const SENDER_REPORT = 200;
const SOURCE_DESCRIPTION = 202;
const NTP_EPOCH_OFFSET_S = 2_208_988_800;
const WORD = 2 ** 32;

/** Takes one packet: `head` begins with {@link HEADROOM_BYTES} unused bytes, `body` follows it on the wire. */
export type PacketSink = (head: Buffer, body: Buffer) => void;

/** One RTP stream to one client, with its own random SSRC, first sequence number and timestamp offset. */
export class RtpStream {
  ssrc = randomInt(WORD);
  readonly clockRate: number;
  sequence = randomInt(0x10000);
  packetCount = 0;
  octetCount = 0;
  readonly #payloadType: number;
  #timestampOffset = randomInt(WORD);

  constructor(payloadType: number, clockRate: number) {
    this.#payloadType = payloadType;
    this.clockRate = clockRate;
  }

  /** From now on the point `ticks` of the timeline has timestamp 0; everything else goes on as it was. */
  restartTimestamps(ticks: number): void {
    this.#timestampOffset = -Math.round(ticks);
  }

  /** Another source takes over: new SSRC, sequence number, timestamp offset and counters (RFC 3550, 8.2). */
  renew(): void {
    this.ssrc = randomInt(WORD);
    this.sequence = randomInt(0x10000);
    this.#timestampOffset = randomInt(WORD);
    this.packetCount = 0;
    this.octetCount = 0;
  }

  /** RTP timestamp of a point on the media timeline, in ticks of this stream's clock since boot. */
  timestamp(ticks: number): number {
    return (((this.#timestampOffset + Math.round(ticks)) % WORD) + WORD) % WORD;
  }

  /** One access unit; the marker stands on the last packet of the last NAL unit. */
  sendPicture(codec: VideoCodec, nals: readonly Buffer[], ticks: number, sink: PacketSink): void {
    const timestamp = this.timestamp(ticks);
    nals.forEach((nal, index) => {
      const isLast = index === nals.length - 1;
      if (nal.length <= MAX_PAYLOAD_BYTES) this.#emit(isLast, timestamp, [], nal, sink);
      else this.#fragment(codec, nal, isLast, timestamp, sink);
    });
  }

  /** The NAL unit header is sent as the payload header, with the type moved into the FU header. */
  #fragment(codec: VideoCodec, nal: Buffer, isLast: boolean, timestamp: number, sink: PacketSink): void {
    const [first = 0, second = 0] = nal;
    const payloadHeader = codec === 'h264' ? [(first & 0xe0) | FU_A] : [(first & 0x81) | (FU << 1), second];
    const type = nalType(nal, codec);
    const step = MAX_PAYLOAD_BYTES - payloadHeader.length - 1;
    for (let at = payloadHeader.length; at < nal.length; at += step) {
      const end = at + step >= nal.length;
      const fuHeader = (at === payloadHeader.length ? 0x80 : 0) | (end ? 0x40 : 0) | type;
      this.#emit(isLast && end, timestamp, [...payloadHeader, fuHeader], nal.subarray(at, at + step), sink);
    }
  }

  /** One AAC frame as one access unit: a 16-bit header section with 13 bits of size and 3 of index. */
  sendAac(frame: Buffer, ticks: number, sink: PacketSink): void {
    const auHeader = frame.length << 3;
    this.#emit(true, this.timestamp(ticks), [0, 16, auHeader >>> 8, auHeader & 0xff], frame, sink);
  }

  /** One packet of G.711, L16 or Opus as it is; the marker opens the first talk spurt. */
  sendBlock(block: Buffer, ticks: number, sink: PacketSink): void {
    this.#emit(this.packetCount === 0, this.timestamp(ticks), [], block, sink);
  }

  #emit(marker: boolean, timestamp: number, prefix: readonly number[], body: Buffer, sink: PacketSink): void {
    const head = Buffer.allocUnsafe(HEADROOM_BYTES + RTP_HEADER_BYTES + prefix.length);
    head[HEADROOM_BYTES] = 0x80;
    head[HEADROOM_BYTES + 1] = (marker ? 0x80 : 0) | this.#payloadType;
    head.writeUInt16BE(this.sequence, HEADROOM_BYTES + 2);
    head.writeUInt32BE(timestamp, HEADROOM_BYTES + 4);
    head.writeUInt32BE(this.ssrc, HEADROOM_BYTES + 8);
    for (let at = 0; at < prefix.length; at++) head[HEADROOM_BYTES + RTP_HEADER_BYTES + at] = prefix[at] ?? 0;
    this.sequence = (this.sequence + 1) & 0xffff;
    this.packetCount++;
    this.octetCount += prefix.length + body.length;
    sink(head, body);
  }

  /**
   * A sender report with a CNAME: at camera time `wallMs`, the media timeline stood at `ticks`.
   * @returns a compound RTCP packet, without headroom.
   */
  senderReport(wallMs: number, ticks: number, cname: string): Buffer {
    const name = Buffer.from(cname);
    const chunk = Math.ceil((4 + 2 + name.length + 1) / 4) * 4;
    const packet = Buffer.alloc(28 + 4 + chunk);
    packet[0] = 0x80;
    packet[1] = SENDER_REPORT;
    packet.writeUInt16BE(6, 2);
    packet.writeUInt32BE(this.ssrc, 4);
    const seconds = Math.floor(wallMs / 1000);
    packet.writeUInt32BE((((seconds + NTP_EPOCH_OFFSET_S) % WORD) + WORD) % WORD, 8);
    packet.writeUInt32BE(Math.floor(((wallMs / 1000 - seconds) % 1) * WORD), 12);
    packet.writeUInt32BE(this.timestamp(ticks), 16);
    packet.writeUInt32BE(this.packetCount % WORD, 20);
    packet.writeUInt32BE(this.octetCount % WORD, 24);
    packet[28] = 0x81;
    packet[29] = SOURCE_DESCRIPTION;
    packet.writeUInt16BE(chunk / 4, 30);
    packet.writeUInt32BE(this.ssrc, 32);
    packet[36] = 1; // CNAME
    packet[37] = name.length;
    name.copy(packet, 38);
    return packet;
  }
}
