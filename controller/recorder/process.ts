/**
 * The recorder: the data plane. It knows streams and what to keep, and nothing else: no SQLite, no HTTP, no MQTT, no ONVIF.
 * Whatever happens to the controller, it goes on with the last wish; when it is itself restarted, it takes that wish up again.
 */
import { randomBytes } from 'node:crypto';
import { readFile, rename } from 'node:fs/promises';
import { relative } from 'node:path';
import { claimsOf, mergeDesired } from '../core/desired.ts';
import { sentenceOf } from '../core/errors.ts';
import type { Log } from '../core/ports.ts';
import type { DesiredState, RecorderStatus, StreamStatus } from '../core/recording.ts';
import { ULID_RANDOM_BYTES, ulid } from '../core/ulid.ts';
import type { Disk } from '../ledger/disk.ts';
import { Disks } from '../ledger/disks.ts';
import { replaceFile } from '../ledger/durable.ts';
import { FolderLock } from '../ledger/lock.ts';
import { Media } from '../ledger/media.ts';
import { SystemClock } from '../ledger/system-clock.ts';
import { isDesired } from './desired-check.ts';
import { LedgerWriter } from './ledger-writer.ts';
import { ringShare } from './memory.ts';
import { type Recovery, recover } from './recovery.ts';
import { Remover } from './remover.ts';
import { SecondCopy } from './second-copy.ts';
import { RecorderSocket } from './socket.ts';
import { Stream } from './stream.ts';

const TICK_MS = 200;
const STATUS_EVERY_MS = 400;
/** What somebody waits for is told at once; what comes together is told together. */
const STATUS_NEWS_MS = 10;
const RESERVE_EVERY_MS = 2_000;
const CLOCK_STATE_EVERY_MS = 60_000;
/** A wall clock that moves this much against the monotonic one was stepped. */
const CLOCK_STEP_MS = 250;
const CLOSE_MS_MAX = 20_000;
/** What libuv has unless it is told otherwise. */
const IO_THREADS = 4;

export interface RecorderOptions {
  readonly dataFolder: string;
  /** The data folder on a second disk, which holds the same. */
  readonly mirrorFolder?: string | null;
  /** The volume that the data folder has to be. */
  readonly volume?: string | null;
  /** Threads of this process that do the work on disks. */
  readonly ioThreads?: number;
  /** Only a fresh process finds out what holds: this one should end, and be started again. */
  readonly onFatal?: () => void;
  /** For the media of all streams while the disk does not take them; as much as each stream can use when absent. */
  readonly memoryBytes?: number;
  /** The ffmpeg program. */
  readonly ffmpeg: string;
  readonly version: string;
  readonly log: Log;
}

export class RecorderProcess {
  readonly #options: RecorderOptions;
  readonly #clock = new SystemClock();
  readonly #disks: Disks;
  readonly #media: Media;
  readonly #ledger: LedgerWriter;
  readonly #secondCopy: SecondCopy;
  readonly #remover: Remover;
  readonly #socket: RecorderSocket;
  readonly #streams = new Map<string, Stream>();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #locks: FolderLock[] = [];
  /** Disks that went away and have not come back. */
  readonly #left = new Set<Disk>();
  #desired: DesiredState = { revision: 0, streams: {} };
  #saving: Promise<void> = Promise.resolve();
  #recovery: Recovery | null = null;
  #news: NodeJS.Timeout | null = null;
  /** Something changed that can wait for the next tick: with many streams some sync always followed another, and a status speaks of all. */
  #hasChanged = false;
  #toldMonoMs = 0;
  #wallMinusMonoMs = 0;
  #closed: Promise<void> | null = null;

  constructor(options: RecorderOptions) {
    this.#options = options;
    const { log, dataFolder, mirrorFolder = null, volume = null, ioThreads = IO_THREADS } = options;
    const clock = this.#clock;
    this.#disks = new Disks({ main: dataFolder, mirror: mirrorFolder, volume, threads: ioThreads, clock, log });
    this.#media = new Media(this.#disks, clock);
    this.#ledger = new LedgerWriter(this.#disks, clock, log);
    this.#secondCopy = new SecondCopy({
      disks: this.#disks,
      media: this.#media,
      entries: () => this.#ledger.entries(),
      append: (fact) => this.#ledger.append(fact),
      changed: () => this.#changed(false),
      log,
    });
    this.#remover = new Remover({
      disks: this.#disks,
      append: (fact) => this.#ledger.append(fact),
      read: (afterSeq) => this.#ledger.read(afterSeq),
      isOpen: (name) => this.#media.isOpen(name),
      isWished: (stream, claims) => this.#isWished(stream, claims),
      whileIdle: (doing) => this.#secondCopy.whileIdle(doing),
      log,
    });
    this.#socket = new RecorderSocket(
      {
        desire: (desired) => this.#desire(desired),
        read: (afterSeq) => this.#ledger.read(afterSeq),
        status: () => this.#status(),
        peek: (stream) => this.#streams.get(stream)?.peek() ?? null,
        remove: (removals) => this.#remover.remove(removals),
      },
      log,
    );
  }

  /**
   * Waits for a disk, for recovery and for the socket; never for a camera, and never for a second disk that is away. Rejects with
   * `data-not-writable`, `wrong-disk` or `recorder-already-runs`.
   */
  async start(): Promise<void> {
    const { log } = this.#options;
    await this.#takeFolders();
    await this.#clock.refresh();
    const now = this.#clock.now();
    this.#wallMinusMonoMs = now.wallMs - now.monoMs;
    this.#disks.onChange((disk) => this.#diskChanged(disk));
    this.#disks.onExchange(() => {
      log.error({}, 'another disk lies in the place of the last one; a fresh start looks which it is');
      this.#options.onFatal?.();
    });
    this.#ledger.onSetAside((disk, movedTo) => this.#journalSetAside(disk, movedTo));
    this.#ledger.onLost(() => {
      log.error({}, 'the last lines of the journal are on a disk that is away; a fresh start goes on without them');
      this.#options.onFatal?.();
    });
    await this.#ledger.open();
    this.#recovery = await recover(this.#disks, this.#ledger.entries(), this.#clock);
    const { before, facts, adopted, truncatedBytes, quarantined, away, unsureFromMs } = this.#recovery;
    for (const fact of facts) await this.#ledger.append(fact);
    await this.#ledger.append({
      type: 'recorder-started',
      version: this.#options.version,
      pid: process.pid,
      clock: this.#clock.state(),
      before,
      adopted,
      truncatedBytes,
      quarantined,
    });
    log.info({ before, adopted, truncatedBytes, quarantined }, 'recorder started');
    this.#ledger.onEntry((entry) => this.#socket.sendEntry(entry));
    this.#secondCopy.start(away, unsureFromMs);
    this.#pursue(await this.#savedWish());
    await this.#disks.onEach((disk) => this.#socket.listen(disk.layout.recorderSocket));
    this.#every(TICK_MS, () => this.#tick());
    this.#every(RESERVE_EVERY_MS, () => void this.#ledger.tend());
    this.#every(CLOCK_STATE_EVERY_MS, () => void this.#clock.refresh());
  }

  /** Stops on purpose: closes every segment, writes it down, lets go of the folder. Idempotent; gives up waiting after a while. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    if (this.#news !== null) clearTimeout(this.#news);
    const orderly = async () => {
      await Promise.all([...this.#streams.values()].map((stream) => stream.close()));
      await this.#saving;
      await this.#media.idle();
      await this.#secondCopy.close();
      await this.#ledger.append({ type: 'recorder-stopped' });
      await this.#socket.close();
      await this.#ledger.close();
      this.#disks.close();
      for (const lock of this.#locks) await lock.release();
    };
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        this.#options.log.error(
          { afterMs: CLOSE_MS_MAX },
          'stopping took too long; what is open is taken in at the next start',
        );
        resolve();
      }, CLOSE_MS_MAX);
    });
    await Promise.race([orderly(), late]).finally(() => clearTimeout(timer));
  }

  async #takeFolders(): Promise<void> {
    for (const { layout } of this.#disks.all)
      this.#locks.push(await FolderLock.take(layout.root, 'recorder', 'recorder-already-runs'));
    await this.#disks.open();
    for (const disk of this.#disks.all) if (!disk.isUsable) this.#left.add(disk);
  }

  /** A disk went away, is back, or complains as the last one there is. */
  #diskChanged(disk: Disk): void {
    this.#ledger.diskChanged(disk);
    this.#secondCopy.diskChanged(disk);
    this.#changed(true);
    if (!disk.isUsable) this.#left.add(disk);
    if (!disk.isUsable || !this.#left.delete(disk)) return;
    const { log } = this.#options;
    const ready = [
      disk.act(() => replaceFile(disk.layout.desired, JSON.stringify(this.#desired), 0o600)),
      disk.act(() => this.#socket.listen(disk.layout.recorderSocket)),
    ];
    Promise.all(ready).catch((error) => log.error({ error: sentenceOf(error) }, 'a disk that is back refuses'));
  }

  #journalSetAside(disk: Disk, movedTo: string): void {
    const below = relative(disk.layout.root, movedTo);
    this.#options.log.error({ disk: disk.role, movedTo }, 'a journal that said something else was set aside');
    void this.#ledger.append({ type: 'journal-set-aside', disk: disk.role, journal: 'recorder', movedTo: below });
  }

  /** The newest wish that any disk holds. */
  async #savedWish(): Promise<DesiredState> {
    let newest: DesiredState = { revision: 0, streams: {} };
    for (const disk of this.#disks.usable) {
      const saved = await disk.act(() => this.#wishOn(disk)).catch(() => null);
      if (saved !== null && saved.revision > newest.revision) newest = saved;
    }
    return newest;
  }

  async #wishOn(disk: Disk): Promise<DesiredState | null> {
    const { desired } = disk.layout;
    let text: string;
    try {
      text = await readFile(desired, 'utf8');
    } catch {
      return null;
    }
    try {
      const saved: unknown = JSON.parse(text);
      if (isDesired(saved)) return saved;
    } catch {
      // Told below: what cannot be read is kept for people to look at.
    }
    const aside = `${desired}.unreadable-${Math.trunc(this.#clock.now().wallMs)}`;
    await rename(desired, aside);
    this.#options.log.error(
      { aside },
      'the last wish could not be read; it was set aside and the controller will send it again',
    );
    return null;
  }

  /** A new wish: merged with what is being kept, on disk before it is pursued. */
  async #desire(asked: DesiredState): Promise<void> {
    const { next, forgotten } = mergeDesired(this.#desired, asked, (stream, claim) => this.#isEnded(stream, claim));
    for (const { stream, claim } of forgotten) {
      this.#options.log.warn({ stream, claim }, 'the controller forgot a claim; it is kept until it is ended');
    }
    const changed = JSON.stringify({ ...next, revision: 0 }) !== JSON.stringify({ ...this.#desired, revision: 0 });
    this.#pursue(next);
    if (!changed) return;
    // Pursued at once and saved beside it: a press must not wait for this file, and a claim is in the journal anyway.
    this.#saving = this.#saving
      .catch(() => undefined)
      .then(() => this.#disks.onEach((disk) => replaceFile(disk.layout.desired, JSON.stringify(this.#desired), 0o600)));
    await this.#saving;
  }

  #isEnded(stream: string, claim: string): boolean {
    const endedBefore = () => this.#recovery?.endedClaims.get(stream)?.includes(claim) ?? false;
    return this.#streams.get(stream)?.isEnded(claim) ?? endedBefore();
  }

  /** Something that is still to be kept is kept for one of these claims. */
  #isWished(stream: string, claims: readonly string[]): boolean {
    const wish = Object.hasOwn(this.#desired.streams, stream) ? this.#desired.streams[stream] : undefined;
    return claimsOf(wish).some(({ id }) => claims.includes(id) && !this.#isEnded(stream, id));
  }

  #pursue(desired: DesiredState): void {
    this.#desired = desired;
    for (const [id, wish] of Object.entries(desired.streams)) this.#stream(id).desire(wish);
    for (const [id, stream] of this.#streams) if (!Object.hasOwn(desired.streams, id)) stream.rest();
    this.#changed(true);
  }

  #stream(id: string): Stream {
    const known = this.#streams.get(id);
    if (known !== undefined) return known;
    const stream = new Stream(id, {
      clock: this.#clock,
      ffmpeg: this.#options.ffmpeg,
      media: this.#media,
      journal: (fact) => this.#ledger.append(fact),
      newId: () => ulid(this.#clock.now().wallMs, randomBytes(ULID_RANDOM_BYTES)),
      changed: () => this.#changed(false),
      news: () => this.#changed(true),
      warn: (name, cause) => this.#options.log.warn({ stream: name, cause }, 'a source is lost; it is tried again'),
    });
    stream.restore(this.#recovery?.kept.get(id), this.#recovery?.endedClaims.get(id) ?? []);
    this.#streams.set(id, stream);
    const bytes = ringShare(this.#options.memoryBytes ?? Number.POSITIVE_INFINITY, this.#streams.size);
    for (const one of this.#streams.values()) one.limitMemory(bytes);
    return stream;
  }

  #tick(): void {
    const now = this.#clock.now();
    const stepMs = now.wallMs - now.monoMs - this.#wallMinusMonoMs;
    if (Math.abs(stepMs) > CLOCK_STEP_MS) {
      this.#wallMinusMonoMs += stepMs;
      this.#options.log.warn({ stepMs }, 'the wall clock was stepped; recording goes on');
      void this.#ledger.append({ type: 'clock-stepped', byMs: stepMs });
    }
    for (const stream of this.#streams.values()) stream.tick();
    this.#media.tend();
    if (this.#hasChanged || now.monoMs - this.#toldMonoMs > STATUS_EVERY_MS - TICK_MS / 2) this.#tell();
  }

  #changed(isNews: boolean): void {
    if (isNews) this.#news ??= setTimeout(() => this.#tell(), STATUS_NEWS_MS);
    else this.#hasChanged = true;
  }

  #tell(): void {
    if (this.#news !== null) clearTimeout(this.#news);
    this.#news = null;
    this.#hasChanged = false;
    this.#toldMonoMs = this.#clock.now().monoMs;
    if (this.#socket.hasVisitors) this.#socket.sendStatus(this.#status());
  }

  #status(): RecorderStatus {
    const streams: { [id: string]: StreamStatus } = {};
    for (const [id, stream] of this.#streams) streams[id] = stream.status();
    return {
      at: this.#clock.now(),
      pid: process.pid,
      version: this.#options.version,
      revision: this.#desired.revision,
      clock: this.#clock.state(),
      disk: this.#disks.room,
      disks: this.#disks.all.map(({ status }) => status),
      journal: this.#ledger.head,
      streams,
      removes: true,
    };
  }

  #every(ms: number, act: () => void): void {
    this.#timers.push(setInterval(act, ms));
  }
}
