/** The ways for bytes other than B, put together: which of them the centre offers, and who listens to what. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CentreDocument, RouteName } from '../../core/hrc.ts';
import { fieldsOf, parseJson } from '../../core/hrc-reading.ts';
import type { Log } from '../../core/ports.ts';
import type { Clock } from '../../core/time.ts';
import type { SiteListener } from '../control.ts';
import type { ObjectStore } from '../object-store.ts';
import type { Registrar } from '../registrar.ts';
import { type RequestKind, receiptsQuery } from '../request-kind.ts';
import { Arrivals } from './arrivals.ts';
import { heardFromEngine } from './by-engine.ts';
import { type PullOrigins, Pulls } from './by-pull.ts';
import { UPLOADS_MAX, uploadAddresses } from './by-put.ts';
import { routesOffered } from './routes-offered.ts';

/** Which ways are wished, in the order of preference, and what they need. */
export interface IntakeWishes {
  readonly routes: readonly RouteName[];
  /** Origins at which sites may be fetched from. */
  readonly pullFrom: PullOrigins;
  /** PEM of the authorities that vouch for those; those of the system when absent. */
  readonly pullCa?: readonly string[];
}

const ANSWER_BYTES_MAX = 256 * 1024;
const CLOSE_MS = 2_000;

export const ONLY_CHUNKS: IntakeWishes = { routes: ['B'], pullFrom: {} };

export interface IntakeOptions {
  readonly wishes: IntakeWishes;
  readonly registrar: Registrar;
  /** Already open. */
  readonly store: ObjectStore;
  readonly pulledFolder: string;
  readonly send: (topic: string, payload: string) => void;
  readonly clock: Clock;
  readonly log: Log;
}

export class Intake implements SiteListener {
  readonly #options: IntakeOptions;
  readonly #arrivals: Arrivals | null;
  readonly #pulls: Pulls | null;
  /** What the centre's document says of it. */
  readonly offered: Pick<CentreDocument, 'routes' | 'put'>;

  constructor(options: IntakeOptions) {
    const { wishes, registrar, store, pulledFolder, send, clock, log } = options;
    const { pullFrom: origins, pullCa: ca } = wishes;
    this.#options = options;
    const { routes, troubles } = routesOffered(wishes.routes, {
      storeIsShared: store.isShared,
      givesAddresses: store.origins.length > 0,
      fetches: Object.keys(origins).length > 0,
    });
    for (const trouble of troubles) log.warn({}, `not offered to sites: ${trouble}`);
    this.offered = {
      routes,
      ...(routes.includes('C') ? { put: { maxUrls: UPLOADS_MAX, origins: store.origins } } : {}),
    };
    this.#arrivals = store.isShared ? new Arrivals({ registrar, store, send, log }) : null;
    const folder = pulledFolder;
    const pulls = { registrar, store, origins, folder, send, clock, log, ...(ca === undefined ? {} : { ca }) };
    this.#pulls = routes.includes('D') ? new Pulls(pulls) : null;
  }

  /** Waits for its folder. */
  async open(): Promise<void> {
    await this.#pulls?.open();
  }

  /** Requests of sites that it answers. */
  get requests(): readonly RequestKind[] {
    const { registrar, store } = this.#options;
    return [
      receiptsQuery(registrar, this.#arrivals),
      ...(this.#arrivals === null || this.offered.put === undefined
        ? []
        : [uploadAddresses(registrar, store, this.#arrivals)]),
      ...(this.#pulls === null ? [] : [this.#pulls.request]),
    ];
  }

  /** An engine's word about the end of a transfer. */
  async engineEnded(site: string, payload: Uint8Array): Promise<void> {
    if (this.#arrivals !== null) heardFromEngine(this.#arrivals, site, payload);
  }

  /** An answer to a command: when it was `offer`, what is offered is fetched. Rejects with a Refusal when it cannot be followed. */
  async answered(site: string, _id: string, payload: Uint8Array): Promise<void> {
    const answer = fieldsOf(parseJson(payload, ANSWER_BYTES_MAX));
    if (answer?.['offer'] !== undefined) this.#pulls?.answered(site, answer['offer'], answer['items']);
  }

  /** Ends what is under way; sites keep what has no receipt. Idempotent; a store that does not answer is not waited for longer than {@link CLOSE_MS}. */
  async close(): Promise<void> {
    const closed = Promise.all([this.#arrivals?.close(), this.#pulls?.close()]);
    await Promise.race([closed, sleep(CLOSE_MS, undefined, { ref: false })]);
  }
}
