/**
 * A household: child processes started one after the other and stopped in the opposite order. One that dies is started again
 * after a second; one that refuses to start (a taken port, a wrong configuration) ends the household with its own words.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { AppError } from '../core/errors.ts';

const RESTART_MS = 1_000;
/** How long a member may take to say that it is ready; the first start of the devices prepares media. */
const READY_MS_MAX = 180_000;
/** A member that is asked to stop and does not is killed after this. */
const STOP_MS_MAX = 25_000;
const KEPT_BYTES = 4_096;

export interface Member {
  readonly name: string;
  readonly args: readonly string[];
  readonly env?: { readonly [name: string]: string };
  /** Resolves when the member is of use to the next: a line of its output that says so, or a check of one's own. */
  readonly ready: { readonly line: (line: string) => boolean } | { readonly check: () => Promise<boolean> };
}

export class Household {
  readonly #program: string;
  readonly #logFolder: string;
  readonly #members: Running[] = [];
  #stopping = false;

  /** `program` is the script that every member runs with its own arguments. */
  constructor(program: string, logFolder: string) {
    this.#program = program;
    this.#logFolder = logFolder;
  }

  /** Starts a member and waits until it is ready; answers the line that said so. Rejects with what the member said when it ends instead. */
  async add(member: Member): Promise<string> {
    await mkdir(this.#logFolder, { recursive: true, mode: 0o750 }).catch(() => undefined);
    const running = new Running(
      member,
      this.#program,
      // A log whose disk went away is a log less, and no reason to end anything.
      createWriteStream(join(this.#logFolder, `${member.name}.log`), { flags: 'a', mode: 0o640 }).on(
        'error',
        () => undefined,
      ),
      () => this.#stopping,
    );
    this.#members.push(running);
    return running.start();
  }

  /** Stops all members, the last one first. Idempotent. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const member of this.#members.splice(0).reverse()) await member.stop();
  }
}

class Running {
  readonly #member: Member;
  readonly #program: string;
  readonly #log: WriteStream;
  readonly #stopping: () => boolean;
  #child: ChildProcess | null = null;
  #again: NodeJS.Timeout | null = null;

  constructor(member: Member, program: string, log: WriteStream, stopping: () => boolean) {
    this.#member = member;
    this.#program = program;
    this.#log = log;
    this.#stopping = stopping;
  }

  start(): Promise<string> {
    return new Promise((resolve, reject) => {
      let isReady = false;
      let said = '';
      const timer = setTimeout(
        () => reject(new AppError('internal', `${this.#member.name} is not ready after ${READY_MS_MAX / 1000} s`)),
        READY_MS_MAX,
      );
      const ready = (line: string) => {
        isReady = true;
        clearTimeout(timer);
        resolve(line);
      };
      const child = this.#spawn();
      child.stderr?.on('data', (text: string) => {
        said = (said + text).slice(-KEPT_BYTES);
      });
      const { ready: sign } = this.#member;
      if ('line' in sign && child.stdout !== null) {
        createInterface({ input: child.stdout }).on('line', (line) => {
          if (!isReady && sign.line(line)) ready(line);
        });
      } else if ('check' in sign) {
        const look = async () => {
          if (isReady || child.exitCode !== null || child.signalCode !== null) return;
          if (await sign.check()) ready('');
          else setTimeout(look, 50);
        };
        void look();
      }
      child.once('exit', (code, signal) => {
        clearTimeout(timer);
        if (isReady) return;
        // Nothing is started again before it was ready once: a person has to act.
        reject(
          new MemberRefused(
            this.#member.name,
            code ?? 1,
            said.trim() === '' ? `it ended with ${signal ?? `code ${code}`}` : said.trim(),
          ),
        );
      });
      child.once('exit', () => {
        if (isReady && !this.#stopping()) this.#again = setTimeout(() => this.#revive(), RESTART_MS);
      });
    });
  }

  async stop(): Promise<void> {
    if (this.#again !== null) clearTimeout(this.#again);
    const child = this.#child;
    if (child !== null && child.exitCode === null && child.signalCode === null) {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX);
      await gone;
      clearTimeout(timer);
    }
    if (this.#log.destroyed) return;
    await new Promise<void>((resolve) => {
      this.#log.once('close', resolve);
      this.#log.end(() => resolve());
    });
  }

  #revive(): void {
    if (this.#stopping()) return;
    this.#spawn().once('exit', () => {
      if (!this.#stopping()) this.#again = setTimeout(() => this.#revive(), RESTART_MS);
    });
  }

  #spawn(): ChildProcess {
    // A group of its own: Ctrl-C reaches the household only, which then stops its members in their order.
    const child = spawn(process.execPath, [this.#program, ...this.#member.args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      env: { ...process.env, ...this.#member.env },
    });
    this.#child = child;
    // What a member says on its standard output is for its household (PINs among it); its log is what it says on standard error.
    child.stdout.setEncoding('utf8').resume();
    child.stderr.setEncoding('utf8').on('data', (text: string) => this.#log.write(text));
    return child;
  }
}

/** A member that ended before it was ready: its own words and exit code are the household's. */
export class MemberRefused extends Error {
  readonly code: number;
  constructor(name: string, code: number, said: string) {
    super(`${name} did not start:\n${said}`);
    this.code = code;
  }
}
