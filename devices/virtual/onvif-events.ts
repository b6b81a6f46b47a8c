// Events by pull point (ONVIF Core, 9.2): subscriptions with an end, PullMessages held open until there is something to tell.

import type { VirtualClock } from './clock.ts';
import { escapeXml, SoapFault, textAt, type XmlElement } from './soap.ts';

/** An event: its topic below `tns1:` and one name-value pair for source and for data. */
export interface DeviceEvent {
  readonly topic: string;
  readonly source: readonly [string, string];
  readonly data: readonly [string, string];
}

export const SUBSCRIPTION_PATH = '/onvif/subscription/';
const MAX_SUBSCRIPTIONS = 5;
const MAX_QUEUED = 100;
const DEFAULT_LIFE_MS = 60_000;
const MAX_LIFE_MS = 3_600_000;
const MAX_WAIT_MS = 60_000;

interface Subscription {
  endsAtMs: number;
  readonly queue: string[];
  wake: (() => void) | undefined;
}

export class PullPoints {
  readonly #clock: VirtualClock;
  readonly #monoMs: () => number;
  readonly #subscriptions = new Map<string, Subscription>();
  /** Last event of each topic and source: a new subscriber is told how things stand. */
  readonly #states = new Map<string, DeviceEvent>();
  #nextId = 1;

  constructor(clock: VirtualClock, monoMs: () => number) {
    this.#clock = clock;
    this.#monoMs = monoMs;
  }

  get count(): number {
    return this.#subscriptions.size;
  }

  emit(event: DeviceEvent): void {
    this.#states.set(`${event.topic} ${event.source[1]}`, event);
    for (const subscription of this.#subscriptions.values()) this.#queue(subscription, event, 'Changed');
  }

  /** Forgets all subscriptions, as a reboot does; held requests are answered with a fault. */
  forget(): void {
    const wakes = [...this.#subscriptions.values()].map((subscription) => subscription.wake);
    this.#subscriptions.clear();
    for (const wake of wakes) wake?.();
  }

  create(request: XmlElement, address: (path: string) => string): string {
    this.#sweep();
    if (this.#subscriptions.size >= MAX_SUBSCRIPTIONS) {
      throw new SoapFault(['wsnt:SubscribeCreationFailedFault'], 'There are too many subscriptions.', 'Receiver');
    }
    const id = `${this.#nextId++}`;
    const endsAtMs = this.#monoMs() + this.#lifeMs(textAt(request, 'InitialTerminationTime'));
    const subscription: Subscription = { endsAtMs, queue: [], wake: undefined };
    for (const event of this.#states.values()) this.#queue(subscription, event, 'Initialized');
    this.#subscriptions.set(id, subscription);
    return (
      `<tev:CreatePullPointSubscriptionResponse><tev:SubscriptionReference><wsa:Address>` +
      `${escapeXml(address(SUBSCRIPTION_PATH + id))}</wsa:Address></tev:SubscriptionReference>` +
      `<wsnt:CurrentTime>${this.#time()}</wsnt:CurrentTime><wsnt:TerminationTime>${this.#time(subscription)}</wsnt:TerminationTime>` +
      `</tev:CreatePullPointSubscriptionResponse>`
    );
  }

  async pull(id: string, request: XmlElement): Promise<string> {
    const subscription = this.#find(id);
    const waitMs = Math.min(parseDuration(textAt(request, 'Timeout') ?? '') ?? MAX_WAIT_MS, MAX_WAIT_MS);
    const limit = Math.max(1, Number(textAt(request, 'MessageLimit') ?? 1));
    if (subscription.queue.length === 0) await this.#wait(subscription, waitMs);
    this.#find(id); // it may have ended meanwhile
    const messages = subscription.queue.splice(0, limit).join('');
    return (
      `<tev:PullMessagesResponse><tev:CurrentTime>${this.#time()}</tev:CurrentTime>` +
      `<tev:TerminationTime>${this.#time(subscription)}</tev:TerminationTime>${messages}</tev:PullMessagesResponse>`
    );
  }

  renew(id: string, request: XmlElement): string {
    const subscription = this.#find(id);
    subscription.endsAtMs = this.#monoMs() + this.#lifeMs(textAt(request, 'TerminationTime'));
    return (
      `<wsnt:RenewResponse><wsnt:TerminationTime>${this.#time(subscription)}</wsnt:TerminationTime>` +
      `<wsnt:CurrentTime>${this.#time()}</wsnt:CurrentTime></wsnt:RenewResponse>`
    );
  }

  unsubscribe(id: string): string {
    const subscription = this.#find(id);
    this.#subscriptions.delete(id);
    subscription.wake?.();
    return '<wsnt:UnsubscribeResponse/>';
  }

  #queue(subscription: Subscription, event: DeviceEvent, operation: 'Initialized' | 'Changed'): void {
    const item = ([name, value]: readonly [string, string]) =>
      `<tt:SimpleItem Name="${escapeXml(name)}" Value="${escapeXml(value)}"/>`;
    subscription.queue.push(
      `<wsnt:NotificationMessage><wsnt:Topic Dialect="http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet">tns1:${escapeXml(event.topic)}</wsnt:Topic>` +
        `<wsnt:Message><tt:Message UtcTime="${this.#time()}" PropertyOperation="${operation}"><tt:Source>${item(event.source)}</tt:Source>` +
        `<tt:Data>${item(event.data)}</tt:Data></tt:Message></wsnt:Message></wsnt:NotificationMessage>`,
    );
    if (subscription.queue.length > MAX_QUEUED) subscription.queue.shift();
    subscription.wake?.();
  }

  #wait(subscription: Subscription, waitMs: number): Promise<void> {
    subscription.wake?.(); // a second pull on the same point ends the first
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        subscription.wake = undefined;
        resolve();
      };
      const timer = setTimeout(done, waitMs);
      subscription.wake = done;
    });
  }

  #find(id: string): Subscription {
    this.#sweep();
    const subscription = this.#subscriptions.get(id);
    if (subscription === undefined)
      throw new SoapFault(['wsnt:ResourceUnknownFault'], 'There is no such subscription.');
    return subscription;
  }

  #sweep(): void {
    for (const [id, subscription] of this.#subscriptions) {
      if (subscription.endsAtMs <= this.#monoMs()) this.#subscriptions.delete(id);
    }
  }

  #lifeMs(termination: string | undefined): number {
    if (termination === undefined) return DEFAULT_LIFE_MS;
    const lifeMs = parseDuration(termination) ?? Date.parse(termination) - this.#clock.wallMs();
    return lifeMs > 0 ? Math.min(lifeMs, MAX_LIFE_MS) : DEFAULT_LIFE_MS;
  }

  #time(subscription?: Subscription): string {
    const leftMs = subscription === undefined ? 0 : subscription.endsAtMs - this.#monoMs();
    return new Date(this.#clock.wallMs() + leftMs).toISOString();
  }
}

/** Milliseconds of an XML duration such as `PT1M30S`; undefined when it is something else. */
export function parseDuration(text: string): number | undefined {
  const match = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/.exec(text.trim());
  if (match === null) return undefined;
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((part) => Number(part ?? 0));
  return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
}
