/**
 * The worker processes of a centre, each with its part of the sites. A site belongs to one worker, so that its messages keep their
 * order; which one follows from its name and the number of workers alone. One that dies is started again, and what it was receiving
 * is sent again by the sites.
 */
import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { sha256 } from '../core/chain.ts';
import { backoffMs } from '../core/hrc.ts';
import type { Log } from '../core/ports.ts';
import type { Clock } from '../core/time.ts';
import type { SiteListener } from './control.ts';
import type { Registry } from './registrar.ts';
import { type Answer, type FromWorker, faultOf, type Question, type ToWorker } from './worker-messages.ts';

const BACKOFF = { firstMs: 1_000, maxMs: 30_000 };
/** One that lived for so long died of something new. */
const SETTLED_MS = 60_000;
/** A worker ends the message at hand; then it is killed. */
const END_MS_MAX = 4_000;

export interface WorkersOptions {
  readonly count: number;
  /** Starts the process of worker `index` with a channel to this one. */
  readonly start: (index: number) => ChildProcess;
  readonly registry: Registry;
  /** Every site that is known. */
  readonly sites: () => readonly string[];
  /** A worker has begun to hear its sites, or some more of them: what they sent before is lost, and they have to be told. */
  readonly onListening: () => void;
  readonly clock: Clock;
  readonly log: Log;
}

export class Workers implements SiteListener {
  readonly #options: WorkersOptions;
  readonly #children: (ChildProcess | null)[];
  readonly #closing = new AbortController();
  readonly #told = new Set<string>();
  #loops: Promise<void>[] = [];

  constructor(options: WorkersOptions) {
    this.#options = options;
    this.#children = Array.from({ length: options.count }, () => null);
  }

  /** Waits for nothing. */
  start(): void {
    this.#loops = this.#children.map((_, index) => this.#keepUp(index));
  }

  /** Each worker ends what it has at hand. At most {@link END_MS_MAX}. */
  async close(): Promise<void> {
    this.#closing.abort();
    for (const child of this.#children) if (child !== null) say(child, { type: 'ends' });
    await Promise.all(this.#loops);
  }

  /** A site may have become known. */
  there(site: string): void {
    if (this.#told.has(site)) return;
    this.#tellSites(workerOf(site, this.#options.count));
  }

  async #keepUp(index: number): Promise<void> {
    const { clock, log } = this.#options;
    let failures = 0;
    while (!this.#closing.signal.aborted) {
      const beganMs = clock.now().monoMs;
      const why = await this.#life(index);
      if (this.#closing.signal.aborted) return;
      failures = clock.now().monoMs - beganMs > SETTLED_MS ? 1 : failures + 1;
      log.error({ alarm: 'worker-died', worker: index, failures }, `worker ${index} of the centre ended: ${why}`);
      const delayMs = failures === 1 ? 0 : backoffMs(failures, BACKOFF.firstMs, BACKOFF.maxMs, 1);
      await sleep(delayMs, undefined, { signal: this.#closing.signal }).catch(() => undefined);
    }
  }

  /** One process from its start to its end; answers how it ended. */
  async #life(index: number): Promise<string> {
    const child = this.#options.start(index);
    this.#children[index] = child;
    child.on('message', (message: FromWorker) => {
      if (message.type === 'listens') this.#options.onListening();
      else
        void this.#answer(message.question).then((answer) =>
          say(child, { type: 'answers', number: message.number, answer }),
        );
    });
    const ended = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
    });
    this.#tellSites(index);
    const killer = () => {
      const timer = setTimeout(() => child.kill('SIGKILL'), END_MS_MAX);
      void ended.then(() => clearTimeout(timer));
    };
    this.#closing.signal.addEventListener('abort', killer, { once: true });
    const why = await ended;
    this.#closing.signal.removeEventListener('abort', killer);
    this.#children[index] = null;
    return why;
  }

  #tellSites(index: number): void {
    const child = this.#children[index];
    if (child === null || child === undefined) return;
    const sites = this.#options.sites().filter((site) => workerOf(site, this.#options.count) === index);
    for (const site of sites) this.#told.add(site);
    say(child, { type: 'sites', sites });
  }

  async #answer(question: Question): Promise<Answer> {
    const { registry } = this.#options;
    const { site } = question;
    try {
      registry.demand(site);
      switch (question.ask) {
        case 'isWanted':
          return { ok: true, value: await registry.isWanted(site, question.seg, question.sha256) };
        case 'placeFor':
          return { ok: true, value: await registry.placeFor(site, question.delivery) };
        case 'settle':
          return { ok: true, value: await registry.settle(site, question.settlement) };
      }
    } catch (error) {
      return { ok: false, fault: faultOf(error) };
    }
  }
}

/** The worker of a site among `count`, by rendezvous: another number of workers moves as few sites as can be. */
export function workerOf(site: string, count: number): number {
  let best = { index: 0, weight: '' };
  for (let index = 0; index < count; index++) {
    const weight = sha256(`${index}/${site}`);
    if (weight > best.weight) best = { index, weight };
  }
  return best.index;
}

/** A child that is going hears nothing more. */
function say(child: ChildProcess, message: ToWorker): void {
  if (child.connected) child.send(message, () => undefined);
}
