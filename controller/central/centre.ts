/**
 * The centre of sites: receives what they forward, keeps it in an object store and signs receipts. This file only puts the parts
 * together and says in which order they start and stop.
 */
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CentreDesk } from '../core/centre-desk.ts';
import { AppError, sentenceOf } from '../core/errors.ts';
import {
  CENTRE_STATE_TOPIC,
  CENTRE_TOPIC,
  type CentreDocument,
  FILES_IN_FLIGHT,
  OFFLINE,
  PACKET_OVERHEAD_BYTES,
  SITES_TRANSFER_FILTER,
  SITES_UP_FILTER,
} from '../core/hrc.ts';
import { readUpTopic } from '../core/hrc-reading.ts';
import { type PublicKey, signJws } from '../core/jws.ts';
import type { Log, PinHasher } from '../core/ports.ts';
import type { Clock } from '../core/time.ts';
import { ULID_RANDOM_BYTES, ulid } from '../core/ulid.ts';
import { replaceFile } from '../ledger/durable.ts';
import { openKeyFile, type SigningKey } from '../ledger/key-file.ts';
import { FolderLock } from '../ledger/lock.ts';
import { Archive } from './archive.ts';
import { CHAPTERS } from './chapters.ts';
import { CommandRows } from './commands/command-rows.ts';
import { Commands, type CommandTiming } from './commands/commands.ts';
import { Control, type SiteListener } from './control.ts';
import { Desk } from './desk/desk.ts';
import { DeskRows } from './desk/desk-rows.ts';
import { Door } from './door/door.ts';
import type { DoorFact } from './door/door-facts.ts';
import { DoorRows } from './door/door-rows.ts';
import { eventDesk } from './events.ts';
import { FolderStore } from './folder-store.ts';
import { incomingFolderOf, publicKeysFileOf, pulledFolderOf, receiptKeyFileOf } from './folders.ts';
import { Intake, type IntakeWishes, ONLY_CHUNKS } from './intake/intake.ts';
import { type BrokerAddress, Link, type Retained } from './link.ts';
import type { ObjectStore } from './object-store.ts';
import { PART_LIMITS, type PartLimits, Parts } from './parts.ts';
import { policiesFor, type SitePolicies } from './policy.ts';
import { Presence } from './presence.ts';
import { Recall } from './recall.ts';
import { isTransfer, Receiver } from './receiver.ts';
import { Registrar } from './registrar.ts';
import { RegistryRows } from './registry-rows.ts';
import { REPLAY_TIMING, Replays, type ReplayTiming } from './replays.ts';
import { SiteKeys, type SiteTrust } from './site-keys.ts';
import { Workers, type WorkersOptions } from './workers.ts';

const CLOSE_TIMEOUT_MS = 8_000;
const EXPIRY_EVERY_MS = 60_000;
/** Open commands of a site that are looked through for one of ours. */
const OPEN_LOOKED_AT = 200;
/** A site that says nothing to it for so long is asked anew. */
const REPLAY_GOOD_FOR_MS = 30 * 60_000;
const PRESENT = { v: 1, online: true };

export interface CentreOptions extends BrokerAddress {
  /** Everything the centre keeps for itself lies here; segments too, unless there is another store. */
  readonly folder: string;
  readonly store?: ObjectStore;
  /** Ways for bytes that are offered, as far as they are possible; B alone unless said otherwise. */
  readonly wishes?: IntakeWishes;
  readonly siteKeys: SiteTrust;
  /** What single sites are asked for. */
  readonly policies?: SitePolicies;
  readonly clock: Clock;
  readonly log: Log;
  readonly name?: string;
  readonly limits?: Partial<PartLimits>;
  /** Processes that receive bytes by route B; without them this process does. */
  readonly workers?: Pick<WorkersOptions, 'count' | 'start'>;
  readonly replays?: ReplayTiming;
  readonly backoff?: { readonly firstMs: number; readonly maxMs: number };
  readonly commands?: Partial<CommandTiming>;
}

export interface OpenDesk {
  readonly desk: CentreDesk;
  readonly first: { readonly name: string; readonly secret: string } | null;
}

export class Centre {
  readonly #options: CentreOptions;
  readonly #limits: PartLimits;
  readonly #archive: Archive;
  readonly #store: ObjectStore;
  readonly #parts: Parts;
  readonly #closing = new AbortController();
  #lock: FolderLock | null = null;
  #key: SigningKey | null = null;
  #link: Link | null = null;
  #commands: Commands | null = null;
  #desk: Desk | null = null;
  #intake: Intake | null = null;
  #control: Control | null = null;
  #replays: Replays | null = null;
  #receiver: Receiver | null = null;
  #workers: Workers | null = null;
  #loop: Promise<void> = Promise.resolve();
  #closed: Promise<void> | null = null;

  constructor(options: CentreOptions) {
    this.#options = options;
    this.#limits = { ...PART_LIMITS, ...options.limits };
    const { folder, clock, log } = options;
    this.#archive = new Archive({ folder, chapters: CHAPTERS, clock, log });
    this.#store = options.store ?? new FolderStore(options.folder);
    this.#parts = new Parts(incomingFolderOf(options.folder), this.#limits);
  }

  /** Waits for folder, key, journal and store, not for the broker. Rejects with `data-not-writable`, `centre-already-runs`, or what the store says. */
  async start(): Promise<void> {
    const { folder, log, siteKeys, clock, wishes = ONLY_CHUNKS } = this.#options;
    this.#lock = await FolderLock.take(folder, 'centre', 'centre-already-runs');
    const key = await this.#openKey();
    const { tornBytes, faults } = await this.#archive.open();
    if (tornBytes > 0) log.warn({ tornBytes }, 'the last line of the journal was half written; it was set aside');
    for (const fault of faults) log.error({ alarm: 'verify-failed', line: fault.seq }, `the journal: ${fault.message}`);
    await this.#store.open();
    await this.#parts.open();
    const send = (topic: string, payload: string | Buffer, expiryS?: number) =>
      this.#link?.send(topic, payload, expiryS);
    const archive = this.#archive;
    const rows = new RegistryRows(archive);
    const keys = new SiteKeys(archive, rows, siteKeys, log);
    const registrar = new Registrar({ archive, rows, keys, key, clock, log, send });
    const intake = new Intake({
      ...{ wishes, registrar, store: this.#store, pulledFolder: pulledFolderOf(folder), send, clock, log },
    });
    await intake.open();
    this.#intake = intake;
    const recall = new Recall({
      ...{ store: this.#store, log, holding: (site: string, seg: string) => registrar.holding(site, seg) },
      deliver: (topic, payload) => this.#link?.deliver(topic, payload) ?? Promise.resolve(false),
      packetBytesMax: () => this.#link?.packetBytesMax ?? null,
    });
    const policies = policiesFor(this.#options.policies ?? {}, key, clock.now().wallMs);
    const told = eventDesk({ archive, keyOf: (site) => keys.of(site), log });
    const requests = [...intake.requests, recall, told];
    const commandRows = new CommandRows(archive);
    const commands = new Commands({
      ...{ rows: commandRows, key, clock, log, send, timing: this.#options.commands ?? {} },
      keep: (fact) => archive.keep(fact),
    });
    const presence = new Presence(archive, clock);
    const replays = new Replays({
      ...{ archive, presence, clock, log, timing: this.#options.replays ?? REPLAY_TIMING },
      desk: {
        isAsked: (site) => commandRows.open(site, OPEN_LOOKED_AT).some(({ type }) => type === 'replay'),
        ask: async (site, { first, last }) => {
          const body = { select: { siteSeqFrom: first, siteSeqTo: last } };
          const reason = 'numbers of the outbox are missing';
          await commands.give({ site, type: 'replay', body, actor: null, reason, goodForMs: REPLAY_GOOD_FOR_MS });
        },
      },
    });
    const workers = this.#workersFor(registrar, keys);
    const listeners: SiteListener[] = [commands, intake, replays, ...(workers === null ? [] : [workers])];
    const control = new Control({ archive, registrar, presence, listeners, keys, requests, log, send });
    this.#control = control;
    const receiver = new Receiver({ registry: registrar, parts: this.#parts, store: this.#store, clock, log, send });
    this.#receiver = receiver;
    this.#link = new Link({
      address: this.#options,
      clientId: `centre-${key.publicKey.kid}`,
      clock,
      log,
      connected: () => presence.forget(),
      filters: () => [SITES_UP_FILTER, ...(workers === null ? [SITES_TRANSFER_FILTER] : [])],
      chunkBytesMax: this.#limits.chunkBytesMax,
      introduction: (packetMax) => [...this.#introduction(key, intake, packetMax), ...policies],
      will: { topic: CENTRE_STATE_TOPIC, payload: JSON.stringify(OFFLINE) },
      take: async (topic, payload) => {
        const about = readUpTopic(topic);
        if (about === null) log.warn({ topic: topic.slice(0, 128) }, 'a message on an unknown topic was ignored');
        else if (isTransfer(about)) await receiver.take(about, topic, payload);
        else await control.take(about, topic, payload);
      },
      ...(this.#options.backoff === undefined ? {} : { backoff: this.#options.backoff }),
    });
    this.#commands = commands;
    commands.start();
    this.#replays = replays;
    replays.start();
    this.#link.start();
    workers?.start();
    this.#loop = this.#expire(this.#link);
    log.info({ folder }, 'the centre is open');
  }

  /**
   * What the centre's page stands on; to be called after `start`. Where nobody may log in yet an administrator is made, whose secret is
   * answered this once; so is a new one for the administrator `renewed`.
   */
  async openDesk(secrets: PinHasher, renewed: string | null = null): Promise<OpenDesk> {
    const { clock, log, name = 'reference' } = this.#options;
    if (this.#commands === null) throw new AppError('internal', 'the centre is not open');
    const archive = this.#archive;
    const keep = (fact: DoorFact) => archive.keep(fact);
    const door = new Door({ rows: new DoorRows(archive), keep, secrets, clock, log });
    const first = await door.start(renewed);
    const desk = new Desk({
      ...{ name, archive, door, keep, clock, store: this.#store, commands: this.#commands },
      rows: new DeskRows(archive),
      commandRows: new CommandRows(archive),
    });
    this.#desk = desk;
    desk.start();
    return { desk, first };
  }

  /** The key receipts are signed with; null before `start`. */
  get publicKey(): PublicKey | null {
    return this.#key?.publicKey ?? null;
  }

  /** Where the public keys lie, for a site on the same machine. */
  get publicKeysFile(): string {
    return publicKeysFileOf(this.#options.folder);
  }

  /** Ends the connection, finishes the message at hand, lets go of the folder. Idempotent; at most {@link CLOSE_TIMEOUT_MS}. */
  close(): Promise<void> {
    this.#closed ??= Promise.race([this.#close(), sleep(CLOSE_TIMEOUT_MS, undefined, { ref: false })]);
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    this.#desk?.close();
    await this.#workers?.close();
    await this.#link?.close();
    await this.#receiver?.idle();
    await this.#replays?.close();
    await this.#commands?.close();
    await this.#loop;
    await this.#intake?.close();
    await this.#control?.close();
    await this.#parts.close();
    await this.#store.close();
    await this.#archive.close();
    await this.#lock?.release();
  }

  #workersFor(registrar: Registrar, keys: SiteKeys): Workers | null {
    const { workers, clock, log } = this.#options;
    if (workers === undefined || workers.count === 0) return null;
    this.#workers = new Workers({
      ...workers,
      ...{ registry: registrar, sites: () => keys.sites(), clock, log },
      // Under another boot: what a site sent while nobody listened has to be sent again.
      onListening: () => {
        this.#link?.introduce().catch((error: unknown) => log.warn({}, `sites were not told: ${sentenceOf(error)}`));
      },
    });
    return this.#workers;
  }

  async #openKey(): Promise<SigningKey> {
    const { folder } = this.#options;
    await mkdir(dirname(publicKeysFileOf(folder)), { recursive: true, mode: 0o750 });
    const key = openKeyFile(receiptKeyFileOf(folder));
    this.#key = key;
    await replaceFile(publicKeysFileOf(folder), `${JSON.stringify({ keys: [key.publicKey] })}\n`, 0o644);
    return key;
  }

  /** What the centre can do, signed anew at each connection, so that sites know when to ask again. */
  #introduction(key: SigningKey, intake: Intake, packetMax: number): readonly Retained[] {
    const { clock, log, name = 'reference' } = this.#options;
    const { wallMs } = clock.now();
    const document: CentreDocument = {
      v: 1,
      centre: name,
      iat: Math.floor(wallMs / 1_000),
      boot: ulid(wallMs, randomBytes(ULID_RANDOM_BYTES)),
      ...intake.offered,
      announce: 'all',
      ft: { chunkMax: this.#limits.chunkBytesMax, filesInFlight: FILES_IN_FLIGHT },
      receipt: { keys: [key.publicKey], minDurability: 'stored' },
      min: 1,
      max: 1,
    };
    const payload = signJws('hrc-centre', key.publicKey.kid, document, key.privateKey);
    if (payload.length + CENTRE_TOPIC.length + PACKET_OVERHEAD_BYTES > packetMax) {
      log.error({ alarm: 'broker-away' }, `the broker takes packets of ${packetMax} bytes only: too small for hrc/1`);
      return [];
    }
    return [
      { topic: CENTRE_STATE_TOPIC, payload: JSON.stringify(PRESENT) },
      { topic: CENTRE_TOPIC, payload },
    ];
  }

  async #expire(link: Link): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await sleep(EXPIRY_EVERY_MS, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      await link
        .between(() => this.#parts.expire(this.#options.clock.now().monoMs))
        .catch((error: unknown) => this.#options.log.warn({}, `expired parts: ${sentenceOf(error)}`));
    }
  }
}
