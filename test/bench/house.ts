/** The whole product in its own processes (recorder and controller under the household), and a clerk who speaks its API. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { io, type Socket } from 'socket.io-client';
import { stringify } from 'yaml';
import type { RoomView } from '../../controller/api/contract.ts';
import type { OpenRequest, SessionView } from '../../controller/api/contract-session.ts';
import type { Entry } from '../../controller/core/chain.ts';
import type { RecorderFact, SegmentFact, SiteFact } from '../../controller/core/facts.ts';
import { followJournal } from '../../controller/ledger/journal-files.ts';
import { layoutOf, segmentPath } from '../../controller/ledger/layout.ts';
import type { Cameras } from './cameras.ts';
import { childrenOf, endChild, isOver } from './processes.ts';
import { type Scene, until } from './scene.ts';

const ARMED_FOR_S = 10;
const WHEN_MS_MAX = 60_000;
const AGAIN_MS = 200;

export interface HousePlan {
  /** Cameras of each room. */
  readonly rooms: { readonly [room: string]: readonly string[] };
  readonly preRollMs: number;
}

export class House {
  readonly data: string;
  readonly #program: string;
  readonly #child: ChildProcess;
  readonly #api: string;
  readonly #pin: string;
  readonly #views = new Map<string, RoomView>();
  readonly #watchers = new Set<(view: RoomView) => void>();
  #cookie = '';
  readonly #sockets: Socket[] = [];

  private constructor(program: string, data: string, child: ChildProcess, panel: string, pin: string) {
    this.#program = program;
    this.data = data;
    this.#child = child;
    this.#api = panel.replace(/\/$/, '');
    this.#pin = pin;
  }

  /** One recorder and one controller for all rooms; no centre, no broker: what is measured here does not wait for them. */
  static async start(scene: Scene, cameras: Cameras, plan: HousePlan): Promise<House> {
    const folder = await scene.newFolder();
    const data = join(folder, 'data');
    const configFile = join(folder, 'site.yaml');
    const site = {
      site: { id: 'bench', name: '测量', nameEn: 'Measurement' },
      listen: { port: await freePort() },
      // The clerk here is a program on this machine and no panel.
      login: { unpaired: 'pin' },
      storage: { data },
      recording: { preRollS: plan.preRollMs / 1_000, postRollS: 0, armedForS: ARMED_FOR_S },
      rooms: Object.keys(plan.rooms).map((id) => ({ id, name: `听证室 ${id}`, nameEn: id })),
      devices: Object.entries(plan.rooms).flatMap(([room, ids]) =>
        ids.map((id) => ({ id, room, name: id, kind: 'camera', transport: 'tcp', source: { rtsp: cameras.url(id) } })),
      ),
      people: [{ id: 'clerk', name: '书记员', role: 'clerk', rooms: 'all' }],
    };
    await writeFile(configFile, stringify(site));
    const child = spawn(process.execPath, [scene.program, 'demo', '--config', configFile], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    scene.atEnd(() => endChild(child, 'SIGTERM', 60_000));
    let said = '';
    let ready: { panel: string; pins: { [person: string]: string } } | null = null;
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-4_096);
    });
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('ready ')) ready = JSON.parse(line.slice('ready '.length));
    });
    await until(() => ready !== null || isOver(child));
    const told = ready as { panel: string; pins: { [person: string]: string } } | null;
    if (told === null) throw new Error(`the house did not start: ${said}`);
    const house = new House(scene.program, data, child, told.panel, told.pins['clerk'] ?? '');
    scene.atEnd(async () => {
      for (const socket of house.#sockets) socket.disconnect();
    });
    await house.#logIn(Object.keys(plan.rooms));
    return house;
  }

  view(room: string): RoomView | undefined {
    return this.#views.get(room);
  }

  /** The panel of a room is touched: its cameras are armed for a while. */
  async wake(room: string): Promise<void> {
    await this.#post(`/rooms/${room}/wake`);
  }

  /** Keeps rooms awake until the scene ends. */
  keepAwake(scene: Scene, rooms: readonly string[]): void {
    const touch = () => {
      for (const room of rooms) this.wake(room).catch(() => undefined);
    };
    touch();
    const timer = setInterval(touch, (ARMED_FOR_S * 1_000) / 3);
    scene.atEnd(async () => clearInterval(timer));
  }

  /** The press. */
  async open(room: string, press: string): Promise<SessionView> {
    const request: OpenRequest = { press, kind: 'hearing' };
    return (await this.#post(`/rooms/${room}/sessions`, request)) as SessionView;
  }

  async close(session: string): Promise<void> {
    await this.#post(`/sessions/${session}/close`);
  }

  /** As `close`, again and again: a controller that was killed needs a moment to come back. */
  async closeAtLast(session: string): Promise<void> {
    await until(async () => {
      const done = await this.close(session).then(
        () => true,
        () => false,
      );
      if (!done) await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      return done;
    });
  }

  /** Resolves with the time by `performance.now()` at which a view of the room came of which `fact` is true. */
  when(room: string, fact: (view: RoomView) => boolean, limitMs = WHEN_MS_MAX): Promise<number> {
    return new Promise((resolve, reject) => {
      const end = (act: () => void) => {
        clearTimeout(timer);
        this.#watchers.delete(look);
        act();
      };
      const look = (view: RoomView) => {
        if (view.room.id !== room || !fact(view)) return;
        const at = performance.now();
        end(() => resolve(at));
      };
      const timer = setTimeout(
        () => end(() => reject(new Error(`no view of ${room} within ${limitMs / 1000} s of which ${fact} is true`))),
        limitMs,
      );
      this.#watchers.add(look);
      const now = this.#views.get(room);
      if (now !== undefined) look(now);
    });
  }

  /** The process that runs a command of this house. */
  async pidOf(command: 'start' | 'recorder'): Promise<number> {
    for (const pid of await childrenOf(this.#child.pid ?? 0)) {
      const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
      if (words[1] === this.#program && words[2] === command) return pid;
    }
    throw new Error(`no process runs ${command}`);
  }

  recorderFacts(): Promise<RecorderFact[]> {
    return factsIn<RecorderFact>(layoutOf(this.data).recorderJournal);
  }

  siteFacts(): Promise<SiteFact[]> {
    return factsIn<SiteFact>(layoutOf(this.data).siteJournal);
  }

  path({ stream, run, sequence }: SegmentFact): string {
    return join(layoutOf(this.data).media, segmentPath(stream, run, sequence));
  }

  async #logIn(rooms: readonly string[]): Promise<void> {
    const answer = await fetch(`${this.#api}/api/v1/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ person: 'clerk', pin: this.#pin }),
    });
    this.#cookie = answer.headers.get('set-cookie')?.split(';', 1)[0] ?? '';
    if (!answer.ok) throw new Error(`the clerk cannot log in: ${await answer.text()}`);
    // One panel for each room: a connection watches one room at a time.
    for (const room of rooms) {
      const socket = io(this.#api, {
        transports: ['websocket'],
        extraHeaders: { cookie: this.#cookie },
        reconnectionDelayMax: AGAIN_MS,
        forceNew: true,
      });
      this.#sockets.push(socket);
      socket.on('room', (view: RoomView) => {
        this.#views.set(view.room.id, view);
        for (const watcher of this.#watchers) watcher(view);
      });
      socket.on('connect', () => socket.emit('watch', room, () => undefined));
    }
    await until(() => rooms.every((room) => this.#views.has(room)));
  }

  async #post(path: string, body: unknown = {}): Promise<unknown> {
    const answer = await fetch(`${this.#api}/api/v1${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', cookie: this.#cookie },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${text}`);
    return text === '' ? null : JSON.parse(text);
  }
}

async function factsIn<Fact>(directory: string): Promise<Fact[]> {
  const facts: Fact[] = [];
  for await (const { entry } of followJournal<Fact>(directory))
    if (entry !== null) facts.push((entry as Entry<Fact>).fact);
  return facts;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
