// One RTSP session: its tracks, its place on the device's timeline, and the sending of everything that is due.

import type { Socket } from 'node:net';
import type { VirtualClock } from './clock.ts';
import type { Listener, Playout } from './playout.ts';
import { RtpStream } from './rtp.ts';
import type { TrackTransport } from './rtp-transport.ts';
import { payloadType, VIDEO_CLOCK_HZ } from './sdp.ts';
import type { SentEntry, SentLedger } from './sent-ledger.ts';
import type { StartAt } from './spec.ts';

/** A client that leaves more than this unread is dropped. */
export const MAX_CLIENT_BACKLOG_BYTES = 4 * 1024 * 1024;
/** While a client catches up after PLAY, no more than this is put into its connection at a time. */
const CATCH_UP_BYTES = 1024 * 1024;
/** A client that has not caught up by then does not read. */
const CATCH_UP_LIMIT_MS = 15_000;
/** How often sender reports are sent; the first one goes out before the first packet. */
const REPORT_INTERVAL_MS = 5_000;
/** A client that is catching up over UDP gets at most this many packets at a wake-up, so that its socket buffer holds them. */
const UDP_PACKETS_PER_WAKE = 64;

/** Which of a session's tracks a fault is meant for. */
export type StreamChoice = 'both' | 'video' | 'audio';

export interface Track {
  readonly index: number;
  readonly kind: 'video' | 'audio';
  readonly rtp: RtpStream;
  readonly transport: TrackTransport;
}

export class RtspSession implements Listener {
  readonly id: string;
  lastSeenMs: number;
  isPlaying = false;
  readonly tracks: Track[] = [];
  readonly #playout: Playout;
  readonly #clock: VirtualClock;
  readonly #ledger: SentLedger;
  readonly #connection: Socket;
  readonly #onOverflow: (session: RtspSession) => void;
  readonly #isAway: () => boolean;
  #entry: SentEntry | undefined;
  #nextFrame = 0;
  #nextPacket = 0;
  #nextReportMs = 0;
  #packetsThisWake = 0;
  /** Since when the client catches up with the live edge; undefined when it has. */
  #catchingUpSinceMs: number | undefined;
  #packetsSeen = 0;
  /** Whether packets are being held back for a burst. */
  #isHeld = false;

  constructor(
    id: string,
    parts: { playout: Playout; clock: VirtualClock; ledger: SentLedger; isAway: () => boolean },
    connection: Socket,
    onOverflow: (session: RtspSession) => void,
  ) {
    this.id = id;
    this.#playout = parts.playout;
    this.#clock = parts.clock;
    this.#ledger = parts.ledger;
    this.#isAway = parts.isAway;
    this.#connection = connection;
    this.#onOverflow = onOverflow;
    this.lastSeenMs = parts.playout.nowMs();
  }

  /** `tcp` when any track runs inside the RTSP connection. */
  get transport(): 'tcp' | 'udp' {
    return this.tracks.some((track) => track.transport.kind === 'tcp') ? 'tcp' : 'udp';
  }

  belongsTo(connection: Socket): boolean {
    return this.#connection === connection;
  }

  addTrack(index: number, kind: 'video' | 'audio', transport: TrackTransport): Track {
    const clockRate = kind === 'video' ? VIDEO_CLOCK_HZ : (this.#playout.audio?.rateHz ?? 0);
    const track = { index, kind, transport, rtp: new RtpStream(payloadType(kind, this.#playout.audio), clockRate) };
    this.tracks.push(track);
    return track;
  }

  /**
   * Chooses the place on the timeline from which PLAY will send.
   * `keyframe-now` goes back to the newest keyframe, so that the client has a picture at once and then catches up with the live
   * edge; `next-keyframe` waits for the next one.
   */
  prepare(startAt: StartAt): void {
    const nowMs = this.#playout.nowMs();
    const live = this.#playout.liveFrame(nowMs);
    const [sentFrames, sentPackets] = [this.#nextFrame, this.#nextPacket];
    this.#nextPacket = this.#playout.livePacket(nowMs);
    if (!this.#has('video')) return;
    const newest = this.#playout.keyframeBefore(live);
    // After a PAUSE nothing is sent twice: time never runs backwards in a session.
    const isNow = startAt === 'keyframe-now' && newest >= sentFrames;
    this.#nextFrame = isNow ? newest : this.#playout.keyframeAfter(live);
    this.#nextPacket = Math.max(sentPackets, this.#playout.packetAt(this.#playout.timeline.captureS(this.#nextFrame)));
  }

  /** RTP-Info of the PLAY response, valid after {@link prepare}. */
  rtpInfo(url: (track: Track) => string): string {
    return this.tracks
      .map((track) => {
        const ticks =
          track.kind === 'video' ? this.#pictureTicks(this.#nextFrame) : this.#packetTicks(this.#nextPacket);
        return `url=${url(track)};seq=${track.rtp.sequence};rtptime=${track.rtp.timestamp(ticks)}`;
      })
      .join(',');
  }

  play(): void {
    if (this.isPlaying) return;
    this.isPlaying = true;
    this.#entry = this.#ledger.open(this.id, this.transport, this.#playout.bootCount, this.#hostUs());
    this.#nextReportMs = 0;
    this.#catchingUpSinceMs = this.#playout.nowMs();
    this.#playout.join(this);
    this.advance(this.#playout.nowMs());
  }

  pause(reason: string): void {
    if (!this.isPlaying) return;
    this.isPlaying = false;
    this.#playout.leave(this);
    this.#entry?.end(reason, this.#hostUs());
  }

  close(reason: string): void {
    this.pause(reason);
    for (const track of this.tracks) track.transport.close();
    this.tracks.length = 0;
  }

  /** RTP timestamps of the given stream(s) begin again at 0 with the next packet; SSRC and sequence go on (Q04). */
  restartTimestamps(stream: StreamChoice): void {
    const chosen = this.tracks.filter((track) => isChosen(track, stream));
    // One zero for both, so that picture and sound stay together.
    const zeroS = Math.min(...chosen.map(({ kind }) => (kind === 'video' ? this.#nextPictureS() : this.#nextSoundS())));
    for (const { kind, rtp } of chosen) rtp.restartTimestamps((zeroS + this.#shiftS(kind)) * rtp.clockRate);
  }

  /** The given stream(s) go on as another RTP source, announced by a sender report (Q04). */
  renewSource(stream: StreamChoice): void {
    for (const track of this.tracks) if (isChosen(track, stream)) track.rtp.renew();
    this.#nextReportMs = 0;
  }

  advance(nowMs: number): void {
    const faults = this.#playout.faults;
    const live = this.#playout.liveFrame(nowMs);
    const livePacket = this.#playout.livePacket(nowMs);
    const isSilent = faults.packetsFrozen || this.#isAway();
    // What is not sent is lost, as with a stalled encoder; the picture comes back with a keyframe.
    if (isSilent || faults.videoMuted) this.#nextFrame = this.#playout.keyframeAfter(live);
    if (isSilent || faults.audioMuted) this.#nextPacket = livePacket;
    if (isSilent) {
      this.#catchingUpSinceMs = undefined;
      return;
    }
    if (nowMs < faults.heldUntilMs) {
      this.#isHeld = true;
      return;
    }
    if (this.#isHeld) this.#catchingUpSinceMs = nowMs;
    this.#isHeld = false;
    this.#connection.cork();
    this.#packetsThisWake = 0;
    if (nowMs >= this.#nextReportMs) this.#report(nowMs);
    while (this.#sendOne(live, livePacket));
    this.#connection.uncork();
    const lateMs = nowMs - (this.#catchingUpSinceMs ?? nowMs);
    if (this.#connection.writableLength > MAX_CLIENT_BACKLOG_BYTES || lateMs > CATCH_UP_LIMIT_MS)
      this.#onOverflow(this);
  }

  /** Sends whichever comes first of the next picture and the next sound; false when nothing is due or no more fits now. */
  #sendOne(live: number, livePacket: number): boolean {
    const isFull =
      this.transport === 'udp'
        ? this.#packetsThisWake >= UDP_PACKETS_PER_WAKE
        : this.#catchingUpSinceMs !== undefined && this.#connection.writableLength > CATCH_UP_BYTES;
    if (isFull) return false;
    const audio = this.#playout.audio;
    const frameDue = this.#has('video') && this.#nextFrame <= live;
    const packetDue = this.#has('audio') && audio !== undefined && this.#nextPacket < livePacket;
    if (!frameDue && !packetDue) {
      this.#catchingUpSinceMs = undefined;
      return false;
    }
    const frameS = this.#playout.frameDueS(this.#nextFrame);
    const packetEndS = audio === undefined ? 0 : ((this.#nextPacket + 1) * audio.samplesPerPacket) / audio.rateHz;
    if (frameDue && (!packetDue || frameS <= packetEndS)) this.#sendPicture();
    else this.#sendSound();
    return true;
  }

  #sendPicture(): void {
    const picture = this.#playout.picture(this.#nextFrame);
    const ticks = this.#pictureTicks(picture.number);
    for (const track of this.tracks) {
      if (track.kind === 'video')
        track.rtp.sendPicture(picture.codec, picture.nals, ticks, (head, body) => this.#emit(track, head, body));
    }
    this.#entry?.frame(picture.number);
    this.#nextFrame++;
  }

  #sendSound(): void {
    const packet = this.#playout.packet(this.#nextPacket);
    const ticks = this.#packetTicks(this.#nextPacket);
    for (const track of this.tracks) {
      if (track.kind !== 'audio') continue;
      const sink = (head: Buffer, body: Buffer) => this.#emit(track, head, body);
      if (this.#playout.audio?.codec === 'aac') track.rtp.sendAac(packet, ticks, sink);
      else track.rtp.sendBlock(packet, ticks, sink);
    }
    this.#entry?.audioPacket(this.#nextPacket);
    this.#nextPacket++;
  }

  #emit(track: Track, head: Buffer, body: Buffer): void {
    this.#packetsThisWake++;
    this.#packetsSeen++;
    const { loseEvery } = this.#playout.faults;
    if (loseEvery > 0 && this.#packetsSeen % loseEvery === 0) return;
    track.transport.rtp(head, body);
  }

  #report(nowMs: number): void {
    this.#nextReportMs = nowMs + REPORT_INTERVAL_MS;
    for (const track of this.tracks) {
      const ticks = (this.#playout.timeline.elapsedS(nowMs) + this.#shiftS(track.kind)) * track.rtp.clockRate;
      track.transport.rtcp(track.rtp.senderReport(this.#clock.wallMs(nowMs), ticks, 'quancheng-virtual'));
    }
  }

  /** RTP tells when a picture is shown, not when it is sent. */
  #pictureTicks(number: number): number {
    return (this.#playout.timeline.captureS(number) + this.#shiftS('video')) * VIDEO_CLOCK_HZ;
  }

  #packetTicks(number: number): number {
    const audio = this.#playout.audio;
    return audio === undefined ? 0 : number * audio.samplesPerPacket + this.#shiftS('audio') * audio.rateHz;
  }

  #shiftS(kind: 'video' | 'audio'): number {
    const { videoShiftMs, audioShiftMs } = this.#playout.faults;
    return (kind === 'video' ? videoShiftMs : audioShiftMs) / 1000;
  }

  /** The earliest second of the timeline that a picture or a sound still to be sent stands at. */
  #nextPictureS(): number {
    const reach = this.#playout.video?.bFrames ?? 0;
    const numbers = Array.from({ length: reach + 1 }, (_, at) => this.#playout.numberAt(this.#nextFrame + at));
    return this.#playout.timeline.captureS(Math.min(...numbers));
  }

  #nextSoundS(): number {
    const audio = this.#playout.audio;
    return audio === undefined ? 0 : (this.#nextPacket * audio.samplesPerPacket) / audio.rateHz;
  }

  #has(kind: 'video' | 'audio'): boolean {
    return this.tracks.some((track) => track.kind === kind);
  }

  #hostUs(): number {
    return Math.round(this.#playout.hostWallMs() * 1000);
  }
}

function isChosen(track: Track, stream: StreamChoice): boolean {
  return stream === 'both' || track.kind === stream;
}
