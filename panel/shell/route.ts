/** Which page an address means, and how the panel moves between them without a reload. */
import { signal } from '@preact/signals';

export type Route =
  | { readonly page: 'home' }
  | { readonly page: 'login'; readonly next: string }
  | { readonly page: 'room'; readonly room: string }
  | { readonly page: 'sign'; readonly room: string }
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
  if (page === 'room' && id !== undefined && parts.length === 2) return { page: 'room', room: id };
  if (page === 'sign' && id !== undefined && parts.length === 2) return { page: 'sign', room: id };
  if (page === 'review' && parts.length === 1) return { page: 'sessions' };
  if (page === 'review' && id !== undefined && parts.length === 2) return { page: 'review', session: id };
  return { page: 'unknown' };
}

const here = () => routeOf(location.pathname, location.search);

export const route = signal<Route>({ page: 'unknown' });

export function startRouting(): void {
  route.value = here();
  addEventListener('popstate', () => {
    route.value = here();
  });
  // Ordinary links to pages of the panel stay ordinary links (new tab, copy address) and are followed here.
  document.addEventListener('click', (event) => {
    const link = event.target instanceof Element ? event.target.closest('a[href^="/"]') : null;
    if (link === null || event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || link.hasAttribute('target')) return;
    event.preventDefault();
    goTo(link.getAttribute('href') ?? '/');
  });
}

export function goTo(path: string, how: 'push' | 'replace' = 'push'): void {
  if (how === 'push') history.pushState(null, '', path);
  else history.replaceState(null, '', path);
  route.value = here();
  scrollTo(0, 0);
}
