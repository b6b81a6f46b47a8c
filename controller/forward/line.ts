/**
 * One connection to the broker that is kept alive: dials, waits, dials again. Messages leave only while it is up, through a
 * window, each with its own time limit; nothing is ever queued for a connection that is not there.
 */
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, sentenceOf } from '../core/errors.ts';
import { backoffMs } from '../core/hrc.ts';
import type { Log } from '../core/ports.ts';
import type { Clock } from '../core/time.ts';
import { DialError, type Dialled, type DialOptions, dial, type Loss, type Protocol, TAKEN_OVER } from './dial.ts';
import { Window } from './window.ts';

const WINDOW_MESSAGES = 8;
const WINDOW_BYTES = 2 * 1024 * 1024;
/** Kept free below the broker's Receive Maximum. */
const RECEIVE_MAXIMUM_SPARE = 2;
const END_TIMEOUT_MS = 2_000;
/** Brokers of 3.1.1, and mosquitto before 2.1, end a connection without a word when another client comes with its id. */
const BRIEF_BEFORE_ALARM = 4;
const DOUBLED = 'another controller may run under the id of this site';
const RANDOM_STEPS = 1_000_000;
const SUBSCRIPTION_FAILED = 0x80;

export interface LineTiming {
  readonly backoffFirstMs: number;
  readonly backoffMaxMs: number;
  readonly pubackTimeoutMs: number;
  /** Seconds of silence after which we speak; a broker takes half as long again for our death, and says our will then. */
  readonly keepaliveS: number;
  /** Two controllers with one id would throw each other out for ever: the one that was thrown out stays away for so long. */
  readonly takenOverMs: number;
}

export interface LineOptions extends Omit<DialOptions, 'protocol' | 'keepaliveS'> {
  /** Which version to try; shared by the lines of one forwarder, so that a refused 5 is remembered. */
  readonly protocol: { version: Protocol };
  readonly timing: LineTiming;
  readonly clock: Clock;
  readonly log: Log;
  readonly onUp: () => void;
  readonly onDown: (loss: Loss) => void;
}

/** The broker answered a message with a refusal (MQTT 5) and kept the connection. */
export class Refused extends AppError {}

/** A connection while it lasts. */
interface Session extends Dialled {
  readonly window: Window;
  readonly lost: AbortController;
  /** What was asked to be heard beside the first subscriptions. */
  readonly heard: Map<string, Promise<boolean>>;
}

/** Room for one message. It is given back when the message is acknowledged, or by `leave`. */
export interface Slot {
  /**
   * Sends at QoS 1 and resolves with the broker's reason code (0, or 0x10: nobody listens; 0 in 3.1.1) when it acknowledged. Rejects with `broker-away` when the line goes down, with
   * {@link Refused} when the broker refuses the message; a broker that does not answer in time loses the connection.
   */
  send(topic: string, body: Buffer, options?: PublishOptions): Promise<number>;
  leave(): void;
}

export interface PublishOptions {
  readonly retain?: boolean;
  /** Seconds a broker may keep it for somebody who is away; MQTT 5 only. */
  readonly expiryS?: number;
  /** Where the answer shall go; MQTT 5 only. */
  readonly responseTopic?: string;
}

export class Line {
  readonly #options: LineOptions;
  readonly #closing = new AbortController();
  #session: Session | null = null;
  #loop: Promise<void> | null = null;
  #closed: Promise<void> | null = null;

  constructor(options: LineOptions) {
    this.#options = options;
  }

  get up(): boolean {
    return this.#session !== null;
  }

  /** The largest packet the broker takes, in bytes; null when it did not say or the line is down. */
  get maximumPacketBytes(): number | null {
    return this.#session?.maximumPacketBytes ?? null;
  }

  /** Starts dialling; waits for nothing. */
  start(): void {
    this.#loop ??= this.#run();
  }

  /**
   * Waits for room for a message of `bytes`, so that what is sent is read only when it can leave. Rejects with `broker-away` when
   * the line is down or goes down meanwhile.
   */
  async room(bytes: number): Promise<Slot> {
    const session = this.#session;
    if (session === null) throw new AppError('broker-away', 'not connected to the broker');
    const leave = await session.window.enter(bytes);
    if (session.lost.signal.aborted) {
      leave();
      throw new AppError('broker-away', 'the connection to the broker was lost');
    }
    return {
      leave,
      send: (topic, body, options = {}) => this.#send(session, topic, body, options).finally(leave),
    };
  }

  /** Sends one small message: room, then send. */
  async publish(topic: string, text: string, options: PublishOptions = {}): Promise<number> {
    const body = Buffer.from(text);
    const slot = await this.room(body.length);
    return slot.send(topic, body, options);
  }

  /**
   * Hears more topics from here on, for as long as the present connection lasts; asks the broker once for each list. False when it
   * does not allow that, or the line is down.
   */
  async listen(filters: readonly string[]): Promise<boolean> {
    const session = this.#session;
    if (session === null) return false;
    const key = filters.join(' ');
    const asked = session.heard.get(key) ?? this.#subscribe(session, filters);
    session.heard.set(key, asked);
    return asked;
  }

  async #subscribe({ client, gone }: Session, filters: readonly string[]): Promise<boolean> {
    const asked = client.subscribeAsync([...filters], { qos: 1 }).catch(() => []);
    const granted = await Promise.race([asked, gone.then(() => [])]);
    return granted.length >= filters.length && granted.every(({ qos }) => Number(qos) < SUBSCRIPTION_FAILED);
  }

  /** Drops the connection, so that the loop dials anew. */
  hangUp(): void {
    this.#session?.client.end(true);
  }

  /** `farewell` is sent first if the line is up. Idempotent; at most about {@link END_TIMEOUT_MS} twice. */
  close(farewell?: { readonly topic: string; readonly payload: string }): Promise<void> {
    this.#closed ??= this.#close(farewell);
    return this.#closed;
  }

  async #close(farewell?: { readonly topic: string; readonly payload: string }): Promise<void> {
    const session = this.#session;
    if (session !== null && farewell !== undefined) {
      const said = this.publish(farewell.topic, farewell.payload, { retain: true });
      await Promise.race([said.catch(() => undefined), sleep(END_TIMEOUT_MS, undefined, { ref: false })]);
    }
    this.#closing.abort();
    if (session !== null) {
      const ended = session.client.endAsync(false).catch(() => undefined);
      await Promise.race([ended, sleep(END_TIMEOUT_MS, undefined, { ref: false })]);
      session.client.end(true);
    }
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { timing, protocol, log, clientId, clock } = this.#options;
    let failures = 0;
    let brief = 0;
    while (!this.#closing.signal.aborted) {
      let loss: Loss;
      let login = false;
      try {
        const dialled = await dial(
          { ...this.#options, protocol: protocol.version, keepaliveS: timing.keepaliveS },
          this.#closing.signal,
        );
        const beganMs = clock.now().monoMs;
        loss = await this.#live(dialled);
        // A connection that never lasts is a failure too: something that is sent again each time may be what ends it.
        const lasted = clock.now().monoMs - beganMs > timing.backoffMaxMs;
        if (lasted) failures = 0;
        brief = lasted || loss.code !== null ? 0 : brief + 1;
        if (brief >= BRIEF_BEFORE_ALARM) loss = { ...loss, why: `${loss.why}, again and again: ${DOUBLED}` };
        if (brief === BRIEF_BEFORE_ALARM) log.error({ alarm: 'broker-away', clientId }, loss.why);
      } catch (error) {
        if (error instanceof DialError && error.reason === 'protocol' && protocol.version === 5) {
          protocol.version = 4;
          log.info({ clientId }, 'the broker does not speak MQTT 5; going on with 3.1.1');
          continue;
        }
        login = error instanceof DialError && error.reason === 'login';
        loss = { why: sentenceOf(error), code: null };
      }
      if (this.#closing.signal.aborted) return;
      failures += 1;
      this.#contained(() => this.#options.onDown(loss));
      const { why, code } = loss;
      const isTakenOver = code === TAKEN_OVER;
      if (login) log.error({ alarm: 'broker-away', clientId }, `the broker does not let us in: ${why}`);
      else if (isTakenOver) log.error({ alarm: 'broker-away', clientId }, why);
      else log.warn({ clientId, failures }, `no connection to the broker: ${why}`);
      // A wrong password does not get right by trying often.
      const jitter = randomInt(RANDOM_STEPS) / RANDOM_STEPS;
      const delayMs = isTakenOver
        ? timing.takenOverMs
        : login
          ? timing.backoffMaxMs
          : backoffMs(failures, timing.backoffFirstMs, timing.backoffMaxMs, jitter);
      await sleep(delayMs, undefined, { signal: this.#closing.signal }).catch(() => undefined);
    }
  }

  async #live(dialled: Dialled): Promise<Loss> {
    const messages = Math.min(WINDOW_MESSAGES, dialled.receiveMaximum - RECEIVE_MAXIMUM_SPARE);
    const window = new Window(messages, WINDOW_BYTES);
    const session: Session = { ...dialled, window, lost: new AbortController(), heard: new Map() };
    this.#session = session;
    this.#contained(this.#options.onUp);
    const loss = await dialled.gone;
    this.#session = null;
    session.lost.abort();
    // Calls back what is still on its way; without it MQTT.js may never do so.
    dialled.client.end(true);
    return loss;
  }

  #send(session: Session, topic: string, body: Buffer, options: PublishOptions): Promise<number> {
    const { retain = false, expiryS, responseTopic } = options;
    const said = {
      ...(expiryS === undefined ? {} : { messageExpiryInterval: expiryS }),
      ...(responseTopic === undefined ? {} : { responseTopic }),
    };
    const properties = this.#options.protocol.version === 5 ? { properties: said } : {};
    return new Promise((resolve, reject) => {
      let reason = 0;
      const lost = () => settle(new AppError('broker-away', 'the connection to the broker was lost'));
      const timer = setTimeout(() => {
        settle(new AppError('broker-away', 'the broker did not acknowledge a message in time'));
        session.client.end(true);
      }, this.#options.timing.pubackTimeoutMs);
      const settle = (error: unknown) => {
        clearTimeout(timer);
        session.lost.signal.removeEventListener('abort', lost);
        if (error === null) resolve(reason);
        else reject(error);
      };
      session.lost.signal.addEventListener('abort', lost);
      session.client.publish(topic, body, { qos: 1, retain, ...properties }, (error, packet) => {
        reason = session.reasonOf(packet?.messageId);
        if (error === undefined || error === null) settle(null);
        else if (session.client.connected)
          settle(new Refused('broker-away', `the broker refused a message: ${sentenceOf(error)}`, { cause: error }));
        else settle(new AppError('broker-away', 'the connection to the broker was lost', { cause: error }));
      });
    });
  }

  #contained(listener: () => void): void {
    try {
      listener();
    } catch (error) {
      this.#options.log.error({ error: sentenceOf(error) }, 'a listener of the connection failed');
    }
  }
}
