/** What the site says about itself, retained: that it is there and with which key, and how much waits to be sent. */
import { setTimeout as sleep } from 'node:timers/promises';
import { sentenceOf } from '../core/errors.ts';
import type { Birth, SiteTopics } from '../core/hrc.ts';
import type { PublicKey } from '../core/jws.ts';
import type { Log, Outbox } from '../core/ports.ts';
import type { Clock } from '../core/time.ts';
import type { Line } from './line.ts';

const SOFTWARE = 'quancheng';

export interface PresenceOptions {
  readonly site: string;
  readonly line: Line;
  readonly topics: SiteTopics;
  readonly outbox: Outbox;
  readonly publicKey: PublicKey;
  readonly routes: readonly string[];
  /** What else the site says of itself with each backlog: health, alarms, what runs. Never a name or a matter. */
  readonly health: () => object;
  readonly clock: Clock;
  readonly log: Log;
  readonly backlogEveryMs: number;
}

export class Presence {
  readonly #options: PresenceOptions;

  constructor(options: PresenceOptions) {
    this.#options = options;
  }

  /** The birth message, the first thing said on a new connection; then the backlog. Never rejects. */
  async announce(): Promise<void> {
    const { site, line, topics, outbox, publicKey, routes, clock, log } = this.#options;
    try {
      const birth: Birth = {
        v: 1,
        online: true,
        site,
        at: clock.now().wallMs,
        software: SOFTWARE,
        siteSeq: { last: outbox.lastSiteSeq() },
        keys: [publicKey],
        routes,
        min: 1,
        max: 1,
      };
      await line.publish(topics.state, JSON.stringify(birth), { retain: true });
      await this.#tellBacklog();
    } catch (error) {
      log.warn({}, `the centre was not told that the site is there: ${sentenceOf(error)}`);
    }
  }

  /** Tells the backlog now and then until `signal`. Never rejects. */
  async keepTelling(signal: AbortSignal): Promise<void> {
    const { line, log, backlogEveryMs } = this.#options;
    while (!signal.aborted) {
      await sleep(backlogEveryMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted || !line.up) continue;
      await this.#tellBacklog().catch((error) => log.warn({}, `the backlog was not told: ${sentenceOf(error)}`));
    }
  }

  async #tellBacklog(): Promise<void> {
    const { line, topics, outbox, clock, health } = this.#options;
    const backlog = { v: 1, at: clock.now().wallMs, ...outbox.backlog(), ...health() };
    await line.publish(topics.backlog, JSON.stringify(backlog), { retain: true });
  }
}
