/** The controller with a second disk: its journal and its key are on both, and it goes on with either. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { stringify } from 'yaml';
import { layoutOf, siteKeyOf } from '../../controller/ledger/layout.ts';
import { freePort } from '../forward/scene.ts';
import { PROGRAM, until } from '../recorder/rig.ts';

/** What systemd and the household start again. */
const EXIT_TEMPORARY = 75;

interface Controller {
  readonly api: string;
  readonly pins: { readonly [person: string]: string };
  readonly gone: Promise<number | null>;
  stop(): Promise<void>;
}

class Machine {
  readonly folder: string;
  readonly main: string;
  readonly mirror: string;

  constructor(folder: string) {
    this.folder = folder;
    this.main = join(folder, 'first');
    this.mirror = join(folder, 'second');
  }

  static async begin(): Promise<Machine> {
    const folder = await mkdtemp(join(tmpdir(), 'quancheng-two-disks-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const machine = new Machine(folder);
    const site = {
      site: { id: 'two-disks', name: '测试', nameEn: 'Test' },
      listen: { port: await freePort() },
      login: { unpaired: 'pin' },
      storage: { data: machine.main, mirror: machine.mirror },
      rooms: [{ id: 'r1', name: '一', nameEn: 'One' }],
      devices: [{ id: 'cam', room: 'r1', name: '全景', kind: 'camera', source: { rtsp: 'rtsp://127.0.0.1:9/main' } }],
      people: [{ id: 'wang', name: '王书记员', role: 'clerk', rooms: 'all' }],
    };
    await writeFile(join(folder, 'site.yaml'), stringify(site));
    return machine;
  }

  async start(): Promise<Controller> {
    const child = spawn(process.execPath, [PROGRAM, 'start', '--config', join(this.folder, 'site.yaml')], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const gone = new Promise<number | null>((resolve) => child.once('exit', resolve));
    const stop = async (): Promise<void> => {
      child.kill('SIGTERM');
      await gone;
    };
    onTestFinished(stop);
    const line = new Promise<string>((resolve) => {
      createInterface({ input: child.stdout }).on('line', (text) => {
        if (text.startsWith('ready ')) resolve(text.slice('ready '.length));
      });
    });
    const ready = await Promise.race([line, gone]);
    if (typeof ready !== 'string') throw new Error(`the controller did not start:\n${said}`);
    return { ...(JSON.parse(ready) as Pick<Controller, 'api' | 'pins'>), gone, stop };
  }

  journalIn(root: string): Promise<string> {
    return readFile(join(layoutOf(root).siteJournal, '000001.ndjson'), 'utf8').catch(() => '');
  }

  async bothAreSame(): Promise<boolean> {
    const [a, b] = await Promise.all([this.main, this.mirror].map((root) => this.journalIn(root)));
    return a === b && a !== '';
  }
}

async function statusOfLogin(api: string, pin: string): Promise<number> {
  const answer = await fetch(`${api}/login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ person: 'wang', pin }),
  });
  await answer.body?.cancel();
  return answer.status;
}

test('either disk alone is enough, and both say the same when both are there', async () => {
  const machine = await Machine.begin();
  const first = await machine.start();
  const pin = first.pins['wang'] ?? '';
  await until(() => machine.bothAreSame());
  const key = await readFile(siteKeyOf(layoutOf(machine.main)), 'utf8');
  expect(await readFile(siteKeyOf(layoutOf(machine.mirror)), 'utf8')).toBe(key);

  // The index lies on the main disk: a fresh process reads it out of the journals on the other one.
  await rename(machine.main, `${machine.main}-away`);
  expect(await first.gone).toBe(EXIT_TEMPORARY);
  const second = await machine.start();
  expect(second.pins, 'everybody is known').toEqual({});
  expect(await statusOfLogin(second.api, pin)).toBe(200);
  const lines = (await machine.journalIn(machine.mirror)).length;

  await rename(`${machine.main}-away`, machine.main);
  await until(() => machine.bothAreSame());
  expect(await statusOfLogin(second.api, 'wrong')).not.toBe(200);
  await second.stop();
  expect((await machine.journalIn(machine.main)).length).toBeGreaterThanOrEqual(lines);

  const third = await machine.start();
  expect(await statusOfLogin(third.api, pin)).toBe(200);
  await rename(machine.mirror, `${machine.mirror}-away`);
  expect(await statusOfLogin(third.api, pin), 'the second disk is no matter of anybody').toBe(200);
  await third.stop();
  await rename(`${machine.mirror}-away`, machine.mirror);
  const fourth = await machine.start();
  await until(() => machine.bothAreSame());
  await fourth.stop();
}, 60_000);

test('a second controller is refused by whichever disk it would use', async () => {
  const machine = await Machine.begin();
  const first = await machine.start();
  await expect(machine.start()).rejects.toThrow('controller-already-runs');
  await first.stop();
});
