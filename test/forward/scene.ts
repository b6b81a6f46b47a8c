/** The stage for tests of forwarding: real brokers on free loopback ports, an outbox over real files, a log that can be asked. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import mqtt, { type MqttClient } from 'mqtt';
import { startBroker } from '../../controller/central/broker.ts';
import { Centre, type CentreOptions } from '../../controller/central/centre.ts';
import { publicKeysFileOf } from '../../controller/central/folders.ts';
import { sha256 } from '../../controller/core/chain.ts';
import type { SegmentFact } from '../../controller/core/facts.ts';
import { manifestOf } from '../../controller/core/hrc.ts';
import { jwsHash } from '../../controller/core/jws.ts';
import type { Backlog, Log, Outbox, OutboxItem, Signer } from '../../controller/core/ports.ts';
import { ulid } from '../../controller/core/ulid.ts';
import { Forwarder } from '../../controller/forward/forwarder.ts';
import type { ForwarderOptions } from '../../controller/forward/forwarder-options.ts';
import { type SiteSigner, siteSigner } from '../../controller/forward/signer.ts';
import type { ForwardTiming } from '../../controller/forward/timing.ts';
import { SystemClock } from '../../controller/ledger/system-clock.ts';

export const clock = new SystemClock();
export const SITE = 'court-0417';

/** Short waits for loopback, where a second is long. */
export const QUICK: Partial<ForwardTiming> = {
  backoffFirstMs: 50,
  backoffMaxMs: 400,
  pubackTimeoutMs: 5_000,
  finResultMs: 5_000,
  receiptMs: 500,
  responseMs: 2_000,
  takenOverMs: 400,
  progressEveryMs: 100,
};

/** Waits until `fact` is true; fails with `what` after `limitMs`. */
export async function until(what: string, fact: () => boolean | Promise<boolean>, limitMs = 20_000): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await fact())) {
    if (performance.now() > end) throw new Error(`waited ${limitMs} ms in vain for: ${what}`);
    await sleep(10);
  }
}

export interface Said {
  readonly level: 'info' | 'warn' | 'error';
  readonly fields: { readonly alarm?: string; readonly code?: string; readonly seg?: string };
  readonly message: string;
}

/** A log that keeps what was said. */
export class Ear implements Log {
  readonly said: Said[] = [];
  info(fields: object, message: string): void {
    this.said.push({ level: 'info', fields, message });
  }
  warn(fields: object, message: string): void {
    this.said.push({ level: 'warn', fields, message });
  }
  error(fields: object, message: string): void {
    this.said.push({ level: 'error', fields, message });
  }
  alarms(code: string): Said[] {
    return this.said.filter((said) => said.fields.alarm === code);
  }
}

/** The outbox as the port promises it: segments as real files, everything else in memory. */
export class FileOutbox implements Outbox {
  readonly folder: string;
  readonly receipts = new Map<string, string[]>();
  readonly items: OutboxItem[] = [];
  readonly losses = new Set<string>();
  readonly #site: string;
  readonly #signer: Signer;
  readonly #listeners: (() => void)[] = [];
  #prev: string | null = null;

  constructor(folder: string, signer: Signer, site = SITE) {
    this.folder = folder;
    this.#signer = signer;
    this.#site = site;
  }

  /** Seals one segment of `bytes` (or a number of random bytes). `seg` and `siteSeq` are the next ones. */
  async seal(content: number | Buffer, change: Partial<SegmentFact> = {}): Promise<OutboxItem> {
    const bytes = typeof content === 'number' ? randomBytes(content) : content;
    const siteSeq = this.items.length + 1;
    const now = clock.now();
    const seg = ulid(now.wallMs, randomBytes(10));
    const path = join(this.folder, `${seg}.mp4`);
    await writeFile(path, bytes);
    const segment: SegmentFact = {
      type: 'segment',
      seg,
      stream: 'cam-02',
      run: '01KAJ9M3W6Z8Q4T1V7X2Y5N0BC',
      sequence: siteSeq,
      from: now,
      to: { ...now, wallMs: now.wallMs + 10_000, monoMs: now.monoMs + 10_000 },
      mediaFromMs: 0,
      mediaToMs: 10_000,
      videoFrames: 250,
      audioFrames: 0,
      bytes: bytes.length,
      headerBytes: 800,
      sha256: sha256(bytes),
      media: { video: { codec: 'avc1.640028', width: 1920, height: 1080 }, audio: null },
      clock: { source: 'ntp' },
      claims: ['01KAJ9M3W6Z8Q4T1V7X2Y5N0BD'],
      startsWithKeyframe: true,
      gapBefore: null,
      adopted: false,
      ...change,
    };
    const jws = this.#signer.sign('hrc-seg', manifestOf(this.#site, segment, this.#prev, siteSeq - 1));
    this.#prev = jwsHash(jws);
    const item = { siteSeq, segment, jws, path };
    this.items.push(item);
    for (const listener of this.#listeners) listener();
    return item;
  }

  async sealMany(count: number, bytes: number): Promise<void> {
    for (let i = 0; i < count; i++) await this.seal(bytes);
  }

  pending(afterSiteSeq: number, limit: number): readonly OutboxItem[] {
    return this.items
      .filter((item) => item.siteSeq > afterSiteSeq && !this.receipts.has(item.segment.seg))
      .slice(0, limit);
  }

  newest(beforeSiteSeq: number, limit: number): readonly OutboxItem[] {
    return this.items
      .filter((item) => item.siteSeq < beforeSiteSeq && !this.receipts.has(item.segment.seg))
      .reverse()
      .slice(0, limit);
  }

  urgent(skip: number, limit: number): readonly OutboxItem[] {
    return this.pending(0, this.items.length)
      .filter(({ isSession }) => isSession !== false)
      .slice(skip, skip + limit);
  }

  sealed(fromSiteSeq: number, toSiteSeq: number, limit: number): readonly OutboxItem[] {
    return this.items.slice(fromSiteSeq - 1, Math.min(toSiteSeq, fromSiteSeq - 1 + limit));
  }

  item(seg: string): OutboxItem | null {
    return this.items.find((item) => item.segment.seg === seg) ?? null;
  }

  /** What was deleted here, as far as this test says so. */
  readonly purged = new Set<string>();
  isPurged(seg: string): boolean {
    return this.purged.has(seg);
  }
  isReceipted(seg: string): boolean {
    return this.receipts.has(seg);
  }

  backlog(): Backlog {
    const open = this.items.filter(({ segment }) => !this.receipts.has(segment.seg));
    return {
      segments: open.length,
      bytes: open.reduce((sum, { segment }) => sum + segment.bytes, 0),
      oldestMs: open[0]?.segment.from.wallMs ?? null,
    };
  }

  lastSiteSeq(): number {
    return this.items.length;
  }

  receipt(seg: string, receipt: string): Promise<void> {
    this.receipts.set(seg, [...(this.receipts.get(seg) ?? []), receipt]);
    return Promise.resolve();
  }

  lost(seg: string): Promise<void> {
    this.losses.add(seg);
    return Promise.resolve();
  }

  onSealed(listener: () => void): void {
    this.#listeners.push(listener);
  }
}

export interface TestBroker {
  readonly port: number;
  readonly url: string;
  /** Ends it as a crash would. */
  stop(): Promise<void>;
  /** The same port again. */
  restart(): Promise<void>;
}

export type BrokerKind = 'aedes' | 'mosquitto';

/** A broker of a kind on a free port. `config` is added to mosquitto's, which lies in `folder`. */
export async function broker(kind: BrokerKind, folder: string, config: readonly string[] = []): Promise<TestBroker> {
  const port = await freePort();
  if (kind === 'aedes') {
    let running = await startBroker({ port });
    return {
      port,
      url: `mqtt://127.0.0.1:${port}`,
      stop: () => running.close(),
      restart: async () => {
        running = await startBroker({ port });
      },
    };
  }
  const file = join(folder, 'mosquitto.conf');
  writeFileSync(file, [`listener ${port} 127.0.0.1`, 'allow_anonymous true', 'user root', ...config, ''].join('\n'));
  let running: ChildProcess | null = null;
  const start = async () => {
    running = spawn('/usr/sbin/mosquitto', ['-c', file], { stdio: 'ignore' });
    await until('mosquitto listens', () => listens(port));
  };
  await start();
  return {
    port,
    url: `mqtt://127.0.0.1:${port}`,
    stop: async () => {
      const child = running;
      if (child === null || child.exitCode !== null || child.signalCode !== null) return;
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
    },
    restart: start,
  };
}

/** A port nobody uses at this moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/** A way to a port that carries so many bytes a second towards it, and holds the sender back meanwhile. Ends with its sockets. */
export function slowWayTo(port: number, bytesPerS: number): Promise<{ url: string; close: () => void }> {
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    far.pipe(near);
    near.on('data', (bytes) => {
      near.pause();
      far.write(bytes);
      setTimeout(() => near.resume(), (bytes.length / bytesPerS) * 1_000);
    });
    for (const socket of [near, far]) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        near.destroy();
        far.destroy();
      });
    }
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const own = typeof address === 'object' && address !== null ? address.port : 0;
      resolve({ url: `mqtt://127.0.0.1:${own}`, close: () => server.close() });
    });
  });
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** One test's site, centre and cleaning up. */
export class Scene {
  readonly root = mkdtempSync(join(tmpdir(), 'forward-'));
  readonly signer: SiteSigner;
  readonly outbox: FileOutbox;
  readonly siteEar = new Ear();
  readonly centreEar = new Ear();
  readonly centreFolder = join(this.root, 'centre');
  readonly #endings: (() => Promise<unknown>)[] = [];

  constructor(site = SITE) {
    this.signer = siteSigner(join(this.root, 'keys', 'site.pem'));
    this.outbox = new FileOutbox(this.root, this.signer, site);
  }

  async broker(kind: BrokerKind, config: readonly string[] = []): Promise<TestBroker> {
    const started = await broker(kind, this.root, config);
    this.#endings.unshift(() => started.stop());
    return started;
  }

  async centre(url: string, change: Partial<CentreOptions> = {}): Promise<Centre> {
    const centre = new Centre({
      url,
      folder: this.centreFolder,
      siteKeys: { mode: 'first-sight' },
      clock,
      log: this.centreEar,
      backoff: { firstMs: 50, maxMs: 400 },
      ...change,
    });
    await centre.start();
    this.#endings.unshift(() => centre.close());
    return centre;
  }

  forwarder(url: string, change: Partial<ForwarderOptions> = {}): Forwarder {
    const forwarder = new Forwarder({
      site: SITE,
      outbox: this.outbox,
      signer: this.signer,
      url,
      trust: { file: publicKeysFileOf(this.centreFolder) },
      clock,
      log: this.siteEar,
      ...change,
      timing: { ...QUICK, ...change.timing },
    });
    this.#endings.unshift(() => forwarder.close());
    forwarder.start();
    return forwarder;
  }

  /** A plain client that may say anything. */
  async client(url: string, clientId = `test-${randomBytes(4).toString('hex')}`): Promise<MqttClient> {
    const client = await mqtt.connectAsync(url, { clientId, protocolVersion: 4, reconnectPeriod: 0 });
    client.on('error', () => undefined);
    this.#endings.unshift(() => client.endAsync(true));
    return client;
  }

  /** Waits until every sealed segment has its receipt. */
  async delivered(limitMs = 30_000): Promise<void> {
    await until('a receipt for every segment', () => this.outbox.pending(0, 1).length === 0, limitMs);
  }

  async end(): Promise<void> {
    for (const ending of this.#endings) await ending();
    rmSync(this.root, { recursive: true, force: true });
  }
}
