/**
 * The recorder: the data plane. It knows streams and what to keep, and nothing else: no SQLite, no HTTP, no MQTT, no ONVIF.
 * Whatever happens to the controller, it goes on with the last wish; when it is itself restarted, it takes that wish up again.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { mergeDesired } from '../core/desired.ts';
import { AppError, sentenceOf } from '../core/errors.ts';
import type { Log } from '../core/ports.ts';
import type { DesiredState, RecorderStatus, StreamStatus } from '../core/recording.ts';
import { ULID_RANDOM_BYTES, ulid } from '../core/ulid.ts';
import { replaceFile } from '../ledger/durable.ts';
import { type Layout, layoutOf } from '../ledger/layout.ts';
import { FolderLock } from '../ledger/lock.ts';
import { SystemClock } from '../ledger/system-clock.ts';
import { isDesired } from './desired-check.ts';
import { LedgerWriter } from './ledger-writer.ts';
import { type Recovery, recover } from './recovery.ts';
import { RecorderSocket } from './socket.ts';
import { Stream } from './stream.ts';

const TICK_MS = 200;
const STATUS_EVERY_MS = 400;
/** Changes that come together are told together. */
const STATUS_SOON_MS = 10;
const DISK_EVERY_MS = 2_000;
const CLOCK_STATE_EVERY_MS = 60_000;
/** A wall clock that moves this much against the monotonic one was stepped. */
const CLOCK_STEP_MS = 250;
const CLOSE_MS_MAX = 20_000;

export interface RecorderOptions {
  readonly dataFolder: string;
  /** The ffmpeg program. */
  readonly ffmpeg: string;
  readonly version: string;
  readonly log: Log;
}

export class RecorderProcess {
  readonly #options: RecorderOptions;
  readonly #layout: Layout;
  readonly #clock = new SystemClock();
  readonly #ledger: LedgerWriter;
  readonly #socket: RecorderSocket;
  readonly #streams = new Map<string, Stream>();
  readonly #timers: NodeJS.Timeout[] = [];
  #lock: FolderLock | null = null;
  #desired: DesiredState = { revision: 0, streams: {} };
  #saving: Promise<void> = Promise.resolve();
  #recovery: Recovery | null = null;
  #disk = { freeBytes: 0, totalBytes: 0 };
  #soon: NodeJS.Timeout | null = null;
  #wallMinusMonoMs = 0;
  #closed: Promise<void> | null = null;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#layout = layoutOf(options.dataFolder);
    this.#ledger = new LedgerWriter(this.#layout.recorderJournal, this.#clock, options.log);
    this.#socket = new RecorderSocket(
      this.#layout.recorderSocket,
      {
        desire: (desired) => this.#desire(desired),
        read: (afterSeq) => this.#ledger.read(afterSeq),
        status: () => this.#status(),
        peek: (stream) => this.#streams.get(stream)?.peek() ?? null,
      },
      options.log,
    );
  }

  /**
   * Waits for the data folder, for recovery and for the socket; never for a camera. Rejects with `data-not-writable` or
   * `recorder-already-runs`.
   */
  async start(): Promise<void> {
    const { log } = this.#options;
    await this.#takeFolder();
    await this.#clock.refresh();
    const now = this.#clock.now();
    this.#wallMinusMonoMs = now.wallMs - now.monoMs;
    await this.#ledger.open();
    this.#recovery = await recover(this.#layout, this.#clock);
    const { before, facts, adopted, truncatedBytes, quarantined } = this.#recovery;
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
    await this.#lookAtDisk();
    this.#pursue(await this.#savedWish());
    await this.#socket.start();
    this.#every(TICK_MS, () => this.#tick());
    this.#every(STATUS_EVERY_MS, () => this.#tell());
    this.#every(DISK_EVERY_MS, () => void this.#lookAtDisk());
    this.#every(CLOCK_STATE_EVERY_MS, () => void this.#clock.refresh());
  }

  /** Stops on purpose: closes every segment, writes it down, lets go of the folder. Idempotent; gives up waiting after a while. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    if (this.#soon !== null) clearTimeout(this.#soon);
    const orderly = async () => {
      await Promise.all([...this.#streams.values()].map((stream) => stream.close()));
      await this.#saving;
      await this.#ledger.append({ type: 'recorder-stopped' });
      await this.#socket.close();
      await this.#ledger.close();
      await this.#lock?.release();
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

  async #takeFolder(): Promise<void> {
    const { root, media, quarantine } = this.#layout;
    try {
      for (const folder of [root, media, quarantine, dirname(this.#layout.desired)])
        await mkdir(folder, { recursive: true, mode: 0o750 });
      // A folder can exist and still refuse every file.
      await replaceFile(`${this.#layout.recorderLock}.probe`, 'writable\n', 0o640);
    } catch (error) {
      throw new AppError('data-not-writable', `the data folder ${root} cannot be written: ${sentenceOf(error)}`, {
        cause: error,
      });
    }
    this.#lock = await FolderLock.take(root, 'recorder', 'recorder-already-runs');
  }

  async #savedWish(): Promise<DesiredState> {
    const empty: DesiredState = { revision: 0, streams: {} };
    let text: string;
    try {
      text = await readFile(this.#layout.desired, 'utf8');
    } catch {
      return empty;
    }
    try {
      const saved: unknown = JSON.parse(text);
      if (isDesired(saved)) return saved;
    } catch {
      // Told below: what cannot be read is kept for people to look at.
    }
    const aside = `${this.#layout.desired}.unreadable-${Math.trunc(this.#clock.now().wallMs)}`;
    await rename(this.#layout.desired, aside);
    this.#options.log.error(
      { aside },
      'the last wish could not be read; it was set aside and the controller will send it again',
    );
    return empty;
  }

  /** A new wish: merged with what is being kept, on disk before it is pursued. */
  async #desire(asked: DesiredState): Promise<void> {
    const { next, forgotten } = mergeDesired(
      this.#desired,
      asked,
      (stream, claim) => this.#streams.get(stream)?.isEnded(claim) ?? this.#endedBefore(stream, claim),
    );
    for (const { stream, claim } of forgotten) {
      this.#options.log.warn({ stream, claim }, 'the controller forgot a claim; it is kept until it is ended');
    }
    const changed = JSON.stringify({ ...next, revision: 0 }) !== JSON.stringify({ ...this.#desired, revision: 0 });
    this.#pursue(next);
    if (!changed) return;
    // Pursued at once and saved beside it: a press must not wait for this file, and a claim is in the journal anyway.
    this.#saving = this.#saving
      .catch(() => undefined)
      .then(() => replaceFile(this.#layout.desired, JSON.stringify(this.#desired), 0o600));
    await this.#saving;
  }

  #endedBefore(stream: string, claim: string): boolean {
    return this.#recovery?.endedClaims.get(stream)?.includes(claim) ?? false;
  }

  #pursue(desired: DesiredState): void {
    this.#desired = desired;
    for (const [id, wish] of Object.entries(desired.streams)) this.#stream(id).desire(wish);
    for (const [id, stream] of this.#streams) if (!Object.hasOwn(desired.streams, id)) stream.rest();
    this.#changed();
  }

  #stream(id: string): Stream {
    const known = this.#streams.get(id);
    if (known !== undefined) return known;
    const stream = new Stream(id, {
      clock: this.#clock,
      ffmpeg: this.#options.ffmpeg,
      mediaFolder: this.#layout.media,
      journal: (fact) => this.#ledger.append(fact),
      newId: () => ulid(this.#clock.now().wallMs, randomBytes(ULID_RANDOM_BYTES)),
      changed: () => this.#changed(),
      warn: (name, cause) => this.#options.log.warn({ stream: name, cause }, 'a source is lost; it is tried again'),
    });
    stream.restore(this.#recovery?.kept.get(id), this.#recovery?.endedClaims.get(id) ?? []);
    this.#streams.set(id, stream);
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
  }

  #changed(): void {
    this.#soon ??= setTimeout(() => {
      this.#soon = null;
      this.#tell();
    }, STATUS_SOON_MS);
  }

  #tell(): void {
    this.#socket.sendStatus(this.#status());
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
      disk: this.#disk,
      journal: this.#ledger.head,
      streams,
    };
  }

  async #lookAtDisk(): Promise<void> {
    try {
      const { bavail, blocks, bsize } = await statfs(this.#layout.media);
      this.#disk = { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
    } catch (error) {
      // A disk that cannot be asked has no room: a read error must never look like space.
      this.#disk = { freeBytes: 0, totalBytes: this.#disk.totalBytes };
      this.#options.log.error({ error: sentenceOf(error) }, 'the disk cannot be asked for its free space');
    }
  }

  #every(ms: number, act: () => void): void {
    this.#timers.push(setInterval(act, ms));
  }
}
