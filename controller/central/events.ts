/**
 * `events`: what sites report beside segments. A list is written down, whole and as the site signed it, before it is answered; one that
 * begins behind what is known here is not taken, and the answer says from where.
 */
import { readEventList } from '../core/hrc-events.ts';
import { type PublicKey, verifyJws } from '../core/jws.ts';
import type { Log } from '../core/ports.ts';
import type { Archive } from './archive.ts';
import { headsOf } from './events-chapter.ts';
import { Refusal } from './refusal.ts';
import type { RequestKind } from './request-kind.ts';

export interface EventDeskOptions {
  readonly archive: Archive;
  /** The key a site signs with. */
  readonly keyOf: (site: string) => PublicKey;
  readonly log: Log;
}

export function eventDesk({ archive, keyOf, log }: EventDeskOptions): RequestKind {
  return {
    type: 'events',
    async answer(site, _id, { jws }) {
      if (typeof jws !== 'string') throw new Refusal('HRC-BAD', 'a list of events that cannot be read');
      const check = verifyJws(jws, 'hrc-event', [keyOf(site)]);
      if (!check.ok)
        throw new Refusal(check.fault === 'signature' ? 'HRC-SIG' : 'HRC-BAD', `a list of events: ${check.message}`);
      const read = readEventList(check.payload);
      if (read === null || read.list.site !== site)
        throw new Refusal('HRC-BAD', 'a list of events that cannot be read, or of another site');
      const { list, last, passedOver } = read;
      const { journal, after } = list;
      const known = headsOf(archive.sql, site)[journal];
      if (after <= known && last > known) {
        await archive.keep({ type: 'site-told', site, journal, upTo: last, jws });
        if (passedOver > 0) log.warn({ site, passedOver }, 'a site tells events that are not known here');
      }
      return { upTo: headsOf(archive.sql, site) };
    },
  };
}
