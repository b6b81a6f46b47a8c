/** How what sites tell becomes rows of the index: sessions, gaps, alarms. A list that overlaps an earlier one adds only what is new. */
import { type BodyOf, type EventHeads, type EventJournal, type HrcEvent, readEventList } from '../core/hrc-events.ts';
import { payloadOf } from '../core/jws.ts';
import type { Sql, Value } from '../ledger/sql.ts';
import type { Chapter } from './chapter.ts';

/** How far each journal of a site is known; 0 before the first event. */
export function headsOf(sql: Sql, site: string): EventHeads {
  const upTo = (journal: EventJournal): number =>
    sql.get<{ up_to: number }>('SELECT up_to FROM event_progress WHERE site = ? AND journal = ?', site, journal)
      ?.up_to ?? 0;
  return { site: upTo('site'), recorder: upTo('recorder') };
}

export const events: Chapter = {
  schema: new URL('events.sql', import.meta.url),
  take(sql, fact) {
    if (fact.type !== 'site-told') return;
    const { site, journal, upTo, jws } = fact;
    const known = headsOf(sql, site)[journal];
    // The signature was checked before it was written down.
    for (const event of readEventList(payloadOf(jws))?.list.items ?? [])
      if (event.seq > known) happened(sql, site, event);
    sql.run(
      `INSERT INTO event_progress (site, journal, up_to) VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET up_to = max(up_to, excluded.up_to)`,
      ...[site, journal, upTo],
    );
  },
};

function happened(sql: Sql, site: string, event: HrcEvent): void {
  const session = (state: string | null, columns: Columns) => {
    if ('session' in event) putSession(sql, site, event.session, state, columns);
  };
  switch (event.type) {
    case 'session-scheduled': {
      const { room, kind, plannedFrom, plannedTo, continues } = event;
      session('scheduled', { room, kind, planned_from_ms: plannedFrom, planned_to_ms: plannedTo, continues });
      return;
    }
    case 'session-amended': {
      const { room, kind, plannedFrom, plannedTo } = event;
      const plan = plannedFrom === null ? {} : { planned_from_ms: plannedFrom, planned_to_ms: plannedTo };
      session(null, { ...(room === null ? {} : { room }), ...(kind === null ? {} : { kind }), ...plan });
      return;
    }
    case 'session-cancelled':
      session('cancelled', { cancelled_ms: event.at });
      return;
    case 'session-opened': {
      const { room, kind, rules, opened, from, streams } = event;
      const claim = { opened_ms: opened, from_ms: from, streams: JSON.stringify(streams) };
      session('opening', { room, kind, rules, ...claim });
      return;
    }
    case 'session-confirmed':
      session('open', { confirmed_ms: event.at });
      return;
    case 'session-filled':
      session(null, { kind: event.kind });
      return;
    case 'session-extended':
      session(null, { extended_to_ms: event.until });
      return;
    case 'session-closing':
      closing(sql, site, event);
      return;
    case 'session-closed':
      for (const missing of event.missing) putGap(sql, site, { ...missing, claims: [event.session] });
      session('closed', { ended_ms: event.at });
      return;
    case 'session-handed-over':
      session('handed-over', { handed_over_ms: event.at });
      return;
    case 'gap':
      putGap(sql, site, event);
      return;
    case 'interruption-explained':
      for (const gap of event.gaps) explained(sql, site, gap, event);
      return;
    case 'alarm-begun': {
      const { alarm, code, level, room, stream, at } = event;
      sql.run(
        `INSERT OR IGNORE INTO alarm (site, id, code, level, room, stream, began_ms) VALUES (?, ?, ?, ?, ?, ?, ?)`,
        ...[site, alarm, code, level, room, stream, at],
      );
      return;
    }
    case 'alarm-ended':
      sql.run(
        'UPDATE alarm SET ended_ms = ? WHERE site = ? AND id = ? AND ended_ms IS NULL',
        event.at,
        site,
        event.alarm,
      );
      return;
    case 'held':
      sql.run('INSERT OR IGNORE INTO site_hold (site, hold, held_ms) VALUES (?, ?, ?)', site, event.hold, event.at);
      return;
    case 'released':
      sql.run('UPDATE site_hold SET released_ms = ? WHERE site = ? AND hold = ?', event.at, site, event.hold);
      return;
    case 'segment-lost':
    case 'purged':
      sql.run(
        'INSERT OR IGNORE INTO absent_segment (site, seg, why, at_ms) VALUES (?, ?, ?, ?)',
        ...[site, event.seg, event.type === 'purged' ? 'purged' : 'lost', event.at],
      );
  }
}

type Columns = { readonly [column: string]: Value };

/** One that began before the centre was there is known from where it was heard of first. `state` null: as before. */
function putSession(sql: Sql, site: string, id: string, state: string | null, columns: Columns): void {
  const first = 'INSERT OR IGNORE INTO session (site, id, state) VALUES (?, ?, ?)';
  sql.run(first, site, id, state ?? 'scheduled');
  const set = Object.entries(state === null ? columns : { ...columns, state });
  if (set.length === 0) return;
  sql.run(
    `UPDATE session SET ${set.map(([column]) => `${column} = ?`).join(', ')} WHERE site = ? AND id = ?`,
    ...[...set.map(([, value]) => value), site, id],
  );
}

/** Closed by its press; and where it was adjourned, what it goes on as stands in the docket by the same event. */
function closing(sql: Sql, site: string, event: BodyOf<'session-closing'>): void {
  const { session, closed, to, due, adjourned } = event;
  const deadline = { due_ms: due?.ms, due_clause: due?.clause, due_force: due?.force, due_basis: due?.basis };
  putSession(sql, site, session, 'closing', {
    ...{ closed_ms: closed, to_ms: to, continued_by: adjourned?.session ?? null },
    ...Object.fromEntries(Object.entries(deadline).map(([column, value]) => [column, value ?? null])),
  });
  if (adjourned === null) return;
  const before = sql.get<{ room: string | null; kind: string | null }>(
    'SELECT room, kind FROM session WHERE site = ? AND id = ?',
    ...[site, session],
  );
  putSession(sql, site, adjourned.session, 'scheduled', {
    ...{ room: before?.room ?? null, kind: before?.kind ?? null, continues: session },
    ...{ planned_from_ms: adjourned.plannedFrom, planned_to_ms: adjourned.plannedTo },
  });
}

function putGap(sql: Sql, site: string, hole: Omit<BodyOf<'gap'>, 'type'>): void {
  const { gap, stream, from, to, cause, claims } = hole;
  sql.run(
    'INSERT OR IGNORE INTO gap (site, id, stream, from_ms, to_ms, cause) VALUES (?, ?, ?, ?, ?, ?)',
    ...[site, gap, stream, from, to, cause],
  );
  for (const claim of claims)
    sql.run('INSERT OR IGNORE INTO gap_claim (site, claim, gap) VALUES (?, ?, ?)', site, claim, gap);
}

function explained(sql: Sql, site: string, gap: string, { spoken, typed }: BodyOf<'interruption-explained'>): void {
  sql.run(
    `INSERT INTO gap_explained (site, gap, is_spoken, is_typed) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE
     SET is_spoken = max(is_spoken, excluded.is_spoken), is_typed = max(is_typed, excluded.is_typed)`,
    ...[site, gap, spoken ? 1 : 0, typed ? 1 : 0],
  );
}
