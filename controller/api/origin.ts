/** Where a request comes from: from which machine and panel, and whether from our own pages. Cookies are SameSite=Strict; the latter is the second lock, and the only one of WebSockets. */
import type { IncomingMessage } from 'node:http';
import type { Origin } from '../core/origin.ts';
import { panelTokenOf } from './login-cookie.ts';

const LOOPBACK = /^(?:::ffff:)?127\.|^::1$/;
/** A proxy on this machine says with one of these for whom it asks. */
const PROXY_HEADERS = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'] as const;

/**
 * False when a browser says that the request was made by another site's page. Programs that are no browsers say nothing, and
 * have no cookie that somebody else could borrow.
 */
export function isOwnOrigin({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  const { origin, host } = headers;
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
  if (origin === undefined) return true;
  return URL.canParse(origin) && host !== undefined && new URL(origin).host === host.toLowerCase();
}

/** Panel, address and browser of a request. What a proxy says of an address is not believed, because anybody can say it. */
export function originOf({ headers, socket }: Pick<IncomingMessage, 'headers' | 'socket'>): Origin {
  const address = socket.remoteAddress ?? 'unknown';
  return {
    panelToken: panelTokenOf(headers.cookie),
    address,
    isLocal: LOOPBACK.test(address) && PROXY_HEADERS.every((header) => headers[header] === undefined),
    agent: headers['user-agent'] ?? '',
  };
}
