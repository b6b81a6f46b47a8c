/** What the index says of sites and their segments, as questions. */
import type { PublicKey } from '../core/jws.ts';
import type { Archive } from './archive.ts';
import type { StoredFact } from './facts.ts';

/** What is held of a segment. `path` is its key in the object store. */
export type Holding = Pick<
  StoredFact,
  'sha256' | 'size' | 'store' | 'path' | 'version' | 'durability' | 'verified' | 'mh' | 'receipt'
>;

/** How much of a site is known. */
export interface Tally {
  readonly announced: number;
  readonly held: number;
  readonly heldBytes: number;
}

export class RegistryRows {
  readonly #archive: Archive;

  constructor(archive: Archive) {
    this.#archive = archive;
  }

  /** The key that was pinned for a site. */
  pinned(site: string): PublicKey | null {
    return this.#archive.sql.get<PublicKey>('SELECT kid, x FROM pinned WHERE site = ?', site);
  }

  pinnedSites(): string[] {
    return this.#archive.sql.all<{ site: string }>('SELECT site FROM pinned').map(({ site }) => site);
  }

  pinnedCount(): number {
    return this.#archive.sql.get<{ count: number }>('SELECT COUNT(*) AS count FROM pinned')?.count ?? 0;
  }

  /** The JWS of a manifest that was announced. */
  manifest(site: string, mh: string): string | null {
    return (
      this.#archive.sql.get<{ jws: string }>('SELECT jws FROM manifest WHERE site = ? AND mh = ?', site, mh)?.jws ??
      null
    );
  }

  /** The hash of the manifest that counts for a segment. */
  newestOf(site: string, seg: string): string | null {
    const row = this.#archive.sql.get<{ mh: string }>(
      'SELECT mh FROM manifest WHERE site = ? AND seg = ? AND is_replaced = 0 ORDER BY at_ms DESC LIMIT 1',
      ...[site, seg],
    );
    return row?.mh ?? null;
  }

  holding(site: string, seg: string): Holding | null {
    return this.#archive.sql.get<Holding>(
      'SELECT sha256, size, store, path, version, durability, verified, mh, receipt FROM holding WHERE site = ? AND seg = ?',
      ...[site, seg],
    );
  }

  hasConflict(site: string, seg: string, sha256: string): boolean {
    const row = this.#archive.sql.get(
      'SELECT 1 AS one FROM conflict WHERE site = ? AND seg = ? AND sha256 = ?',
      ...[site, seg, sha256],
    );
    return row !== null;
  }

  tally(site: string): Tally {
    return (
      this.#archive.sql.get<Tally>(
        'SELECT announced, held, held_bytes AS heldBytes FROM tally WHERE site = ?',
        site,
      ) ?? { announced: 0, held: 0, heldBytes: 0 }
    );
  }
}
