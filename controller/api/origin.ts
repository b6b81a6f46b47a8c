/** Whether a request comes from our own pages. Cookies are SameSite=Strict; this is the second lock, and the only one of WebSockets. */
import type { IncomingMessage } from 'node:http';

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
