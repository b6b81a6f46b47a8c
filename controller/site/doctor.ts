/**
 * The doctor: looks at everything a recording needs and says what is well, what is doubtful and what is broken, each with what
 * to do about it. It judges; the looking itself is given from outside, so that every judgement can be tested.
 */
import { AppError, CATALOGUE, type ErrorCode, sentenceOf } from '../core/errors.ts';
import type { Camera } from '../core/ports.ts';
import type { DiskStatus, Source } from '../core/recording.ts';
import type { SiteRules } from '../core/rules/site-rules.ts';
import type { ClockState } from '../core/time.ts';
import { type Keeping, keepingFinding } from './doctor-keeping.ts';
import { rulesFindings } from './doctor-rules.ts';

export interface Finding {
  /** ok: well. warning: it works, but not for long or not quite. fault: something needed does not work. */
  readonly level: 'ok' | 'warning' | 'fault';
  /** What was looked at: `ffmpeg`, `disk`, `clock`, `keeping`, `rules`, `speech`, `recorder`, `broker`, or a device's id. */
  readonly subject: string;
  readonly message: string;
  /** What to do; null when nothing is. */
  readonly hint: string | null;
  readonly code: ErrorCode | null;
}

export interface DiskFacts {
  readonly freeBytes: number;
  readonly totalBytes: number;
  /** How long some small writes with fsync took, in milliseconds. */
  readonly syncMs: readonly number[];
  /** Which disk it says it is; null before its first start. */
  readonly volume?: string | null;
}

/** The two disks beside each other. */
export interface PairFacts {
  /** Both folders lie on the same device, which can only die as a whole. */
  readonly areOne: boolean;
  /** The disks as the running recorder sees them; null when it does not say. */
  readonly seen: readonly DiskStatus[] | null;
}

export interface DeviceToExamine {
  readonly id: string;
  /** How to ask it by ONVIF; null for a device with an RTSP address by hand. */
  readonly camera: Camera | null;
  /** The profile to record; the main one when absent. */
  readonly profile?: string;
  /** The RTSP address by hand, without login; null for a device that is asked by ONVIF. */
  readonly url: string | null;
}

/** How to look. Every probe answers, or rejects with an AppError that says what is wrong; null means: this site has none. */
export interface Checks {
  /** What ffmpeg prints when called with these arguments. Rejects with `ffmpeg-missing`. */
  readonly ffmpeg: (args: readonly string[]) => Promise<string>;
  /** Writes, syncs and removes small files in the data folder. Rejects with `data-not-writable`. */
  readonly disk: () => Promise<DiskFacts>;
  /** The same for the second disk; absent where there is none. Both reject with `wrong-disk` when another disk lies there. */
  readonly mirror?: () => Promise<DiskFacts>;
  readonly pair?: () => Promise<PairFacts>;
  readonly clock: () => Promise<ClockState>;
  /** How long recordings stay here; absent: not asked about. */
  readonly keeping?: Keeping;
  /** The site's rules, to be judged as of `nowMs` (UTC). */
  readonly rules: { readonly rules: SiteRules; readonly nowMs: number };
  readonly devices: readonly DeviceToExamine[];
  /** Knocks at the RTSP address of the device with this id. Rejects with `camera-unreachable` and the like. */
  readonly rtsp: (url: string, device: string) => Promise<void>;
  /** Connects to the broker with its login. Rejects with `broker-away`. */
  readonly broker: (() => Promise<void>) | null;
  /** Speaks every notice into a file; answers where it comes from. Absent where no display has a loudspeaker. Rejects with `speech-missing`. */
  readonly speech?: () => Promise<string>;
  /** Version of the running recorder. Rejects with `recorder-away`. */
  readonly recorder: (() => Promise<string>) | null;
}

const SECOND = 'second disk';
const AWAY_CODES = { main: 'main-disk-away', mirror: 'second-disk-away' } as const;
/** No probe may hold the doctor up for longer. */
const PROBE_LIMIT_MS = 20_000;
const GIGABYTE = 1_000_000_000;
/** Below this a recording may end within the hour. */
const FREE_FAULT_BYTES = 2 * GIGABYTE;
const FREE_WARNING_HOURS = 24;
/** What a stream of a usual camera (4 Mbit/s) writes. */
const STREAM_BYTES_PER_HOUR = 1.8 * GIGABYTE;
/** Every stream syncs once a second; a sync of this length leaves the disk no time for anything else. */
const SYNC_FAULT_MS = 1_000;
const SYNC_WARNING_MS = 200;
const CAMERA_CLOCK_WARNING_MS = 2_000;

/** What the recorder and the virtual cameras use of ffmpeg. */
const FFMPEG_NEEDS: readonly { readonly list: string; readonly what: string; readonly names: readonly string[] }[] = [
  { list: '-demuxers', what: 'reading', names: ['rtsp', 'concat'] },
  { list: '-muxers', what: 'writing', names: ['mp4'] },
  { list: '-decoders', what: 'decoding', names: ['aac', 'pcm_alaw', 'pcm_mulaw'] },
  { list: '-encoders', what: 'encoding', names: ['aac'] },
  { list: '-protocols', what: 'protocol', names: ['pipe', 'tcp', 'udp', 'rtp'] },
];

/** Examines everything; never rejects. Findings come in a fixed order: machine, rules, speech, recorder, broker, devices as configured. */
export async function examine(checks: Checks): Promise<Finding[]> {
  const { broker, recorder, mirror, pair, keeping } = checks;
  const looks: readonly Promise<Finding[]>[] = [
    contained('ffmpeg', () => examineFfmpeg(checks.ffmpeg)),
    contained('disk', async () => examineDisk('disk', await checks.disk(), checks.devices.length)),
    mirror === undefined
      ? Promise.resolve([])
      : contained(SECOND, async () => examineDisk(SECOND, await mirror(), checks.devices.length)),
    pair === undefined ? Promise.resolve([]) : contained(SECOND, async () => examinePair(await pair())),
    contained('clock', async () => [clockFinding(await checks.clock())]),
    ...(keeping === undefined
      ? []
      : [contained('keeping', async () => [keepingFinding(keeping, await checks.clock())])]),
    contained('rules', async () => rulesFindings(checks.rules.rules, checks.rules.nowMs)),
    ...(checks.speech === undefined ? [] : [examineSpeech(checks.speech)]),
    recorder === null
      ? Promise.resolve([])
      : contained('recorder', async () => [ok('recorder', `is running, version ${await recorder()}`)]),
    broker === null
      ? Promise.resolve([])
      : contained('broker', async () => {
          await broker();
          return [ok('broker', 'answers and takes the login')];
        }),
    ...checks.devices.map((device) => contained(device.id, () => examineDevice(device, checks.rtsp))),
  ];
  return (await Promise.all(looks)).flat();
}

/** 0 when nothing is at fault, else 1. */
export function exitCodeOf(findings: readonly Finding[]): 0 | 1 {
  return findings.some(({ level }) => level === 'fault') ? 1 : 0;
}

/** The findings for people: one line each, what to do below it, a count at the end. */
export function renderFindings(findings: readonly Finding[]): string {
  const width = Math.max(0, ...findings.map(({ subject }) => subject.length));
  const lines = findings.flatMap(({ level, subject, message, hint, code }) => {
    const line = `${level.padEnd('warning'.length)}  ${subject.padEnd(width)}  ${message}`;
    const indent = ' '.repeat('warning'.length + width + 4);
    return hint === null ? [line] : [line, `${indent}→ ${hint}${code === null ? '' : ` [${code}]`}`];
  });
  const count = (level: Finding['level'], word: string): string => {
    const found = findings.filter((finding) => finding.level === level).length;
    return `${found} ${word}${found === 1 ? '' : 's'}`;
  };
  return [...lines, '', `${count('fault', 'fault')}, ${count('warning', 'warning')}`, ''].join('\n');
}

// ── Judgements ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Without it a clerk reads the notice aloud: doubtful, and no fault. */
async function examineSpeech(speech: () => Promise<string>): Promise<Finding[]> {
  try {
    return [ok('speech', await speech())];
  } catch (error) {
    return [wrong('warning', 'speech', sentenceOf(error), 'speech-missing')];
  }
}

async function examineFfmpeg(ffmpeg: Checks['ffmpeg']): Promise<Finding[]> {
  const version = /^ffmpeg version (\S+)/m.exec(await ffmpeg(['-hide_banner', '-version']))?.[1];
  const lacks: string[] = [];
  for (const { list, what, names } of FFMPEG_NEEDS) {
    const known = namesIn(await ffmpeg(['-hide_banner', list]));
    lacks.push(...names.filter((name) => !known.has(name)).map((name) => `${what} ${name}`));
  }
  if (lacks.length === 0) return [ok('ffmpeg', `has all that is needed, version ${version ?? 'unknown'}`)];
  const hint = 'Install the ffmpeg of Debian, which is built with all of these.';
  const message = `cannot do what is needed: ${lacks.join(', ')} (version ${version ?? 'unknown'})`;
  return [{ level: 'fault', subject: 'ffmpeg', message, hint, code: 'ffmpeg-failed' }];
}

/** Names in a list as ffmpeg prints it: ` DE mov,mp4  QuickTime / MOV`, ` A....D aac  AAC`, or ` tcp`. */
function namesIn(list: string): Set<string> {
  const names = new Set<string>();
  for (const line of list.split('\n')) {
    const words = line.trim().split(/\s+/);
    const name = words.length === 1 ? words[0] : words[1];
    for (const one of (name ?? '').split(',')) if (one !== '') names.add(one);
  }
  return names;
}

function examineDisk(subject: string, disk: DiskFacts, streams: number): Finding[] {
  const free = `${gigabytes(disk.freeBytes)} of ${gigabytes(disk.totalBytes)} GB free`;
  const hours = Math.floor(disk.freeBytes / (Math.max(1, streams) * STREAM_BYTES_PER_HOUR));
  const room = `${free}, room for about ${hours} h of ${streams} stream${streams === 1 ? '' : 's'}`;
  const slowest = Math.max(0, ...disk.syncMs);
  const sync = `slowest of ${disk.syncMs.length} syncs took ${Math.round(slowest)} ms`;
  return [
    ...(disk.volume === undefined || disk.volume === null ? [] : [ok(subject, `is volume ${disk.volume}`)]),
    disk.freeBytes < FREE_FAULT_BYTES
      ? wrong('fault', subject, room, 'disk-full')
      : hours < FREE_WARNING_HOURS
        ? wrong('warning', subject, room, 'disk-full')
        : ok(subject, room),
    slowest >= SYNC_FAULT_MS
      ? wrong('fault', subject, sync, 'disk-slow')
      : slowest >= SYNC_WARNING_MS
        ? wrong('warning', subject, sync, 'disk-slow')
        : ok(subject, sync),
  ];
}

function examinePair({ areOne, seen }: PairFacts): Finding[] {
  const findings: Finding[] = [];
  if (areOne)
    findings.push({
      ...({ level: 'warning', subject: SECOND, code: null } as const),
      message: 'lies on the same disk as the main one',
      hint: 'Name a folder on a disk of its own in storage.mirror: a disk that dies takes both copies along.',
    });
  if (seen === null) return findings;
  if (seen.length < 2)
    findings.push({
      ...({ level: 'fault', subject: SECOND, code: null } as const),
      message: 'is not used by the running recorder',
      hint: 'Start the recorder with --mirror and the folder of storage.mirror.',
    });
  for (const { disk, state, cause, lackingSegments, lackingBytes } of seen) {
    const subject = disk === 'main' ? 'disk' : SECOND;
    if (state === 'away')
      findings.push(wrong('fault', subject, `is away: ${cause?.detail ?? 'nobody knows why'}`, AWAY_CODES[disk]));
    else if (lackingSegments > 0)
      findings.push({
        ...({ level: 'warning', subject, code: null } as const),
        message: `lacks ${lackingSegments} segments (${gigabytes(lackingBytes)} GB), which are being copied to it`,
        hint: 'Wait until it has caught up before the other disk is taken away.',
      });
  }
  return findings;
}

/** A recording under a clock that nobody keeps is whole all the same, so this is never a fault. */
function clockFinding({ source }: ClockState): Finding {
  if (source === 'ntp') return ok('clock', 'is kept by NTP');
  const message = source === 'free' ? 'is not kept by NTP' : 'cannot be asked whether it is kept by NTP';
  const hint = 'Install chrony and give it a time server, so that the times in the record can be relied on.';
  return { level: 'warning', subject: 'clock', message, hint, code: null };
}

async function examineDevice(device: DeviceToExamine, rtsp: Checks['rtsp']): Promise<Finding[]> {
  const { id, camera, url } = device;
  if (camera === null) {
    if (url === null) return [];
    await rtsp(url, id);
    return [ok(id, `answers at ${url}`)];
  }
  const findings: Finding[] = [];
  // One after the other, and no further after a refused login: another try would only bring a lock-out nearer (Q08).
  const { manufacturer, model, firmware, serial, clockOffsetMs } = await camera.identify();
  findings.push(ok(id, `is ${manufacturer} ${model}, firmware ${firmware}, serial number ${serial}`));
  if (clockOffsetMs !== null && Math.abs(clockOffsetMs) > CAMERA_CLOCK_WARNING_MS) {
    const seconds = Math.round(Math.abs(clockOffsetMs) / 1_000);
    const message = `its clock is ${seconds} s ${clockOffsetMs > 0 ? 'ahead' : 'behind'}`;
    findings.push(wrong('warning', id, message, 'camera-clock-wrong'));
  }
  findings.push(...(await contained(id, () => examineStream(device, camera, rtsp))));
  return findings;
}

async function examineStream(device: DeviceToExamine, camera: Camera, rtsp: Checks['rtsp']): Promise<Finding[]> {
  const source: Source = await camera.source(device.profile);
  await rtsp(source.url, device.id);
  return [ok(device.id, `streams from ${source.url}`)];
}

// ── Findings ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Whatever a look throws, or takes too long for, is a finding of its own. */
async function contained(subject: string, look: () => Promise<Finding[]>): Promise<Finding[]> {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_, reject) => {
    const limit = (): void => reject(new Error(`no answer within ${PROBE_LIMIT_MS / 1_000} s`));
    timer = setTimeout(limit, PROBE_LIMIT_MS);
  });
  try {
    return await Promise.race([look(), tooLong]);
  } catch (error) {
    return [wrong('fault', subject, sentenceOf(error), error instanceof AppError ? error.code : 'internal')];
  } finally {
    clearTimeout(timer);
  }
}

function ok(subject: string, message: string): Finding {
  return { level: 'ok', subject, message, hint: null, code: null };
}

function wrong(level: 'warning' | 'fault', subject: string, message: string, code: ErrorCode): Finding {
  return { level, subject, message, hint: CATALOGUE[code].hint, code };
}

function gigabytes(bytes: number): string {
  return (bytes / GIGABYTE).toFixed(bytes < 10 * GIGABYTE ? 1 : 0);
}
