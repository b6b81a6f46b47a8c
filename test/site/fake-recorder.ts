/**
 * A recorder that behaves: takes wishes, begins and ends claims, writes segments to disk and to its own real journal, and says
 * how it is. It does so when it is told to (`beat`), so that tests own the moments.
 */
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Entry } from '../../controller/core/chain.ts';
import type { RecorderFact, SegmentFact } from '../../controller/core/facts.ts';
import type { Recorder } from '../../controller/core/ports.ts';
import type {
  Cause,
  ClaimStatus,
  DesiredState,
  DiskStatus,
  PeekAnswer,
  RecorderStatus,
  Removal,
  StreamStatus,
} from '../../controller/core/recording.ts';
import { between, type Clock, type Instant } from '../../controller/core/time.ts';
import { Disk } from '../../controller/ledger/disk.ts';
import { Journal } from '../../controller/ledger/journal.ts';
import { type Layout, segmentPath } from '../../controller/ledger/layout.ts';
import { Remover } from '../../controller/recorder/remover.ts';

const HEADER = Buffer.from('header--');

interface Kept {
  readonly id: string;
  readonly from: Instant;
  reached: Instant;
  isEnded: boolean;
}

export class FakeRecorder implements Recorder {
  readonly wishes: DesiredState[] = [];
  /** Streams that carry sound. */
  readonly withSound = new Set<string>();
  /** Streams without a picture. */
  readonly soundOnly = new Set<string>();
  readonly journal: Journal<RecorderFact>;
  /** What it says of its disks. */
  disks: readonly DiskStatus[] = [];
  freeBytes = 100 * 1024 ** 3;
  readonly #layout: Layout;
  readonly #remover: Remover;
  readonly #clock: Clock;
  readonly #claims = new Map<string, Kept[]>();
  readonly #sequences = new Map<string, number>();
  #made = 0;
  #run = 1;
  #statusListeners: ((status: RecorderStatus) => void)[] = [];
  #entryListeners: ((entry: Entry<RecorderFact>) => void)[] = [];
  #presenceListeners: ((connected: boolean) => void)[] = [];

  constructor(layout: Layout, clock: Clock) {
    this.#layout = layout;
    this.#clock = clock;
    this.journal = new Journal<RecorderFact>(layout.recorderJournal, clock);
    const disk = new Disk('main', layout.root, Number.POSITIVE_INFINITY, clock.now());
    this.#remover = new Remover({
      disks: { all: [disk], usable: [disk], refused: (_, error) => Promise.reject(error) },
      append: async (fact) => void (await this.append(fact)),
      read: (afterSeq) => this.journal.read(afterSeq),
      isOpen: () => false,
      isWished: (stream, claims) =>
        this.#claims.get(stream)?.some(({ id, isEnded }) => claims.includes(id) && !isEnded) === true,
      whileIdle: async (doing) => doing().then(() => true),
      log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    });
  }

  async open(): Promise<void> {
    await this.journal.open();
  }

  get wish(): DesiredState | null {
    return this.wishes.at(-1) ?? null;
  }

  desire(desired: DesiredState): void {
    this.wishes.push(desired);
  }
  onStatus(listener: (status: RecorderStatus) => void): void {
    this.#statusListeners.push(listener);
  }
  onEntry(listener: (entry: Entry<RecorderFact>) => void): void {
    this.#entryListeners.push(listener);
  }
  onPresence(listener: (connected: boolean) => void): void {
    this.#presenceListeners.push(listener);
  }

  /** What was asked for by `peek`, in order. */
  readonly peeks: string[] = [];
  #peekListeners: ((stream: string, peek: PeekAnswer | null) => void)[] = [];
  peek(stream: string): void {
    this.peeks.push(stream);
  }
  onPeek(listener: (stream: string, peek: PeekAnswer | null) => void): void {
    this.#peekListeners.push(listener);
  }
  /** Answers a peek. */
  peeked(peek: PeekAnswer): void {
    for (const listener of this.#peekListeners) listener(peek.stream, peek);
  }

  /** Nobody listens any more: a controller died. */
  forgetListeners(): void {
    this.#statusListeners = [];
    this.#entryListeners = [];
    this.#presenceListeners = [];
    this.#peekListeners = [];
  }

  present(isHere: boolean): void {
    for (const listener of this.#presenceListeners) listener(isHere);
  }

  /** A new connection to every source. */
  newRun(): void {
    this.#run += 1;
  }

  /** Does what is wished as of now: every stream not in `dead` keeps everything up to now; then says how it is. */
  async beat(dead: { readonly [stream: string]: Cause } = {}): Promise<RecorderStatus> {
    const now = this.#clock.now();
    for (const [stream, wish] of Object.entries(this.wish?.streams ?? {})) {
      if (wish.mode !== 'keep') continue;
      for (const claim of wish.claims) await this.#keep(stream, claim, now, dead[stream] ?? null);
    }
    const status = this.status(dead);
    for (const listener of this.#statusListeners) listener(status);
    return status;
  }

  status(dead: { readonly [stream: string]: Cause } = {}): RecorderStatus {
    const now = this.#clock.now();
    const streams: { [stream: string]: StreamStatus } = {};
    for (const [stream, wish] of Object.entries(this.wish?.streams ?? {})) {
      const cause = dead[stream] ?? null;
      const kept = this.#claims.get(stream) ?? [];
      const live = kept.filter((claim) => !claim.isEnded);
      const claims: ClaimStatus[] = kept.map((claim) => ({
        id: claim.id,
        state: claim.isEnded ? 'ended' : between(claim.from, claim.reached) > 0 ? 'keeping' : 'waiting',
      }));
      const phase = cause !== null ? 'lost' : wish.mode === 'off' ? 'off' : live.length > 0 ? 'keeping' : 'armed';
      streams[stream] = {
        phase,
        since: now,
        cause,
        warnings: [],
        media: {
          video: this.soundOnly.has(stream) ? null : { codec: 'avc1.64001f', width: 1280, height: 720 },
          audio: this.withSound.has(stream) ? { codec: 'mp4a.40.2', sampleRate: 48_000, copied: true } : null,
        },
        run: `run-${stream}-${this.#run}`,
        lastBytesAt: cause === null ? now : null,
        syncedAt: cause === null && live.length > 0 ? now : null,
        claims,
        ringMs: 10_000,
        ringBytes: 1_000,
      };
    }
    return {
      at: now,
      pid: 1,
      version: 'test',
      revision: this.wish?.revision ?? 0,
      clock: { source: 'ntp' },
      disk: { freeBytes: this.freeBytes, totalBytes: 200 * 1024 ** 3 },
      disks: this.disks,
      journal: this.journal.head,
      streams,
      removes: this.removes,
    };
  }

  /** What it was asked to delete, in order; done by the real remover, unless it is not listening. */
  readonly asked: Removal[] = [];
  isListening = true;
  /** An older one does not say that it can. */
  removes = true;
  removing: Promise<void> = Promise.resolve();
  remove(removals: readonly Removal[]): void {
    this.asked.push(...removals);
    if (this.isListening) this.removing = this.removing.then(() => this.#remover.remove(removals));
  }

  async append(fact: RecorderFact): Promise<Entry<RecorderFact>> {
    const entry = await this.journal.append(fact);
    for (const listener of this.#entryListeners) listener(entry);
    return entry;
  }

  async close(): Promise<void> {
    await this.journal.close();
  }

  async #keep(
    stream: string,
    claim: { readonly id: string; readonly from: Instant; readonly to: Instant | null },
    now: Instant,
    cause: Cause | null,
  ): Promise<void> {
    const all = this.#claims.get(stream) ?? [];
    this.#claims.set(stream, all);
    let kept = all.find((one) => one.id === claim.id);
    if (kept?.isEnded === true) return;
    if (kept === undefined) {
      kept = { id: claim.id, from: claim.from, reached: claim.from, isEnded: false };
      all.push(kept);
      await this.append({ type: 'claim-begun', claim: claim.id, stream, from: claim.from });
    }
    const until = claim.to !== null && between(claim.to, now) >= 0 ? claim.to : now;
    if (between(kept.reached, until) > 0) {
      if (cause === null) await this.#segment(stream, claim.id, kept.reached, until);
      else await this.append({ type: 'gap', stream, from: kept.reached, to: until, cause, claims: [claim.id] });
      kept.reached = until;
    }
    if (claim.to !== null && between(claim.to, now) >= 0) {
      kept.isEnded = true;
      await this.append({ type: 'claim-ended', claim: claim.id, stream, to: claim.to });
    }
  }

  async #segment(stream: string, claim: string, from: Instant, to: Instant): Promise<void> {
    const run = `run-${stream}-${this.#run}`;
    const sequence = (this.#sequences.get(run) ?? 0) + 1;
    this.#sequences.set(run, sequence);
    this.#made += 1;
    const seg = `01SEG${String(this.#made).padStart(21, '0')}`;
    const content = Buffer.concat([HEADER, Buffer.from(`${seg} ${'x'.repeat(200)}`)]);
    const path = join(this.#layout.media, segmentPath(stream, run, sequence));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
    const fact: SegmentFact = {
      type: 'segment',
      ...{ seg, stream, run, sequence, from, to },
      mediaFromMs: 0,
      mediaToMs: between(from, to),
      videoFrames: 25,
      audioFrames: 0,
      bytes: content.length,
      headerBytes: HEADER.length,
      sha256: createHash('sha256').update(content).digest('hex'),
      media: { video: { codec: 'avc1.64001f', width: 1280, height: 720 }, audio: null },
      clock: { source: 'ntp' },
      claims: [claim],
      startsWithKeyframe: true,
      gapBefore: null,
      adopted: false,
    };
    await this.append(fact);
  }
}
