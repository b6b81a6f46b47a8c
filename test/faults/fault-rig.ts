/** A rig whose recorder runs under conditions: with a failing disk or a false clock preloaded, on a file system of one's own. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type Instant, shift } from '../../controller/core/time.ts';
import { PROGRAM, Rig, until } from '../recorder/rig.ts';
import { DiskShim } from './shim.ts';

export interface Conditions {
  /** The disk-shim is preloaded. */
  readonly shim?: boolean;
  /** The data folder lies on a file system of its own with so many MiB, where this machine lets us mount one. */
  readonly smallDiskMiB?: number;
  /** There is a second disk; both are file systems of their own, where this machine lets us mount them, unless power is to be cut. */
  readonly twoDisks?: 'mounted' | 'folders';
  /** More for the recorder's environment. */
  readonly environment?: { readonly [name: string]: string };
}

/** Each disk of a pair. */
const PAIR_MIB = 192;

export class FaultRig extends Rig {
  readonly shim: DiskShim | null;
  /** The data folder on the second disk, or null. */
  readonly mirror: string | null;
  /** True when every disk is a file system of its own. */
  readonly areMounted: boolean;
  environment: { readonly [name: string]: string };
  /** Boots that never were: how far their monotonic clock is ahead of the real one. */
  readonly #shiftOf = new Map<string, number>();
  #boot: string | null = null;
  #child: ChildProcess | null = null;

  private constructor(
    folder: string,
    disks: { readonly mirror: string | null; readonly areMounted: boolean },
    shim: DiskShim | null,
    environment: { readonly [name: string]: string },
  ) {
    super(folder);
    this.mirror = disks.mirror;
    this.areMounted = disks.areMounted;
    this.shim = shim;
    this.environment = environment;
  }

  /** A running recorder and a controller's end of its socket; all of it is taken down when the test ends. */
  static async open(conditions: Conditions = {}): Promise<FaultRig> {
    const beside = await mkdtemp(join(tmpdir(), 'quancheng-faults-'));
    const places = (conditions.twoDisks === undefined ? ['disk'] : ['disk', 'second']).map((name) =>
      join(beside, name),
    );
    const sizeMiB = conditions.smallDiskMiB ?? (conditions.twoDisks === 'mounted' ? PAIR_MIB : null);
    const mounted: string[] = [];
    for (const place of places) {
      await mkdir(place);
      if (sizeMiB !== null && mountSmall(place, sizeMiB)) mounted.push(place);
    }
    const [folder = '', mirror = null] = places.map((place) => join(place, 'data'));
    // One disk is made as an installer makes it; a pair makes its own folders, after it has looked at both.
    if (mirror === null) await mkdir(folder);
    const shim = conditions.shim === true ? new DiskShim(mirror === null ? folder : beside, beside) : null;
    await shim?.open();
    const disks = { mirror, areMounted: mounted.length === places.length };
    const environment = { ...(mirror === null ? {} : { UV_THREADPOOL_SIZE: '16' }), ...conditions.environment };
    const rig = new FaultRig(folder, disks, shim, environment);
    onTestFinished(async () => {
      await rig.disconnect();
      await rig.killAll();
      for (const place of mounted) unmount(place);
      if (process.env['QUANCHENG_FAULTS_KEEP'] === undefined) await rm(beside, { recursive: true, force: true });
    });
    await rig.start();
    await rig.connect();
    return rig;
  }

  override get roots(): readonly string[] {
    return this.mirror === null ? [this.folder] : [this.folder, this.mirror];
  }

  override get pid(): number {
    return this.#child?.pid ?? 0;
  }

  override async start(): Promise<void> {
    const child = spawn(process.execPath, [PROGRAM, 'recorder', '--data', this.folder, ...this.#mirrorOption], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, ...this.environment, ...this.shim?.environment },
    });
    this.#child = child;
    this.log = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.log += text;
    });
    await until(() => this.log.includes('recorder started') || child.exitCode !== null);
    if (child.exitCode !== null) throw new Error(`the recorder did not start:\n${this.log}`);
  }

  get #mirrorOption(): readonly string[] {
    return this.mirror === null ? [] : ['--mirror', this.mirror];
  }

  override async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<number | null> {
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const gone = new Promise<number | null>((resolve) => child.once('exit', resolve));
    child.kill(signal);
    return gone;
  }

  /** Process ids of the recorder's ffmpegs. */
  async children(): Promise<number[]> {
    const text = await readFile(`/proc/${this.pid}/task/${this.pid}/children`, 'utf8').catch(() => '');
    const pids = text.trim().split(' ').filter(Boolean).map(Number);
    const named = await Promise.all(
      pids.map(async (pid) => (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')).trim()),
    );
    return pids.filter((_, i) => named[i] === 'ffmpeg');
  }

  /** The recorder and all that it started die in the same moment; waits until nothing of them writes any more. */
  async killAll(): Promise<void> {
    const pids = await this.children();
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    await this.kill('SIGKILL');
    const living = async (pid: number) =>
      (await readdir('/proc')).includes(String(pid)) &&
      !(await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => 'Z')).includes(') Z');
    await until(async () => !(await Promise.all(pids.map(living))).some(Boolean));
  }

  /** The next start is on another boot of the machine, whose monotonic clock began anew. */
  reboot(): void {
    if (this.shim === null) throw new Error('only a rig with the shim can play a reboot');
    const { boot, shiftMs } = this.shim.rebooted(20_000);
    this.#shiftOf.set(boot, shiftMs);
    this.#boot = boot;
  }

  /** Now, as the recorder's machine would say it. */
  now(): Instant {
    const now = this.clock.now();
    if (this.#boot === null) return now;
    return { wallMs: now.wallMs, monoMs: now.monoMs + (this.#shiftOf.get(this.#boot) ?? 0), boot: this.#boot };
  }

  /** True wall time of a moment in microseconds: by the monotonic scale, so that false wall clocks do not matter. */
  trueUs(instant: Instant): number {
    const now = this.clock.now();
    const shiftMs = this.#shiftOf.get(instant.boot) ?? 0;
    return (now.wallMs - (now.monoMs - (instant.monoMs - shiftMs))) * 1_000;
  }

  later(ms: number): Instant {
    return shift(this.now(), ms);
  }
}

/** Whoever still has files there keeps them; nobody finds it any more. */
export function unmount(folder: string): void {
  try {
    execFileSync('umount', ['-l', folder], { stdio: 'ignore' });
  } catch {
    // The test itself took it away.
  }
}

/** Mounts a small file system on an empty folder. Answers false where this is not allowed. */
export function mountSmall(folder: string, sizeMiB: number): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMiB}m`, 'tmpfs', folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
