/** A real recorder process on a folder of its own, the controller's end of its socket, and its journal as it grows. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Entry } from '../../controller/core/chain.ts';
import type { RecorderFact, SegmentFact } from '../../controller/core/facts.ts';
import type {
  DesiredClaim,
  DesiredStream,
  RecorderStatus,
  Removal,
  Source,
  StreamStatus,
} from '../../controller/core/recording.ts';
import { type Instant, shift } from '../../controller/core/time.ts';
import { ulid } from '../../controller/core/ulid.ts';
import { layoutOf, segmentPath } from '../../controller/ledger/layout.ts';
import { SystemClock } from '../../controller/ledger/system-clock.ts';
import { RecorderLink } from '../../controller/recorder/link.ts';
import { type Verdict, verifyFolder } from '../../controller/site/verify.ts';
import type { VirtualDevice } from '../../devices/virtual/device.ts';
import type { FrameMark } from '../oracle/frames.ts';
import { framesOnce } from '../oracle/repeats.ts';

export const PROGRAM = new URL('../../dist/controller/main.js', import.meta.url).pathname;
const UNTIL_MS = 30_000;
const SILENT = { info() {}, warn() {}, error() {} };

export class Rig {
  readonly folder: string;
  readonly clock = new SystemClock();
  readonly entries: Entry<RecorderFact>[] = [];
  status: RecorderStatus | null = null;
  /** Everything the recorder process wrote to its log. */
  log = '';
  #process: ChildProcess | null = null;
  #link: RecorderLink | null = null;
  #revision = 0;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** A rig that is taken down, and its folder removed, when the test ends. */
  static async begin(): Promise<Rig> {
    const rig = new Rig(await mkdtemp(join(tmpdir(), 'quancheng-recorder-')));
    onTestFinished(async () => {
      await rig.disconnect();
      await rig.kill();
      await rm(rig.folder, { recursive: true, force: true });
    });
    await rig.start();
    await rig.connect();
    return rig;
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  /** The data folders; the second one, where there is one, holds the same on another disk. */
  get roots(): readonly string[] {
    return [this.folder];
  }

  async start(): Promise<void> {
    const child = spawn(process.execPath, [PROGRAM, 'recorder', '--data', this.folder], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#process = child;
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.log += text;
    });
    await until(() => this.log.includes('recorder started') || child.exitCode !== null);
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<number | null> {
    const child = this.#process;
    this.#process = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const gone = new Promise<number | null>((resolve) => child.once('exit', resolve));
    child.kill(signal);
    const code = await gone;
    this.log = '';
    return code;
  }

  async connect(): Promise<void> {
    const link = new RecorderLink({
      socketPath: this.roots.map((root) => layoutOf(root).recorderSocket),
      afterSeq: () => this.entries.at(-1)?.seq ?? 0,
      log: SILENT,
    });
    this.#link = link;
    link.onStatus((status) => {
      this.status = status;
    });
    link.onEntry((entry) => {
      if (entry.seq === (this.entries.at(-1)?.seq ?? 0) + 1) this.entries.push(entry);
    });
    link.start();
    await until(() => this.status !== null);
  }

  /** The controller goes away. */
  async disconnect(): Promise<void> {
    await this.#link?.close();
    this.#link = null;
    this.status = null;
  }

  /** Sends a wish, whole. */
  wish(streams: { readonly [stream: string]: DesiredStream }): void {
    this.#revision += 1;
    this.#link?.desire({ revision: this.#revision, streams });
  }

  /** Asks for deletions. */
  remove(removals: readonly Removal[]): void {
    this.#link?.remove(removals);
  }

  arm(sources: { readonly [stream: string]: Source }, preRollMs = 4_000): void {
    this.wish(
      Object.fromEntries(Object.entries(sources).map(([id, source]) => [id, { source, mode: 'armed', preRollMs }])),
    );
  }

  keep(
    sources: { readonly [stream: string]: Source },
    claims: readonly DesiredClaim[],
    options: { preRollMs?: number; segmentMs?: number } = {},
  ): void {
    const { preRollMs = 4_000, segmentMs = 2_000 } = options;
    this.wish(
      Object.fromEntries(
        Object.entries(sources).map(([id, source]) => [
          id,
          { source, mode: 'keep', preRollMs, segmentMs, claims, after: 'armed' },
        ]),
      ),
    );
  }

  /** A claim from now minus `preRollMs`. */
  claim(preRollMs = 4_000): DesiredClaim {
    return { id: ulid(Date.now(), randomBytes(10)), from: shift(this.clock.now(), -preRollMs), to: null };
  }

  /** A claim from now on, proven on every stream. */
  async keepProven(sources: { readonly [stream: string]: Source }): Promise<DesiredClaim> {
    const claim = this.claim(0);
    this.keep(sources, [claim]);
    await this.proven(claim.id, ...Object.keys(sources));
    return claim;
  }

  stream(id: string): StreamStatus | undefined {
    return this.status?.streams[id];
  }

  /** Resolves once bytes of the claim on every named stream are proven on disk. */
  proven(claim: string, ...streams: readonly string[]): Promise<void> {
    return until(() =>
      streams.every(
        (id) => this.stream(id)?.claims.some((one) => one.id === claim && one.state === 'keeping') === true,
      ),
    );
  }

  /** Resolves once the claim on every named stream is closed in the journal. */
  ended(claim: string, ...streams: readonly string[]): Promise<void> {
    return until(() =>
      streams.every((stream) =>
        this.facts('claim-ended').some((fact) => fact.claim === claim && fact.stream === stream),
      ),
    );
  }

  facts<Type extends RecorderFact['type']>(type: Type): Extract<RecorderFact, { type: Type }>[] {
    return this.entries
      .map(({ fact }) => fact)
      .filter((fact): fact is Extract<RecorderFact, { type: Type }> => fact.type === type);
  }

  segments(stream: string): SegmentFact[] {
    return this.facts('segment').filter((segment) => segment.stream === stream);
  }

  files(stream: string): string[] {
    return this.segments(stream).map((segment) => this.path(segment));
  }

  /** Every picture of a stream as recorded, each once: what a new connection says it repeats is left out. */
  frames(stream: string): Promise<FrameMark[]> {
    return framesOnce(this.segments(stream), (segment) => this.path(segment));
  }

  path({ stream, run, sequence }: Pick<SegmentFact, 'stream' | 'run' | 'sequence'>): string {
    const name = segmentPath(stream, run, sequence);
    const paths = this.roots.map((root) => join(layoutOf(root).media, name));
    return paths.find((path) => existsSync(path)) ?? paths[0] ?? name;
  }

  verify(recorderRuns = true): Promise<Verdict> {
    return verifyFolder(this.folder, { recorderRuns, siteKeys: [], mirror: this.roots[1] ?? null });
  }
}

/** What a virtual device gives, as the recorder is told it. */
export function sourceOf(device: VirtualDevice, more: Partial<Source> = {}): Source {
  return {
    url: device.rtspUrl,
    user: device.account.user,
    password: device.account.password,
    transport: 'auto',
    audio: 'auto',
    ...more,
  };
}

/** Wall time in microseconds at which a moment was, as the marks in the pictures have it. */
export function wallUs(instant: Instant): number {
  return instant.wallMs * 1_000;
}

/** Resolves when `fact` is true; rejects after a while with the fact's own text. */
export async function until(fact: () => boolean | Promise<boolean>, limitMs = UNTIL_MS): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await fact())) {
    if (performance.now() > end) throw new Error(`not true within ${limitMs / 1000} s: ${fact}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
