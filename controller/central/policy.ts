/**
 * What the centre asks of its sites (`dn/policy`), out of its configuration: signed when the program starts, and left at the broker for
 * each site at each connection. A site takes it when it says something new.
 */
import { topicsOf } from '../core/hrc.ts';
import { signJws } from '../core/jws.ts';
import type { Policy } from '../core/policy.ts';
import type { SigningKey } from '../ledger/key-file.ts';
import type { Retained } from './link.ts';

/** What one site is asked for; what is not named is left to the site. */
export type SitePolicy = { readonly [asked in keyof Omit<Policy, 'v' | 'site' | 'iat'>]?: Policy[asked] | undefined };
export interface SitePolicies {
  readonly [site: string]: SitePolicy;
}

/** The messages that say so. `nowMs` is UTC milliseconds: a policy replaces an older one only. */
export function policiesFor(policies: SitePolicies, { publicKey, privateKey }: SigningKey, nowMs: number): Retained[] {
  const iat = Math.floor(nowMs / 1_000);
  return Object.entries(policies).map(([site, asked]) => ({
    topic: topicsOf(site).policy,
    payload: signJws('hrc-policy', publicKey.kid, { v: 1, site, iat, ...asked }, privateKey),
  }));
}
