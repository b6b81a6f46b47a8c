/**
 * `quancheng demo`: everything on one machine. Without a site file it brings its own cameras and microphone; with one
 * (`--config`, or /etc/quancheng/site.yaml) it runs that site without systemd.
 */

import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { demoPlaceOf } from '../config/demo.ts';
import { demoSite } from '../config/demo-site.ts';
import { loadConfig } from '../config/load.ts';
import { AppError, errnoOf, sentenceOf } from '../core/errors.ts';
import { type Command, readArguments, untilAskedToStop } from './command.ts';
import { Household, MemberRefused } from './household.ts';
import { findProgram } from './program.ts';
import { recorderSockets } from './site-disks.ts';

const SITE_FILE = '/etc/quancheng/site.yaml';
const PROGRAM = fileURLToPath(new URL('../main.js', import.meta.url));
/** Many streams sync at once; the default of four threads would make them wait for each other. */
const RECORDER_THREADS = '16';

export const demo: Command = {
  summary: 'everything on this machine: with virtual cameras, or a site of your own with --config',
  usage: 'demo [--config FILE]',
  async run(args) {
    const { options } = readArguments(args, ['config']);
    const stop = Promise.race([untilAskedToStop(), parentGone()]);
    const named =
      options['config'] ?? process.env['QUANCHENG_CONFIG'] ?? (existsSync(SITE_FILE) ? SITE_FILE : undefined);
    await findProgram('ffmpeg');
    const place = demoPlaceOf(process.env, process.cwd());
    const setting = named === undefined ? await virtualSetting(place) : { configFile: named, specFile: null };
    const config = loadConfig(setting.configFile);
    const { data, mirror, volume } = config.storage;
    await refuseTakenPort(config.listen.host, config.listen.port);
    const household = new Household(PROGRAM, join(data, 'logs'));
    const saysReady = { line: (line: string) => line.startsWith('ready ') };
    try {
      if (setting.specFile !== null) {
        console.log('quancheng: preparing the virtual cameras (the first start takes a little longer)');
        await household.add({
          name: 'devices',
          args: ['devices', '--spec', setting.specFile],
          ready: { line: (line) => line.includes('"ready":true') },
        });
      }
      const centre =
        config.centre === null
          ? null
          : readyOf<CentreReady>(
              await household.add({
                name: 'central',
                args: ['central', '--config', setting.configFile],
                ready: saysReady,
              }),
            );
      await household.add({
        name: 'recorder',
        args: [
          ...['recorder', '--data', data],
          ...(mirror === null ? [] : ['--mirror', mirror]),
          ...(volume === null ? [] : ['--volume', volume]),
        ],
        env: { UV_THREADPOOL_SIZE: RECORDER_THREADS },
        ready: { check: () => answersAny(recorderSockets(config)) },
      });
      const line = await household.add({
        name: 'controller',
        args: ['start', '--config', setting.configFile],
        ready: saysReady,
      });
      const ready = readyOf<ControllerReady>(line);
      const rooms = config.rooms.map(
        ({ id, name }) => `  ${name}: ${ready.panel}room/${id}   告示屏 sign: ${ready.panel}sign/${id}`,
      );
      console.log(
        [
          '',
          '全程 Quancheng is running.',
          '',
          `  panel: ${ready.panel}`,
          ...(ready.pair === undefined ? [] : [`  pair this browser as a panel, once: ${ready.pair}`]),
          ...rooms,
          ...(centre?.page == null ? [] : [`  中心 centre: ${centre.page}`]),
          `  data: ${data}   logs: ${join(data, 'logs')}`,
        ].join('\n'),
      );
      const lines = (told: { readonly [person: string]: string }) =>
        Object.entries(told).map(
          ([person, text]) => `  ${config.people.find(({ id }) => id === person)?.name ?? person} (${person}): ${text}`,
        );
      const [pins, secrets] = [lines(ready.pins), lines(ready.secrets)];
      if (pins.length > 0) console.log(['', 'PINs, shown this once:', ...pins].join('\n'));
      if (secrets.length > 0) console.log(['', 'Secrets, for any browser, shown this once:', ...secrets].join('\n'));
      const told = Object.entries(centre?.secrets ?? {}).map(([name, secret]) => `  ${name}: ${secret}`);
      if (told.length > 0) console.log(['', 'To log in at the centre, shown this once:', ...told].join('\n'));
      console.log('\nCtrl-C stops everything.\n');
      console.log(line);
      await stop;
      console.log('quancheng: stopping');
      return 0;
    } catch (error) {
      if (!(error instanceof MemberRefused)) throw error;
      console.error(error.message);
      return error.code;
    } finally {
      await household.stop();
    }
  },
};

/** What the controller and the centre say when they are ready. */
interface ControllerReady {
  readonly panel: string;
  readonly pins: { readonly [person: string]: string };
  readonly secrets: { readonly [person: string]: string };
  readonly pair?: string;
}
interface CentreReady {
  /** Null where it is not configured. */
  readonly page: string | null;
  readonly secrets: { readonly [name: string]: string };
}

function readyOf<T>(line: string): T {
  return JSON.parse(line.slice('ready '.length)) as T;
}

interface Place {
  readonly data: string;
  readonly port: number;
}

/** Writes the site file and the specification of the virtual devices, with ports that are free just now. */
async function virtualSetting(place: Place): Promise<{ configFile: string; specFile: string }> {
  const folder = join(place.data, 'demo');
  try {
    await mkdir(folder, { recursive: true, mode: 0o750 });
    const [broker, page, onvifA, rtspA, onvifB, rtspB, rtspMic] = await freePorts(7);
    const login = { user: 'admin', password: randomBytes(9).toString('base64url') };
    const room = '第一听证室';
    const camera = { kind: 'camera', room, host: '127.0.0.1', ...login } as const;
    const spec = {
      cacheDir: join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'quancheng', 'virtual'),
      controlSocket: join(folder, 'devices.sock'),
      devices: [
        { ...camera, id: 'panorama', name: '全景', audio: 'aac', onvifPort: onvifA, rtspPort: rtspA },
        { ...camera, id: 'evidence', name: '证据台', audio: 'pcma', onvifPort: onvifB, rtspPort: rtspB },
        {
          ...camera,
          kind: 'microphone',
          id: 'microphone',
          name: '话筒',
          audio: 'aac',
          rtspPort: rtspMic,
          rtspPath: '/audio',
        },
      ],
    };
    const { site, secrets } = demoSite({
      data: place.data,
      centre: join(place.data, 'centre'),
      port: place.port,
      centrePort: page ?? 0,
      brokerPort: broker ?? 0,
      devices: {
        panorama: `127.0.0.1:${onvifA}`,
        evidence: `127.0.0.1:${onvifB}`,
        microphone: `rtsp://127.0.0.1:${rtspMic}/audio`,
      },
      login,
    });
    const specFile = join(folder, 'devices.json');
    const configFile = join(folder, 'site.yaml');
    await writePrivately(specFile, JSON.stringify(spec, null, 2));
    await writePrivately(configFile, site);
    await writePrivately(join(folder, 'secrets.yaml'), secrets);
    return { configFile, specFile };
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError('data-not-writable', `the data folder ${place.data} cannot be written: ${sentenceOf(error)}`, {
      cause: error,
    });
  }
}

async function writePrivately(path: string, text: string): Promise<void> {
  await writeFile(path, text, { mode: 0o600 });
  await chmod(path, 0o600);
}

/** Ports of the loopback address that nobody uses now; all held at once so that they differ. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** Said before anything is started: one sentence now instead of five processes that come and go. */
function refuseTakenPort(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error) => {
      const taken = errnoOf(error) === 'EADDRINUSE';
      reject(taken ? new AppError('port-taken', `port ${port} on ${host} is used by another program`) : error);
    });
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve()));
  });
}

/** Started with a channel to its parent (npm start), it ends when the parent is gone, however that died: no process is left behind. */
function parentGone(): Promise<void> {
  return new Promise((resolve) => {
    if (process.channel === undefined) return;
    process.once('disconnect', resolve);
    process.channel.unref();
  });
}

/** True when somebody listens on one of these Unix sockets. */
async function answersAny(paths: readonly string[]): Promise<boolean> {
  return (await Promise.all(paths.map(answers))).includes(true);
}

/** True when somebody listens on a Unix socket. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
