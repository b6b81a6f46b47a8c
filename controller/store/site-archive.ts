/**
 * What the centre may ask of the site's index: segments by session, streams, time or number, holds, manifests signed anew; and what
 * the forwarder keeps for itself across a restart.
 */
import type { SegmentFact } from '../core/facts.ts';
import type { RouteName } from '../core/hrc.ts';
import { COMMANDS_KEPT, type Select } from '../core/hrc-command.ts';
import { jwsHash, payloadOf } from '../core/jws.ts';
import { type Policy, readPolicy } from '../core/policy.ts';
import type { Signer, SiteJournal } from '../core/ports.ts';
import type {
  ArchivedSegment,
  CommandBook,
  OnBehalf,
  PolicyBook,
  SiteArchive,
  TransferRow,
  Transfers,
  WritingSegment,
} from '../core/site-archive.ts';
import type { Sql, Value } from '../ledger/sql.ts';
import type { Store } from './store.ts';

/** No segment is longer: one that begins earlier than this before a range does not reach into it. */
const SEGMENT_MS_MAX = 120_000;

interface Row {
  readonly journal_seq: number;
  readonly site_seq: number | null;
  readonly fact: string;
  readonly is_receipted: number;
  readonly is_purged: number | null;
  readonly is_lost: number;
}

interface Where {
  readonly text: string;
  readonly values: readonly Value[];
}

export class StoreArchive implements SiteArchive, CommandBook, Transfers, PolicyBook {
  readonly #sql: Sql;
  readonly #journal: SiteJournal;
  readonly #signer: Signer;
  readonly #writing: () => readonly WritingSegment[];

  /** `journal` is the one whose entries reach the store by the time `append` resolves; `writing` is what the recorder says it writes. */
  constructor(store: Store, journal: SiteJournal, signer: Signer, writing: () => readonly WritingSegment[] = () => []) {
    this.#writing = writing;
    this.#sql = store.sql;
    this.#journal = journal;
    this.#signer = signer;
  }

  segments(select: Select, place: number, limit: number): ArchivedSegment[] {
    const { text, values } = whereOf(select);
    return this.#sql
      .all<Row>(
        `SELECT journal_seq, site_seq, fact, receipt IS NOT NULL AS is_receipted, is_purged,
           EXISTS (SELECT 1 FROM lost_segment WHERE lost_segment.seg = segment.seg) AS is_lost
         FROM segment LEFT JOIN outbox USING (seg) WHERE journal_seq > ? AND ${text} ORDER BY journal_seq LIMIT ?`,
        place,
        ...values,
        limit,
      )
      .map(archived);
  }

  extent(select: Select): { segs: number; bytes: number } {
    const { text, values } = whereOf(select);
    const row = this.#sql.get<{ segs: number; bytes: number | null }>(
      `SELECT count(*) AS segs, sum(bytes) AS bytes FROM segment LEFT JOIN outbox USING (seg) WHERE ${text}`,
      ...values,
    );
    return { segs: row?.segs ?? 0, bytes: row?.bytes ?? 0 };
  }

  isGrowing(select: Select, nowMs: number): boolean {
    if (select.segs !== null) return false;
    const { text, values } = whereOf(select);
    const unsealed = this.#sql.get(
      `SELECT 1 FROM segment LEFT JOIN outbox USING (seg) WHERE site_seq IS NULL AND ${text} LIMIT 1`,
      ...values,
    );
    if (unsealed !== null) return true;
    const { toMs, fromMs, session, streams } = select;
    if (session === null && toMs !== null && toMs > nowMs) return true;
    // What a running session claims and is not on disk yet.
    return this.#sql
      .all<{ id: string; stream: string; last: number | null }>(
        `SELECT session.id, stream, (SELECT max(json_extract(fact, '$.to.wallMs')) FROM segment
           JOIN segment_claim USING (seg) WHERE claim = session.id AND segment.stream = session_stream.stream) AS last
         FROM session JOIN session_stream ON session_stream.session = session.id
         WHERE state IN ('opening', 'open', 'closing')`,
      )
      .some(({ id, stream, last }) => {
        if (session !== null && session !== id) return false;
        if (streams !== null && !streams.includes(stream)) return false;
        if (fromMs !== null && fromMs > nowMs && toMs === null) return false;
        return toMs === null ? session !== null : last === null || last < toMs;
      });
  }

  writing({ segs, session, streams, toMs, siteSeqFrom, siteSeqTo }: Select): WritingSegment[] {
    // What is being written has no number yet, and no end.
    if (siteSeqFrom !== null || siteSeqTo !== null) return [];
    return this.#writing().filter((one) => {
      if (segs !== null && !segs.includes(one.seg)) return false;
      if (session !== null && !one.claims.includes(session)) return false;
      if (streams !== null && !streams.includes(one.stream)) return false;
      return toMs === null || one.fromMs < toMs;
    });
  }

  runningSessions(): string[] {
    return this.#sql
      .all<{ id: string }>("SELECT id FROM session WHERE state IN ('opening', 'open', 'closing') ORDER BY opened_seq")
      .map(({ id }) => id);
  }

  async hold(select: Select, { command, actor, reason }: OnBehalf): Promise<void> {
    if (this.#sql.get('SELECT 1 FROM hold WHERE hold = ?', command) !== null) return;
    await this.#journal.append({ type: 'held', hold: command, select, actor, reason });
  }

  async release(hold: string, { command, actor, reason }: OnBehalf): Promise<boolean> {
    const row = this.#sql.get<{ released_at: string | null }>('SELECT released_at FROM hold WHERE hold = ?', hold);
    if (row === null) return false;
    if (row.released_at === null) await this.#journal.append({ type: 'released', hold, command, actor, reason });
    return true;
  }

  /** Whether the centre forbade deleting a segment. */
  isHeld(seg: string): boolean {
    return this.#sql
      .all<{ selected: string }>('SELECT selected FROM hold WHERE released_at IS NULL')
      .some(({ selected }) => {
        const { text, values } = whereOf(JSON.parse(selected) as Select);
        const sql = `SELECT 1 FROM segment LEFT JOIN outbox USING (seg) WHERE segment.seg = ? AND ${text}`;
        return this.#sql.get(sql, seg, ...values) !== null;
      });
  }

  async reseal(seg: string, { command, actor, reason }: OnBehalf): Promise<boolean> {
    const row = this.#sql.get<{ jws: string }>('SELECT jws FROM outbox WHERE seg = ?', seg);
    const manifest = row === null ? null : payloadOf(row.jws);
    if (row === null || typeof manifest !== 'object' || manifest === null) return false;
    const jws = this.#signer.sign('hrc-seg', { ...manifest, was: jwsHash(row.jws) });
    await this.#journal.append({ type: 'resealed', seg, jws, command, actor, reason });
    return true;
  }

  policy(): Policy | null {
    const row = this.#sql.get<{ jws: string }>('SELECT jws FROM policy ORDER BY seq DESC LIMIT 1');
    return row === null ? null : readPolicy(payloadOf(row.jws));
  }

  async keepPolicy(jws: string): Promise<void> {
    await this.#journal.append({ type: 'policy-taken', jws });
  }

  transfer(seg: string): TransferRow | null {
    const row = this.#sql.get<{
      route: RouteName;
      attempt: number;
      init: string;
      chunk_bytes: number;
      acknowledged: string;
      at_ms: number;
    }>('SELECT * FROM transfer WHERE seg = ?', seg);
    if (row === null) return null;
    const { route, attempt, init, chunk_bytes: chunkBytes, at_ms: atMs } = row;
    return { seg, route, attempt, init, chunkBytes, atMs, acknowledged: Buffer.from(row.acknowledged, 'hex') };
  }

  keepTransfer({ seg, route, attempt, init, chunkBytes, acknowledged, atMs }: TransferRow): void {
    this.#sql.run(
      `INSERT INTO transfer (seg, route, attempt, init, chunk_bytes, acknowledged, at_ms) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET route = excluded.route, attempt = excluded.attempt, init = excluded.init,
       chunk_bytes = excluded.chunk_bytes, acknowledged = excluded.acknowledged, at_ms = excluded.at_ms`,
      ...[seg, route, attempt, init, chunkBytes, Buffer.from(acknowledged).toString('hex'), Math.round(atMs)],
    );
  }

  forgetTransfer(seg: string): void {
    this.#sql.run('DELETE FROM transfer WHERE seg = ?', seg);
  }

  known(id: string): { hash: string; answer: string | null } | null {
    return this.#sql.get<{ hash: string; answer: string | null }>('SELECT hash, answer FROM command WHERE id = ?', id);
  }

  begin(id: string, hash: string, jws: string, atMs: number): void {
    this.#sql.transaction(() => {
      const sql = 'INSERT INTO command (id, hash, jws, came_ms) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO NOTHING';
      this.#sql.run(sql, id, hash, jws, Math.round(atMs));
      this.#sql.run(
        'DELETE FROM command WHERE is_ended = 1 AND came <= (SELECT max(came) FROM command) - ?',
        COMMANDS_KEPT,
      );
    });
  }

  answered(id: string, answer: string, isFinal: boolean): void {
    this.#sql.run('UPDATE command SET answer = ?, is_ended = ? WHERE id = ?', answer, isFinal ? 1 : 0, id);
  }

  open(): { id: string; jws: string; answer: string | null }[] {
    return this.#sql.all('SELECT id, jws, answer FROM command WHERE is_ended = 0 ORDER BY came');
  }
}

/** A selection as a condition over `segment LEFT JOIN outbox`. A segment belongs to a range when it reaches into it. */
function whereOf(select: Select): Where {
  const { session, streams, fromMs, toMs, segs, siteSeqFrom, siteSeqTo } = select;
  const parts: string[] = ['1 = 1'];
  const values: Value[] = [];
  const add = (text: string, ...more: readonly Value[]): void => {
    parts.push(text);
    values.push(...more);
  };
  const marks = (list: readonly string[]): string => list.map(() => '?').join(', ');
  if (session !== null) add('segment.seg IN (SELECT seg FROM segment_claim WHERE claim = ?)', session);
  if (streams !== null) add(`segment.stream IN (${marks(streams)})`, ...streams);
  if (segs !== null) add(`segment.seg IN (${marks(segs)})`, ...segs);
  if (fromMs !== null) {
    add("json_extract(fact, '$.from.wallMs') > ?", fromMs - SEGMENT_MS_MAX);
    add("json_extract(fact, '$.to.wallMs') > ?", fromMs);
  }
  if (toMs !== null) add("json_extract(fact, '$.from.wallMs') < ?", toMs);
  if (siteSeqFrom !== null) add('site_seq >= ?', siteSeqFrom);
  if (siteSeqTo !== null) add('site_seq <= ?', siteSeqTo);
  return { text: parts.join(' AND '), values };
}

function archived(row: Row): ArchivedSegment {
  const { seg, stream, from, to, bytes, sha256 } = JSON.parse(row.fact) as SegmentFact;
  return {
    ...{ place: row.journal_seq, siteSeq: row.site_seq, seg, stream, bytes, sha256 },
    fromMs: Math.round(from.wallMs),
    toMs: Math.round(to.wallMs),
    isReceipted: row.is_receipted === 1,
    isPurged: row.is_purged === 1,
    isLost: row.is_lost === 1,
  };
}
