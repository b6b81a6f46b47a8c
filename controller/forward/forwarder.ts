/**
 * Brings every sealed segment to the centre and its signed receipt back (invariants 3 and 5). It reads the outbox, never writes
 * it except for checked receipts, and nothing that goes wrong here reaches a recording.
 *
 * One loop starts deliveries, at most two at a time; a delivery is: ask (if the centre may have it), announce, send, wait. How
 * each ends, and what follows, is the table in `reaction.ts`.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { AppError, sentenceOf } from '../core/errors.ts';
import {
  ALL_DOWN_FILTER,
  ANNOUNCE_BATCH,
  ANNOUNCE_BYTES_MAX,
  type Announcement,
  type Birth,
  CENTRE_STATE_TOPIC,
  CENTRE_TOPIC,
  type CentreDocument,
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
import type { CentreLink, Log, Outbox, OutboxItem } from '../core/ports.ts';
import type { Clock } from '../core/time.ts';
import { ULID_RANDOM_BYTES, ulid } from '../core/ulid.ts';
import { Bell } from './bell.ts';
import { type CentreTrust, CentreVoice } from './centre-voice.ts';
import { ChunkSize } from './chunk-size.ts';
import type { Address, Protocol } from './dial.ts';
import { type Ending, Flight, pause } from './flight.ts';
import { Line, type LineTiming } from './line.ts';
import { NEW_TRACK, type Outcome, react, type Track } from './reaction.ts';
import type { SiteSigner } from './signer.ts';
import { LocalFault, sendFile } from './transfer.ts';

const SOFTWARE = 'quancheng';
const PROTOCOL_MAJOR = 1;
const ROUTE = 'B';
const MESSAGE_BYTES_MAX = 1024 * 1024;
const ANNOUNCE_EXPIRY_S = 7 * 24 * 3_600;
const REQUEST_EXPIRY_S = 300;
/** Segments that failed and rest; beyond it nothing new is begun until some of them went through. */
const TRACKS_MAX = 1_000;
const LOOP_IDLE_MS = 60_000;
const RANDOM_STEPS = 1_000_000;

/** Every wait of the forwarder, in milliseconds. */
export interface ForwardTiming extends LineTiming {
  /** From the end of a transfer to the centre's word about it. */
  readonly finResultMs: number;
  /** From that word to the receipt, before it is asked for. */
  readonly receiptMs: number;
  /** For the answer to a request. */
  readonly responseMs: number;
  /** For the centre's document after connecting. */
  readonly documentMs: number;
  readonly backlogEveryMs: number;
}

export const FORWARD_TIMING: ForwardTiming = {
  backoffFirstMs: 1_000,
  backoffMaxMs: 60_000,
  pubackTimeoutMs: 30_000,
  finResultMs: 6 * 60_000,
  receiptMs: 15_000,
  responseMs: 15_000,
  documentMs: 30_000,
  backlogEveryMs: 60_000,
};

export interface ForwarderOptions extends Address {
  readonly site: string;
  readonly outbox: Outbox;
  readonly signer: SiteSigner;
  readonly trust: CentreTrust;
  readonly clock: Clock;
  readonly log: Log;
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
  readonly #closing = new AbortController();
  readonly #bell = new Bell();
  readonly #tracks = new Map<string, Track>();
  readonly #flights = new Map<string, Flight>();
  readonly #requests = new Map<string, (unknown: ReadonlySet<string> | null) => void>();
  readonly #chunkSize = new ChunkSize();
  readonly #listeners: ((link: CentreLink) => void)[] = [];
  /** Segments the centre was told about, and said it does not have, since it was last (re)connected. */
  #announced = new Set<string>();
  #missing = new Set<string>();
  /** Numbers up to this one may have been sent before the present connection. */
  #oldUntilSeq = 0;
  #asking: Promise<void> | null = null;
  #sending: Promise<void> = Promise.resolve();
  #document: CentreDocument | null = null;
  #documentJws = '';
  #documentTrouble: string | null = null;
  #centreOffline = false;
  #centreSilent = false;
  #networkTrouble: string | null = 'not connected yet';
  #pausedUntilMs = 0;
  #link: CentreLink = { state: 'away', trouble: 'not connected yet' };
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
      onMessage: (topic, payload) => this.#message(topic, payload),
      onUp: () => this.#controlUp(),
    });
    this.#bulk = new Line({
      ...both,
      clientId: `${options.site}-b`,
      subscriptions: [],
      onMessage: () => Promise.resolve(),
      onUp: () => this.#lookAtLink(),
    });
  }

  /** Begins to connect and to deliver. Does not wait for the broker, nor for anything else. */
  start(): void {
    if (this.#loops.length > 0) return;
    this.#options.outbox.onSealed(() => this.#bell.ring());
    this.#control.start();
    this.#bulk.start();
    this.#loops = [this.#deliverAll(), this.#tellBacklog()];
  }

  /** Stops delivering, says goodbye and ends both connections. Idempotent; a few seconds at most. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  /** How it stands between this site and the centre. */
  link(): CentreLink {
    return this.#link;
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
    if (!this.#ready()) return LOOP_IDLE_MS;
    const nowMs = this.#nowMs();
    if (this.#pausedUntilMs > nowMs) return this.#pausedUntilMs - nowMs;
    const filesMax = Math.min(FILES_IN_FLIGHT, this.#document?.ft.filesInFlight ?? 1);
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
      if (!this.#flights.has(seg)) restMs = Math.min(restMs, Math.max(0, track.restUntilMs - nowMs));
    }
    return this.#flights.size < filesMax ? restMs : LOOP_IDLE_MS;
  }

  #ready(): boolean {
    return this.#control.up && this.#bulk.up && this.#document !== null && !this.#centreOffline;
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
    if (ending.kind === 'receipted') {
      this.#tracks.delete(seg);
      this.#announced.delete(seg);
      this.#missing.delete(seg);
      this.#silence(false);
      return;
    }
    this.#missing.delete(seg);
    this.#announced.delete(seg);
    const { track: next, pauseMs, alarm } = react(track, ending, this.#nowMs(), random());
    this.#tracks.set(seg, next);
    if (pauseMs > 0) this.#pausedUntilMs = Math.max(this.#pausedUntilMs, this.#nowMs() + pauseMs);
    this.#silence(ending.kind === 'silent');
    const { log } = this.#options;
    if (alarm !== null) log.error({ alarm: alarm.code, seg, fileId: flight.fileId }, alarm.message);
    else log.info({ seg, fileId: flight.fileId, ending, failures: next.failures }, 'a segment is tried again later');
  }

  #endingOf(error: unknown): Outcome {
    if (error instanceof LocalFault) return { kind: 'damaged', message: error.message };
    if (error instanceof Unfit) return { kind: 'unfit', message: error.message };
    if (error instanceof AppError && error.code === 'broker-away') return { kind: 'lost' };
    this.#options.log.error({ error: sentenceOf(error) }, 'a delivery failed in a way nobody foresaw');
    return { kind: 'unreceipted' };
  }

  async #deliver(flight: Flight, track: Track): Promise<Ending> {
    const { item, fileId } = flight;
    const { segment, jws, siteSeq, path } = item;
    const { seg, sha256, bytes } = segment;
    const manifest = readManifest(payloadOf(jws));
    if (manifest === null || manifest.seg !== seg || manifest.sha256 !== sha256 || manifest.size !== bytes)
      return { kind: 'damaged', message: 'its signed manifest says something else than the journal' };
    if ((track.askFirst || siteSeq <= this.#oldUntilSeq) && !(await this.#ask(flight))) return { kind: 'silent' };
    if (flight.ending !== null) return flight.ending;
    if (this.#options.outbox.isReceipted(seg)) return { kind: 'receipted' };
    await this.#announce(item);
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
    const chunkMax = this.#document?.ft.chunkMax ?? CHUNK_BYTES;
    const bytes = payloadBytesMax(Math.min(CHUNK_BYTES, this.#chunkSize.bytesMax), chunkMax, packetMax, topicBytes);
    if (bytes < init.length)
      throw new Unfit(`the broker takes packets of ${packetMax} bytes only; a transfer cannot be opened`);
    return bytes;
  }

  // Announcements and questions

  /** Tells the centre about a segment, and about those behind it that fit into the same message. */
  async #announce(item: OutboxItem): Promise<void> {
    if (this.#announced.has(item.segment.seg)) return;
    const behind = this.#options.outbox.pending(item.siteSeq, ANNOUNCE_BATCH - 1);
    const packetMax = this.#control.maximumPacketBytes;
    const bytesMax = payloadBytesMax(ANNOUNCE_BYTES_MAX, null, packetMax, this.#topics.seg.length);
    const parts: string[] = [];
    const segs: string[] = [];
    let bytes = 2;
    for (const { segment, siteSeq, jws } of [item, ...behind]) {
      if (this.#announced.has(segment.seg)) continue;
      const announcement: Announcement = { v: 1, siteSeq, state: 'queued', route: ROUTE, jws };
      const part = JSON.stringify(announcement);
      if (bytes + part.length + 1 > bytesMax) break;
      bytes += part.length + 1;
      parts.push(part);
      segs.push(segment.seg);
    }
    if (segs[0] !== item.segment.seg)
      throw new Unfit(`the broker takes packets of ${packetMax} bytes only; a manifest does not fit`);
    const announced = this.#announced;
    await this.#control.publish(this.#topics.seg, `[${parts.join(',')}]`, { expiryS: ANNOUNCE_EXPIRY_S });
    for (const seg of segs) announced.add(seg);
  }

  /**
   * Asks the centre for the receipt of a segment, and of those behind it that may have been sent before. False when the centre
   * does not answer. A receipt that comes ends the flight by itself.
   */
  async #ask(flight: Flight): Promise<boolean> {
    const { item } = flight;
    const { seg } = item.segment;
    while (this.#asking !== null) await this.#asking;
    if (this.#missing.has(seg) || flight.ending !== null) return true;
    const behind = this.#options.outbox
      .pending(item.siteSeq, QUERY_BATCH - 1)
      .filter((other) => other.siteSeq <= this.#oldUntilSeq && !this.#missing.has(other.segment.seg));
    const asked = this.#request([seg, ...behind.map((other) => other.segment.seg)]);
    this.#asking = asked.then(
      () => undefined,
      () => undefined,
    );
    try {
      const unknown = await asked;
      if (unknown === null) return flight.ending !== null;
      for (const other of unknown) this.#missing.add(other);
      return true;
    } finally {
      this.#asking = null;
    }
  }

  async #request(segs: readonly string[]): Promise<ReadonlySet<string> | null> {
    const id = ulid(this.#options.clock.now().wallMs, randomBytes(ULID_RANDOM_BYTES));
    const over = new AbortController();
    let answer: ReadonlySet<string> | null = null;
    this.#requests.set(id, (unknown) => {
      answer = unknown;
      over.abort();
    });
    try {
      const body = JSON.stringify({ v: 1, type: 'receipts.query', segs });
      await this.#control.publish(this.#topics.request(id), body, { expiryS: REQUEST_EXPIRY_S });
      await pause(this.#timing.responseMs, over.signal);
      return answer;
    } finally {
      this.#requests.delete(id);
    }
  }

  // What comes in

  async #message(topic: string, payload: Buffer): Promise<void> {
    try {
      if (payload.length > MESSAGE_BYTES_MAX) throw new Error(`a message of ${payload.length} bytes was refused`);
      if (topic === CENTRE_TOPIC) this.#hearDocument(payload.toString('utf8'));
      else if (topic === CENTRE_STATE_TOPIC) this.#hearState(payload);
      else if (topic === this.#topics.receipt) await this.#hearReceipts(payload);
      else if (topic === this.#topics.result) this.#hearResult(payload);
      else if (topic.startsWith(this.#topics.responses))
        this.#hearResponse(topic.slice(this.#topics.responses.length), payload);
    } catch (error) {
      this.#options.log.warn({ topic }, `a message from the centre could not be used: ${sentenceOf(error)}`);
    }
  }

  #hearDocument(jws: string): void {
    if (jws === this.#documentJws) return;
    const document = jws === '' ? "the centre's document was taken back" : this.#voice.document(jws);
    if (typeof document === 'string') {
      this.#options.log.error({ alarm: 'centre-away' }, document);
      // A document that cannot be trusted does not take away one that could.
      if (this.#document === null) this.#documentTrouble = document;
      this.#lookAtLink();
      return;
    }
    this.#documentTrouble = null;
    if (document.min > PROTOCOL_MAJOR || document.max < PROTOCOL_MAJOR)
      this.#documentTrouble = `the centre speaks hrc/${document.min} to hrc/${document.max} only`;
    else if (!document.routes.includes(ROUTE))
      this.#documentTrouble = `the centre takes routes ${document.routes.join(', ')} only, this site sends by ${ROUTE}`;
    this.#documentJws = jws;
    this.#document = this.#documentTrouble === null ? document : null;
    // A new document is a centre that (re)connected: what was on its way to it may be lost.
    this.#forgetCentre();
    this.#pausedUntilMs = 0;
    this.#lookAtLink();
  }

  #hearState(payload: Buffer): void {
    const state = readState(parseJson(payload, MESSAGE_BYTES_MAX));
    if (state === null) return;
    this.#centreOffline = !state.online;
    if (this.#centreOffline) this.#endFlights();
    this.#lookAtLink();
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
    const checked = this.#voice.receipt(jws, site, outbox, this.#document?.receipt.minDurability ?? 'stored');
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
    this.#silence(false);
    this.#requests.get(id)?.(new Set(unknown));
  }

  // Connections

  #controlUp(): void {
    this.#networkTrouble = null;
    this.#oldUntilSeq = this.#options.outbox.lastSiteSeq();
    this.#publishState().catch((error) => this.#options.log.warn({}, `no birth message: ${sentenceOf(error)}`));
    this.#expectDocument();
    this.#lookAtLink();
  }

  async #publishState(): Promise<void> {
    const { site, signer, clock, outbox } = this.#options;
    const birth: Birth = {
      v: 1,
      online: true,
      site,
      at: clock.now().wallMs,
      software: SOFTWARE,
      siteSeq: { last: outbox.lastSiteSeq() },
      keys: [signer.publicKey],
      routes: [ROUTE],
      min: 1,
      max: 1,
    };
    await this.#control.publish(this.#topics.state, JSON.stringify(birth), { retain: true });
    await this.#publishBacklog();
  }

  async #publishBacklog(): Promise<void> {
    const { clock, outbox } = this.#options;
    const backlog = { v: 1, at: clock.now().wallMs, ...outbox.backlog(), inFlight: this.#flights.size };
    await this.#control.publish(this.#topics.backlog, JSON.stringify(backlog), { retain: true });
  }

  async #tellBacklog(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      await pause(this.#timing.backlogEveryMs, this.#closing.signal);
      if (this.#control.up && !this.#closing.signal.aborted)
        await this.#publishBacklog().catch((error) => this.#options.log.warn({}, sentenceOf(error)));
    }
  }

  #expectDocument(): void {
    void pause(this.#timing.documentMs, this.#closing.signal).then(() => {
      if (this.#closing.signal.aborted || !this.#control.up || this.#document !== null) return;
      this.#documentTrouble ??= 'the centre has not said what it can do';
      this.#lookAtLink();
    });
  }

  #down(why: string): void {
    this.#networkTrouble = why;
    if (!this.#bulk.up) this.#chunkSize.lost();
    if (!this.#control.up) {
      this.#document = null;
      this.#documentJws = '';
      this.#documentTrouble = null;
      this.#centreOffline = false;
    }
    this.#forgetCentre();
    this.#lookAtLink();
  }

  /** After a break on either side: everything under way is begun anew, by asking first. */
  #forgetCentre(): void {
    this.#announced = new Set();
    this.#missing = new Set();
    this.#oldUntilSeq = this.#options.outbox.lastSiteSeq();
    this.#endFlights();
  }

  #endFlights(): void {
    for (const answer of this.#requests.values()) answer(null);
    for (const flight of this.#flights.values()) flight.end({ kind: 'lost' });
  }

  #silence(silent: boolean): void {
    if (this.#centreSilent === silent) return;
    this.#centreSilent = silent;
    this.#lookAtLink();
  }

  #lookAtLink(): void {
    if (this.#control.up && this.#bulk.up) this.#networkTrouble = null;
    const trouble = this.#trouble();
    const state = trouble === null && this.#ready() ? 'connected' : 'away';
    this.#bell.ring();
    if (this.#link.state === state && this.#link.trouble === trouble) return;
    this.#link = { state, trouble };
    for (const listener of this.#listeners) {
      try {
        listener(this.#link);
      } catch (error) {
        this.#options.log.error({ error: sentenceOf(error) }, 'a listener of the link failed');
      }
    }
  }

  #trouble(): string | null {
    if (this.#networkTrouble !== null) return this.#networkTrouble;
    if (this.#documentTrouble !== null) return this.#documentTrouble;
    if (this.#centreOffline) return 'the centre is away';
    if (this.#centreSilent) return 'the centre does not answer';
    return null;
  }

  #nowMs(): number {
    return this.#options.clock.now().monoMs;
  }
}

/** A message is larger than the broker takes: sending it would cost the connection each time. */
class Unfit extends Error {}

function random(): number {
  return randomInt(RANDOM_STEPS) / RANDOM_STEPS;
}
