/** What every benchmark has: its options, a place for files, a voice, and a stack of things to take down in the opposite order. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface BenchOptions {
  readonly seconds: number;
  readonly streams: readonly number[];
  readonly presses: number;
  readonly cold: number;
  readonly times: number;
  /** What is forwarded in a turn, and how often everybody has one. */
  readonly gib: number;
  readonly rounds: number;
  /** Backlogs at which memory is compared. */
  readonly backlogGib: readonly number[];
  readonly receipts: number;
  /** Which parts of `forward` are run. */
  readonly parts: readonly string[];
  /** Small pictures and few of everything: to see that a benchmark works, not to learn a figure. */
  readonly tiny: boolean;
  /** Folder for what is recorded: the disk under it is the disk that is measured. */
  readonly folder: string;
  /** Flags for the Node that runs the recorder, to try or to profile something. */
  readonly nodeFlags: readonly string[];
}

export class Scene {
  /** The built program, dist/controller/main.js. */
  readonly program: string;
  readonly options: BenchOptions;
  readonly #undo: (() => Promise<unknown>)[] = [];

  constructor(program: string, options: BenchOptions) {
    this.program = program;
    this.options = options;
  }

  /** A line for people, on standard output. */
  say(line = ''): void {
    process.stdout.write(`${line}\n`);
  }

  /** Remembers what has to be undone at the end, however the benchmark ends. */
  atEnd(undo: () => Promise<unknown>): void {
    this.#undo.push(undo);
  }

  /** A fresh folder that is gone at the end. */
  async newFolder(): Promise<string> {
    const folder = await mkdtemp(join(this.options.folder, 'quancheng-bench-'));
    this.atEnd(() => rm(folder, { recursive: true, force: true }));
    return folder;
  }

  /** A part of the benchmark with an end of its own: what it set up is taken down when it is over. */
  async part<Result>(act: (scene: Scene) => Promise<Result>): Promise<Result> {
    const scene = new Scene(this.program, this.options);
    const undo = () => scene.end();
    this.#undo.push(undo);
    try {
      return await act(scene);
    } finally {
      await scene.end();
      this.#undo.splice(this.#undo.indexOf(undo), 1);
    }
  }

  /** Takes everything down, the last thing first; idempotent. One that fails does not keep the next standing. */
  async end(): Promise<void> {
    for (let undo = this.#undo.pop(); undo !== undefined; undo = this.#undo.pop()) {
      await undo().catch((error: unknown) => process.stderr.write(`while taking down: ${error}\n`));
    }
  }
}

export const DEFAULT_FOLDER = tmpdir();

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Resolves when `fact` is true; rejects after `limitMs` with the fact's own text. */
export async function until(fact: () => boolean | Promise<boolean>, limitMs = 60_000): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await fact())) {
    if (performance.now() > end) throw new Error(`not true within ${limitMs / 1000} s: ${fact}`);
    await pause(20);
  }
}
