/** `quancheng pin`, as an administrator types it on a machine where the controller was started once. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { stringify } from 'yaml';
import { followJournal } from '../../controller/ledger/journal-files.ts';
import { layoutOf } from '../../controller/ledger/layout.ts';
import { freePort } from '../forward/scene.ts';
import { PROGRAM } from '../recorder/rig.ts';

const EXIT_USAGE = 2;

interface Ready {
  readonly api: string;
  readonly pins: { readonly [person: string]: string };
  readonly secrets: { readonly [person: string]: string };
}

class Machine {
  readonly folder: string;
  readonly data: string;
  readonly configFile: string;
  readonly #port: number;

  constructor(folder: string, port: number) {
    this.folder = folder;
    this.data = join(folder, 'data');
    this.configFile = join(folder, 'site.yaml');
    this.#port = port;
  }

  /** A machine with a site file and nothing started yet. */
  static async begin(): Promise<Machine> {
    const folder = await mkdtemp(join(tmpdir(), 'quancheng-pin-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const machine = new Machine(folder, await freePort());
    const person = (id: string, name: string) => ({ id, name, role: 'clerk', rooms: 'all' });
    const site = {
      site: { id: 'pin-site', name: '测试', nameEn: 'Test' },
      listen: { port: machine.#port },
      // Whoever logs in here is a program on this machine and no panel.
      login: { unpaired: 'pin' },
      storage: { data: machine.data },
      rooms: [{ id: 'r1', name: '一', nameEn: 'One' }],
      devices: [{ id: 'cam', room: 'r1', name: '全景', kind: 'camera', source: { rtsp: 'rtsp://127.0.0.1:9/main' } }],
      people: [person('wang', '王书记员'), person('li', '李书记员')],
    };
    await writeFile(machine.configFile, stringify(site));
    return machine;
  }

  /** Starts the controller; answers what it said when it was ready, and how to stop it. */
  async start(): Promise<Ready & { stop(): Promise<void> }> {
    const child = spawn(process.execPath, [PROGRAM, 'start', '--config', this.configFile], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const gone = new Promise<null>((resolve) => child.once('exit', () => resolve(null)));
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
    if (ready === null) throw new Error(`the controller did not start:\n${said}`);
    return { ...(JSON.parse(ready) as Ready), stop };
  }

  pin(...args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
    return this.give('pin', ...args);
  }

  give(command: 'pin' | 'secret', ...args: readonly string[]) {
    return spawnSync(process.execPath, [PROGRAM, command, ...args, '--config', this.configFile], { encoding: 'utf8' });
  }

  /** Every byte below the data folder, as text. */
  async everything(): Promise<string> {
    const entries = await readdir(this.data, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
    return (await Promise.all(files.map((file) => readFile(file, 'latin1')))).join('\n');
  }
}

function logIn(api: string, person: string, pin: string): Promise<{ status: number; cookie: string }> {
  return enter(`${api}/login`, { person, pin });
}

function logInBySecret(api: string, secret: string): Promise<{ status: number; cookie: string }> {
  return enter(`${api}/login/secret`, { secret });
}

/** Status and cookie of a login. */
async function enter(address: string, body: object): Promise<{ status: number; cookie: string }> {
  const answer = await fetch(address, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  await answer.body?.cancel();
  return { status: answer.status, cookie: answer.headers.get('Set-Cookie')?.split(';')[0] ?? '' };
}

async function statusOfMe(api: string, cookie: string): Promise<number> {
  const answer = await fetch(`${api}/me`, { headers: { Cookie: cookie } });
  await answer.body?.cancel();
  return answer.status;
}

test('the new PIN works, the old one and the logins made with it do not, and nobody else is touched', async () => {
  const machine = await Machine.begin();
  const first = await machine.start();
  const [wang = '', li = ''] = [first.pins['wang'], first.pins['li']];
  const before = { wang: await logIn(first.api, 'wang', wang), li: await logIn(first.api, 'li', li) };
  expect([before.wang.status, before.li.status]).toEqual([200, 200]);
  await first.stop();

  const { status, stdout, stderr } = machine.pin('wang');
  expect(status, stderr).toBe(0);
  const [, fresh = ''] = /^new PIN of 王书记员 \(wang\), shown this once: (\d{6})\n$/.exec(stdout) ?? [];
  expect(fresh, stdout).toMatch(/^\d{6}$/);
  expect(stderr).not.toContain(fresh);
  expect(await machine.everything()).not.toMatch(new RegExp(`\\b${fresh}\\b`));

  const second = await machine.start();
  expect(second.pins, 'the start after it gives nobody a PIN').toEqual({});
  expect(await statusOfMe(second.api, before.wang.cookie)).toBe(401);
  expect(await statusOfMe(second.api, before.li.cookie)).toBe(200);
  // Six digits may fall on the old ones once in a million times.
  expect((await logIn(second.api, 'wang', wang)).status).toBe(wang === fresh ? 200 : 401);
  expect((await logIn(second.api, 'wang', fresh)).status).toBe(200);
  await second.stop();

  for await (const { fault } of followJournal(layoutOf(machine.data).siteJournal)) expect(fault).toBeNull();
});

test('a lost secret is replaced likewise', async () => {
  const machine = await Machine.begin();
  const first = await machine.start();
  const old = first.secrets['administrator'] ?? '';
  expect((await logInBySecret(first.api, old)).status).toBe(200);
  await first.stop();
  const { status, stdout, stderr } = machine.give('secret', 'administrator');
  expect(status, stderr).toBe(0);
  const [, fresh = ''] =
    /^new secret of 管理员 \(administrator\), shown this once: ((?:\w{5}-){4}\w{5})\n$/.exec(stdout) ?? [];
  expect(await machine.everything()).not.toContain(fresh);
  const second = await machine.start();
  expect(second.secrets, 'the start after it gives nobody a secret').toEqual({});
  expect((await logInBySecret(second.api, old)).status).toBe(401);
  expect((await logInBySecret(second.api, fresh)).status).toBe(200);
  await second.stop();
});

test('beside a running controller it is refused, and the old PIN stays', async () => {
  const machine = await Machine.begin();
  const controller = await machine.start();
  const { status, stdout, stderr } = machine.pin('wang');
  expect([status, stdout]).toEqual([EXIT_USAGE, '']);
  expect(stderr).toContain('[controller-already-runs]');
  expect((await logIn(controller.api, 'wang', controller.pins['wang'] ?? '')).status).toBe(200);
});

test('without a person, for somebody unknown and before the first start it says so and touches nothing', async () => {
  const machine = await Machine.begin();
  for (const [words, says] of [
    [[], 'pin needs the PERSON'],
    [['zhang'], 'nobody in the configuration has the id "zhang"; it has wang, li, administrator'],
    [['wang'], 'the first start gives everybody a PIN'],
    [['wang', 'li'], 'one word too many'],
  ] as const) {
    const { status, stdout, stderr } = machine.pin(...words);
    expect([status, stdout], says).toEqual([EXIT_USAGE, '']);
    expect(stderr).toContain(says);
    expect(stderr).toContain('[bad-usage]');
  }
  expect(existsSync(machine.data)).toBe(false);
});
