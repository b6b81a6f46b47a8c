/** A process of a benchmark that works for itself: it is given one JSON argument, hears and says lines of JSON. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { endChild, isOver } from './processes.ts';
import { type Scene, until } from './scene.ts';

export type Saying = { readonly [word: string]: unknown };

/** The far end of a {@link Child}: what this process was given, and its voice. */
export function jsonArgument<Given>(): Given {
  return JSON.parse(process.argv[2] ?? '') as Given;
}
export function tell(saying: object): void {
  process.stdout.write(`${JSON.stringify(saying)}\n`);
}
/** Calls back for each line of JSON from whoever started this process. */
export function onTold(listener: (saying: Saying) => void): void {
  createInterface({ input: process.stdin }).on('line', (line) => listener(JSON.parse(line) as Saying));
}

export class Child {
  readonly process: ChildProcess;
  readonly heard: Saying[] = [];
  #said = '';

  private constructor(process: ChildProcess) {
    this.process = process;
  }

  /** Starts a command; it is ended with the scene. Lines that are no JSON are kept for {@link said}. */
  static start(
    scene: Scene,
    command: string,
    args: readonly string[],
    env: { readonly [name: string]: string } = {},
  ): Child {
    const child = new Child(spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...env } }));
    scene.atEnd(() => endChild(child.process, 'SIGTERM'));
    const keep = (text: string) => {
      child.#said = `${child.#said}${text}\n`.slice(-8_192);
    };
    child.process.stderr?.setEncoding('utf8').on('data', keep);
    child.process.stdin?.on('error', () => undefined);
    if (child.process.stdout !== null)
      createInterface({ input: child.process.stdout }).on('line', (line) => {
        if (line.startsWith('{')) child.heard.push(JSON.parse(line) as Saying);
        else keep(line);
      });
    return child;
  }

  /** One of the benchmark's own programs, which lie beside this one. */
  static node(scene: Scene, file: string, given: object): Child {
    const script = new URL(file, import.meta.url).pathname;
    return Child.start(scene, process.execPath, [...scene.options.nodeFlags, script, JSON.stringify(given)]);
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  /** What it printed beside JSON, the end of it. */
  get said(): string {
    return this.#said;
  }

  ask(saying: object): void {
    this.process.stdin?.write(`${JSON.stringify(saying)}\n`);
  }

  /** Waits until it said something with this word; rejects with what it printed when it ended instead. */
  async until(word: string, limitMs = 60_000): Promise<Saying> {
    const found = () => this.heard.find((saying) => saying[word] !== undefined);
    await until(() => found() !== undefined || isOver(this.process), limitMs);
    const saying = found();
    if (saying === undefined) throw new Error(`a process ended without saying "${word}": ${this.#said}`);
    return saying;
  }

  /** Waits until what it printed holds these words. */
  async untilSaid(words: string, limitMs = 60_000): Promise<void> {
    await until(() => this.#said.includes(words) || isOver(this.process), limitMs);
    if (!this.#said.includes(words)) throw new Error(`a process ended: ${this.#said}`);
  }
}
