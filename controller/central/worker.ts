/**
 * A worker of a centre: receives bytes by route B for its part of the sites, in a process of its own with a connection of its own. What
 * it does not know it asks the registrar, which lives in the centre's process.
 */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sentenceOf } from '../core/errors.ts';
import { transferFilterOf } from '../core/hrc.ts';
import { readUpTopic } from '../core/hrc-reading.ts';
import type { Log } from '../core/ports.ts';
import type { Clock } from '../core/time.ts';
import { type BrokerAddress, Link } from './link.ts';
import type { ObjectStore } from './object-store.ts';
import { type PartLimits, Parts } from './parts.ts';
import { isTransfer, Receiver } from './receiver.ts';
import { Refusal } from './refusal.ts';
import type { Delivery, Registry, Settlement } from './registrar.ts';
import { type Answer, errorOf, type FromWorker, type Question, type ToWorker } from './worker-messages.ts';

const EXPIRY_EVERY_MS = 60_000;
/** The centre answers in milliseconds; longer means that it hangs, and the site shall try again. */
const ANSWER_MS_MAX = 60_000;

export interface WorkerOptions {
  readonly address: BrokerAddress;
  /** Tells this worker from others at the broker. */
  readonly clientId: string;
  /** For files that are arriving; this worker's alone. */
  readonly incoming: string;
  readonly store: ObjectStore;
  readonly limits: PartLimits;
  /** To the centre. */
  readonly say: (message: FromWorker) => void;
  readonly clock: Clock;
  readonly log: Log;
}

export class Worker implements Registry {
  readonly #options: WorkerOptions;
  readonly #parts: Parts;
  readonly #receiver: Receiver;
  readonly #link: Link;
  readonly #closing = new AbortController();
  readonly #questions = new Map<number, (answer: Answer) => void>();
  #asked = 0;
  #sites: ReadonlySet<string> = new Set();
  /** Sites that the present connection asked for. */
  #heard = new Set<string>();
  #loop: Promise<void> = Promise.resolve();

  constructor(options: WorkerOptions) {
    const { address, clientId, incoming, store, limits, clock, log, say } = options;
    this.#options = options;
    this.#parts = new Parts(incoming, limits);
    const send = (topic: string, payload: string) => this.#link.send(topic, payload);
    this.#receiver = new Receiver({ registry: this, parts: this.#parts, store, clock, log, send });
    this.#link = new Link({
      ...{ address, clientId, clock, log, chunkBytesMax: limits.chunkBytesMax },
      filters: () => {
        this.#heard = new Set(this.#sites);
        return [...this.#heard].map(transferFilterOf);
      },
      up: () => {
        say({ type: 'listens' });
        void this.#hearNew();
      },
      take: async (topic, payload) => {
        const about = readUpTopic(topic);
        if (about !== null && isTransfer(about)) await this.#receiver.take(about, topic, payload);
      },
    });
  }

  /** Waits for its folder and the store, not for the broker. */
  async start(): Promise<void> {
    await mkdir(dirname(this.#options.incoming), { recursive: true, mode: 0o750 });
    await this.#options.store.open();
    await this.#parts.open();
    this.#link.start();
    this.#loop = this.#expire();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#link.close();
    await this.#receiver.idle();
    await this.#loop;
    await this.#parts.close();
    await this.#options.store.close();
  }

  /** Takes what the centre says. */
  async hear(message: ToWorker): Promise<void> {
    if (message.type === 'answers') this.#questions.get(message.number)?.(message.answer);
    if (message.type !== 'sites') return;
    this.#sites = new Set(message.sites);
    await this.#hearNew();
  }

  /** Asks for sites that became known since the connection was made. */
  async #hearNew(): Promise<void> {
    const news = [...this.#sites].filter((site) => !this.#heard.has(site));
    if (news.length === 0 || !this.#link.isUp) return;
    for (const site of news) this.#heard.add(site);
    await this.#link.subscribe(news.map(transferFilterOf));
    this.#options.say({ type: 'listens' });
  }

  demand(site: string): void {
    if (!this.#sites.has(site)) throw new Refusal('HRC-SIG', 'the site is unknown');
  }

  async isWanted(site: string, seg: string, sha256: string): Promise<boolean> {
    return (await this.#ask({ ask: 'isWanted', site, seg, sha256 })) === true;
  }

  async placeFor(site: string, delivery: Delivery): Promise<string> {
    return String(await this.#ask({ ask: 'placeFor', site, delivery }));
  }

  async settle(site: string, settlement: Settlement): Promise<void> {
    await this.#ask({ ask: 'settle', site, settlement });
  }

  async #ask(question: Question): Promise<unknown> {
    this.#asked += 1;
    const number = this.#asked;
    const over = new AbortController();
    const answered = new Promise<Answer>((resolve) => this.#questions.set(number, resolve));
    this.#options.say({ type: 'asks', number, question });
    try {
      const answer = await Promise.race([answered, sleep(ANSWER_MS_MAX, null, { signal: over.signal, ref: false })]);
      if (answer === null) throw new Error(`the centre did not answer in ${ANSWER_MS_MAX} ms`);
      if (!answer.ok) throw errorOf(answer.fault);
      return answer.value;
    } finally {
      over.abort();
      this.#questions.delete(number);
    }
  }

  async #expire(): Promise<void> {
    const { clock, log } = this.#options;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await sleep(EXPIRY_EVERY_MS, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      await this.#link
        .between(() => this.#parts.expire(clock.now().monoMs))
        .catch((error: unknown) => log.warn({}, `expired parts: ${sentenceOf(error)}`));
    }
  }
}
