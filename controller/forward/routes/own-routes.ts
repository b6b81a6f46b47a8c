/** The routes of this site, one row each. */
import { rootCertificates } from 'node:tls';
import type { Conversation } from '../conversation.ts';
import type { ForwardTiming } from '../timing.ts';
import { type ByChunksOptions, EngineRoute, prefixRoute } from './by-chunks.ts';
import { OfferRoute, type Offers } from './by-offer.ts';
import { PutRoute } from './by-put.ts';
import type { Route } from './route.ts';

export interface RouteParts extends Omit<ByChunksOptions, 'initResponseMs'> {
  readonly conversation: Conversation;
  readonly offers: Offers;
  readonly timing: ForwardTiming;
  /** PEM of the centre's own authority, trusted beside those of the system. */
  readonly ca: string | undefined;
}

export function ownRoutes(parts: RouteParts): readonly Route[] {
  const { conversation, offers, timing, ca } = parts;
  const { initResponseMs, httpIdleMs: idleMs, pullMs } = timing;
  return [
    new EngineRoute({ ...parts, initResponseMs }),
    prefixRoute({ ...parts, initResponseMs }),
    new PutRoute({ conversation, idleMs, ...(ca === undefined ? {} : { ca: [...rootCertificates, ca] }) }),
    new OfferRoute({ offers, conversation, pullMs }),
  ];
}
