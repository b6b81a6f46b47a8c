/**
 * The numbers and hashes that show whether anything of a site is missing: manifests may come in any order and more than once; what
 * does not fit is a fault that is never taken back, what has not come is a gap that closes when it does.
 */
import type { Sql } from '../ledger/sql.ts';

/** A manifest's place in the chain of its stream, as first sealed, and in the site's outbox. */
export interface Link {
  readonly site: string;
  readonly stream: string;
  readonly seq: number;
  readonly siteSeq: number;
  readonly mh: string;
  readonly prev: string | null;
  readonly atMs: number;
}

/** Where the chain of a stream does not hold: two manifests under one number, or one that does not name the one before it. */
export interface ChainFaultRow {
  readonly stream: string;
  readonly seq: number;
  readonly what: 'twice' | 'broken';
  readonly mh: string;
  readonly other: string;
  readonly atMs: number;
}

/** Numbers from `first` to `last`, both included. */
export interface Stretch {
  readonly first: number;
  readonly last: number;
}

/** The stream under which the numbers of the outbox are kept. */
const OUTBOX = '';

export function addLink(sql: Sql, link: Link): void {
  const { site, stream, seq, siteSeq, mh, prev } = link;
  addNumber(sql, site, OUTBOX, siteSeq);
  const there = linkAt(sql, site, stream, seq);
  if (there !== null) {
    if (there.mh !== mh) addFault(sql, link, seq, 'twice', there.mh, mh);
    return;
  }
  sql.run('INSERT INTO link (site, stream, seq, mh, prev) VALUES (?, ?, ?, ?, ?)', site, stream, seq, mh, prev);
  addNumber(sql, site, stream, seq);
  const before = seq === 0 ? null : linkAt(sql, site, stream, seq - 1);
  const isBegun = seq === 0 ? prev === null : prev !== null;
  if (!isBegun || (before !== null && before.mh !== prev)) addFault(sql, link, seq, 'broken', before?.mh ?? '', mh);
  const after = linkAt(sql, site, stream, seq + 1);
  if (after !== null && after.prev !== mh) addFault(sql, link, seq + 1, 'broken', mh, after.mh);
}

/** Every fault of a site's chains, oldest first, at most `limit`. */
export function chainFaults(sql: Sql, site: string, limit: number): ChainFaultRow[] {
  return sql.all<ChainFaultRow>(
    `SELECT stream, seq, what, mh, other, at_ms AS atMs FROM chain_fault WHERE site = ?
     ORDER BY at_ms, stream, seq LIMIT ?`,
    site,
    limit,
  );
}

/** Numbers of the site's outbox, from 1 to `last`, that nobody heard of yet; at most `limit` stretches. */
export function outboxGaps(sql: Sql, site: string, last: number, limit: number): Stretch[] {
  return gaps(sql, site, OUTBOX, 1, last, limit);
}

/** The highest number of the site's outbox that was heard; 0 for none. */
export function highestSiteSeq(sql: Sql, site: string): number {
  return highest(sql, site, OUTBOX) ?? 0;
}

/** Numbers of manifests missing in each stream before its highest; at most `limit` stretches a stream. */
export function streamGaps(sql: Sql, site: string, limit: number): (Stretch & { readonly stream: string })[] {
  const streams = sql.all<{ stream: string }>(
    'SELECT DISTINCT stream FROM heard WHERE site = ? AND stream <> ?',
    site,
    OUTBOX,
  );
  return streams.flatMap(({ stream }) =>
    gaps(sql, site, stream, 0, highest(sql, site, stream) ?? 0, limit).map((gap) => ({ stream, ...gap })),
  );
}

function gaps(sql: Sql, site: string, stream: string, from: number, to: number, limit: number): Stretch[] {
  const found: Stretch[] = [];
  const rows = sql.all<Stretch>(
    'SELECT first, last FROM heard WHERE site = ? AND stream = ? ORDER BY first LIMIT ?',
    ...[site, stream, limit + 1],
  );
  let next = from;
  for (const { first, last } of rows) {
    if (first > next && next <= to) found.push({ first: next, last: Math.min(first - 1, to) });
    next = Math.max(next, last + 1);
  }
  if (rows.length <= limit && next <= to) found.push({ first: next, last: to });
  return found.slice(0, limit);
}

function highest(sql: Sql, site: string, stream: string): number | null {
  return (
    sql.get<{ last: number | null }>('SELECT MAX(last) AS last FROM heard WHERE site = ? AND stream = ?', site, stream)
      ?.last ?? null
  );
}

function linkAt(sql: Sql, site: string, stream: string, seq: number): { mh: string; prev: string | null } | null {
  return sql.get('SELECT mh, prev FROM link WHERE site = ? AND stream = ? AND seq = ?', site, stream, seq);
}

function addFault(sql: Sql, link: Link, seq: number, what: ChainFaultRow['what'], mh: string, other: string): void {
  sql.run(
    'INSERT OR IGNORE INTO chain_fault (site, stream, seq, what, mh, other, at_ms) VALUES (?, ?, ?, ?, ?, ?, ?)',
    ...[link.site, link.stream, seq, what, mh, other, link.atMs],
  );
}

/** Stretches never touch: a number joins the ones beside it. */
function addNumber(sql: Sql, site: string, stream: string, number: number): void {
  const left = sql.get<Stretch>(
    'SELECT first, last FROM heard WHERE site = ? AND stream = ? AND first <= ? ORDER BY first DESC LIMIT 1',
    ...[site, stream, number],
  );
  if (left !== null && left.last >= number) return;
  const right = sql.get<Stretch>(
    'SELECT first, last FROM heard WHERE site = ? AND stream = ? AND first = ?',
    ...[site, stream, number + 1],
  );
  if (right !== null)
    sql.run('DELETE FROM heard WHERE site = ? AND stream = ? AND first = ?', site, stream, right.first);
  const first = left?.last === number - 1 ? left.first : number;
  sql.run(
    `INSERT INTO heard (site, stream, first, last) VALUES (?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET last = excluded.last`,
    ...[site, stream, first, right?.last ?? number],
  );
}
