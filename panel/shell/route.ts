/** How the panel moves between its pages without a reload. */
import { signal } from '@preact/signals';
import { type Route, routeOf } from './address.ts';

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
