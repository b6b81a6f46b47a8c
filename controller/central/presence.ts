/**
 * What sites say of themselves, as last heard: that they are there, with which software, and what waits. It is retained at the
 * broker and comes again at each connection, so it is laid into the index without a line in the journal.
 */
import type { Clock } from '../core/time.ts';
import type { Archive } from './archive.ts';

type Fields = { readonly [name: string]: unknown };

/** A site as it last said. Times are UTC milliseconds of the centre's clock. */
export interface SitePresence {
  readonly site: string;
  readonly firstMs: number;
  readonly lastMs: number;
  /** Null when nothing was heard since the centre last connected. */
  readonly online: boolean | null;
  /** As the site sent them; believed for display only. */
  readonly birth: Fields | null;
  readonly birthMs: number | null;
  readonly backlog: Fields | null;
  readonly backlogMs: number | null;
}

interface Raw {
  readonly site: string;
  readonly first_ms: number;
  readonly last_ms: number;
  readonly online: number | null;
  readonly birth: string | null;
  readonly birth_ms: number | null;
  readonly backlog: string | null;
  readonly backlog_ms: number | null;
}

export class Presence {
  readonly #archive: Archive;
  readonly #clock: Clock;

  constructor(archive: Archive, clock: Clock) {
    this.#archive = archive;
    this.#clock = clock;
  }

  /** Nobody is known to be there or away any more: the centre was away itself. */
  forget(): void {
    this.#archive.sql.run('UPDATE presence SET online = NULL');
  }

  born(site: string, birth: Fields): void {
    const nowMs = this.heard(site);
    const text = 'UPDATE presence SET online = 1, birth = ?, birth_ms = ? WHERE site = ?';
    this.#archive.sql.run(text, JSON.stringify(birth), nowMs, site);
  }

  gone(site: string): void {
    this.heard(site);
    this.#archive.sql.run('UPDATE presence SET online = 0 WHERE site = ?', site);
  }

  waits(site: string, backlog: Fields): void {
    const nowMs = this.heard(site);
    const text = 'UPDATE presence SET backlog = ?, backlog_ms = ? WHERE site = ?';
    this.#archive.sql.run(text, JSON.stringify(backlog), nowMs, site);
  }

  /** Anything came from it. Answers when, UTC milliseconds. */
  heard(site: string): number {
    const nowMs = Math.round(this.#clock.now().wallMs);
    this.#archive.sql.run(
      `INSERT INTO presence (site, first_ms, last_ms) VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET last_ms = excluded.last_ms`,
      ...[site, nowMs, nowMs],
    );
    return nowMs;
  }

  site(site: string): SitePresence | null {
    const raw = this.#archive.sql.get<Raw>('SELECT * FROM presence WHERE site = ?', site);
    return raw === null ? null : presenceOf(raw);
  }

  sites(): SitePresence[] {
    return this.#archive.sql.all<Raw>('SELECT * FROM presence ORDER BY site').map(presenceOf);
  }

  /** The highest number of its outbox that a site named in its birth; 0 when it named none. */
  lastSiteSeq(site: string): number {
    const last = (this.site(site)?.birth?.['siteSeq'] as Fields | undefined)?.['last'];
    return Number.isSafeInteger(last) ? Math.max(0, last as number) : 0;
  }
}

function presenceOf(raw: Raw): SitePresence {
  const { site, online } = raw;
  return {
    site,
    firstMs: raw.first_ms,
    lastMs: raw.last_ms,
    online: online === null ? null : online === 1,
    birth: raw.birth === null ? null : (JSON.parse(raw.birth) as Fields),
    birthMs: raw.birth_ms,
    backlog: raw.backlog === null ? null : (JSON.parse(raw.backlog) as Fields),
    backlogMs: raw.backlog_ms,
  };
}
