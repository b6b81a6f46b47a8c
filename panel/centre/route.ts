/** How the centre's page moves between its parts without a reload. */
import { signal } from '@preact/signals';
import { followLinks } from '../shell/links.ts';
import { type CentreRoute, centreRouteOf } from './address.ts';

const here = () => centreRouteOf(location.pathname, location.search);

export const route = signal<CentreRoute>({ page: 'unknown' });

export function startRouting(): void {
  route.value = here();
  addEventListener('popstate', () => {
    route.value = here();
  });
  followLinks((path) => goTo(path));
}

export function goTo(path: string, how: 'push' | 'replace' = 'push'): void {
  if (how === 'push') history.pushState(null, '', path);
  else history.replaceState(null, '', path);
  route.value = here();
  scrollTo(0, 0);
}
