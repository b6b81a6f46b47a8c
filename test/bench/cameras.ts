/** Virtual cameras in a process of their own, so that their work is nobody else's, and the other end of their control socket. */
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Source } from '../../controller/core/recording.ts';
import type { SentStream } from '../../devices/virtual/sent-ledger.ts';
import type { VirtualSiteSpec } from '../../devices/virtual/spec.ts';
import { endChild, isOver } from './processes.ts';
import { type Scene, until } from './scene.ts';

/** Prepared pictures are kept between runs, here and by the tests. */
const MEDIA_CACHE = join(tmpdir(), 'quancheng-virtual-media');
/** Encoding 1080p for the first time takes a while on a small machine. */
const READY_MS_MAX = 300_000;

export const FPS = 25;
export const FRAME_MS = 1000 / FPS;
const GOP_S = 2;
const FULL = { width: 1920, height: 1080, fps: FPS, bitrateKbps: 4_000, gopS: GOP_S, loopS: 8 };
const TINY = { width: 320, height: 180, fps: FPS, bitrateKbps: 200, gopS: 1, loopS: 2 };

export class Cameras {
  readonly ids: readonly string[];
  readonly pid: number;
  readonly #urls: ReadonlyMap<string, string>;
  readonly #socket: Socket;
  readonly #waiting = new Map<
    number,
    { readonly resolve: (value: unknown) => void; readonly reject: (error: Error) => void }
  >();
  #lastId = 0;

  private constructor(pid: number, urls: ReadonlyMap<string, string>, socket: Socket) {
    this.pid = pid;
    this.ids = [...urls.keys()];
    this.#urls = urls;
    this.#socket = socket;
    createInterface({ input: socket }).on('line', (line) => {
      const answer = JSON.parse(line) as { id: number; ok: boolean; result: unknown; error?: string };
      const waiting = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      if (answer.ok) waiting?.resolve(answer.result);
      else waiting?.reject(new Error(answer.error));
    });
  }

  /** `count` cameras with G.711 sound that ask for no login, so that no password stands in anybody's arguments. */
  static async start(scene: Scene, count: number): Promise<Cameras> {
    const folder = await scene.newFolder();
    const controlSocket = join(folder, 'cameras.sock');
    // All show the same room and name, so that one loop of pictures is prepared for all of them.
    const spec: VirtualSiteSpec = {
      cacheDir: MEDIA_CACHE,
      controlSocket,
      devices: Array.from({ length: count }, (_, at) => ({
        id: `cam-${at + 1}`,
        kind: 'camera',
        room: '第一听证室',
        name: '主摄像机',
        audio: 'pcma',
        audioLoopS: 8,
        rtspAuth: [],
        video: scene.options.tiny ? TINY : FULL,
      })),
    };
    const specFile = join(folder, 'cameras.json');
    await writeFile(specFile, JSON.stringify(spec));
    const child = spawn(process.execPath, [scene.program, 'devices', '--spec', specFile], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    scene.atEnd(() => endChild(child, 'SIGTERM'));
    let said = '';
    let ready: { devices: { id: string; rtspUrl: string }[] } | null = null;
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-4_096);
    });
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.includes('"ready":true')) ready = JSON.parse(line);
    });
    await until(() => ready !== null || isOver(child), READY_MS_MAX);
    const { devices } = ready ?? { devices: null };
    if (devices === null || child.pid === undefined) throw new Error(`the cameras did not start: ${said}`);
    const socket = connect(controlSocket);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve).once('error', reject);
    });
    scene.atEnd(async () => socket.destroy());
    return new Cameras(
      child.pid,
      new Map((devices as { id: string; rtspUrl: string }[]).map((one) => [one.id, one.rtspUrl])),
      socket,
    );
  }

  url(id: string): string {
    return this.#urls.get(id) ?? '';
  }

  source(id: string): Source {
    return { url: this.url(id), transport: 'tcp', audio: 'auto' };
  }

  sources(): { readonly [stream: string]: Source } {
    return Object.fromEntries(this.ids.map((id) => [id, this.source(id)]));
  }

  /** What the camera handed to each session, oldest first. */
  sent(device: string): Promise<readonly SentStream[]> {
    return this.#ask({ op: 'sent', device }) as Promise<readonly SentStream[]>;
  }

  /** Throws a switch (devices/virtual/README.md); resolves when it is thrown. */
  async throwSwitch(device: string, name: string, value: object = {}): Promise<void> {
    await this.#ask({ op: 'switch', device, name, value });
  }

  #ask(request: object): Promise<unknown> {
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#socket.write(`${JSON.stringify({ id, ...request })}\n`);
    });
  }
}

/** How many frames a camera handed to a session. */
export function framesIn(sent: SentStream): number {
  return sent.frames.reduce((sum, { from, to }) => sum + to - from + 1, 0);
}
