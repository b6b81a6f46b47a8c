/** Which ways for bytes the centre offers: those of its configuration that its parts can serve, in the configuration's order. */
import type { RouteName } from '../../core/hrc.ts';

/** What stands behind the ways. */
export interface Abilities {
  /** The object store is one that others can write to; an engine may have it as its export. */
  readonly storeIsShared: boolean;
  /** The object store gives addresses for uploads. */
  readonly givesAddresses: boolean;
  /** There is a site that may be fetched from. */
  readonly fetches: boolean;
}

export interface Offered {
  readonly routes: readonly RouteName[];
  /** What was wished and cannot be, as sentences. */
  readonly troubles: readonly string[];
}

export function routesOffered(wished: readonly RouteName[], abilities: Abilities): Offered {
  const troubleOf = (route: RouteName): string | null => {
    if (route === 'A' && !abilities.storeIsShared) return 'route A needs a bucket that the engine exports to';
    if (route === 'C' && !abilities.givesAddresses)
      return 'route C needs a store that gives addresses and checks checksums';
    if (route === 'D' && !abilities.fetches) return 'route D needs an address of at least one site';
    return null;
  };
  return {
    routes: wished.filter((route) => troubleOf(route) === null),
    troubles: wished.map(troubleOf).filter((trouble) => trouble !== null),
  };
}
