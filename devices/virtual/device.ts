// One virtual device: clock, account, timeline, RTSP server and (for cameras) the ONVIF side, with a method for every fault
// a test may cause. Without a call to one of them it behaves as an honest device.

import { VirtualClock } from './clock.ts';
import { type Account, LockOut, Login } from './login.ts';
import type { MediaTools } from './media-files.ts';
import { loadAudio, loadMedia } from './media-set.ts';
import { Playout } from './playout.ts';
import { RtspServer, type RtspSettings } from './rtsp-server.ts';
import { SentLedger, type SentStream } from './sent-ledger.ts';
import {
  type AudioCodec,
  type ResolvedDevice,
  resolveDevice,
  type TransportChoice,
  type VirtualDeviceSpec,
} from './spec.ts';

/** How long a reboot takes when nobody says otherwise; real cameras need 5 to 60 s. */
export const DEFAULT_REBOOT_MS = 8_000;

export class VirtualDevice {
  readonly spec: ResolvedDevice;
  readonly clock: VirtualClock;
  readonly lockOut: LockOut;
  readonly account: Account;
  readonly rtspSettings: RtspSettings;
  readonly #tools: MediaTools;
  readonly #ledger = new SentLedger();
  readonly #login: Login;
  #playout: Playout | undefined;
  #rtsp: RtspServer | undefined;
  #rtspPort: number;
  #isAway = false;
  #isClosed = false;

  constructor(spec: VirtualDeviceSpec, tools: MediaTools) {
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
      sessionTimeoutS: this.spec.sessionTimeoutS,
      maxSessions: this.spec.maxSessions,
      overLimitStatus: 453,
      lingerS: 0,
    };
    this.#rtspPort = this.spec.rtspPort;
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

  /** Waits until the media are prepared (seconds of ffmpeg the first time) and the ports are open. */
  async start(): Promise<void> {
    const playout = new Playout(await loadMedia(this.#tools, this.spec), this.clock, this.id);
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
    await this.#openPorts();
  }

  /** Ends all sessions and frees all ports. May be called twice. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#closePorts('the device was closed');
  }

  /** Which frames each RTSP session was given, oldest session first. */
  sent(): SentStream[] {
    return this.#ledger.list();
  }

  /** Q01: cuts every RTSP connection; clients may come back at once. */
  drop(): void {
    this.#rtsp?.dropAll('dropped');
  }

  /**
   * Q01: goes away without a farewell and comes back on the same ports after `awayMs`, with a new boot number, frame numbers
   * from 0, no sessions, no subscriptions and the clock its battery allows.
   */
  async reboot(awayMs = DEFAULT_REBOOT_MS): Promise<void> {
    await this.#closePorts('reboot');
    await new Promise((resolve) => setTimeout(resolve, awayMs));
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

  /** Q03: puts the clock this far ahead of the host's (negative: behind). */
  setClockOffset(offsetMs: number): void {
    this.clock.setOffset(offsetMs);
  }

  /** Q04: moves the clock; sender reports tell the new time from the next one on. */
  stepClock(byMs: number): void {
    this.clock.step(byMs);
  }

  /** Q04: RTP timestamps of the given stream(s) jump by so much, now and for running sessions. */
  jumpTimestamps(byMs: number, stream: 'both' | 'video' | 'audio' = 'both'): void {
    const { faults } = this.#running();
    if (stream !== 'audio') faults.videoShiftMs += byMs;
    if (stream !== 'video') faults.audioShiftMs += byMs;
  }

  /** Q05: another sound codec. Running sessions end, as on a camera whose encoder is set anew. */
  async setAudio(codec: AudioCodec): Promise<void> {
    const audio = await loadAudio(this.#tools, codec, this.spec);
    this.drop();
    this.#running().audio = audio;
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

  /** Q28: leaves out every n-th RTP packet; 0 sends all. */
  setLoss(loseEvery: number): void {
    this.#running().faults.loseEvery = loseEvery;
  }

  #running(): Playout {
    if (this.#playout === undefined) throw new Error(`Device ${this.id} is not started.`);
    return this.#playout;
  }

  #setAway(isAway: boolean): void {
    this.#isAway = isAway;
    this.#rtsp?.setAway(isAway);
  }

  /** A port that was picked stays the device's port through reboots. */
  async #openPorts(): Promise<void> {
    if (this.#rtsp !== undefined) this.#rtspPort = await this.#rtsp.listen(this.#rtspPort);
  }

  async #closePorts(reason: string): Promise<void> {
    await this.#rtsp?.close(reason);
  }

  /** Whether the cable is pulled. */
  get isAway(): boolean {
    return this.#isAway;
  }
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
