/** Which key a site signs with: the first one it shows, kept for good, or the one that was listed for it. */
import type { Birth } from '../core/hrc.ts';
import type { PublicKey } from '../core/jws.ts';
import type { Log } from '../core/ports.ts';
import type { Archive } from './archive.ts';
import { Refusal } from './refusal.ts';
import type { RegistryRows } from './registry-rows.ts';

const SITES_MAX = 1_000;

export type SiteTrust =
  | { readonly mode: 'first-sight' }
  | { readonly mode: 'listed'; readonly sites: { readonly [site: string]: PublicKey } };

export class SiteKeys {
  readonly #archive: Archive;
  readonly #rows: RegistryRows;
  readonly #trust: SiteTrust;
  readonly #log: Log;

  constructor(archive: Archive, rows: RegistryRows, trust: SiteTrust, log: Log) {
    this.#archive = archive;
    this.#rows = rows;
    this.#trust = trust;
    this.#log = log;
  }

  /** The key of a site that is known. Throws {@link Refusal} `HRC-SIG` otherwise. */
  of(site: string): PublicKey {
    const key = this.#known(site);
    if (key === null) throw new Refusal('HRC-SIG', 'the site is unknown');
    return key;
  }

  knows(site: string): boolean {
    return this.#known(site) !== null;
  }

  /** Every site that is known. */
  sites(): readonly string[] {
    return this.#trust.mode === 'first-sight' ? this.#rows.pinnedSites() : Object.keys(this.#trust.sites);
  }

  /** A site shows its keys in its birth. Rejects with {@link Refusal} `HRC-SIG` when it is not believed. */
  async meet(site: string, keys: Birth['keys']): Promise<void> {
    const [key, ...more] = keys;
    if (key === undefined) return;
    const known = this.#known(site);
    if (known !== null) {
      if (keys.some(({ x }) => x === known.x)) return;
      this.#log.error(
        { alarm: 'verify-failed', site, kid: key.kid },
        `site ${site} shows another key than the one it is known by`,
      );
      throw new Refusal('HRC-SIG', 'the site is known by another key');
    }
    if (this.#trust.mode === 'listed') throw new Refusal('HRC-SIG', 'the site is not listed');
    if (more.length > 0) throw new Refusal('HRC-SIG', 'one key is needed at first sight');
    if (this.#rows.pinnedCount() >= SITES_MAX) throw new Refusal('HRC-SIG', 'no more sites are taken at first sight');
    await this.#archive.keep({ type: 'site-pinned', site, key });
    this.#log.info({ site, kid: key.kid }, `site ${site} is known by this key from now on`);
  }

  #known(site: string): PublicKey | null {
    if (this.#trust.mode === 'first-sight') return this.#rows.pinned(site);
    const { sites } = this.#trust;
    return Object.hasOwn(sites, site) ? (sites[site] ?? null) : null;
  }
}
