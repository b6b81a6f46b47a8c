// One virtual device: clock, account, timeline, RTSP server and (for cameras) the ONVIF side, with a method for every fault
// a test may cause. Without a call to one of them it behaves as an honest device.

import { hostClock, VirtualClock } from './clock.ts';
import { type Account, LockOut, Login } from './login.ts';
import type { MediaTools } from './media-files.ts';
import { loadAudio, loadMedia, loadVideo } from './media-set.ts';
import type { DeviceEvent } from './onvif-events.ts';
import { OnvifSide } from './onvif-side.ts';
import { Playout } from './playout.ts';
import { RtspServer, type RtspSettings } from './rtsp-server.ts';
import type { StreamChoice } from './rtsp-session.ts';
import { SentLedger, type SentStream } from './sent-ledger.ts';
import {
  type AudioCodec,
  type DeviceKind,
  type ResolvedDevice,
  type RtspChallenge,
  requireVideo,
  resolveDevice,
  type SpropChoice,
  type TransportChoice,
  type VideoSpec,
  type VirtualDeviceSpec,
} from './spec.ts';

/** How long a reboot takes when nobody says otherwise; real cameras need 5 to 60 s. */
export const DEFAULT_REBOOT_MS = 8_000;

/** What all devices of a site share. */
export interface DeviceTools extends MediaTools {
  readonly discoveryInterface?: string;
}

/** Parts of the device's own address that it tells wrongly; absent parts are told rightly. */
export interface UriOverride {
  readonly host?: string;
  readonly rtspPort?: number;
  readonly httpPort?: number;
}

/** What of a picture can be set anew; the frame rate, the GOP and the loop stay, so that frame numbers go on. */
export type VideoChange = Partial<Pick<VideoSpec, 'width' | 'height' | 'bitrateKbps' | 'codec' | 'bFrames'>>;

export interface DeviceState {
  readonly id: string;
  readonly kind: DeviceKind;
  readonly room: string;
  readonly name: string;
  readonly rtspUrl: string;
  readonly onvif: { readonly host: string; readonly port: number } | undefined;
  readonly boot: number;
  /** RTSP sessions that count against the limit. */
  readonly sessions: number;
  readonly subscriptions: number;
  readonly wrongTries: number;
  readonly isLocked: boolean;
  readonly isAway: boolean;
  /** How far the device's clock is ahead of the host's. */
  readonly clockOffsetMs: number;
  readonly osdTexts: Readonly<Record<string, string>>;
}

export class VirtualDevice {
  readonly spec: ResolvedDevice;
  readonly clock: VirtualClock;
  readonly lockOut: LockOut;
  readonly account: Account;
  readonly rtspSettings: RtspSettings;
  readonly #tools: DeviceTools;
  readonly #ledger = new SentLedger();
  readonly #login: Login;
  #playout: Playout | undefined;
  #rtsp: RtspServer | undefined;
  #onvif: OnvifSide | undefined;
  /** The picture as it is set now. */
  #video: VideoSpec | undefined;
  #rtspPort: number;
  #onvifPort: number;
  /** What the device wrongly believes about its own address (Q06). */
  #uri: UriOverride = {};
  #rebootMs = DEFAULT_REBOOT_MS;
  #isAway = false;
  #isClosed = false;
  #reboot: Promise<void> | undefined;
  #endWait: () => void = () => {};

  constructor(spec: VirtualDeviceSpec, tools: DeviceTools) {
    this.spec = resolveDevice(spec);
    this.#tools = tools;
    this.clock = new VirtualClock({
      offsetMs: this.spec.clockOffsetMs,
      driftPpm: this.spec.clockDriftPpm,
      ntp: this.spec.ntp,
      timeZone: this.spec.timeZone,
      survivesReboot: this.spec.clockSurvivesReboot,
    });
    this.account = { user: this.spec.user, password: this.spec.password };
    this.lockOut = new LockOut(this.spec.lockAfter, this.spec.lockS);
    const { realm, nonceLifeS } = this.spec;
    this.#login = new Login(this.spec.rtspAuth, { realm, nonceLifeS, qop: false }, this.account, this.lockOut);
    this.rtspSettings = {
      transport: this.spec.transport,
      startAt: this.spec.startAt,
      sprop: this.spec.sprop,
      sessionTimeoutS: this.spec.sessionTimeoutS,
      maxSessions: this.spec.maxSessions,
      overLimitStatus: 453,
      lingerS: 0,
    };
    this.#video = this.spec.video;
    this.#rtspPort = this.spec.rtspPort;
    this.#onvifPort = this.spec.onvifPort;
  }

  get id(): string {
    return this.spec.id;
  }

  /** RTSP address without login; the port is known after {@link start}. */
  get rtspUrl(): string {
    return `rtsp://${bracketed(this.spec.host)}:${this.#rtspPort}${this.spec.rtspPath}`;
  }

  /** The same with the account percent-encoded, for programs that take the login in the URL. */
  get rtspUrlWithLogin(): string {
    const { user, password } = this.account;
    return this.rtspUrl.replace('rtsp://', `rtsp://${encodeURIComponent(user)}:${encodeURIComponent(password)}@`);
  }

  /** Where ONVIF answers; undefined for a microphone. The port is known after {@link start}. */
  get onvifAddress(): { readonly host: string; readonly port: number } | undefined {
    return this.#onvif === undefined ? undefined : { host: this.spec.host, port: this.#onvifPort };
  }

  /** Waits until the media are prepared (seconds of ffmpeg the first time) and the ports are open. */
  async start(): Promise<void> {
    const media = await loadMedia(this.#tools, { ...this.spec, video: this.#video });
    const playout = new Playout(media, this.clock, this.id, hostClock, this.spec);
    this.#playout = playout;
    this.#rtsp = new RtspServer({
      host: this.spec.host,
      path: this.spec.rtspPath,
      title: this.spec.name,
      login: this.#login,
      playout,
      clock: this.clock,
      ledger: this.#ledger,
      settings: this.rtspSettings,
    });
    const video = this.#video;
    if (video !== undefined) {
      this.#onvif = new OnvifSide({
        spec: this.spec,
        playout,
        video: () => this.#video ?? video,
        clock: this.clock,
        account: this.account,
        lockOut: this.lockOut,
        discoveryInterface: this.#tools.discoveryInterface,
        streamUri: () => this.#streamUri(),
        httpBase: () =>
          `http://${bracketed(this.#uri.host ?? this.spec.host)}:${this.#uri.httpPort ?? this.#onvifPort}`,
        // The answer must be out before the ports close. If another program took a port meanwhile, the camera stays away.
        reboot: () => setImmediate(() => this.reboot(this.#rebootMs).catch(() => {})),
      });
    }
    await this.#openPorts();
  }

  /** Ends all sessions and frees all ports. May be called twice. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#endWait();
    await this.#reboot?.catch(() => {});
    await this.#closePorts('the device was closed', true);
  }

  /** Which frames each RTSP session was given, oldest session first. */
  sent(): SentStream[] {
    return this.#ledger.list();
  }

  /** The device at a glance, without its password. */
  state(): DeviceState {
    return {
      id: this.id,
      kind: this.spec.kind,
      room: this.spec.room,
      name: this.spec.name,
      rtspUrl: this.rtspUrl,
      onvif: this.onvifAddress,
      boot: this.#playout?.bootCount ?? 0,
      sessions: this.#rtsp?.sessionCount() ?? 0,
      subscriptions: this.#onvif?.events.count ?? 0,
      wrongTries: this.lockOut.wrongTries,
      isLocked: this.lockOut.isLocked(),
      isAway: this.#isAway,
      clockOffsetMs: Math.round(this.clock.offsetMs()),
      osdTexts: this.osdTexts(),
    };
  }

  /** Q01: cuts every RTSP connection; clients may come back at once. */
  drop(): void {
    this.#rtsp?.dropAll('dropped');
  }

  /** Q01: the same by a TCP reset, as after a crash of the camera's software: clients see ECONNRESET. */
  reset(): void {
    this.#rtsp?.resetAll();
  }

  /**
   * Q01: half-open. The RTSP server neither reads nor writes any more: connections stay open, new ones are taken and never answered,
   * and all sessions are over. Only RTSP is meant; ONVIF goes on. {@link hearAgain} ends it.
   */
  goDeaf(): void {
    this.#rtsp?.setDeaf(true);
  }

  /** Q01: the RTSP server answers again; connections from before or from meanwhile are reset. */
  hearAgain(): void {
    this.#rtsp?.setDeaf(false);
  }

  /**
   * Q01: goes away without a farewell and comes back on the same ports after `awayMs`, with a new boot number, frame numbers
   * from 0, no sessions, no subscriptions and the clock its battery allows.
   */
  reboot(awayMs = DEFAULT_REBOOT_MS): Promise<void> {
    this.#reboot ??= this.#rebootOnce(awayMs).finally(() => {
      this.#reboot = undefined;
    });
    return this.#reboot;
  }

  async #rebootOnce(awayMs: number): Promise<void> {
    await this.#closePorts('reboot', false);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, awayMs);
      this.#endWait = () => {
        clearTimeout(timer);
        resolve();
      };
      if (this.#isClosed) this.#endWait();
    });
    if (this.#isClosed) return;
    this.clock.reboot();
    this.#login.forget();
    this.lockOut.unlock();
    this.#playout?.reboot();
    this.#setAway(false);
    await this.#openPorts();
  }

  /** Q01: cable pulled. Connections stay open and silent, new ones are not answered; {@link comeBack} plugs it in again. */
  leave(): void {
    this.#setAway(true);
  }

  comeBack(): void {
    this.#setAway(false);
  }

  /**
   * Q02: `packets` stops all RTP and RTCP while RTSP goes on answering; `picture` repeats one picture with fresh numbers;
   * `video` and `audio` stop one kind only; `off` ends all of them. The picture returns with a keyframe.
   */
  freeze(what: 'packets' | 'picture' | 'video' | 'audio' | 'off'): void {
    const { faults } = this.#running();
    faults.packetsFrozen = what === 'packets';
    faults.videoMuted = what === 'video';
    faults.audioMuted = what === 'audio';
    this.#running().setStill(what === 'picture');
  }

  /**
   * Q02: holds all RTP and RTCP back for so long and then sends everything at once, nothing lost, timestamps as they would have
   * been; RTSP goes on answering. Over UDP the burst comes in portions a socket buffer can hold. 0 ends a hold.
   */
  holdBack(ms: number): void {
    const playout = this.#running();
    playout.faults.heldUntilMs = playout.nowMs() + ms;
  }

  /** How long a reboot asked for over ONVIF (SystemReboot) takes. */
  setRebootTime(awayMs: number): void {
    this.#rebootMs = awayMs;
  }

  /** Q03: puts the clock this far ahead of the host's (negative: behind). */
  setClockOffset(offsetMs: number): void {
    this.clock.setOffset(offsetMs);
  }

  /** Q03: how far `Created` may be from the device's clock. */
  setCreatedWindow(windowMs: number): void {
    if (this.#onvif !== undefined) this.#onvif.tokens.windowMs = windowMs;
  }

  /** Q04: moves the clock; sender reports tell the new time from the next one on. */
  stepClock(byMs: number): void {
    this.clock.step(byMs);
  }

  /** Q04: RTP timestamps of the given stream(s) jump by so much, now and for running sessions. */
  jumpTimestamps(byMs: number, stream: StreamChoice = 'both'): void {
    const { faults } = this.#running();
    if (stream !== 'audio') faults.videoShiftMs += byMs;
    if (stream !== 'video') faults.audioShiftMs += byMs;
  }

  /** Q04: RTP timestamps of running sessions begin again at 0, with the same SSRC and sequence; sender reports follow. */
  restartTimestamps(stream: StreamChoice = 'both'): void {
    for (const session of this.#rtsp?.sessions() ?? []) session.restartTimestamps(stream);
  }

  /** Q04: running sessions go on with a new SSRC, sequence number and timestamp offset, announced by a sender report. */
  newSsrc(stream: StreamChoice = 'both'): void {
    for (const session of this.#rtsp?.sessions() ?? []) session.renewSource(stream);
  }

  /** Q05: another sound codec. Running sessions end, as on a camera whose encoder is set anew. */
  async setAudio(codec: AudioCodec): Promise<void> {
    const audio = await loadAudio(this.#tools, codec, this.spec);
    this.drop();
    this.#running().audio = audio;
  }

  /** Q06: the addresses the device tells in XAddrs, stream and snapshot URIs; an empty object tells the truth. */
  setUri(uri: UriOverride): void {
    this.#uri = uri;
  }

  /** Q07: another account, for example one with special characters. */
  setAccount(user: string, password: string): void {
    this.account.user = user;
    this.account.password = password;
  }

  /** Q08: locks all logins for `lockS` after so many wrong passwords in a row; 0 never locks. */
  setLockAfter(tries: number, lockS = this.lockOut.lockS): void {
    this.lockOut.afterTries = tries;
    this.lockOut.lockS = lockS;
  }

  unlock(): void {
    this.lockOut.unlock();
  }

  /** Q09: how many RTSP sessions there may be at once, and what the next client hears. */
  setMaxSessions(max: number, status: 453 | 503 = 453): void {
    this.rtspSettings.maxSessions = max;
    this.rtspSettings.overLimitStatus = status;
  }

  /** Q09: a session whose client vanished without TEARDOWN keeps its place for so long. */
  setLinger(lingerS: number): void {
    this.rtspSettings.lingerS = lingerS;
    if (lingerS === 0) this.#rtsp?.forgetLingering();
  }

  /** Q10: which transports are offered; the others are refused with 461. */
  setTransport(choice: TransportChoice): void {
    this.rtspSettings.transport = choice;
  }

  /** Q22: `none` leaves the parameter sets out of the session description; they stand before every keyframe in any case. */
  setSprop(sprop: SpropChoice): void {
    this.rtspSettings.sprop = sprop;
  }

  /**
   * Q22: another picture; frame numbers go on. Size and bitrate change with the next keyframe inside running sessions, with new
   * parameter sets in the stream. Codec and B-frames change at once, and running sessions end, as after `setAudio`. Waits until the
   * new picture is prepared (seconds of ffmpeg the first time).
   * @throws Error when a value is out of range; then nothing changes.
   */
  async changeVideo(change: VideoChange): Promise<void> {
    const playout = this.#running();
    const before = this.#video;
    if (before === undefined) throw new Error(`Device ${this.id} has no picture.`);
    const next = { ...before, ...change };
    requireVideo(next);
    const set = await loadVideo(this.#tools, next, this.spec);
    this.#video = next;
    if (next.codec === before.codec && next.bFrames === before.bFrames) playout.changeVideo(set);
    else {
      this.drop();
      playout.replaceVideo(set);
    }
  }

  /** Q24: pictures still to come are up to so late, each by another time, in pace and timestamps; 0 ends it. */
  setFpsJitter(jitterMs: number): void {
    this.#running().timeline.setJitter(jitterMs);
  }

  /**
   * Q24: how much faster than the host's the seconds of the media pass, for pace and RTP timestamps of picture and sound. The wall
   * clock in sender reports is another one (Q03).
   */
  setDrift(ppm: number): void {
    this.#running().timeline.setDrift(ppm);
  }

  /** Q28: leaves out every n-th RTP packet; 0 sends all. */
  setLoss(loseEvery: number): void {
    this.#running().faults.loseEvery = loseEvery;
  }

  /** Q16: the RTSP login challenges, in the order offered; an empty list needs no login. */
  setRtspAuth(challenges: readonly RtspChallenge[]): void {
    this.#login.challenges = challenges;
  }

  /** Q21: seconds without a sign of life after which an RTSP session ends. */
  setSessionTimeout(timeoutS: number): void {
    this.rtspSettings.sessionTimeoutS = timeoutS;
  }

  /** Q20: how many on-screen texts there may be and how long they are. */
  setOsdLimits(max: number, textLength: number): void {
    if (this.#onvif !== undefined) Object.assign(this.#onvif.osd.limits, { max, textLength });
  }

  /** Plain on-screen texts by token, as set over ONVIF. */
  osdTexts(): Record<string, string> {
    return this.#onvif?.osd.plainTexts() ?? {};
  }

  /** Tells every event subscriber. */
  emitEvent(event: DeviceEvent): void {
    this.#onvif?.emit(event);
  }

  setMotion(isMoving: boolean): void {
    this.#onvif?.setMotion(isMoving);
  }

  #streamUri(): string {
    return `rtsp://${bracketed(this.#uri.host ?? this.spec.host)}:${this.#uri.rtspPort ?? this.#rtspPort}${this.spec.rtspPath}`;
  }

  #running(): Playout {
    if (this.#playout === undefined) throw new Error(`Device ${this.id} is not started.`);
    return this.#playout;
  }

  #setAway(isAway: boolean): void {
    this.#isAway = isAway;
    this.#rtsp?.setAway(isAway);
    this.#onvif?.setAway(isAway);
  }

  /** A port that was picked stays the device's port through reboots. */
  async #openPorts(): Promise<void> {
    if (this.#rtsp !== undefined) this.#rtspPort = await this.#rtsp.listen(this.#rtspPort);
    if (this.#onvif === undefined) return;
    this.#onvifPort = await this.#onvif.listen(this.#onvifPort);
    await this.#onvif.announce();
  }

  async #closePorts(reason: string, withBye: boolean): Promise<void> {
    await Promise.all([this.#rtsp?.close(reason), this.#onvif?.close(withBye)]);
  }
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
