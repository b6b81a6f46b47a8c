/** Types of requests of a site (`up/req/{id}`): one row each, so that a part of the centre adds its own without touching the others. */
import { QUERY_BATCH } from '../core/hrc.ts';
import { readSegs } from '../core/hrc-reading.ts';
import type { Arrivals } from './intake/arrivals.ts';
import { Refusal } from './refusal.ts';
import type { Registrar } from './registrar.ts';

export type Fields = { readonly [name: string]: unknown };

export interface RequestKind {
  readonly type: string;
  /** True: the centre's next message does not wait for the answer; the row itself bounds how many there are. */
  readonly goesOn?: boolean;
  /**
   * Answers a request of a site whose key is known. The object goes out on `dn/rsp/{id}` with `v` and `type`; null when this type
   * has no answer, or sends its own. Rejects with a Refusal, which is answered with its code.
   */
  answer(site: string, id: string, body: Fields): Promise<object | null>;
}

/**
 * `receipts.query`: receipts first, so that they are there when the answer is; then which of the segments are not held. What others may
 * have put into the store meanwhile is looked for first.
 */
export function receiptsQuery(registrar: Registrar, arrivals: Arrivals | null): RequestKind {
  return {
    type: 'receipts.query',
    goesOn: arrivals !== null,
    async answer(site, _id, body) {
      const segs = readSegs(body['segs'], QUERY_BATCH);
      if (segs === null) throw new Refusal('HRC-BAD', 'a question for receipts that cannot be read');
      const unknown: string[] = [];
      for (const seg of segs) {
        const isHeld = (await registrar.sendReceiptOf(site, seg)) || (await arrivals?.search(site, seg)) === true;
        if (!isHeld) unknown.push(seg);
      }
      return { type: 'receipts', unknown };
    },
  };
}
