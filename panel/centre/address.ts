/** Which page of the centre an address means, and the address of each. Pure. */

export type CentreRoute =
  | { readonly page: 'sites' }
  | { readonly page: 'login' }
  | { readonly page: 'site'; readonly site: string }
  | { readonly page: 'session'; readonly site: string; readonly session: string }
  | { readonly page: 'range'; readonly site: string; readonly from: number; readonly to: number }
  | { readonly page: 'commands' }
  | { readonly page: 'people' }
  | { readonly page: 'unknown' };

const part = encodeURIComponent;

export const siteAddress = (site: string): string => `/sites/${part(site)}`;
export const sessionAddress = (site: string, session: string): string =>
  `/sites/${part(site)}/sessions/${part(session)}`;
export const rangeAddress = (site: string, from: number, to: number): string =>
  `/sites/${part(site)}/range?from=${from}&to=${to}`;

export function centreRouteOf(pathname: string, search: string): CentreRoute {
  let parts: string[];
  try {
    parts = pathname.split('/').filter(Boolean).map(decodeURIComponent);
  } catch {
    return { page: 'unknown' };
  }
  const [first, site, what, session] = parts;
  if (first === undefined) return { page: 'sites' };
  if (parts.length === 1 && (first === 'login' || first === 'commands' || first === 'people')) return { page: first };
  if (first !== 'sites' || site === undefined) return { page: 'unknown' };
  if (parts.length === 2) return { page: 'site', site };
  if (what === 'sessions' && session !== undefined && parts.length === 4) return { page: 'session', site, session };
  if (what !== 'range' || parts.length !== 3) return { page: 'unknown' };
  const said = new URLSearchParams(search);
  const [from, to] = [Number(said.get('from')), Number(said.get('to'))];
  return Number.isSafeInteger(from) && Number.isSafeInteger(to) && from > 0 && from < to
    ? { page: 'range', site, from, to }
    : { page: 'unknown' };
}
