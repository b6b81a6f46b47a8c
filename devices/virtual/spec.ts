// What a virtual site is made of: the types of the specification, its hand-written checks and its defaults.
// Every default describes an honest, well-behaved camera; faults are switched on by name (see switches.ts).

import { isAbsolute } from 'node:path';

/** `camera` has picture, perhaps sound, and speaks ONVIF; `microphone` is an audio-only RTSP source. */
export type DeviceKind = 'camera' | 'microphone';

/** Sound in the stream: AAC-LC, G.711 A-law, G.711 µ-law, linear PCM of 16 bit at 16 kHz, Opus, or none. */
export type AudioCodec = 'aac' | 'pcma' | 'pcmu' | 'l16' | 'opus' | 'none';

export type VideoCodec = 'h264' | 'h265';

/** Parameter sets stand before every keyframe; `sdp` tells them in the session description too, `none` does not (case Q22). */
export type SpropChoice = 'sdp' | 'none';

/** One login challenge of the RTSP server; several are offered in the order given, an empty list means no login. */
export type RtspChallenge = 'basic' | 'digest-md5' | 'digest-sha256';

/** Which ONVIF logins are accepted: WS-UsernameToken, HTTP Digest, or either. */
export type OnvifLogin = 'token' | 'digest' | 'either';

/** RTP transports the device offers; the others are answered with 461 (case Q10). */
export type TransportChoice = 'both' | 'tcp-only' | 'udp-only';

/** Where a client's stream begins at PLAY; README.md explains the choice. */
export type StartAt = 'keyframe-now' | 'next-keyframe';

/** How the picture is made. `loopS` is the length of the prepared loop and a multiple of `gopS`. */
export interface VideoSpec {
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  readonly bitrateKbps: number;
  readonly gopS: number;
  readonly loopS: number;
  readonly codec: VideoCodec;
  /** B-frames between any two other pictures. They delay the stream by as many frames, as a real encoder does. */
  readonly bFrames: number;
}

/** One device, as written in a specification; everything optional has the default named in {@link resolveDevice}. */
export interface VirtualDeviceSpec {
  readonly id: string;
  readonly kind: DeviceKind;
  /** Room and name are burnt into the picture and stand in the ONVIF scopes. */
  readonly room: string;
  readonly name: string;
  /** Address to bind to and to name in URIs. */
  readonly host?: string;
  /** 0 picks a free port. */
  readonly rtspPort?: number;
  readonly onvifPort?: number;
  readonly rtspPath?: string;
  readonly user?: string;
  readonly password?: string;
  readonly realm?: string;
  readonly video?: Partial<VideoSpec>;
  readonly audio?: AudioCodec;
  /** Only for AAC; G.711 is always 8000 Hz, L16 16 kHz and Opus 48 kHz. */
  readonly audioRateHz?: 48_000 | 16_000;
  readonly audioLoopS?: number;
  readonly rtspAuth?: readonly RtspChallenge[];
  readonly onvifLogin?: OnvifLogin;
  readonly transport?: TransportChoice;
  readonly startAt?: StartAt;
  readonly sprop?: SpropChoice;
  /** How much faster than the host's the seconds of the media pass: pace and RTP timestamps of picture and sound. */
  readonly driftPpm?: number;
  /** Every picture comes up to so late, each by another time; less than the time between two pictures. */
  readonly fpsJitterMs?: number;
  readonly sessionTimeoutS?: number;
  /** Most cameras keep a nonce as long as anybody uses it; a short life makes TEARDOWN of a long session fail. */
  readonly nonceLifeS?: number;
  readonly maxSessions?: number;
  /** How far `Created` of a WS-UsernameToken may be from the device's clock. */
  readonly createdWindowMs?: number;
  /** Wrong passwords until the device locks; 0 never locks. */
  readonly lockAfter?: number;
  readonly lockS?: number;
  readonly clockOffsetMs?: number;
  readonly clockDriftPpm?: number;
  readonly ntp?: boolean;
  readonly timeZone?: string;
  /** Without a battery-backed clock a reboot starts at 1970-01-01, until somebody sets it. */
  readonly clockSurvivesReboot?: boolean;
  readonly osdTextLimit?: number;
  readonly osdMax?: number;
  readonly serial?: string;
  readonly discovery?: boolean;
}

/** A whole site: the devices one process hosts. */
export interface VirtualSiteSpec {
  /** Folder for prepared media; may be shared by several processes and kept between runs. */
  readonly cacheDir: string;
  /** Path of the Unix socket for control; none is opened without it. */
  readonly controlSocket?: string;
  readonly ffmpegPath?: string;
  readonly fontFile?: string;
  /** Address of the interface on which cameras answer WS-Discovery, for example `127.0.0.1`; absent: silent. */
  readonly discoveryInterface?: string;
  readonly devices: readonly VirtualDeviceSpec[];
}

/** A device with every default filled in. */
export type ResolvedDevice = Required<Omit<VirtualDeviceSpec, 'video'>> & { readonly video: VideoSpec | undefined };

/** Font of Debian's fonts-wqy-zenhei, which has every Chinese character a room name needs. */
export const DEFAULT_FONT_FILE = '/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc';
/** Closes exactly for 25 fps, 20 ms G.711 packets and AAC frames of 1024 samples at 48 and 16 kHz. */
export const DEFAULT_LOOP_S = 16;
/** AAC frames close with whole seconds only every 8 s (48000 · 8 / 1024 = 375). */
export const AUDIO_LOOP_STEP_S = 8;
const MIN_GOP_S = 0.5;
const MAX_GOP_S = 10;
/** The number strip holds 16 bits. */
const MAX_LOOP_FRAMES = 65_536;

const DEFAULT_VIDEO = { width: 1280, height: 720, fps: 25, bitrateKbps: 1000, gopS: 2 } as const;
const DEFAULT_ENCODING = { codec: 'h264', bFrames: 0 } as const;
/** What x264 and x265 take without telling a decoder to keep more pictures. */
const MAX_B_FRAMES = 4;

/** Fills in the defaults of one device. The specification must have passed {@link parseSiteSpec}. */
export function resolveDevice(spec: VirtualDeviceSpec): ResolvedDevice {
  const isCamera = spec.kind === 'camera';
  const gopS = spec.video?.gopS ?? DEFAULT_VIDEO.gopS;
  const video: VideoSpec = {
    ...DEFAULT_VIDEO,
    loopS: Math.ceil(DEFAULT_LOOP_S / gopS) * gopS,
    ...DEFAULT_ENCODING,
    ...spec.video,
  };
  return {
    host: '127.0.0.1',
    rtspPort: 0,
    onvifPort: 0,
    rtspPath: isCamera ? '/live/main' : '/audio',
    user: 'admin',
    password: 'Quancheng-2026',
    realm: isCamera ? 'IP Camera(C1234)' : 'IP Microphone(M2201)',
    audio: 'aac',
    audioRateHz: 48_000,
    audioLoopS: DEFAULT_LOOP_S,
    rtspAuth: ['digest-md5'],
    onvifLogin: 'either',
    transport: 'both',
    startAt: 'keyframe-now',
    sprop: 'sdp',
    driftPpm: 0,
    fpsJitterMs: 0,
    sessionTimeoutS: 60,
    nonceLifeS: 86_400,
    maxSessions: 6,
    createdWindowMs: 5_000,
    lockAfter: 0,
    lockS: 1_800,
    clockOffsetMs: 0,
    clockDriftPpm: 0,
    ntp: false,
    timeZone: 'CST-8',
    clockSurvivesReboot: true,
    osdTextLimit: 32,
    osdMax: 4,
    serial: `QCV${spec.id.toUpperCase()}`,
    discovery: isCamera,
    ...spec,
    video: isCamera ? video : undefined,
  };
}

/**
 * Checks a specification that came from outside (a JSON file).
 * @throws Error that names every fault with its field.
 */
export function parseSiteSpec(value: unknown): VirtualSiteSpec {
  const faults: string[] = [];
  const site = asObject(value, 'site', faults);
  text(site, 'cacheDir', 'site', faults, true);
  for (const key of ['controlSocket', 'ffmpegPath', 'fontFile', 'discoveryInterface']) text(site, key, 'site', faults);
  for (const key of ['cacheDir', 'controlSocket', 'fontFile']) {
    const path = site[key];
    if (typeof path === 'string' && !isAbsolute(path)) faults.push(`site.${key}: must be an absolute path`);
  }
  unknownKeys(site, SITE_KEYS, 'site', faults);
  const devices = site['devices'];
  const seen = new Set<unknown>();
  if (!Array.isArray(devices)) faults.push('site.devices: must be a list');
  else
    devices.forEach((entry: unknown, index) => {
      const where = `devices[${index}]`;
      const device = asObject(entry, where, faults);
      checkDevice(device, where, faults);
      if (seen.has(device['id'])) faults.push(`${where}.id: used twice`);
      seen.add(device['id']);
    });
  if (faults.length > 0) throw new Error(`The virtual site is not well specified:\n  ${faults.join('\n  ')}`);
  return value as VirtualSiteSpec;
}

const SITE_KEYS = ['cacheDir', 'controlSocket', 'ffmpegPath', 'fontFile', 'discoveryInterface', 'devices'];

const DEVICE_CHOICES: Readonly<Record<string, readonly unknown[]>> = {
  kind: ['camera', 'microphone'],
  audio: ['aac', 'pcma', 'pcmu', 'l16', 'opus', 'none'],
  audioRateHz: [48_000, 16_000],
  onvifLogin: ['token', 'digest', 'either'],
  transport: ['both', 'tcp-only', 'udp-only'],
  startAt: ['keyframe-now', 'next-keyframe'],
  sprop: ['sdp', 'none'],
  ntp: [true, false],
  clockSurvivesReboot: [true, false],
  discovery: [true, false],
};

const DEVICE_TEXTS = ['id', 'room', 'name', 'host', 'rtspPath', 'user', 'password', 'realm', 'timeZone', 'serial'];

/** Smallest and largest value of each number. */
const DEVICE_NUMBERS: Readonly<Record<string, readonly [number, number]>> = {
  rtspPort: [0, 65_535],
  onvifPort: [0, 65_535],
  audioLoopS: [AUDIO_LOOP_STEP_S, 64],
  sessionTimeoutS: [1, 3_600],
  nonceLifeS: [0.1, 86_400],
  maxSessions: [0, 1_000],
  createdWindowMs: [0, 86_400_000],
  lockAfter: [0, 1_000],
  lockS: [0, 86_400],
  clockOffsetMs: [-4e12, 4e12],
  clockDriftPpm: [-1e6, 1e6],
  driftPpm: [-100_000, 100_000],
  fpsJitterMs: [0, 1_000],
  osdTextLimit: [0, 1_000],
  osdMax: [0, 100],
};

const VIDEO_NUMBERS: Readonly<Record<string, readonly [number, number]>> = {
  width: [160, 3_840],
  height: [120, 2_160],
  fps: [1, 60],
  bitrateKbps: [50, 50_000],
  gopS: [MIN_GOP_S, MAX_GOP_S],
  loopS: [MIN_GOP_S, 120],
  bFrames: [0, MAX_B_FRAMES],
};

type Loose = Record<string, unknown>;

function checkDevice(device: Loose, where: string, faults: string[]): void {
  for (const key of DEVICE_TEXTS) text(device, key, where, faults, ['id', 'room', 'name'].includes(key));
  for (const [key, choices] of Object.entries(DEVICE_CHOICES)) {
    const value = device[key];
    if (value === undefined ? key === 'kind' : !choices.includes(value)) {
      faults.push(`${where}.${key}: must be one of ${choices.join(', ')}`);
    }
  }
  for (const [key, range] of Object.entries(DEVICE_NUMBERS)) within(device, key, range, where, faults);
  const auth = device['rtspAuth'];
  if (auth !== undefined) {
    const known = ['basic', 'digest-md5', 'digest-sha256'];
    if (!Array.isArray(auth) || auth.some((entry) => !known.includes(entry))) {
      faults.push(`${where}.rtspAuth: must be a list of ${known.join(', ')}`);
    }
  }
  if (Number(device['audioLoopS'] ?? 0) % AUDIO_LOOP_STEP_S !== 0) {
    faults.push(`${where}.audioLoopS: must be a multiple of ${AUDIO_LOOP_STEP_S} s`);
  }
  if (device['kind'] === 'microphone' && device['audio'] === 'none')
    faults.push(`${where}.audio: a microphone has sound`);
  if (device['video'] !== undefined)
    checkVideo(asObject(device['video'], `${where}.video`, faults), `${where}.video`, faults);
  checkJitter(device, where, faults);
  unknownKeys(
    device,
    [...DEVICE_TEXTS, ...Object.keys(DEVICE_CHOICES), ...Object.keys(DEVICE_NUMBERS), 'video', 'rtspAuth'],
    where,
    faults,
  );
}

function checkJitter(device: Loose, where: string, faults: string[]): void {
  const { fpsJitterMs = 0, video } = device;
  const fps =
    (typeof video === 'object' && video !== null && 'fps' in video ? video.fps : undefined) ?? DEFAULT_VIDEO.fps;
  if (Number(fpsJitterMs) >= 1000 / Number(fps)) {
    faults.push(`${where}.fpsJitterMs: must be less than the time between two pictures`);
  }
}

/**
 * Checks the picture of a running device after a change.
 * @throws Error that names every fault with its field.
 */
export function requireVideo(video: VideoSpec): void {
  const faults: string[] = [];
  checkVideo({ ...video }, 'video', faults);
  if (faults.length > 0) throw new Error(faults.join('; '));
}

function checkVideo(video: Loose, where: string, faults: string[]): void {
  const before = faults.length;
  for (const [key, range] of Object.entries(VIDEO_NUMBERS)) within(video, key, range, where, faults);
  const { codec, bFrames } = video;
  if (codec !== undefined && codec !== 'h264' && codec !== 'h265')
    faults.push(`${where}.codec: must be one of h264, h265`);
  if (bFrames !== undefined && !Number.isInteger(bFrames)) faults.push(`${where}.bFrames: must be a whole number`);
  unknownKeys(video, [...Object.keys(VIDEO_NUMBERS), 'codec'], where, faults);
  if (faults.length > before) return;
  const number = (key: 'fps' | 'gopS' | 'width' | 'height') => Number(video[key] ?? DEFAULT_VIDEO[key]);
  const gopFrames = number('gopS') * number('fps');
  if (!Number.isInteger(gopFrames)) faults.push(`${where}.gopS: must hold a whole number of frames`);
  if (number('width') % 2 !== 0 || number('height') % 2 !== 0) faults.push(`${where}: width and height must be even`);
  if (video['loopS'] === undefined) return;
  const loopFrames = Number(video['loopS']) * number('fps');
  if (loopFrames % gopFrames !== 0) faults.push(`${where}.loopS: must be a multiple of gopS`);
  if (loopFrames > MAX_LOOP_FRAMES) faults.push(`${where}.loopS: more than ${MAX_LOOP_FRAMES} frames`);
}

function asObject(value: unknown, where: string, faults: string[]): Loose {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Loose;
  faults.push(`${where}: must be an object`);
  return {};
}

function text(object: Loose, key: string, where: string, faults: string[], required = false): void {
  const value = object[key];
  if (value === undefined ? required : typeof value !== 'string' || value === '') {
    faults.push(`${where}.${key}: must be a text that is not empty`);
  }
}

function within(object: Loose, key: string, range: readonly [number, number], where: string, faults: string[]): void {
  const value = object[key];
  if (value === undefined) return;
  if (typeof value !== 'number' || !(value >= range[0] && value <= range[1])) {
    faults.push(`${where}.${key}: must be a number from ${range[0]} to ${range[1]}`);
  }
}

function unknownKeys(object: Loose, known: readonly string[], where: string, faults: string[]): void {
  for (const key of Object.keys(object)) if (!known.includes(key)) faults.push(`${where}.${key}: not known`);
}
