/**
 * The built controller on a data folder with segments and no recorder, killed at each step of its outbox, over a real broker to a real
 * centre: every segment arrives once, numbers have no holes, and the centre sees each time that the site is gone.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MqttClient } from 'mqtt';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { publicKeysFileOf } from '../../controller/central/folders.ts';
import { sha256 } from '../../controller/core/chain.ts';
import type { RecorderFact, SiteFact } from '../../controller/core/facts.ts';
import type { Manifest } from '../../controller/core/hrc.ts';
import type { EventList } from '../../controller/core/hrc-events.ts';
import { jwsHash, payloadOf } from '../../controller/core/jws.ts';
import { ulid } from '../../controller/core/ulid.ts';
import { Journal } from '../../controller/ledger/journal.ts';
import { followJournal } from '../../controller/ledger/journal-files.ts';
import { layoutOf } from '../../controller/ledger/layout.ts';
import { PROGRAM } from '../recorder/rig.ts';
import { placed } from './backlog.ts';
import { indexOf } from './centre-index.ts';
import { clock, freePort, Scene, SITE, until } from './scene.ts';

const SEGMENT_BYTES = 60_000;
/** A site that is gone is seen so soon at the latest. */
const GONE_SEEN_MS = 30_000;
const STREAM = 'cam-02';

let scene: Scene;
let data: string;
let configFile: string;
let watcher: MqttClient;
let controller: ChildProcess | null = null;
/** Topics below `hrc/1/{site}/` since the controller was started, and the newest word about its presence. */
let heard: string[] = [];
let isOnline = false;
let backlog: unknown = null;
/** Kills the controller at the first topic that fits. */
let killAt: RegExp | null = null;

beforeEach(async () => {
  scene = new Scene();
  const { url } = await scene.broker('mosquitto');
  await scene.centre(url, { limits: { chunkBytesMax: 16_384 }, policies: { [SITE]: { keepDays: 60 } } });
  data = join(scene.root, 'data');
  configFile = join(scene.root, 'site.yaml');
  const site = {
    site: { id: SITE, name: '法庭', nameEn: 'Court' },
    listen: { port: await freePort() },
    storage: { data },
    mqtt: { url },
    centreKeyFile: publicKeysFileOf(scene.centreFolder),
    rooms: [{ id: 'r1', name: '室', nameEn: 'Room' }],
    devices: [{ id: STREAM, room: 'r1', name: '像', kind: 'camera', source: { rtsp: 'rtsp://127.0.0.1:9/none' } }],
    people: [{ id: 'clerk', name: '书记员', role: 'clerk', rooms: ['r1'] }],
  };
  // JSON is YAML.
  writeFileSync(configFile, JSON.stringify(site));
  watcher = await scene.client(url);
  watcher.on('message', (topic, payload) => {
    const below = topic.slice(`hrc/1/${SITE}/`.length);
    heard.push(below);
    if (below === 'up/backlog') backlog = JSON.parse(payload.toString());
    if (below === 'up/state') isOnline = (JSON.parse(payload.toString()) as { readonly online: boolean }).online;
    if (killAt?.test(below) === true) controller?.kill('SIGKILL');
  });
  await watcher.subscribeAsync(`hrc/1/${SITE}/#`, { qos: 1 });
});
afterEach(async () => {
  await killed('SIGKILL');
  await scene.end();
});

function start(): void {
  heard = [];
  const args = [PROGRAM, 'start', '--config', configFile];
  controller = spawn(process.execPath, args, { stdio: 'ignore' });
}

/** Resolves when the controller is gone. */
async function killed(signal: NodeJS.Signals | null = null): Promise<void> {
  const child = controller;
  if (child === null) return;
  if (signal !== null) child.kill(signal);
  await until('the controller is gone', () => child.exitCode !== null || child.signalCode !== null, 30_000);
  controller = null;
}

/** What a recorder would have left there meanwhile: segments, and one gap. */
async function record(run: string, first: number, count: number): Promise<void> {
  const layout = layoutOf(data);
  const journal = new Journal<RecorderFact>(layout.recorderJournal, clock);
  await journal.open();
  for (let i = first; i < first + count; i++) {
    const bytes = randomBytes(SEGMENT_BYTES);
    const path = join(scene.root, `ready-${i}`);
    writeFileSync(path, bytes);
    const file = { path, bytes: bytes.length, sha256: sha256(bytes) };
    await journal.append(placed(layout, STREAM, run, i, file, 'hall', clock.now()));
  }
  const [from, cause] = [clock.now(), { code: 'camera-stalled', detail: 'nothing came' }] as const;
  await journal.append({ type: 'gap', stream: STREAM, from, to: from, cause, claims: ['hall'] });
  await journal.close();
}

/** How many facts of a type the site's journal holds, as its files stand now. */
function written(type: SiteFact['type']): number {
  const folder = layoutOf(data).siteJournal;
  try {
    const files = readdirSync(folder).filter((name) => name.endsWith('.ndjson'));
    const text = files.map((name) => readFileSync(join(folder, name), 'utf8')).join('');
    return text.split(`"fact":{"type":"${type}"`).length - 1;
  } catch {
    return 0;
  }
}

async function factsOf(folder: string): Promise<SiteFact[]> {
  const facts: SiteFact[] = [];
  for await (const { entry, fault } of followJournal<SiteFact>(folder)) {
    if (fault !== null) throw new Error(fault.message);
    if (entry !== null) facts.push(entry.fact);
  }
  return facts;
}

test('a controller killed at each step of its outbox goes on where it was', async () => {
  const run = ulid(clock.now().wallMs, randomBytes(10));
  const steps: readonly [string, RegExp | (() => boolean)][] = [
    ['sealed', () => written('sealed') > 0],
    ['announced', /^up\/seg$/],
    ['a chunk sent', /^ft\/[^/]+\/\d+\/[0-9a-f]{64}$/],
    ['the end sent', /^ft\/[^/]+\/fin\//],
    ['a receipt sent', /^dn\/receipt$/],
    ['a receipt journaled', () => written('receipted') > before],
  ];
  let made = 0;
  let before = 0;
  for (const [step, sign] of steps) {
    await record(run, made, 3);
    made += 3;
    before = written('receipted');
    killAt = sign instanceof RegExp ? sign : null;
    start();
    if (!(sign instanceof RegExp)) {
      await until(step, sign, 60_000);
      controller?.kill('SIGKILL');
    }
    await killed();
    expect(step === 'sealed' || heard.length > 0, step).toBe(true);
    const goneMs = performance.now();
    await until('the site is seen offline', () => !isOnline, GONE_SEEN_MS);
    expect(performance.now() - goneMs).toBeLessThan(GONE_SEEN_MS);
  }
  killAt = null;
  start();
  const stored = async () => (await indexOf(scene.centreFolder)).filter(({ type }) => type === 'stored');
  await until('every receipt is kept', () => written('receipted') === made, 60_000);
  const told = async () =>
    (await indexOf(scene.centreFolder)).flatMap((fact) =>
      fact.type === 'site-told' ? (payloadOf(fact.jws) as EventList).items : [],
    );
  await until(
    'every gap is told',
    async () => (await told()).filter(({ type }) => type === 'gap').length >= steps.length,
  );
  await killed('SIGTERM');
  const facts = await factsOf(layoutOf(data).siteJournal);
  const sealed = facts.filter((fact) => fact.type === 'sealed');
  expect(sealed.map(({ siteSeq }) => siteSeq)).toEqual(Array.from({ length: made }, (_, i) => i + 1));
  expect(new Set(sealed.map(({ seg }) => seg)).size).toBe(made);
  // One chain, each manifest naming the one before it.
  const manifests = sealed.map(({ jws }) => payloadOf(jws) as Manifest);
  expect(manifests.map(({ prev }) => prev)).toEqual([null, ...sealed.slice(0, -1).map(({ jws }) => jwsHash(jws))]);
  expect(facts.filter(({ type }) => type === 'receipted')).toHaveLength(made);
  expect(new Set((await stored()).map((fact) => ('seg' in fact ? fact.seg : ''))).size).toBe(made);
  expect(await stored()).toHaveLength(made);
  expect(scene.centreEar.alarms('verify-failed')).toEqual([]);
  // What was told beside it, and asked of it, came once, however often it was connected.
  const gaps = (await told()).flatMap((event) => (event.type === 'gap' ? event.gap : []));
  expect(new Set(gaps).size).toBe(steps.length);
  expect(gaps).toHaveLength(steps.length);
  expect(facts.filter(({ type }) => type === 'policy-taken')).toHaveLength(1);
  expect(backlog).toMatchObject({ v: 1, running: 0, alarms: expect.any(Array), disks: [], recorder: false });
}, 180_000);
