/**
 * Brings every sealed segment to the centre and its signed receipt back (invariants 3 and 5). It reads the outbox, never writes
 * it except for checked receipts, and nothing that goes wrong here reaches a recording.
 *
 * One loop starts deliveries, at most two at a time; a delivery is: ask (if the centre may have it), announce, send, wait. How
 * each ends, and what follows, is the table in `reaction.ts`.
 */
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, sentenceOf } from '../core/errors.ts';
import {
  ALL_DOWN_FILTER,
  ANNOUNCE_BATCH,
  CENTRE_STATE_TOPIC,
  CENTRE_TOPIC,
  CHUNK_BYTES,
  FILES_IN_FLIGHT,
  fileIdOf,
  initOf,
  OFFLINE,
  payloadBytesMax,
  QUERY_BATCH,
  RECEIPT_BATCH,
  type SiteTopics,
  topicsOf,
} from '../core/hrc.ts';
import { fieldsOf, parseJson, readManifest, readSegs, readState, readTransferResult } from '../core/hrc-reading.ts';
import { payloadOf } from '../core/jws.ts';
import type { Orders } from '../core/orders.ts';
import type { CentreLink, Log, Outbox, OutboxItem } from '../core/ports.ts';
import type { Clock } from '../core/time.ts';
import { Bell } from './bell.ts';
import { type CentreTrust, CentreVoice } from './centre-voice.ts';
import { ChunkSize } from './chunk-size.ts';
import { Conversation } from './conversation.ts';
import type { Address, Protocol } from './dial.ts';
import { type Ending, Flight, pause } from './flight.ts';
import { Line, Refused } from './line.ts';
import { LinkState } from './link-state.ts';
import { OrderBox } from './order-box.ts';
import { Presence } from './presence.ts';
import { NEW_TRACK, type Outcome, react, type Track } from './reaction.ts';
import type { SiteSigner } from './signer.ts';
import { FORWARD_TIMING, type ForwardTiming } from './timing.ts';
import { LocalFault, sendFile, Unfit } from './transfer.ts';

const ROUTE = 'B';
/** Longer messages are not read. */
const MESSAGE_BYTES_MAX = 1024 * 1024;
/** Segments that failed and rest; beyond it nothing new is begun until some of them went through. */
const TRACKS_MAX = 1_000;
const LOOP_IDLE_MS = 60_000;
const CLOSE_TIMEOUT_MS = 8_000;
const RANDOM_STEPS = 1_000_000;

export interface ForwarderOptions extends Address {
  readonly site: string;
  readonly outbox: Outbox;
  readonly signer: SiteSigner;
  readonly trust: CentreTrust;
  readonly clock: Clock;
  readonly log: Log;
  /** Who carries out the centre's orders; without it they are not heard. */
  readonly orders?: Orders;
  /** Which MQTT to try first; 5 unless the broker is known to speak 3.1.1 only. */
  readonly protocol?: Protocol;
  readonly timing?: Partial<ForwardTiming>;
}

export class Forwarder {
  readonly #options: ForwarderOptions;
  readonly #timing: ForwardTiming;
  readonly #topics: SiteTopics;
  readonly #voice: CentreVoice;
  readonly #control: Line;
  readonly #bulk: Line;
  readonly #conversation: Conversation;
  readonly #presence: Presence;
  readonly #orders: OrderBox | null;
  readonly #state: LinkState;
  readonly #closing = new AbortController();
  readonly #bell = new Bell();
  readonly #tracks = new Map<string, Track>();
  readonly #flights = new Map<string, Flight>();
  readonly #chunkSize = new ChunkSize();
  readonly #listeners: ((link: CentreLink) => void)[] = [];
  #sending: Promise<void> = Promise.resolve();
  #documentJws = '';
  #pausedUntilMs = 0;
  #loops: Promise<void>[] = [];
  #closed: Promise<void> | null = null;

  constructor(options: ForwarderOptions) {
    this.#options = options;
    this.#timing = { ...FORWARD_TIMING, ...options.timing };
    this.#topics = topicsOf(options.site);
    this.#voice = new CentreVoice(options.trust);
    const protocol = { version: options.protocol ?? (5 as const) };
    const both = {
      ...options,
      protocol,
      timing: this.#timing,
      onDown: (why: string) => this.#down(why),
    };
    this.#control = new Line({
      ...both,
      clientId: options.site,
      will: { topic: this.#topics.state, payload: JSON.stringify(OFFLINE) },
      subscriptions: [this.#topics.downFilter, ALL_DOWN_FILTER],
      onMessage: (topic, payload, isRetained) => this.#message(topic, payload, isRetained),
      onUp: () => this.#controlUp(),
    });
    this.#bulk = new Line({
      ...both,
      clientId: `${options.site}-b`,
      subscriptions: [],
      onMessage: () => Promise.resolve(),
      onUp: () => this.#up(),
    });
    const words = { ...options, line: this.#control, topics: this.#topics, route: ROUTE } as const;
    const { responseMs, backlogEveryMs } = this.#timing;
    this.#presence = new Presence({ ...words, publicKey: options.signer.publicKey, backlogEveryMs });
    const { orders } = options;
    this.#orders = orders === undefined ? null : new OrderBox({ ...words, orders, voice: this.#voice });
    this.#conversation = new Conversation({ ...words, responseMs });
    this.#state = new LinkState(ROUTE, (link) => this.#tellLink(link));
  }

  /** Begins to connect and to deliver. Does not wait for the broker, nor for anything else. */
  start(): void {
    if (this.#loops.length > 0) return;
    this.#options.outbox.onSealed(() => this.#bell.ring());
    this.#control.start();
    this.#bulk.start();
    this.#loops = [this.#deliverAll(), this.#presence.keepTelling(this.#closing.signal)];
  }

  /** Stops delivering, says goodbye and ends both connections. Idempotent; at most {@link CLOSE_TIMEOUT_MS}. */
  close(): Promise<void> {
    this.#closed ??= Promise.race([this.#close(), sleep(CLOSE_TIMEOUT_MS, undefined, { ref: false })]);
    return this.#closed;
  }

  /** How it stands between this site and the centre. */
  link(): CentreLink {
    return this.#state.link;
  }

  /** Called at each change of {@link link}. */
  onLink(listener: (link: CentreLink) => void): void {
    this.#listeners.push(listener);
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    this.#bell.ring();
    this.#endFlights();
    const farewell = { topic: this.#topics.state, payload: JSON.stringify(OFFLINE) };
    await Promise.all([this.#control.close(farewell), this.#bulk.close()]);
    await Promise.all(this.#loops);
  }

  // Deliveries

  async #deliverAll(): Promise<void> {
    const underWay = new Set<Promise<void>>();
    while (!this.#closing.signal.aborted) {
      let restMs = LOOP_IDLE_MS;
      try {
        restMs = this.#beginDue(underWay);
      } catch (error) {
        this.#options.log.error({ error: sentenceOf(error) }, 'the outbox could not be read; it is tried again');
        restMs = this.#timing.backoffMaxMs;
      }
      await this.#bell.wait(restMs);
    }
    await Promise.all(underWay);
  }

  /** Begins what may begin now; answers how long there is nothing to do unless the bell rings. */
  #beginDue(underWay: Set<Promise<void>>): number {
    if (!this.#state.ready) return LOOP_IDLE_MS;
    const nowMs = this.#nowMs();
    if (this.#pausedUntilMs > nowMs) return this.#pausedUntilMs - nowMs;
    const filesMax = Math.min(FILES_IN_FLIGHT, this.#state.document?.ft.filesInFlight ?? 1);
    while (this.#flights.size < filesMax) {
      const item = this.#nextItem(nowMs);
      if (item === null) break;
      const track = this.#tracks.get(item.segment.seg) ?? NEW_TRACK;
      const flight = new Flight(item, fileIdOf(item.segment.seg, item.segment.sha256, track.attempt));
      this.#flights.set(item.segment.seg, flight);
      const done = this.#fly(flight, track).finally(() => {
        underWay.delete(done);
        this.#bell.ring();
      });
      underWay.add(done);
    }
    let restMs = LOOP_IDLE_MS;
    for (const [seg, track] of this.#tracks) {
      if (this.#flights.has(seg)) continue;
      // Due, and yet not among what is pending: it was settled elsewhere.
      if (track.restUntilMs <= nowMs && this.#flights.size < filesMax) this.#tracks.delete(seg);
      else restMs = Math.min(restMs, Math.max(0, track.restUntilMs - nowMs));
    }
    return this.#flights.size < filesMax ? restMs : LOOP_IDLE_MS;
  }

  /** The oldest segment that neither rests nor is under way. */
  #nextItem(nowMs: number): OutboxItem | null {
    let afterSeq = 0;
    for (;;) {
      const page = this.#options.outbox.pending(afterSeq, ANNOUNCE_BATCH);
      for (const item of page) {
        const { seg } = item.segment;
        const track = this.#tracks.get(seg);
        if (this.#flights.has(seg) || (track !== undefined && track.restUntilMs > nowMs)) continue;
        if (track === undefined && this.#tracks.size >= TRACKS_MAX) continue;
        return item;
      }
      const last = page.at(-1);
      if (last === undefined || page.length < ANNOUNCE_BATCH) return null;
      afterSeq = last.siteSeq;
    }
  }

  async #fly(flight: Flight, track: Track): Promise<void> {
    const { seg } = flight.item.segment;
    let ending: Ending;
    try {
      ending = await this.#deliver(flight, track);
    } catch (error) {
      ending = flight.ending ?? this.#endingOf(error);
    }
    this.#flights.delete(seg);
    this.#conversation.forgetSegment(seg);
    if (ending.kind === 'receipted') {
      this.#tracks.delete(seg);
      this.#state.silent(false);
      return;
    }
    const { track: next, pauseMs, alarm } = react(track, ending, this.#nowMs(), random());
    this.#tracks.set(seg, next);
    if (pauseMs > 0) this.#pausedUntilMs = Math.max(this.#pausedUntilMs, this.#nowMs() + pauseMs);
    if (ending.kind !== 'lost') this.#state.silent(ending.kind === 'silent');
    const { log } = this.#options;
    if (alarm !== null) log.error({ alarm: alarm.code, seg, fileId: flight.fileId }, alarm.message);
    else log.info({ seg, fileId: flight.fileId, ending, failures: next.failures }, 'a segment is tried again later');
  }

  #endingOf(error: unknown): Outcome {
    if (error instanceof LocalFault) return { kind: 'damaged', message: error.message };
    if (error instanceof Unfit) return { kind: 'unfit', message: error.message };
    if (error instanceof Refused) return { kind: 'turned-away', message: error.message };
    if (error instanceof AppError && error.code === 'broker-away') return { kind: 'lost' };
    this.#options.log.error({ error: sentenceOf(error) }, 'a delivery failed in a way nobody foresaw');
    return { kind: 'unreceipted' };
  }

  async #deliver(flight: Flight, track: Track): Promise<Ending> {
    const { item, fileId } = flight;
    const { segment, jws, path } = item;
    const { seg, sha256, bytes } = segment;
    const manifest = readManifest(payloadOf(jws));
    if (manifest === null || manifest.seg !== seg || manifest.sha256 !== sha256 || manifest.size !== bytes)
      return { kind: 'damaged', message: 'its signed manifest says something else than the journal' };
    const answered = track.askFirst || this.#conversation.isOld(item) ? await this.#conversation.ask(item) : true;
    if (flight.ending !== null) return flight.ending;
    if (!answered) return { kind: 'silent' };
    if (this.#options.outbox.isReceipted(seg)) return { kind: 'receipted' };
    await this.#conversation.announce(item);
    // One file after the other on the wire: the older one gets its receipt while the next one is sent.
    const turn = this.#sending;
    let leaveTurn: () => void = () => undefined;
    this.#sending = new Promise((resolve) => {
      leaveTurn = resolve;
    });
    try {
      await turn;
      if (flight.ending !== null) return flight.ending;
      const init = JSON.stringify(initOf(manifest, jws));
      await sendFile({
        line: this.#bulk,
        topics: this.#topics,
        fileId,
        path,
        size: bytes,
        sha256,
        init,
        chunkBytes: this.#chunkBytes(fileId, bytes, sha256, init),
        stop: flight.ended.signal,
        onChunkSent: () => this.#chunkSize.sent(),
        onChunkAcknowledged: () => this.#chunkSize.acknowledged(),
      });
    } finally {
      leaveTurn();
    }
    return flight.wait(this.#timing.finResultMs, this.#timing.receiptMs);
  }

  #chunkBytes(fileId: string, size: number, sha256: string, init: string): number {
    const topicBytes = Math.max(
      this.#topics.chunk(fileId, size, sha256).length,
      this.#topics.fin(fileId, size, sha256).length,
    );
    const packetMax = this.#bulk.maximumPacketBytes;
    const chunkMax = this.#state.document?.ft.chunkMax ?? CHUNK_BYTES;
    const bytes = payloadBytesMax(Math.min(CHUNK_BYTES, this.#chunkSize.bytesMax), chunkMax, packetMax, topicBytes);
    if (bytes < init.length)
      throw new Unfit(`the broker takes packets of ${packetMax} bytes only; a transfer cannot be opened`);
    return bytes;
  }

  // What comes in

  async #message(topic: string, payload: Buffer, isRetained: boolean): Promise<void> {
    try {
      if (payload.length > MESSAGE_BYTES_MAX) throw new Error(`a message of ${payload.length} bytes was refused`);
      if (topic === CENTRE_TOPIC) this.#hearDocument(payload.toString('utf8'));
      else if (topic === CENTRE_STATE_TOPIC) this.#hearState(payload);
      else if (topic === this.#topics.receipt) await this.#hearReceipts(payload);
      else if (topic === this.#topics.result) this.#hearResult(payload);
      else if (topic.startsWith(this.#topics.responses))
        this.#hearResponse(topic.slice(this.#topics.responses.length), payload);
      else if (topic.startsWith(this.#topics.orders)) {
        const id = topic.slice(this.#topics.orders.length);
        await this.#orders?.take(id, payload.toString('utf8'), isRetained);
      }
    } catch (error) {
      this.#options.log.warn({ topic }, `a message from the centre could not be used: ${sentenceOf(error)}`);
    }
  }

  #hearDocument(jws: string): void {
    if (jws === this.#documentJws) return;
    const document = jws === '' ? "the centre's document was taken back" : this.#voice.document(jws);
    if (typeof document === 'string') {
      this.#options.log.error({ alarm: 'centre-away' }, document);
      this.#state.noDocument(document);
      return;
    }
    this.#documentJws = jws;
    // A new document is a centre that (re)connected: what was on its way to it may be lost, and what it refused it may take now.
    this.#startAnew();
    this.#pausedUntilMs = 0;
    for (const [seg, track] of this.#tracks) this.#tracks.set(seg, { ...track, restUntilMs: 0 });
    this.#state.heard(document);
    this.#bell.ring();
  }

  #hearState(payload: Buffer): void {
    const state = readState(parseJson(payload, MESSAGE_BYTES_MAX));
    if (state === null) return;
    if (!state.online) this.#endFlights();
    this.#state.offline(!state.online);
    this.#bell.ring();
  }

  async #hearReceipts(payload: Buffer): Promise<void> {
    const list = parseJson(payload, MESSAGE_BYTES_MAX);
    if (!Array.isArray(list) || list.length > RECEIPT_BATCH) {
      this.#refuse(null, 'it is not a list of receipts');
      return;
    }
    for (const jws of list) {
      if (typeof jws === 'string') await this.#hearReceipt(jws);
      else this.#refuse(null, 'it is not a text');
    }
  }

  async #hearReceipt(jws: string): Promise<void> {
    const { site, outbox, log } = this.#options;
    const checked = this.#voice.receipt(jws, site, outbox, this.#state.document?.receipt.minDurability ?? 'stored');
    if (!checked.ok) {
      this.#refuse(checked.seg, checked.message);
      return;
    }
    const { seg } = checked.receipt;
    try {
      if (!outbox.isReceipted(seg)) await outbox.receipt(seg, jws);
    } catch (error) {
      // Not kept is not received: it is asked for again.
      log.error({ seg }, `a receipt could not be kept: ${sentenceOf(error)}`);
      this.#flights.get(seg)?.end({ kind: 'unreceipted' });
      return;
    }
    this.#tracks.delete(seg);
    this.#flights.get(seg)?.end({ kind: 'receipted' });
  }

  #refuse(seg: string | null, message: string): void {
    this.#options.log.error({ alarm: 'receipt-refused', seg }, `a receipt was refused: ${message}`);
  }

  #hearResult(payload: Buffer): void {
    const result = readTransferResult(parseJson(payload, MESSAGE_BYTES_MAX));
    if (result === null) return;
    const fileId = result.topic.split('/')[4];
    const isFin = result.topic.split('/')[5] === 'fin';
    for (const flight of this.#flights.values()) {
      // An announcement is refused as a whole when the centre does not accept our key: that is true for every segment.
      const forAll = result.topic === this.#topics.seg && result.code === 'HRC-SIG';
      if (flight.fileId !== fileId && !forAll) continue;
      if (result.code !== null) flight.end({ kind: 'refused', code: result.code, retryS: result.retryS });
      else if (isFin) flight.accept();
    }
  }

  #hearResponse(id: string, payload: Buffer): void {
    const unknown = readSegs(fieldsOf(parseJson(payload, MESSAGE_BYTES_MAX))?.['unknown'], QUERY_BATCH);
    if (unknown === null) return;
    this.#state.silent(false);
    this.#conversation.answered(id, unknown);
  }

  // Connections

  #controlUp(): void {
    void this.#presence.announce();
    this.#expectDocument();
    this.#up();
  }

  #up(): void {
    this.#state.up(this.#control.up && this.#bulk.up);
    this.#bell.ring();
  }

  #expectDocument(): void {
    void pause(this.#timing.documentMs, this.#closing.signal).then(() => {
      if (this.#closing.signal.aborted || !this.#control.up || this.#state.document !== null) return;
      this.#state.documentLate();
    });
  }

  #down(why: string): void {
    if (!this.#bulk.up) this.#chunkSize.lost();
    if (!this.#control.up) this.#documentJws = '';
    this.#state.down(why, !this.#control.up);
    this.#startAnew();
  }

  /** After a break on either side everything under way is begun anew, by asking first. */
  #startAnew(): void {
    this.#endFlights();
    this.#conversation.forget();
  }

  #endFlights(): void {
    for (const flight of this.#flights.values()) flight.end({ kind: 'lost' });
    this.#conversation.giveUp();
  }

  #tellLink(link: CentreLink): void {
    for (const listener of this.#listeners) {
      try {
        listener(link);
      } catch (error) {
        this.#options.log.error({ error: sentenceOf(error) }, 'a listener of the link failed');
      }
    }
  }

  #nowMs(): number {
    return this.#options.clock.now().monoMs;
  }
}

function random(): number {
  return randomInt(RANDOM_STEPS) / RANDOM_STEPS;
}
