/** Carries out the centre's orders to the docket: once by their id, never after their end, and with the answer they had. */
import { AppError } from '../core/errors.ts';
import type { DocketOrder, Order, OrderedEntry, OrderOutcome, Orders } from '../core/orders.ts';
import type { SiteJournal } from '../core/ports.ts';
import type { Session } from '../core/session.ts';
import type { SiteIndex } from '../core/site-index.ts';
import type { Clock } from '../core/time.ts';
import type { Docket } from './docket.ts';

/** Who is said to have done it. */
export const THE_CENTRE = 'centre';
/** An order from further in the future than this was dated by a clock that is wrong, as ours may be. */
const AHEAD_MS = 10 * 60_000;

export interface SiteOrdersOptions {
  readonly site: string;
  readonly index: SiteIndex;
  readonly docket: Docket;
  readonly journal: SiteJournal;
  readonly clock: Clock;
}

export class SiteOrders implements Orders {
  readonly #options: SiteOrdersOptions;

  constructor(options: SiteOrdersOptions) {
    this.#options = options;
  }

  async take(order: Order): Promise<OrderOutcome> {
    const { index, clock, journal, site } = this.#options;
    const before = index.notes.pressed(order.id);
    try {
      if (order.site !== site) throw new AppError('bad-request', `the order is for site ${order.site}`);
      // What was done stays done: it has the answer that it had, however late it is asked for again.
      if (before !== null) return this.#repeated(order, before.did, before.session);
      const now = clock.now().wallMs;
      if (order.expiresMs < now)
        throw new AppError('order-expired', `the order was good until ${iso(order.expiresMs)}`);
      if (order.issuedMs > now + AHEAD_MS) {
        throw new AppError(
          'order-expired',
          `the order was made at ${iso(order.issuedMs)}, which is still to come here`,
        );
      }
      const session = await this.#do(order.id, order.order);
      return { status: 'successful', entry: { session: session.id, state: session.state }, fault: null };
    } catch (error) {
      if (!(error instanceof AppError) || error.kind === 'internal' || error.kind === 'unavailable') throw error;
      await journal.append({ type: 'audit', who: THE_CENTRE, did: 'order-refused', object: order.id, room: null });
      return {
        status: error.code === 'order-expired' ? 'expired' : 'rejected',
        entry: null,
        fault: { code: error.code, message: error.message, fields: error.fields },
      };
    }
  }

  #do(press: string, order: DocketOrder): Promise<Session> {
    const { docket } = this.#options;
    switch (order.type) {
      case 'docket.create': {
        const { type: _, reference, ...entry } = order;
        const by = { press, by: THE_CENTRE, source: 'centre', reference } as const;
        return docket.schedule(entry, by).then(({ session }) => session);
      }
      case 'docket.amend': {
        const { type: _, entry, ...change } = order;
        return docket.amend(this.#entry(entry), press, THE_CENTRE, change);
      }
      case 'docket.cancel':
        return docket.cancel(this.#entry(order.entry), press, THE_CENTRE, order.reason);
    }
  }

  #repeated({ order }: Order, did: string, id: string | null): OrderOutcome {
    const fact = FACTS[order.type];
    const session = id === null ? null : this.#options.index.session(id);
    if (did !== fact || session === null)
      throw new AppError('bad-request', 'the id of the order was used for another one');
    return { status: 'successful', entry: { session: session.id, state: session.state }, fault: null };
  }

  #entry(wanted: OrderedEntry): Session {
    const { index } = this.#options;
    const found =
      'session' in wanted ? index.session(wanted.session) : index.sessionByReference('centre', wanted.reference);
    if (found === null) throw new AppError('session-unknown', `there is no such entry: ${JSON.stringify(wanted)}`);
    return found;
  }
}

const FACTS = {
  'docket.create': 'session-scheduled',
  'docket.amend': 'session-amended',
  'docket.cancel': 'session-cancelled',
} as const;

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
