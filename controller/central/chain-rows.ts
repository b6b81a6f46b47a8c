/**
 * The numbers and hashes that show whether anything of a site is missing: manifests may come in any order and more than once; what
 * does not fit is a fault that is never taken back, what has not come is a gap that closes when it does.
 */
import type { Sql } from '../ledger/sql.ts';
import type { MissingFact } from './facts.ts';

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

/**
 * Where a chain does not hold: two manifests under one number, one that does not name the one before it, numbers (`seq` to `last`)
 * that never came. The stream is null for the numbers of the outbox.
 */
export interface ChainFaultRow {
  readonly stream: string | null;
  readonly seq: number;
  readonly last: number;
  readonly what: 'twice' | 'broken' | 'missing';
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
  const { site, stream, seq, siteSeq, mh, prev, atMs } = link;
  const add = (what: ChainFaultRow['what'], at: number, there: string, other: string) =>
    addFault(sql, { site, stream, seq: at, last: at, what, mh: there, other, atMs });
  addNumber(sql, site, OUTBOX, siteSeq);
  const there = linkAt(sql, site, stream, seq);
  if (there !== null) {
    if (there.mh !== mh) add('twice', seq, there.mh, mh);
    return;
  }
  sql.run('INSERT INTO link (site, stream, seq, mh, prev) VALUES (?, ?, ?, ?, ?)', site, stream, seq, mh, prev);
  addNumber(sql, site, stream, seq);
  const before = seq === 0 ? null : linkAt(sql, site, stream, seq - 1);
  const fits = seq === 0 ? prev === null : prev !== null && (before === null || before.mh === prev);
  if (!fits) add('broken', seq, before?.mh ?? '', mh);
  const after = linkAt(sql, site, stream, seq + 1);
  if (after !== null && after.prev !== mh) add('broken', seq + 1, mh, after.mh);
}

/** Faults of a site's chains, newest first, at most `limit`. */
export function chainFaults(sql: Sql, site: string, limit: number): ChainFaultRow[] {
  return sql.all<ChainFaultRow>(
    `SELECT NULLIF(stream, '') AS stream, seq, last, what, mh, other, at_ms AS atMs FROM chain_fault WHERE site = ?
     ORDER BY at_ms DESC, stream, seq LIMIT ?`,
    site,
    limit,
  );
}

export function chainFaultCount(sql: Sql, site: string): number {
  return sql.get<{ count: number }>('SELECT COUNT(*) AS count FROM chain_fault WHERE site = ?', site)?.count ?? 0;
}

/** True when numbers missing from `seq` on were written down before; the stream is empty for the outbox. */
export function hasFault(sql: Sql, site: string, stream: string, seq: number): boolean {
  const text = "SELECT 1 AS one FROM chain_fault WHERE site = ? AND stream = ? AND seq = ? AND what = 'missing'";
  return sql.get(text, site, stream, seq) !== null;
}

/** Numbers that are missing for good. */
export function addMissing(sql: Sql, { site, stream, first, last }: MissingFact, atMs: number): void {
  const fault = { what: 'missing', mh: '', other: '' } as const;
  addFault(sql, { site, stream: stream ?? OUTBOX, seq: first, last, ...fault, atMs });
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

function addFault(sql: Sql, fault: ChainFaultRow & { readonly site: string; readonly stream: string }): void {
  const { site, stream, seq, last, what, mh, other, atMs } = fault;
  sql.run(
    'INSERT OR IGNORE INTO chain_fault (site, stream, seq, last, what, mh, other, at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    ...[site, stream, seq, last, what, mh, other, atMs],
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
