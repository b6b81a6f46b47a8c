/** How the panel moves between its pages without a reload. */
import { signal } from '@preact/signals';
import { type Route, routeOf } from './address.ts';
import { followLinks } from './links.ts';

const here = () => routeOf(location.pathname, location.search);

export const route = signal<Route>({ page: 'unknown' });

export function startRouting(): void {
  route.value = here();
  addEventListener('popstate', () => {
    route.value = here();
  });
  followLinks(goTo);
}

export function goTo(path: string, how: 'push' | 'replace' = 'push'): void {
  if (how === 'push') history.pushState(null, '', path);
  else history.replaceState(null, '', path);
  route.value = here();
  scrollTo(0, 0);
}
