/** The recorder as its own process, as systemd or the household would start it, and the controller's end of its socket. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { RecorderFact, SegmentFact } from '../../controller/core/facts.ts';
import type { DesiredClaim, DesiredStream, RecorderStatus, Source } from '../../controller/core/recording.ts';
import { type Instant, shift } from '../../controller/core/time.ts';
import { ulid } from '../../controller/core/ulid.ts';
import { layoutOf, segmentPath } from '../../controller/ledger/layout.ts';
import { SystemClock } from '../../controller/ledger/system-clock.ts';
import { RecorderLink } from '../../controller/recorder/link.ts';
import { endChild, isOver } from './processes.ts';
import { type Scene, until } from './scene.ts';

/** As the household and the systemd unit have it: many streams sync at once. */
const RECORDER_THREADS = '16';
/** The product's default. */
export const SEGMENT_MS = 10_000;
const WHEN_MS_MAX = 60_000;

export interface RecorderStart {
  readonly env?: { readonly [name: string]: string };
  /** The data folder; a fresh one when absent. */
  readonly folder?: string;
}

export class RecorderUnderTest {
  readonly folder: string;
  readonly clock = new SystemClock();
  readonly facts: RecorderFact[] = [];
  status: RecorderStatus | null = null;
  readonly #program: readonly string[];
  readonly #watchers = new Set<(status: RecorderStatus) => void>();
  #child: ChildProcess | null = null;
  #revision = 0;
  #lastSeq = 0;
  #said = '';
  #link: RecorderLink;
  #streams: { readonly [stream: string]: DesiredStream } = {};

  private constructor(program: readonly string[], folder: string) {
    this.#program = program;
    this.folder = folder;
    this.#link = this.#newLink();
  }

  static async start(scene: Scene, how: RecorderStart = {}): Promise<RecorderUnderTest> {
    const recorder = new RecorderUnderTest(
      [...scene.options.nodeFlags, scene.program],
      how.folder ?? join(await scene.newFolder(), 'data'),
    );
    scene.atEnd(() => recorder.stop());
    await recorder.start(how);
    recorder.#link.start();
    await until(() => recorder.status !== null);
    return recorder;
  }

  /** The controller goes away, and with it every wish that it would say again. */
  async leaveAlone(): Promise<void> {
    await this.#link.close();
    this.status = null;
  }

  /** Looks at the recorder again without a wish of its own. */
  watchAgain(): void {
    this.#link = this.#newLink();
    this.#link.start();
  }

  /** Starts the process (again) and waits until it has recovered. */
  async start(how: RecorderStart = {}): Promise<void> {
    const words = [process.execPath, ...this.#program, 'recorder', '--data', this.folder];
    this.#said = '';
    const child = spawn(words[0] ?? '', words.slice(1), {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, UV_THREADPOOL_SIZE: RECORDER_THREADS, ...how.env },
    });
    this.#child = child;
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#said = (this.#said + text).slice(-65_536);
    });
    await until(() => this.#said.includes('recorder started') || isOver(child));
    if (isOver(child)) throw new Error(`the recorder did not start: ${this.#said}`);
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** kill -9, as the kernel does it when memory is short. Children go on until they notice the broken pipe. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === null || isOver(child)) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }

  async stop(): Promise<void> {
    await this.#link.close();
    if (this.#child !== null) await endChild(this.#child, 'SIGTERM');
  }

  /** Changes the wish for some streams; the others stay as they are. */
  wish(streams: { readonly [stream: string]: DesiredStream }): void {
    this.#revision += 1;
    this.#streams = { ...this.#streams, ...streams };
    this.#link.desire({ revision: this.#revision, streams: this.#streams });
  }

  arm(sources: { readonly [stream: string]: Source }, preRollMs: number): void {
    this.wish(mapped(sources, (source) => ({ source, mode: 'armed', preRollMs })));
  }

  sleep(sources: { readonly [stream: string]: Source }): void {
    this.wish(mapped(sources, (source) => ({ source, mode: 'off' })));
  }

  keep(
    sources: { readonly [stream: string]: Source },
    claim: DesiredClaim,
    preRollMs: number,
    after: 'armed' | 'off' = 'armed',
  ): void {
    this.wish(
      mapped(sources, (source) => ({ source, mode: 'keep', preRollMs, segmentMs: SEGMENT_MS, claims: [claim], after })),
    );
  }

  /** A claim from `preRollMs` before now. */
  claim(preRollMs: number): DesiredClaim {
    const now = this.clock.now();
    return { id: ulid(now.wallMs, randomBytes(10)), from: shift(now, -preRollMs), to: null };
  }

  /** Resolves with the time by `performance.now()` at which a status came of which `fact` is true. */
  when(fact: (status: RecorderStatus) => boolean, limitMs = WHEN_MS_MAX): Promise<number> {
    return new Promise((resolve, reject) => {
      const end = (act: () => void) => {
        clearTimeout(timer);
        this.#watchers.delete(look);
        act();
      };
      const look = (status: RecorderStatus) => {
        if (!fact(status)) return;
        const at = performance.now();
        end(() => resolve(at));
      };
      const timer = setTimeout(
        () => end(() => reject(new Error(`no status within ${limitMs / 1000} s of which ${fact} is true`))),
        limitMs,
      );
      this.#watchers.add(look);
      if (this.status !== null) look(this.status);
    });
  }

  /** Resolves when bytes of the claim are proven on disk for every named stream. */
  proven(claim: string, streams: readonly string[]): Promise<number> {
    return this.when((status) => streams.every((id) => isProven(status, id, claim)));
  }

  /** Ends a claim now and waits until the journal says so for every stream. Answers the end. */
  async endClaim(
    sources: { readonly [stream: string]: Source },
    claim: DesiredClaim,
    preRollMs: number,
    after: 'armed' | 'off' = 'armed',
  ): Promise<Instant> {
    const to = this.clock.now();
    this.keep(sources, { ...claim, to }, preRollMs, after);
    await until(() =>
      Object.keys(sources).every((stream) =>
        this.facts.some((fact) => fact.type === 'claim-ended' && fact.claim === claim.id && fact.stream === stream),
      ),
    );
    return to;
  }

  #newLink(): RecorderLink {
    const link = new RecorderLink({
      socketPath: layoutOf(this.folder).recorderSocket,
      afterSeq: () => this.#lastSeq,
      log: { info() {}, warn() {}, error() {} },
    });
    link.onStatus((status) => {
      this.status = status;
      for (const watcher of this.#watchers) watcher(status);
    });
    link.onEntry((entry) => {
      if (entry.seq !== this.#lastSeq + 1) return;
      this.#lastSeq = entry.seq;
      this.facts.push(entry.fact);
    });
    return link;
  }

  segments(stream: string): SegmentFact[] {
    return this.facts.filter((fact): fact is SegmentFact => fact.type === 'segment' && fact.stream === stream);
  }

  path({ stream, run, sequence }: SegmentFact): string {
    return join(layoutOf(this.folder).media, segmentPath(stream, run, sequence));
  }
}

export function isProven(status: RecorderStatus, stream: string, claim: string): boolean {
  return status.streams[stream]?.claims.some((one) => one.id === claim && one.state === 'keeping') === true;
}

function mapped(
  sources: { readonly [stream: string]: Source },
  wish: (source: Source) => DesiredStream,
): { readonly [stream: string]: DesiredStream } {
  return Object.fromEntries(Object.entries(sources).map(([id, source]) => [id, wish(source)]));
}
