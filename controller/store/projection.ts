/** What each journal entry does to the index. Repeating an entry changes nothing, and the two journals never wait for each other. */
import type { Entry } from '../core/chain.ts';
import type { GapFact, RecorderFact, SegmentFact, SiteFact } from '../core/facts.ts';
import type { AbsentStretch } from '../core/session-facts.ts';
import type { Instant } from '../core/time.ts';
import type { Sql } from '../ledger/sql.ts';
import { projectDisplay } from './display-projection.ts';
import { projectEvent, projectReport } from './event-projection.ts';
import { projectPeople } from './people-projection.ts';
import { isSessionFact, projectSession } from './session-projection.ts';

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
  'press',
  'room_check',
  'mark',
  'mark_note',
  'notice_given',
  'explanation',
  'stop_warning',
  'display_stretch',
  'purged',
  'removed',
  'outbox',
  'resealed',
  'hold',
  'event',
  'alarm',
  'lost_segment',
  'policy',
  'person',
  'panel',
  'audit',
  'quarantined',
  'progress',
] as const;

/** Projects one entry of the recorder's journal. Facts this version does not know, or does not ask about, leave no row. */
export function projectRecorder(sql: Sql, entry: Entry<RecorderFact>): void {
  const { seq, at, fact } = entry;
  projectEvent(sql, 'recorder', entry);
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
    case 'removed':
      sql.run(
        'INSERT INTO removed (seg, seq, removed_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
        fact.seg,
        seq,
        json(at),
      );
      sql.run('UPDATE purged SET is_done = 1 WHERE seg = ?', fact.seg);
      sql.run('UPDATE outbox SET is_purged = 1 WHERE seg = ?', fact.seg);
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
export function projectSite(sql: Sql, entry: Entry<SiteFact>): void {
  const { seq, at, fact } = entry;
  projectEvent(sql, 'site', entry);
  switch (fact.type) {
    case 'session-closed':
      projectSession(sql, { seq, at, fact });
      for (const absent of fact.absent ?? []) projectAbsent(sql, seq, fact.session, absent);
      return;
    case 'sealed':
      sql.run(
        `INSERT INTO outbox (site_seq, seg, stream, jws, sealed_at, is_purged)
         VALUES (?, ?, ?, ?, ?, EXISTS (SELECT 1 FROM removed WHERE seg = ?)) ON CONFLICT DO NOTHING`,
        fact.siteSeq,
        fact.seg,
        fact.stream,
        fact.jws,
        json(at),
        fact.seg,
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
        'UPDATE outbox SET receipt = ?, receipted_at = ?, receipted_ms = ? WHERE seg = ? AND receipt IS NULL',
        fact.receipt,
        json(at),
        Math.floor(at.wallMs),
        fact.seg,
      );
      return;
    case 'purged':
      sql.run(
        `INSERT INTO purged (seg, seq, entry, is_done)
         VALUES (?, ?, ?, EXISTS (SELECT 1 FROM removed WHERE seg = ?)) ON CONFLICT DO NOTHING`,
        fact.seg,
        seq,
        json(entry),
        fact.seg,
      );
      sql.run('UPDATE outbox SET is_purged = 1 WHERE seg = ?', fact.seg);
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
        `INSERT INTO audit (seq, at, who, did, object, room, source) VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT DO NOTHING`,
        seq,
        json(at),
        fact.who,
        fact.did,
        fact.object,
        fact.room,
        fact.source ?? null,
      );
      return;
    case 'display-shown':
    case 'display-dark':
      projectDisplay(sql, { seq, at, fact });
      return;
    case 'alarm-begun':
    case 'alarm-ended':
    case 'segment-lost':
    case 'policy-taken':
      projectReport(sql, { ...entry, fact });
      return;
    case 'person-secret':
    case 'panel-paired':
    case 'panel-revoked':
      projectPeople(sql, seq, at, fact);
      return;
    default:
      if (isSessionFact(fact)) projectSession(sql, { seq, at, fact });
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

function json(value: Instant | object): string {
  return JSON.stringify(value);
}
