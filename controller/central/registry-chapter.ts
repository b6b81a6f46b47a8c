/** How keys, announcements and holdings become rows of the index. */
import { readManifest } from '../core/hrc-reading.ts';
import { jwsHash, payloadOf } from '../core/jws.ts';
import type { Instant } from '../core/time.ts';
import type { Sql } from '../ledger/sql.ts';
import { addLink, addMissing } from './chain-rows.ts';
import type { Chapter } from './chapter.ts';
import type { AnnouncedFact, CentreFact, StoredFact } from './facts.ts';

export const registry: Chapter = {
  schema: new URL('index.sql', import.meta.url),
  take(sql, fact: CentreFact, at: Instant) {
    switch (fact.type) {
      case 'site-pinned':
        sql.run(
          'INSERT OR IGNORE INTO pinned (site, kid, x, at_ms) VALUES (?, ?, ?, ?)',
          ...[fact.site, fact.key.kid, fact.key.x, Math.round(at.wallMs)],
        );
        return;
      case 'announced':
        announced(sql, fact, Math.round(at.wallMs));
        return;
      case 'stored':
        stored(sql, fact, Math.round(at.wallMs));
        return;
      case 'manifests-missing':
        addMissing(sql, fact, Math.round(at.wallMs));
        return;
      case 'conflict':
        sql.run(
          'INSERT OR IGNORE INTO conflict (site, seg, sha256, size, path, mh, at_ms) VALUES (?, ?, ?, ?, ?, ?, ?)',
          ...[fact.site, fact.seg, fact.sha256, fact.size, fact.path, fact.mh, Math.round(at.wallMs)],
        );
    }
  },
};

/** The signature was checked before it was written down. */
function announced(sql: Sql, { site, siteSeq, jws }: AnnouncedFact, atMs: number): void {
  const manifest = readManifest(payloadOf(jws));
  if (manifest === null) return;
  const { seg, stream, seq, t0, t1, size, sha256, gap, claims = [], prev, was } = manifest;
  const mh = jwsHash(jws);
  const isNew = sql.run(
    `INSERT OR IGNORE INTO manifest
       (site, mh, seg, stream, seq, site_seq, t0, t1, size, sha256, gap, claims, jws, at_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ...[site, mh, seg, stream, seq, siteSeq, t0, t1, size, sha256, gap === true ? 1 : 0],
    ...[JSON.stringify(claims), jws, atMs],
  );
  if (isNew === 0) return;
  count(sql, site, 1, 0, 0);
  addLink(sql, { site, stream, seq, siteSeq, mh: was ?? mh, prev, atMs });
  // One that was sealed again counts instead of all before it; a first one that comes behind another never counts.
  const others = was === undefined ? sql.get(OTHERS, site, seg, mh) : null;
  if (others !== null) {
    sql.run('UPDATE manifest SET is_replaced = 1 WHERE site = ? AND mh = ?', site, mh);
    return;
  }
  sql.run('UPDATE manifest SET is_replaced = 1 WHERE site = ? AND seg = ? AND mh <> ?', site, seg, mh);
  for (const claim of claims)
    sql.run('INSERT OR IGNORE INTO claim (site, claim, seg) VALUES (?, ?, ?)', site, claim, seg);
}

const OTHERS = 'SELECT 1 AS one FROM manifest WHERE site = ? AND seg = ? AND mh <> ? LIMIT 1';

function stored(sql: Sql, fact: StoredFact, atMs: number): void {
  const { site, seg, sha256, size, store, path, version, durability, verified, mh, receipt } = fact;
  const held = sql.get<{ sha256: string }>('SELECT sha256 FROM holding WHERE site = ? AND seg = ?', site, seg);
  if (held?.sha256 === sha256)
    // The same bytes under a manifest that was sealed again: only what was signed for them is new.
    sql.run('UPDATE holding SET mh = ?, receipt = ? WHERE site = ? AND seg = ?', mh, receipt, site, seg);
  if (held !== null) return;
  sql.run(
    `INSERT INTO holding (site, seg, sha256, size, store, path, version, durability, verified, mh, receipt, at_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ...[site, seg, sha256, size, store, path, version, durability, verified, mh, receipt, atMs],
  );
  count(sql, site, 0, 1, size);
}

function count(sql: Sql, site: string, announced: number, held: number, bytes: number): void {
  sql.run(
    `INSERT INTO tally (site, announced, held, held_bytes) VALUES (?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET announced = announced + excluded.announced, held = held + excluded.held,
       held_bytes = held_bytes + excluded.held_bytes`,
    ...[site, announced, held, bytes],
  );
}
