/** `quancheng doctor`: looks at everything a recording needs, before a hearing depends on it. */
import { execFile } from 'node:child_process';
import { mkdir, open, rm, stat, statfs } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { onvifCamera } from '../../devices/onvif/camera.ts';
import { loadConfig } from '../config/load.ts';
import type { Config, Device } from '../config/schema.ts';
import { AppError, errnoOf, sentenceOf } from '../core/errors.ts';
import type { DiskRole, FromRecorder, RecorderStatus } from '../core/recording.ts';
import { noticeOfKind } from '../core/rules/notices.ts';
import { dial } from '../forward/dial.ts';
import { FORWARD_TIMING } from '../forward/timing.ts';
import { Disk } from '../ledger/disk.ts';
import { FolderLock } from '../ledger/lock.ts';
import { SystemClock } from '../ledger/system-clock.ts';
import { decide, type Look, readVolume, type Step } from '../ledger/volume.ts';
import { DescribeFault, describe } from '../recorder/describe.ts';
import { type Checks, type DiskFacts, examine, exitCodeOf, renderFindings } from '../site/doctor.ts';
import { brokerAddress } from './address.ts';
import { type Command, configPath, readArguments } from './command.ts';
import { recorderSockets } from './site-disks.ts';
import { standsOf } from './stands.ts';

const USE: Step = { do: 'use' };
const SYNCS = 8;
const PROBE_BYTES = 256 * 1024;
const PROBE_MS = 5_000;
const FFMPEG_OUTPUT_MAX = 4 * 1024 * 1024;
const MQTT_PORTS: { readonly [protocol: string]: number } = { 'mqtt:': 1883, 'mqtts:': 8883, 'ws:': 80, 'wss:': 443 };

export const doctor: Command = {
  summary: 'check ffmpeg, disk, clock, recorder, broker and cameras; exit code 1 when something is at fault',
  usage: 'doctor --config FILE',
  async run(args) {
    const { options } = readArguments(args, ['config']);
    const config = loadConfig(configPath(options['config']));
    const { mqtt } = config;
    const findings = await examine({
      ffmpeg,
      disk: async () => examineDisk(config.storage.data, (await examineIdentity(config)).main),
      ...(config.storage.mirror === null ? {} : pairChecks(config, config.storage.mirror)),
      clock: async () => {
        const clock = new SystemClock();
        await clock.refresh();
        return clock.state();
      },
      keeping: { keepDays: config.storage.keepDays, hasCentre: mqtt !== null },
      rules: { rules: config.rules, nowMs: new SystemClock().now().wallMs },
      devices: config.devices.map((device) => ({
        id: device.id,
        camera: 'onvif' in device.source ? onvifCamera({ address: device.source.onvif, login: device.login }) : null,
        ...('onvif' in device.source && device.source.profile !== undefined ? { profile: device.source.profile } : {}),
        url: 'rtsp' in device.source ? device.source.rtsp : null,
      })),
      rtsp: (url, id) =>
        knock(
          url,
          config.devices.find((device) => device.id === id),
        ),
      broker: mqtt === null ? null : () => askBroker(config, mqtt),
      ...speechCheck(config),
      recorder: async () => (await askRecorder(config)).version,
    });
    process.stdout.write(renderFindings(findings));
    return exitCodeOf(findings);
  },
};

/** Every notice, where there is a loudspeaker to speak it. */
function speechCheck({ displays, rules, ...rest }: Config): { readonly speech?: () => Promise<string> } {
  if (!displays.some(({ loudspeaker }) => loudspeaker)) return {};
  const { voice } = standsOf({ displays, rules, ...rest });
  const { set } = rules;
  const notices = new Map(set.kinds.map(({ id }) => noticeOfKind(set, id)).map((notice) => [notice.id, notice]));
  return {
    speech: async () => {
      const told: string[] = [];
      for (const { id, version, zh } of notices.values()) {
        const { how } = await voice.speechOf({ notice: id, version, text: zh });
        told.push(`${id} ${how}`);
      }
      return `notices can be spoken: ${told.join(', ')}`;
    },
  };
}

function ffmpeg(args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile('ffmpeg', [...args], { timeout: PROBE_MS, maxBuffer: FFMPEG_OUTPUT_MAX }, (error, stdout) => {
      if (errnoOf(error) === 'ENOENT') reject(new AppError('ffmpeg-missing', 'ffmpeg is not installed'));
      else if (error !== null)
        reject(new AppError('ffmpeg-failed', `ffmpeg ${args.join(' ')}: ${error.message}`, { cause: error }));
      else resolve(stdout);
    });
  });
}

/** What would be done with each disk at a start, without doing it. */
async function examineIdentity({ storage }: Config): Promise<{ main: Step; mirror: Step }> {
  const now = new SystemClock().now();
  const look = (role: DiskRole, root: string): Promise<Look> => new Disk(role, root, 1, now).look();
  const main = await look('main', storage.data);
  if (storage.mirror !== null) return decide(main, await look('mirror', storage.mirror), storage.volume);
  const isWrong = storage.volume !== null && (main.kind !== 'volume' || main.volume.volume !== storage.volume);
  const detail = `volume ${storage.volume} is expected`;
  return { main: isWrong ? { do: 'leave', why: 'wrong-disk', detail } : USE, mirror: USE };
}

function pairChecks(config: Config, mirror: string): Pick<Checks, 'mirror' | 'pair'> {
  return {
    mirror: async () => examineDisk(mirror, (await examineIdentity(config)).mirror),
    pair: async () => {
      const [first, second] = await Promise.all([config.storage.data, mirror].map(deviceUnder));
      const seen = await askRecorder(config).catch(() => null);
      return {
        areOne: first !== null && first === second,
        seen: seen === null ? null : (seen.disks ?? []),
      };
    },
  };
}

/** The device that a folder lies on, or will lie on when it is made; null when nobody can tell. */
async function deviceUnder(folder: string): Promise<number | null> {
  try {
    return (await stat(folder)).dev;
  } catch {
    const above = dirname(folder);
    return above === folder ? null : deviceUnder(above);
  }
}

/** A folder that is not the disk it should be is not written to, not even for a trial. */
async function examineDisk(folder: string, step: Step): Promise<DiskFacts> {
  if (step.do === 'leave') throw new AppError(step.why, `${folder}: ${step.detail}`);
  const path = join(folder, `.doctor-${process.pid}`);
  try {
    await mkdir(folder, { recursive: true });
    const file = await open(path, 'wx', 0o600);
    const syncMs: number[] = [];
    try {
      for (let i = 0; i < SYNCS; i++) {
        await file.write(Buffer.alloc(PROBE_BYTES, i));
        const begun = performance.now();
        await file.datasync();
        syncMs.push(performance.now() - begun);
      }
    } finally {
      await file.close();
      await rm(path, { force: true });
    }
    const { bavail, blocks, bsize } = await statfs(folder);
    const volume = (await readVolume(folder))?.volume ?? null;
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize, syncMs, volume };
  } catch (error) {
    throw new AppError('data-not-writable', `${folder}: ${sentenceOf(error)}`, { cause: error });
  }
}

/** One DESCRIBE with the device's own login. */
async function knock(url: string, device: Device | undefined): Promise<void> {
  const login = device?.login ?? null;
  const source = {
    url,
    transport: 'auto',
    audio: 'auto',
    ...(login === null ? {} : { user: login.user, password: login.password }),
  } as const;
  try {
    await describe(source, PROBE_MS);
  } catch (error) {
    if (error instanceof DescribeFault) throw new AppError(error.reason.code, error.reason.detail, { cause: error });
    throw error;
  }
}

/** A running controller holds the site's client ids, so then only the door is tried; else the login is tried too. */
async function askBroker(config: Config, mqtt: NonNullable<Config['mqtt']>): Promise<void> {
  const url = new URL(mqtt.url);
  await openDoor(url.hostname, url.port === '' ? (MQTT_PORTS[url.protocol] ?? 0) : Number(url.port));
  let lock: FolderLock;
  try {
    lock = await FolderLock.take(config.storage.data, 'controller', 'controller-already-runs');
  } catch {
    return;
  }
  try {
    const { client } = await dialEither(config.site.id, mqtt);
    await client.endAsync(true);
  } finally {
    await lock.release();
  }
}

async function dialEither(
  clientId: string,
  mqtt: NonNullable<Config['mqtt']>,
): Promise<Awaited<ReturnType<typeof dial>>> {
  const { keepaliveS } = FORWARD_TIMING;
  const onMessage = () => Promise.resolve();
  const options = { ...brokerAddress(mqtt), clientId, subscriptions: [], onMessage, keepaliveS };
  try {
    return await dial({ ...options, protocol: 5 }, AbortSignal.timeout(PROBE_MS));
  } catch {
    return dial({ ...options, protocol: 4 }, AbortSignal.timeout(PROBE_MS));
  }
}

function openDoor(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: host.replace(/^\[|\]$/g, ''), port, timeout: PROBE_MS });
    const fail = (why: string) => {
      socket.destroy();
      reject(new AppError('broker-away', `${host}:${port} does not answer: ${why}`));
    };
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
    socket.once('timeout', () => fail('time-out'));
    socket.once('error', (error) => fail(errnoOf(error) ?? error.message));
  });
}

/** The recorder says its status to everyone who comes, at the socket in either data folder. */
async function askRecorder(config: Config): Promise<RecorderStatus> {
  const answers = await Promise.allSettled(recorderSockets(config).map(askAt));
  const said = answers.find((answer) => answer.status === 'fulfilled');
  if (said !== undefined) return said.value;
  throw answers.find((answer) => answer.status === 'rejected')?.reason;
}

function askAt(path: string): Promise<RecorderStatus> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    let said = '';
    const fail = (why: string) => {
      socket.destroy();
      reject(new AppError('recorder-away', `no recorder answers at ${path}: ${why}`));
    };
    socket.setTimeout(PROBE_MS, () => fail('time-out'));
    socket.once('error', (error) => fail(errnoOf(error) ?? error.message));
    socket.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      const end = said.indexOf('\n');
      if (end < 0) return;
      socket.destroy();
      const message = JSON.parse(said.slice(0, end)) as FromRecorder;
      if (message.type === 'status') resolve(message.status);
      else fail('it did not say its status');
    });
  });
}
