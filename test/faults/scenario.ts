/** A scenario: a recorder, virtual cameras, a claim on all of them, some harm, and one common verdict at the end. */
import { onTestFinished } from 'vitest';
import type { DesiredClaim, Source } from '../../controller/core/recording.ts';
import { between, type Instant, shift } from '../../controller/core/time.ts';
import { layoutOf } from '../../controller/ledger/layout.ts';
import type { Finding } from '../../controller/site/verify.ts';
import type { VirtualDevice } from '../../devices/virtual/device.ts';
import type { VirtualSite } from '../../devices/virtual/site.ts';
import type { VirtualDeviceSpec } from '../../devices/virtual/spec.ts';
import { testSite } from '../devices/virtual/test-site.ts';
import { sourceOf, until } from '../recorder/rig.ts';
import { type Conditions, FaultRig } from './fault-rig.ts';
import { byTime, judgePicture, judgeSound, type StreamVerdict, stretchesOf } from './verdict.ts';
import { Watch } from './watch.ts';

/** From asking a slow source to proof on disk, on a loaded machine. */
const PROOF_LIMIT_MS = 60_000;

export interface ScenarioOptions extends Conditions {
  readonly segmentMs?: number;
  readonly preRollMs?: number;
}

/** What a verdict may leave unsaid, because the scenario itself took it away. */
export interface VerdictOptions {
  /** Findings of `quancheng verify` that the scenario is about; all others are faults. */
  readonly expected?: (finding: Finding) => boolean;
  /** By stream: how uneven its pictures come. */
  readonly unevenMs?: { readonly [stream: string]: number };
}

export interface ScenarioVerdict {
  readonly faults: readonly string[];
  readonly streams: readonly StreamVerdict[];
  of(stream: string): StreamVerdict;
}

export class Scenario {
  readonly rig: FaultRig;
  readonly site: VirtualSite;
  readonly ids: readonly string[];
  readonly claims: DesiredClaim[] = [];
  readonly watch: Watch;
  readonly #specs: readonly VirtualDeviceSpec[];
  readonly #options: Required<Pick<ScenarioOptions, 'segmentMs' | 'preRollMs'>>;
  readonly #sources = new Map<string, Source>();

  constructor(rig: FaultRig, site: VirtualSite, specs: readonly VirtualDeviceSpec[], options: ScenarioOptions) {
    this.rig = rig;
    this.site = site;
    this.#specs = specs;
    this.ids = specs.map(({ id }) => id);
    this.#options = { segmentMs: options.segmentMs ?? 1_000, preRollMs: options.preRollMs ?? 2_000 };
    this.watch = new Watch(
      rig.roots.map((root) => layoutOf(root).media),
      () => rig.status,
    );
    for (const id of this.ids) this.#sources.set(id, sourceOf(site.device(id)));
  }

  /** Cameras and recorder run; nothing is claimed yet. */
  static async begin(specs: readonly VirtualDeviceSpec[], options: ScenarioOptions = {}): Promise<Scenario> {
    const site = await testSite(...specs);
    const rig = await FaultRig.open(options);
    const scenario = new Scenario(rig, site, specs, options);
    scenario.watch.start();
    onTestFinished(() => scenario.watch.close());
    return scenario;
  }

  device(id: string): VirtualDevice {
    return this.site.device(id);
  }

  get sources(): { readonly [stream: string]: Source } {
    return Object.fromEntries(this.#sources);
  }

  /** Arms every source and waits until each one gives media. */
  async arm(): Promise<void> {
    this.rig.arm(this.sources, this.#options.preRollMs);
    await until(() => this.ids.every((id) => this.rig.stream(id)?.phase === 'armed'), PROOF_LIMIT_MS);
  }

  /** Claims every stream from now on (armed first), and waits for proof on the disk. */
  async open(): Promise<DesiredClaim> {
    if (this.claims.every(({ to }) => to !== null)) await this.arm();
    const claim = this.press();
    await until(
      () => this.ids.every((id) => this.rig.stream(id)?.claims.some(isKept(claim.id)) === true),
      PROOF_LIMIT_MS,
    );
    return claim;
  }

  /** Claims every stream from now on and waits for nothing. */
  press(): DesiredClaim {
    const claim: DesiredClaim = { ...this.rig.claim(0), from: this.rig.now() };
    this.claims.push(claim);
    this.#wish();
    return claim;
  }

  /** Ends every open claim at `to`, and waits for nothing. */
  release(to: Instant = shift(this.rig.now(), 300)): void {
    this.claims.forEach((claim, at) => {
      if (claim.to === null) this.claims[at] = { ...claim, to };
    });
    this.#wish();
  }

  /** Ends every open claim and waits until the journal says so of all streams. */
  async close(): Promise<void> {
    this.release();
    await this.ended();
  }

  async ended(): Promise<void> {
    await until(
      () =>
        this.claims.every(({ id }) =>
          this.ids.every((stream) =>
            this.rig.facts('claim-ended').some((fact) => fact.claim === id && fact.stream === stream),
          ),
        ),
      PROOF_LIMIT_MS,
    );
  }

  /** Resolves when every named stream (all when none is named) has so many more segments in the journal. */
  async grown(segments: number, ...streams: readonly string[]): Promise<void> {
    const named = streams.length === 0 ? this.ids : streams;
    const before = new Map(named.map((id) => [id, this.rig.segments(id).length]));
    await until(
      () => named.every((id) => this.rig.segments(id).length >= (before.get(id) ?? 0) + segments),
      PROOF_LIMIT_MS,
    );
  }

  /** Resolves when bytes of every open claim were proven on disk after this call, on every named stream (all when none is named). */
  async growing(...streams: readonly string[]): Promise<void> {
    const named = streams.length === 0 ? this.ids : streams;
    const since = this.rig.now();
    await until(
      () =>
        named.every((id) => {
          const { syncedAt, claims } = this.rig.stream(id) ?? { syncedAt: null, claims: [] };
          return syncedAt !== null && between(since, syncedAt) > 0 && claims.some(({ state }) => state === 'keeping');
        }),
      PROOF_LIMIT_MS,
    );
  }

  /** Sends the wish again, for a controller that has come back. */
  wishAgain(): void {
    this.#wish();
  }

  /** The common verdict. Every claim must have ended. */
  async verdict(options: VerdictOptions = {}): Promise<ScenarioVerdict> {
    const { rig } = this;
    const endUs = rig.trueUs(rig.now());
    const trueUs = (instant: Instant) => rig.trueUs(instant);
    const streams: StreamVerdict[] = [];
    for (const spec of this.#specs) {
      const { id } = spec;
      const evidence = {
        stream: id,
        fps: this.device(id).spec.video?.fps ?? 0,
        pieces: byTime(rig.segments(id), ({ from }) => trueUs(from)).map((segment) => ({
          file: rig.path(segment),
          repeatsMs: segment.repeatsMs ?? 0,
          lostPackets: segment.lostPackets ?? 0,
          fromUs: trueUs(segment.from),
        })),
        claims: stretchesOf(this.claims, trueUs, endUs),
        gaps: rig
          .facts('gap')
          .filter(({ stream }) => stream === id)
          .map(({ from, to, cause }) => ({ fromUs: trueUs(from), toUs: trueUs(to), cause })),
        sent: this.device(id).sent(),
        unevenMs: options.unevenMs?.[id] ?? 0,
      };
      streams.push(spec.kind === 'microphone' ? judgeSound(evidence) : await judgePicture(evidence));
    }
    const { findings } = await rig.verify();
    const faults = [
      ...streams.flatMap((one) => one.faults),
      ...findings
        .filter((finding) => options.expected?.(finding) !== true)
        .map(({ what, subject, message }) => `verify: ${what}: ${subject}: ${message}`),
      ...this.watch.faults,
    ];
    return {
      faults,
      streams,
      of: (stream) => {
        const found = streams.find((one) => one.stream === stream);
        if (found === undefined) throw new Error(`no stream ${stream}`);
        return found;
      },
    };
  }

  #wish(): void {
    this.rig.keep(this.sources, this.claims, this.#options);
  }
}

function isKept(claim: string): (one: { readonly id: string; readonly state: string }) => boolean {
  return ({ id, state }) => id === claim && state === 'keeping';
}
