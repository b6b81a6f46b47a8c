/** Which page an address means. Pure. */

export type Route =
  | { readonly page: 'home' }
  | { readonly page: 'login'; readonly next: string }
  | { readonly page: 'pair' }
  | { readonly page: 'me' }
  | { readonly page: 'people' }
  | { readonly page: 'room'; readonly room: string }
  | { readonly page: 'sign'; readonly room: string }
  | { readonly page: 'display'; readonly display: string }
  | { readonly page: 'sessions' }
  | { readonly page: 'review'; readonly session: string }
  | { readonly page: 'unknown' };

/** Reads an address. Pure. `next` is kept only when it is a path of this site: a link must not lead elsewhere after a login. */
export function routeOf(pathname: string, search: string): Route {
  let parts: string[];
  try {
    parts = pathname.split('/').filter(Boolean).map(decodeURIComponent);
  } catch {
    return { page: 'unknown' };
  }
  const [page, id] = parts;
  if (page === undefined) return { page: 'home' };
  if (page === 'login' && parts.length === 1) {
    const next = new URLSearchParams(search).get('next') ?? '/';
    return { page: 'login', next: /^\/(?![/\\])/.test(next) ? next : '/' };
  }
  if ((page === 'pair' || page === 'me' || page === 'people') && parts.length === 1) return { page };
  if (page === 'room' && id !== undefined && parts.length === 2) return { page: 'room', room: id };
  if (page === 'sign' && id !== undefined && parts.length === 2) return { page: 'sign', room: id };
  if (page === 'display' && id !== undefined && parts.length === 2) return { page: 'display', display: id };
  if (page === 'review' && parts.length === 1) return { page: 'sessions' };
  if (page === 'review' && id !== undefined && parts.length === 2) return { page: 'review', session: id };
  return { page: 'unknown' };
}
