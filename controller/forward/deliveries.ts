/**
 * Delivers what waits, at most two files at a time without a receipt. A delivery is: ask (if the centre may have it), announce, send
 * by the route that is chosen, wait. How each ends, and what follows, is the table in `reaction.ts`.
 */
import { randomInt } from 'node:crypto';
import { sentenceOf } from '../core/errors.ts';
import { FILES_IN_FLIGHT, type TransferResult } from '../core/hrc.ts';
import { readManifest, readResultTopic } from '../core/hrc-reading.ts';
import { payloadOf } from '../core/jws.ts';
import type { Log, Outbox } from '../core/ports.ts';
import type { Transfers } from '../core/site-archive.ts';
import type { Clock } from '../core/time.ts';
import { Bell } from './bell.ts';
import type { Conversation } from './conversation.ts';
import { codeOf, type Ending, Flight, refusedBy } from './flight.ts';
import type { LinkState } from './link-state.ts';
import type { Pace } from './pace.ts';
import { Queue, type Wish } from './queue.ts';
import { react, type Track } from './reaction.ts';
import type { RouteTable } from './route-table.ts';
import { endingOf } from './routes/ending.ts';
import type { Route } from './routes/route.ts';
import type { ForwardTiming } from './timing.ts';
import { Turns } from './turns.ts';

const LOOP_IDLE_MS = 60_000;
const RANDOM_STEPS = 1_000_000;

export interface DeliveriesOptions {
  readonly outbox: Outbox;
  readonly transfers: Transfers;
  readonly routes: RouteTable;
  readonly conversation: Conversation;
  readonly state: LinkState;
  readonly pace: Pace;
  readonly timing: ForwardTiming;
  readonly clock: Clock;
  readonly log: Log;
}

/** What became of a segment, for whoever ordered it. */
export type Fate = { readonly kind: 'receipted' } | { readonly kind: 'in-trouble'; readonly code: string };

export class Deliveries {
  readonly #options: DeliveriesOptions;
  readonly #bell = new Bell();
  readonly #queue: Queue;
  readonly #flights = new Map<string, Flight>();
  /** What the centre holds other bytes of, as it says, until it signs for ours. */
  readonly #conflicts = new Set<string>();
  readonly #listeners = new Set<(seg: string, fate: Fate) => void>();
  /** One file after the other on the wire: the older one gets its receipt while the next one is sent. */
  readonly #wire = new Turns();
  #pausedUntilMs = 0;
  #centreSinceMs = 0;

  constructor(options: DeliveriesOptions) {
    this.#options = options;
    this.#queue = new Queue(options.outbox, options.transfers, (seg) => this.#flights.has(seg));
  }

  /** Something may have changed: looks again. */
  look(): void {
    this.#bell.ring();
  }

  /** Sends a segment before others, as the centre wishes. */
  order(seg: string, wish: Wish): void {
    this.#queue.wish(seg, wish);
    this.#bell.ring();
  }

  /** The wish is taken back; a segment without a receipt waits like every other. */
  unorder(seg: string): void {
    const wish = this.#queue.wishOf(seg);
    this.#queue.unwish(seg);
    if (wish?.again === true) this.#flights.get(seg)?.end({ kind: 'receipted' });
  }

  /** Called with what became of any segment, until the answer is called. */
  onFate(listener: (seg: string, fate: Fate) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Delivers until `signal`; resolves when nothing is under way any more. */
  async run(signal: AbortSignal): Promise<void> {
    const underWay = new Set<Promise<void>>();
    while (!signal.aborted) {
      let restMs = LOOP_IDLE_MS;
      try {
        restMs = this.#beginDue(underWay);
      } catch (error) {
        this.#options.log.error({ error: sentenceOf(error) }, 'the outbox could not be read; it is tried again');
        restMs = this.#options.timing.backoffMaxMs;
      }
      await this.#bell.wait(restMs);
    }
    await Promise.all(underWay);
  }

  /** A centre that (re)connected: what was on its way to it may be lost, and what it refused it may take now. */
  centreIsNew(): void {
    this.#pausedUntilMs = 0;
    this.#centreSinceMs = this.#options.clock.now().wallMs;
    this.#options.routes.anew();
    this.#queue.wake();
  }

  /** Ends what is under way; it is begun anew, by asking first. */
  breakOff(): void {
    for (const flight of this.#flights.values()) flight.end({ kind: 'lost' });
  }

  /** Why the file of a segment is still needed although its receipt is there, or in dispute; null when it is not. */
  needs(seg: string): string | null {
    if (this.#conflicts.has(seg)) return 'the centre says that it holds other bytes of it';
    if (this.#flights.has(seg)) return 'it is being sent';
    return this.#queue.wishOf(seg) === null ? null : 'the centre ordered it once more';
  }

  /** A checked receipt for a segment is kept. */
  receipted(seg: string): void {
    this.#conflicts.delete(seg);
    this.#queue.settled(seg);
    this.#flights.get(seg)?.end({ kind: 'receipted' });
    this.#tell(seg, { kind: 'receipted' });
  }

  /** A receipt came and could not be kept. */
  unreceipted(seg: string): void {
    this.#flights.get(seg)?.end({ kind: 'unreceipted' });
  }

  /** Every byte of a segment was fetched from here. */
  pulled(seg: string): void {
    this.#flights.get(seg)?.accept();
  }

  /** What the other side says about a step of a transfer; `forAll`: about everything this site sends. */
  heard(result: TransferResult, forAll: boolean): void {
    const about = readResultTopic(result.topic);
    for (const flight of this.#flights.values()) {
      if (flight.fileId !== about?.fileId && !forAll) continue;
      const { code, retryS } = result;
      if (code === null) {
        if (about?.step === 'init') flight.opened.abort();
        if (about?.step === 'fin') flight.accept();
        continue;
      }
      // EMQX's word for a wrong hash is the same as for any fault of its own; only at the end it can be the hash.
      const real = code === 'HRC-FILEHASH' && about?.step !== 'fin' && !forAll ? 'HRC-STORE' : code;
      flight.end(refusedBy(flight.route, real, retryS));
    }
  }

  /** Begins what may begin now; answers how long there is nothing to do unless the bell rings. */
  #beginDue(underWay: Set<Promise<void>>): number {
    const { state, routes } = this.#options;
    const { document } = state;
    if (!state.ready || document === null) return LOOP_IDLE_MS;
    const { monoMs, wallMs } = this.#options.clock.now();
    if (this.#pausedUntilMs > monoMs) return this.#pausedUntilMs - monoMs;
    const filesMax = Math.min(FILES_IN_FLIGHT, document.ft.filesInFlight);
    while (this.#flights.size < filesMax) {
      const item = this.#queue.next(monoMs, wallMs);
      if (item === null) break;
      const { seg } = item.segment;
      const wish = this.#queue.wishOf(seg);
      const choice = routes.choose(document, monoMs, wish?.route ?? 'auto');
      if (choice.route === null) return choice.restUntilMs === null ? LOOP_IDLE_MS : choice.restUntilMs - monoMs;
      const route = routes.route(choice.route);
      if (route === null) return LOOP_IDLE_MS;
      const track = this.#queue.track(seg);
      const flight = new Flight(item, track.attempt, choice.route);
      this.#flights.set(seg, flight);
      const done = this.#fly(flight, track, route, wish).finally(() => {
        underWay.delete(done);
        this.#bell.ring();
      });
      underWay.add(done);
    }
    const isRoomLeft = this.#flights.size < filesMax;
    return (isRoomLeft ? this.#queue.restMs(monoMs, true) : null) ?? LOOP_IDLE_MS;
  }

  async #fly(flight: Flight, track: Track, route: Route, wish: Wish | null): Promise<void> {
    const { log, conversation, state, routes } = this.#options;
    const { seg } = flight.item.segment;
    let ending: Ending;
    try {
      ending = await this.#deliver(flight, track, route, wish);
    } catch (error) {
      ending = flight.ending ?? endingOf(error, route.name, log);
    }
    this.#flights.delete(seg);
    conversation.forgetSegment(seg);
    if (ending.kind === 'receipted') {
      this.#queue.settled(seg);
      if (flight.accepted.aborted) routes.worked(route.name);
      flight.progress?.forget();
      state.silent(false);
      return;
    }
    flight.progress?.keep();
    if (ending.kind === 'refused' && ending.code === 'HRC-CONFLICT') this.#conflicts.add(seg);
    const nowMs = this.#nowMs();
    const { track: next, pauseMs, alarm } = react(track, ending, nowMs, random());
    this.#queue.keepTrack(seg, next);
    if (ending.kind === 'route-failed') routes.failed(route.name, ending.message, nowMs, random());
    if (pauseMs > 0) this.#pausedUntilMs = Math.max(this.#pausedUntilMs, nowMs + pauseMs);
    if (ending.kind !== 'lost') state.silent(ending.kind === 'silent');
    if (alarm !== null) log.error({ alarm: alarm.code, seg, fileId: flight.fileId }, alarm.message);
    else log.info({ seg, fileId: flight.fileId, ending, failures: next.failures }, 'a segment is tried again later');
    if (ending.kind === 'damaged')
      this.#options.outbox
        .lost(seg, ending.message)
        .catch((error: unknown) => log.error({ seg }, `a loss was not written down: ${sentenceOf(error)}`));
    if (alarm !== null || ending.kind === 'damaged') this.#tell(seg, { kind: 'in-trouble', code: codeOf(ending) });
  }

  async #deliver(flight: Flight, track: Track, route: Route, wish: Wish | null): Promise<Ending> {
    const { conversation, outbox, state, pace, timing } = this.#options;
    const { item } = flight;
    const { segment, jws } = item;
    const { seg, sha256, bytes } = segment;
    const manifest = readManifest(payloadOf(jws));
    if (manifest === null || manifest.seg !== seg || manifest.sha256 !== sha256 || manifest.size !== bytes)
      return { kind: 'damaged', message: 'its signed manifest says something else than the journal' };
    const again = wish?.again === true;
    const asks = !again && (track.askFirst || conversation.isOld(item));
    const answered = asks ? await conversation.ask(item) : true;
    if (flight.ending !== null) return flight.ending;
    if (!answered) return { kind: 'silent' };
    if (!again && outbox.isReceipted(seg)) return { kind: 'receipted' };
    await conversation.announce(item, route.name);
    const { document } = state;
    if (document === null) return { kind: 'lost' };
    await this.#wire.take(async (leave) => {
      if (flight.ending !== null) return;
      const slow = wish?.pace ?? null;
      // What the centre wants slowly does not hold up what is behind it.
      if (slow !== null) leave();
      await route.send({
        ...{ flight, manifest, jws, document },
        fromTheStart: track.fromTheStart || again,
        centreSinceMs: this.#centreSinceMs,
        address: wish?.address ?? null,
        onLastByte: leave,
        pace: async (size) => {
          await slow?.pass(size);
          await pace.pass(size);
        },
      });
    });
    const ending = flight.ending ?? (await flight.wait(timing.finResultMs, timing.receiptMs));
    return ending.kind === 'unreceipted' ? { ...ending, signerIsApart: route.name !== 'B' } : ending;
  }

  #tell(seg: string, fate: Fate): void {
    for (const listener of this.#listeners) listener(seg, fate);
  }

  #nowMs(): number {
    return this.#options.clock.now().monoMs;
  }
}

function random(): number {
  return randomInt(RANDOM_STEPS) / RANDOM_STEPS;
}
