/** What facts leave behind for the centre: events, alarms, losses, policies. Repeating an entry changes nothing. */
import type { Entry } from '../core/chain.ts';
import type { RecorderFact, SiteFact } from '../core/facts.ts';
import { type EventJournal, eventOf } from '../core/hrc-events.ts';
import type { Sql } from '../ledger/sql.ts';

/** The event that an entry is, if it is one. */
export function projectEvent(sql: Sql, journal: EventJournal, entry: Entry<RecorderFact> | Entry<SiteFact>): void {
  const event = eventOf(entry);
  if (event === null) return;
  sql.run(
    'INSERT INTO event (journal, seq, event) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
    ...[journal, entry.seq, JSON.stringify(event)],
  );
}

type ReportFact = Extract<SiteFact, { type: 'alarm-begun' | 'alarm-ended' | 'segment-lost' | 'policy-taken' }>;

/** The rows of facts that are made to be reported. */
export function projectReport(sql: Sql, { seq, at, fact }: Entry<ReportFact>): void {
  switch (fact.type) {
    case 'alarm-begun':
      sql.run(
        'INSERT INTO alarm (id, code, level, room, stream, begun_at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
        ...[fact.alarm, fact.code, fact.level, fact.room, fact.stream, JSON.stringify(at)],
      );
      return;
    case 'alarm-ended':
      sql.run('UPDATE alarm SET ended_at = ? WHERE id = ? AND ended_at IS NULL', JSON.stringify(at), fact.alarm);
      return;
    case 'segment-lost':
      sql.run(
        'INSERT INTO lost_segment (seg, why, found_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
        ...[fact.seg, fact.why, JSON.stringify(at)],
      );
      return;
    case 'policy-taken':
      sql.run('INSERT INTO policy (seq, jws) VALUES (?, ?) ON CONFLICT DO NOTHING', seq, fact.jws);
  }
}
