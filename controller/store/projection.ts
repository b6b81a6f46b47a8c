/** What each journal entry does to the index. Repeating an entry changes nothing, and the two journals never wait for each other. */
import type { Entry } from '../core/chain.ts';
import type { AbsentStretch, GapFact, RecorderFact, SegmentFact, SiteFact } from '../core/facts.ts';
import type { Instant } from '../core/time.ts';
import type { Sql } from './sql.ts';

/** Tables that come out of the journals, children first, so that they can be emptied in this order. */
export const PROJECTED_TABLES = [
  'gap_claim',
  'gap',
  'segment_claim',
  'segment',
  'run',
  'claim',
  'session_stream',
  'session',
  'outbox',
  'resealed',
  'hold',
  'person',
  'audit',
  'quarantined',
  'progress',
] as const;

/** Projects one entry of the recorder's journal. Facts this version does not know, or does not ask about, leave no row. */
export function projectRecorder(sql: Sql, { seq, at, fact }: Entry<RecorderFact>): void {
  switch (fact.type) {
    case 'claim-begun':
      sql.run(
        'INSERT INTO claim (claim, stream, begun) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
        fact.claim,
        fact.stream,
        json(fact.from),
      );
      return;
    case 'claim-ended':
      // A journal whose claim-begun was damaged still says that the claim is over.
      sql.run(
        `INSERT INTO claim (claim, stream, begun, ended) VALUES (?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET ended = excluded.ended WHERE ended IS NULL`,
        fact.claim,
        fact.stream,
        json(fact.to),
        json(fact.to),
      );
      return;
    case 'run-begun':
      sql.run(
        'INSERT INTO run (run, stream, begun, media) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
        fact.run,
        fact.stream,
        json(at),
        json(fact.media),
      );
      return;
    case 'run-ended':
      sql.run(
        'UPDATE run SET ended = ?, cause_code = ?, cause_detail = ?, exit = ? WHERE run = ? AND ended IS NULL',
        json(at),
        fact.cause.code,
        fact.cause.detail,
        fact.exit,
        fact.run,
      );
      return;
    case 'segment':
      projectSegment(sql, seq, fact);
      return;
    case 'gap':
      projectGap(sql, `recorder-${seq}`, fact);
      return;
    case 'quarantined':
      sql.run(
        'INSERT INTO quarantined (seq, path, moved_to, why) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
        seq,
        fact.path,
        fact.movedTo,
        fact.why,
      );
      return;
    default:
      return;
  }
}

/** Projects one entry of the site's journal. */
export function projectSite(sql: Sql, { seq, at, fact }: Entry<SiteFact>): void {
  switch (fact.type) {
    case 'session-opened':
      projectOpened(sql, seq, fact);
      return;
    case 'session-confirmed':
      sql.run(
        "UPDATE session SET state = 'open', confirmed_at = ? WHERE id = ? AND state = 'opening'",
        json(at),
        fact.session,
      );
      return;
    case 'session-closing':
      sql.run(
        `UPDATE session SET state = 'closing', closed_by = ?, closed_at = ?, claim_to = ?
         WHERE id = ? AND state IN ('opening', 'open')`,
        fact.by,
        json(fact.closedAt),
        json(fact.to),
        fact.session,
      );
      return;
    case 'session-closed':
      sql.run(
        "UPDATE session SET state = 'closed', ended_at = ? WHERE id = ? AND state = 'closing'",
        json(at),
        fact.session,
      );
      for (const absent of fact.absent ?? []) projectAbsent(sql, seq, fact.session, absent);
      return;
    case 'session-handed-over':
      sql.run(
        "UPDATE session SET state = 'handed-over', handed_over_at = ? WHERE id = ? AND state = 'closed'",
        json(at),
        fact.session,
      );
      return;
    case 'sealed':
      sql.run(
        'INSERT INTO outbox (site_seq, seg, stream, jws, sealed_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
        fact.siteSeq,
        fact.seg,
        fact.stream,
        fact.jws,
        json(at),
      );
      return;
    case 'held':
      sql.run(
        'INSERT INTO hold (hold, selected, actor, reason, held_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
        fact.hold,
        json(fact.select),
        fact.actor,
        fact.reason,
        json(at),
      );
      return;
    case 'released':
      sql.run('UPDATE hold SET released_at = ? WHERE hold = ? AND released_at IS NULL', json(at), fact.hold);
      return;
    case 'resealed':
      sql.run(
        'INSERT INTO resealed (seg, jws) VALUES (?, ?) ON CONFLICT DO UPDATE SET jws = excluded.jws',
        fact.seg,
        fact.jws,
      );
      return;
    case 'receipted':
      sql.run(
        'UPDATE outbox SET receipt = ?, receipted_at = ? WHERE seg = ? AND receipt IS NULL',
        fact.receipt,
        json(at),
        fact.seg,
      );
      return;
    case 'person-added':
      sql.run(
        `INSERT INTO person (id, name, role, rooms, pin_hash) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE
         SET name = excluded.name, role = excluded.role, rooms = excluded.rooms, pin_hash = excluded.pin_hash`,
        fact.person,
        fact.name,
        fact.role,
        json(fact.rooms),
        fact.pinHash,
      );
      return;
    case 'audit':
      sql.run(
        'INSERT INTO audit (seq, at, who, did, object, room) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
        seq,
        json(at),
        fact.who,
        fact.did,
        fact.object,
        fact.room,
      );
      return;
    default:
      return;
  }
}

function projectSegment(sql: Sql, seq: number, fact: SegmentFact): void {
  const isNew = sql.run(
    `INSERT INTO segment (seg, journal_seq, stream, run, sequence, bytes, media_ms, sha256, fact)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (seg) DO NOTHING`,
    fact.seg,
    seq,
    fact.stream,
    fact.run,
    fact.sequence,
    fact.bytes,
    fact.mediaToMs - fact.mediaFromMs,
    fact.sha256,
    json(fact),
  );
  if (isNew === 0) return;
  for (const claim of fact.claims) sql.run('INSERT INTO segment_claim (claim, seg) VALUES (?, ?)', claim, fact.seg);
}

function projectGap(sql: Sql, id: string, fact: Omit<GapFact, 'type'>): void {
  const isNew = sql.run(
    `INSERT INTO gap (id, stream, begun, ended, cause_code, cause_detail) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT DO NOTHING`,
    id,
    fact.stream,
    json(fact.from),
    json(fact.to),
    fact.cause.code,
    fact.cause.detail,
  );
  if (isNew === 0) return;
  for (const claim of fact.claims) sql.run('INSERT INTO gap_claim (claim, gap) VALUES (?, ?)', claim, id);
}

function projectAbsent(sql: Sql, seq: number, session: string, absent: AbsentStretch): void {
  projectGap(sql, `site-${seq}-${absent.stream}`, { ...absent, claims: [session] });
}

function projectOpened(sql: Sql, seq: number, fact: Extract<SiteFact, { type: 'session-opened' }>): void {
  const isNew = sql.run(
    `INSERT INTO session (id, opened_seq, press, room, kind, matter, opened_by, opened_at, claim_from, state)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'opening') ON CONFLICT (id) DO NOTHING`,
    fact.session,
    seq,
    fact.press,
    fact.room,
    fact.kind,
    fact.matter,
    fact.by,
    json(fact.openedAt),
    json(fact.from),
  );
  if (isNew === 0) return;
  fact.streams.forEach(({ stream, mandatory }, place) => {
    sql.run(
      'INSERT INTO session_stream (session, stream, place, mandatory) VALUES (?, ?, ?, ?)',
      fact.session,
      stream,
      place,
      mandatory ? 1 : 0,
    );
  });
}

function json(value: Instant | object): string {
  return JSON.stringify(value);
}
