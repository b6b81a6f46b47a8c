/**
 * Orders of the centre to the docket of hearings, as one row of the desk's table. The desk has checked who speaks, for whom and until
 * when; carrying an order out is for whoever stands behind the port.
 */
import { type Orders, readOrder } from '../../core/orders.ts';
import type { CommandKind } from './command-kind.ts';

/** The row for every `docket.` command. Doing an order twice has one outcome, so that one cut off by a restart is simply done again. */
export function docketCommands(orders: Orders): CommandKind {
  return {
    type: 'docket.',
    run: async ({ envelope }) => {
      const order = readOrder(envelope.body);
      if (order === null) return { status: 'rejected', err: { code: 'bad-request', msg: 'the order cannot be read' } };
      const { status, entry, fault } = await orders.take(order);
      return {
        status,
        ...(entry === null ? {} : { more: { docket: entry } }),
        ...(fault === null ? {} : { err: { code: fault.code, msg: fault.message, fields: fault.fields } }),
      };
    },
  };
}
