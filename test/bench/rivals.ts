/** What the recorder is measured against: one bare ffmpeg for each stream, and GStreamer's splitmuxsink where it is installed. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../oracle/frames.ts';
import { endChild, isOver } from './processes.ts';
import { type Scene, until } from './scene.ts';

const SEGMENT_S = 10;
const AAC_ENCODERS = ['avenc_aac', 'voaacenc', 'fdkaacenc'];

/** A recorder of somebody else: how one of it is started for one stream, into a folder. */
export interface Rival {
  readonly name: string;
  command(url: string, folder: string): readonly string[];
}

/** Video copied, sound to AAC, ten-second MP4 files: what most recorders on top of ffmpeg run. */
export const BARE_FFMPEG: Rival = {
  name: 'bare ffmpeg',
  command: (url, folder) => [
    ...['ffmpeg', '-nostdin', '-hide_banner', '-loglevel', 'error', '-rtsp_transport', 'tcp', '-i', url],
    ...['-c:v', 'copy', '-c:a', 'aac', '-f', 'segment', '-segment_time', String(SEGMENT_S), join(folder, '%05d.mp4')],
  ],
};

/** GStreamer, when its tools, splitmuxsink and an encoder for AAC are there; null otherwise. */
export function splitmuxsink(): Rival | null {
  const encoder = AAC_ENCODERS.find(elementIsThere);
  if (encoder === undefined || !['splitmuxsink', 'rtspsrc', 'h264parse', 'mp4mux'].every(elementIsThere)) return null;
  return {
    name: 'splitmuxsink',
    command: (url, folder) => [
      ...['gst-launch-1.0', '-q', '-e', 'rtspsrc', `location=${url}`, 'protocols=tcp', 'name=source'],
      ...['source.', '!', 'application/x-rtp,media=video', '!', 'rtph264depay', '!', 'h264parse', '!', 'files.video'],
      ...['source.', '!', 'application/x-rtp,media=audio', '!', 'rtppcmadepay', '!', 'alawdec', '!', 'audioconvert'],
      ...['!', 'audioresample', '!', encoder, '!', 'aacparse', '!', 'files.audio_0'],
      ...['splitmuxsink', 'name=files', `location=${join(folder, '%05d.mp4')}`],
      `max-size-time=${SEGMENT_S * 1_000_000_000}`,
    ],
  };
}

function elementIsThere(name: string): boolean {
  return spawnSync('gst-inspect-1.0', ['--exists', name], { stdio: 'ignore' }).status === 0;
}

/** One process of a rival for each stream. */
export class RivalRun {
  readonly #folders: ReadonlyMap<string, string>;
  readonly #children: ReadonlyMap<string, ChildProcess>;
  #said = '';

  private constructor(folders: ReadonlyMap<string, string>, children: ReadonlyMap<string, ChildProcess>) {
    this.#folders = folders;
    this.#children = children;
    for (const child of children.values()) {
      child.stderr?.setEncoding('utf8').on('data', (text: string) => {
        this.#said = (this.#said + text).slice(-4_096);
      });
    }
  }

  /** Starts it on every stream and waits until each has written something. */
  static async start(scene: Scene, rival: Rival, urls: ReadonlyMap<string, string>): Promise<RivalRun> {
    const root = await scene.newFolder();
    const folders = new Map<string, string>();
    const children = new Map<string, ChildProcess>();
    for (const [id, url] of urls) {
      const folder = join(root, id);
      await mkdir(folder);
      const [program = '', ...args] = rival.command(url, folder);
      const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
      child.once('error', () => undefined);
      scene.atEnd(() => endChild(child, 'SIGKILL'));
      folders.set(id, folder);
      children.set(id, child);
    }
    const running = new RivalRun(folders, children);
    const writes = async (id: string) => (await running.#bytes(id)) > 0 || isOver(children.get(id) as ChildProcess);
    await until(async () => (await Promise.all([...urls.keys()].map(writes))).every(Boolean));
    return running;
  }

  get pids(): number[] {
    return [...this.#children.values()].map((child) => child.pid ?? 0);
  }

  get said(): string {
    return this.#said.trim();
  }

  /** True while no process has ended. */
  get allRun(): boolean {
    return [...this.#children.values()].every((child) => !isOver(child));
  }

  /** Asks all of them to end, which makes their last file whole. */
  async stop(): Promise<void> {
    await Promise.all([...this.#children.values()].map((child) => endChild(child, 'SIGINT')));
  }

  /** Pictures in the files of a stream, as ffprobe counts them. Files that are not whole count for nothing. */
  async frames(id: string): Promise<number> {
    let frames = 0;
    for (const file of await this.#files(id)) {
      const counted = await run('ffprobe', [
        ...['-v', 'fatal', '-select_streams', 'v:0', '-count_packets', '-show_entries', 'stream=nb_read_packets'],
        ...['-of', 'csv=p=0', file],
      ]).catch(() => null);
      frames += Number.parseInt(counted?.toString() ?? '0', 10) || 0;
    }
    return frames;
  }

  async #files(id: string): Promise<string[]> {
    const folder = this.#folders.get(id) ?? '';
    return (await readdir(folder)).filter((name) => name.endsWith('.mp4')).map((name) => join(folder, name));
  }

  async #bytes(id: string): Promise<number> {
    const sizes = await Promise.all((await this.#files(id)).map(async (file) => (await stat(file)).size));
    return sizes.reduce((sum, size) => sum + size, 0);
  }
}
