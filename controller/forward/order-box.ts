/**
 * Takes signed orders from the centre and answers each. It only checks who speaks and what is said; carrying it out is for whoever
 * stands behind the port. A retained order is none: it would be done again by everybody who connects (invariant 8).
 */
import { AppError, sentenceOf } from '../core/errors.ts';
import type { SiteTopics } from '../core/hrc.ts';
import { type OrderOutcome, type Orders, readOrder } from '../core/orders.ts';
import type { Log } from '../core/ports.ts';
import type { Clock } from '../core/time.ts';
import type { CentreVoice } from './centre-voice.ts';
import type { Line } from './line.ts';

/** The centre asks again when it was away for longer. */
const ANSWER_EXPIRY_S = 24 * 3_600;

export interface OrderBoxOptions {
  readonly topics: SiteTopics;
  readonly voice: CentreVoice;
  readonly line: Pick<Line, 'publish'>;
  readonly orders: Orders;
  readonly clock: Clock;
  readonly log: Log;
}

export class OrderBox {
  readonly #options: OrderBoxOptions;

  constructor(options: OrderBoxOptions) {
    this.#options = options;
  }

  /** `id` is the one of the topic. Resolves when it was carried out, refused, or failed; the answer leaves by itself then. */
  async take(id: string, jws: string, isRetained: boolean): Promise<void> {
    const { voice, orders, log } = this.#options;
    if (isRetained) {
      log.warn({ order: id }, 'an order was left retained at the broker and is not carried out');
      return;
    }
    const payload = voice.order(jws);
    // Who is not known gets no answer: it would tell him that somebody listens.
    if (payload === null) {
      log.error({ alarm: 'receipt-refused', order: id }, 'an order is not signed by the centre and is not carried out');
      return;
    }
    const order = readOrder(payload);
    if (order === null || order.id !== id) {
      this.#answer(id, { status: 'rejected', entry: null, fault: UNREADABLE });
      return;
    }
    try {
      this.#answer(id, await orders.take(order));
    } catch (error) {
      log.error({ order: id, why: sentenceOf(error) }, 'an order could not be carried out');
      const code = error instanceof AppError ? error.code : 'internal';
      this.#answer(id, { status: 'failed', entry: null, fault: { code, message: sentenceOf(error), fields: [] } });
    }
  }

  /** Never waited for: the acknowledgement of an answer comes only after this message was done. An order sent again is answered again. */
  #answer(id: string, { status, entry, fault }: Answer): void {
    const { line, topics, clock, log } = this.#options;
    const answer = {
      ...{ v: 1, id, n: 1, status, at: clock.now().wallMs },
      ...(entry === null ? {} : { docket: entry }),
      ...(fault === null ? {} : { err: { code: fault.code, msg: fault.message, fields: fault.fields } }),
    };
    line.publish(topics.answer(id), JSON.stringify(answer), { expiryS: ANSWER_EXPIRY_S }).catch((error: unknown) => {
      log.warn({ order: id, why: sentenceOf(error) }, 'the answer to an order did not leave');
    });
  }
}

type Answer = Omit<OrderOutcome, 'status'> & { readonly status: OrderOutcome['status'] | 'failed' };

const UNREADABLE: OrderOutcome['fault'] = {
  code: 'bad-request',
  message: 'the order cannot be read, or its id is not the one of its topic',
  fields: [],
};
