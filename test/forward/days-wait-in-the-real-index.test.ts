/** Three days offline as the product keeps them: tens of thousands of sealed segments in the journals and the index on the disk. */
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { shift } from '../../controller/core/time.ts';
import { endChild, peakBytes } from '../bench/processes.ts';
import { PROGRAM } from '../recorder/rig.ts';
import { type ReadyFile, SEGMENT_MS, writeBacklog } from './backlog.ts';
import { PlainCentre } from './plain-centre.ts';
import { clock, freePort, Scene, SITE, slowWayTo, until } from './scene.ts';
import { SealingSite } from './sealing-site.ts';

const MIB = 1024 * 1024;
const GB = 1e9;
const RSS_MIB_MAX = 200;
const BYTES_PER_S = 1e6;
const WINDOW_CHUNKS = 8;

let scene: Scene;
let closings: (() => unknown)[];
beforeEach(() => {
  scene = new Scene();
  closings = [];
});
afterEach(async () => {
  for (const close of closings) await close();
  await scene.end();
});

async function readyFile(bytes: number): Promise<ReadyFile> {
  const content = randomBytes(bytes);
  const path = join(scene.root, `ready-${bytes}`);
  await writeFile(path, content);
  return { path, bytes, sha256: createHash('sha256').update(content).digest('hex') };
}

/** The centre's public keys as a site on the same machine finds them; not there before the centre is. */
function keysFile(): string {
  return join(scene.root, 'keys.json');
}
async function centreOn(url: string): Promise<PlainCentre> {
  const centre = await PlainCentre.begin(scene, url);
  await writeFile(keysFile(), JSON.stringify({ keys: [centre.key] }));
  return centre;
}

test('a hearing in the middle of three days of a hall goes first, then newest and oldest in turn, each once', async () => {
  const data = join(scene.root, 'data');
  const file = await readyFile(400);
  const [before, hearing, after, watched] = [10_000, 60, 10_000, 200];
  const from = (segments: number) => shift(clock.now(), -segments * SEGMENT_MS);
  const sealed = await writeBacklog(data, SITE, [
    { stream: 'hall-1', files: Array(before).fill(file), from: from(before + hearing + after), isSession: false },
    { stream: 'cam-1', files: Array(hearing).fill(file), from: from(hearing + after), isSession: true },
    { stream: 'hall-1', files: Array(after).fill(file), from: from(after), isSession: false },
  ]);
  const numberOf = new Map(sealed.map(({ seg }, at) => [seg, at + 1]));
  const site = await SealingSite.open(data, SITE, scene.siteEar);
  const { outbox, archive, signer } = site;
  const broker = await scene.broker('mosquitto', ['set_tcp_nodelay true']);
  await broker.stop();
  const trust = { file: keysFile() };
  const forwarder = scene.forwarder(broker.url, { outbox, archive, transfers: archive, signer, trust });
  closings = [() => forwarder.close(), () => site.close()];
  await until('it looked for the broker in vain', () => forwarder.link().state === 'away');

  await broker.restart();
  const centre = await centreOn(broker.url);
  const order: number[] = [];
  centre.onEnd = (seg) => {
    order.push(numberOf.get(seg) ?? 0);
    centre.sign(seg);
  };
  await centre.introduce();
  await until('the hearing and more is there', () => order.length >= hearing + watched, 40_000);
  await until('receipts are kept', () => outbox.backlog().segments <= sealed.length - hearing - watched, 10_000);

  expect(order.slice(0, hearing)).toEqual(Array.from({ length: hearing }, (_, at) => before + at + 1));
  const rest = order.slice(hearing);
  const newest = rest.filter((number) => number > before);
  expect(Math.abs(rest.length - 2 * newest.length)).toBeLessThan(rest.length / 5);
  expect(newest).toEqual([...newest].sort((a, b) => b - a));
  expect(new Set(order).size).toBe(order.length);
  expect(scene.siteEar.said.filter(({ level }) => level === 'error')).toEqual([]);
}, 120_000);

test('50 GB behind a line of 1 MB/s: the whole controller stays below 200 MiB', async () => {
  const data = join(scene.root, 'data');
  const file = await readyFile(5_000_000);
  const count = Math.ceil((50 * GB) / file.bytes);
  const from = shift(clock.now(), -count * SEGMENT_MS);
  await writeBacklog(data, SITE, [{ stream: 'cam-1', files: Array(count).fill(file), from, isSession: false }]);
  const broker = await scene.broker('mosquitto', ['set_tcp_nodelay true']);
  const slow = await slowWayTo(broker.port, BYTES_PER_S);
  const centre = await centreOn(broker.url);
  await centre.introduce();
  const config = join(scene.root, 'site.yaml');
  const room = { id: 'hearing-1', name: '第一听证室', nameEn: 'Hearing Room 1' };
  await writeFile(
    config,
    stringify({
      site: { id: SITE, name: '法院', nameEn: 'Court' },
      listen: { port: await freePort() },
      storage: { data },
      mqtt: { url: slow.url },
      centreKeyFile: 'keys.json',
      rooms: [room],
      devices: [{ id: 'cam-1', room: room.id, name: '全景', kind: 'camera', source: { rtsp: 'rtsp://127.0.0.1:9/' } }],
      people: [{ id: 'clerk', name: '书记员', role: 'clerk', rooms: 'all' }],
    }),
  );
  const controller = spawn(process.execPath, [PROGRAM, 'start', '--config', config], { stdio: 'ignore' });
  closings = [() => endChild(controller, 'SIGKILL'), () => slow.close()];
  const chunks = () => centre.topics.filter((topic) => /\/ft\/[^/]+\/\d+\//.test(topic)).length;
  await until('the window is full, and more went through', () => chunks() > WINDOW_CHUNKS, 60_000);
  expect((await peakBytes(controller.pid ?? 0)) / MIB).toBeLessThan(RSS_MIB_MAX);
}, 120_000);
