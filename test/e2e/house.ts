/** The whole product as a technician would start it: one site file, real processes, real cameras over the wire, a real browser. */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Browser, chromium, type Page } from 'playwright-core';
import { onTestFinished } from 'vitest';
import { stringify } from 'yaml';
import type { Entry } from '../../controller/core/chain.ts';
import type { RecorderFact, SegmentFact, SiteFact } from '../../controller/core/facts.ts';
import { followJournal } from '../../controller/ledger/journal-files.ts';
import { layoutOf, segmentPath } from '../../controller/ledger/layout.ts';
import type { VirtualSite } from '../../devices/virtual/site.ts';
import { TINY_AUDIO_LOOP_S, testSite, tinyCamera } from '../devices/virtual/test-site.ts';
import { PROGRAM, until } from '../recorder/rig.ts';

const MOSQUITTO = '/usr/sbin/mosquitto';
const CHROMIUM = '/usr/bin/chromium';
const BROWSER_ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--no-first-run',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
];
export const PRE_ROLL_MS = 4_000;
export const POST_ROLL_MS = 2_000;

export interface House {
  readonly folder: string;
  readonly data: string;
  /** The data folder on the second disk, where the house has one. */
  readonly mirror: string | null;
  readonly centre: string;
  readonly configFile: string;
  readonly panel: string;
  readonly pins: { readonly [person: string]: string };
  readonly secrets: { readonly [person: string]: string };
  readonly devices: VirtualSite;
  /** Broker that can be taken away. */
  readonly broker: Service;
  pidOf(command: 'start' | 'recorder' | 'central'): Promise<number>;
  /** Every process of the house and all that they started die in the same moment; the cameras and the broker live on. */
  killAll(): Promise<void>;
  /** The house is started again on the same site file and data. */
  startAgain(): Promise<void>;
  recorderFacts(): Promise<RecorderFact[]>;
  siteFacts(): Promise<SiteFact[]>;
  /** The same with their moments. */
  siteEntries(): Promise<Entry<SiteFact>[]>;
}

export interface Service {
  stop(): Promise<void>;
  start(): Promise<void>;
}

/**
 * Starts broker, cameras and the house; everything is taken down when the test ends. `cameraPassword`: what the site file says instead
 * of the right one. `keepDays`: so long everything is kept at least here, by a clock that the machine calls synchronised.
 */
export async function startHouse(
  options: { readonly cameraPassword?: string; readonly hasSecondDisk?: boolean; readonly keepDays?: number } = {},
): Promise<House> {
  const folder = await mkdtemp(join(tmpdir(), 'quancheng-e2e-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const devices = await testSite(
    tinyCamera({ id: 'panorama', name: '全景', audio: 'pcma', startAt: 'next-keyframe' }),
    {
      id: 'microphone',
      kind: 'microphone',
      room: '第一听证室',
      name: '话筒',
      audio: 'aac',
      audioLoopS: TINY_AUDIO_LOOP_S,
    },
  );
  const [brokerPort = 0, panelPort = 0] = [await freePort(), await freePort()];
  const broker = await startMosquitto(folder, brokerPort);
  const data = join(folder, 'data');
  const mirror = options.hasSecondDisk === true ? join(folder, 'second') : null;
  const centre = join(folder, 'centre');
  const configFile = join(folder, 'site.yaml');
  await writeSite({ configFile, data, mirror, centre, devices, brokerPort, panelPort, ...options });
  const env = options.keepDays === undefined ? process.env : await synchronised(folder);
  const begin = () =>
    spawn(process.execPath, [PROGRAM, 'demo', '--config', configFile], { stdio: ['ignore', 'pipe', 'pipe'], env });
  let child = begin();
  onTestFinished(() => endProcess(child, 'SIGTERM'));
  const ready = await readyLine(child);
  const entries = async <Fact>(directory: string): Promise<Entry<Fact>[]> => {
    const found: Entry<Fact>[] = [];
    for await (const { entry } of followJournal<Fact>(directory)) if (entry !== null) found.push(entry);
    return found;
  };
  const facts = async <Fact>(directory: string): Promise<Fact[]> =>
    (await entries<Fact>(directory)).map(({ fact }) => fact);
  return {
    folder,
    data,
    mirror,
    centre,
    configFile,
    panel: ready.panel,
    pins: ready.pins,
    secrets: ready.secrets,
    devices,
    broker,
    pidOf: (command) => pidOf(PROGRAM, command, command === 'recorder' ? data : configFile),
    async killAll() {
      const pids = await withDescendants(child.pid ?? 0);
      for (const pid of pids) process.kill(pid, 'SIGKILL');
      await until(async () => !(await Promise.all(pids.map(isAlive))).some(Boolean));
    },
    async startAgain() {
      child = begin();
      await readyLine(child);
    },
    recorderFacts: () => facts(layoutOf(data).recorderJournal),
    siteFacts: () => facts(layoutOf(data).siteJournal),
    siteEntries: () => entries(layoutOf(data).siteJournal),
  };
}

/** Files of a stream at the site, in order, as the journal names them. */
export function siteFiles(house: House, facts: readonly RecorderFact[], stream: string): string[] {
  return segmentsOf(facts, stream).map(({ run, sequence }) =>
    join(layoutOf(house.data).media, segmentPath(stream, run, sequence)),
  );
}

export function segmentsOf(facts: readonly RecorderFact[], stream: string): SegmentFact[] {
  return facts.filter((fact): fact is SegmentFact => fact.type === 'segment' && fact.stream === stream);
}

/** Media files of a stream at the centre, in the order of their names. */
export async function centreFiles(house: House, stream: string): Promise<string[]> {
  const folder = join(house.centre, 'court-1', stream);
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  return names
    .filter((name) => name.endsWith('.mp4'))
    .sort((a, b) => (a.split('/').at(-1) ?? '').localeCompare(b.split('/').at(-1) ?? ''))
    .map((name) => join(folder, name));
}

export async function openBrowser(): Promise<Browser> {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: BROWSER_ARGS });
  onTestFinished(() => browser.close());
  return browser;
}

/** A code for one browser, made by the site's administrator at a desk of their own. */
export async function pairingCode(house: House, name = '听证室触摸屏'): Promise<string> {
  const api = `${house.panel}api/v1`;
  const post = (path: string, body: object, cookie = '') =>
    fetch(api + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', cookie },
      body: JSON.stringify(body),
    });
  const login = await post('/login/secret', { secret: house.secrets['administrator'] });
  const cookie = login.headers.getSetCookie()[0]?.split(';', 1)[0] ?? '';
  const made = await post('/panels/codes', { room: 'hearing-1', name }, cookie);
  return ((await made.json()) as { code: string }).code;
}

/** The technician pairs this browser with the room, once. */
export async function pairPage(page: Page, house: House): Promise<void> {
  const here = await page.request.get(`${house.panel}api/v1/here`);
  if (((await here.json()) as { panel: object | null }).panel !== null) return;
  await page.goto(`${house.panel}pair#${await pairingCode(house)}`);
  await page.waitForURL(/\/login/);
}

/** Logs the clerk in by touch and PIN pad, as a clerk does. */
export async function logIn(page: Page, house: House, person: string): Promise<void> {
  await pairPage(page, house);
  await page.goto(house.panel);
  await page.locator(`[data-person="${person}"]`).click();
  for (const digit of house.pins[person] ?? '') await page.locator(`[data-key="${digit}"]`).click();
  await page.locator('[data-key="enter"]').click();
  await page.waitForURL(/\/room\//);
}

interface Ready {
  readonly panel: string;
  readonly pins: { readonly [person: string]: string };
  readonly secrets: { readonly [person: string]: string };
}

async function readyLine(child: ChildProcess): Promise<Ready> {
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  let line: string | null = null;
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on('line', (text) => {
      said += `${text}\n`;
      if (text.startsWith('ready ')) line = text.slice('ready '.length);
    });
  }
  await until(() => line !== null || child.exitCode !== null, 60_000);
  if (line === null) throw new Error(`the house did not start:\n${said}`);
  return JSON.parse(line) as Ready;
}

interface SiteParts {
  readonly configFile: string;
  readonly data: string;
  readonly mirror: string | null;
  readonly centre: string;
  readonly devices: VirtualSite;
  readonly brokerPort: number;
  readonly panelPort: number;
  readonly cameraPassword?: string;
  readonly keepDays?: number;
}

async function writeSite({
  configFile,
  data,
  mirror,
  centre,
  devices,
  brokerPort,
  panelPort,
  cameraPassword,
  keepDays,
}: SiteParts): Promise<void> {
  const [camera, microphone] = [devices.device('panorama'), devices.device('microphone')];
  const { host, port } = camera.onvifAddress ?? { host: '', port: 0 };
  const site = {
    site: { id: 'court-1', name: '第一法庭', nameEn: 'Court 1' },
    listen: { port: panelPort },
    storage: { data, mirror, ...(keepDays === undefined ? {} : { keepDays }) },
    recording: { preRollS: PRE_ROLL_MS / 1000, postRollS: POST_ROLL_MS / 1000, segmentS: 2, armedForS: 60 },
    mqtt: { url: `mqtt://127.0.0.1:${brokerPort}` },
    centre: { folder: centre },
    secrets: 'secrets.yaml',
    rooms: [{ id: 'hearing-1', name: '第一听证室', nameEn: 'Hearing Room 1' }],
    devices: [
      {
        id: 'panorama',
        room: 'hearing-1',
        name: '全景',
        kind: 'camera',
        source: { onvif: `${host}:${port}` },
        login: 'camera',
      },
      {
        id: 'microphone',
        room: 'hearing-1',
        name: '话筒',
        kind: 'microphone',
        source: { rtsp: microphone.rtspUrl },
        login: 'microphone',
      },
    ],
    people: [{ id: 'clerk', name: '书记员', role: 'clerk', rooms: ['hearing-1'] }],
  };
  const { user, password } = camera.account;
  const secrets = {
    logins: { camera: { user, password: cameraPassword ?? password }, microphone: { ...microphone.account } },
  };
  await writeFile(configFile, stringify(site));
  const secretsFile = join(configFile, '..', 'secrets.yaml');
  await writeFile(secretsFile, stringify(secrets), { mode: 0o600 });
  await chmod(secretsFile, 0o600);
}

/** An environment in which the system says of its clock that it is synchronised, whatever this machine says. */
async function synchronised(folder: string): Promise<NodeJS.ProcessEnv> {
  const bin = join(folder, 'bin');
  await mkdir(bin);
  await writeFile(join(bin, 'timedatectl'), '#!/bin/sh\necho yes\n', { mode: 0o755 });
  return { ...process.env, PATH: `${bin}:${process.env['PATH']}` };
}

async function startMosquitto(folder: string, port: number): Promise<Service> {
  const configFile = join(folder, 'mosquitto.conf');
  await writeFile(configFile, `listener ${port} 127.0.0.1\nallow_anonymous true\n`);
  let child: ChildProcess | null = null;
  const service: Service = {
    async start() {
      const broker = spawn(MOSQUITTO, ['-c', configFile], { stdio: ['ignore', 'ignore', 'pipe'] });
      child = broker;
      let said = '';
      broker.stderr.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
      await until(() => said.includes('running') || broker.exitCode !== null);
    },
    async stop() {
      if (child !== null) await endProcess(child, 'SIGKILL');
      child = null;
    },
  };
  await service.start();
  onTestFinished(() => service.stop());
  return service;
}

async function endProcess(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await gone;
}

/** A process and all that it started, however deep. */
async function withDescendants(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  const children = text.trim().split(' ').filter(Boolean).map(Number);
  return [pid, ...(await Promise.all(children.map(withDescendants))).flat()];
}

/** False too for a dead process that nobody has asked about yet. */
async function isAlive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') Z');
  return !stat.includes(') Z');
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The process that runs this program with this command and this file or folder. */
async function pidOf(program: string, command: string, word: string): Promise<number> {
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const words = (await readFile(join('/proc', pid, 'cmdline'), 'utf8').catch(() => '')).split('\0');
    if (words[1] === program && words[2] === command && words.includes(word)) return Number(pid);
  }
  throw new Error(`no process runs ${command}`);
}
