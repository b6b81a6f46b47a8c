/** What each fact about a session does to the index. Repeating an entry changes nothing. */
import type { SiteFact } from '../core/facts.ts';
import { mergeFields } from '../core/fields.ts';
import type { Amendment } from '../core/session-docket.ts';
import type { FieldValues, SessionFact } from '../core/session-facts.ts';
import type { Instant } from '../core/time.ts';
import type { Sql, Value } from '../ledger/sql.ts';
import { projectNotes } from './note-projection.ts';

type Fact<T extends SessionFact['type']> = Extract<SessionFact, { type: T }>;

const TYPES: { readonly [type in SessionFact['type']]: true } = {
  'session-scheduled': true,
  'session-amended': true,
  'session-cancelled': true,
  'check-begun': true,
  'check-done': true,
  'check-heard': true,
  'session-opened': true,
  'session-confirmed': true,
  'session-filled': true,
  'notice-shown': true,
  'notice-spoken': true,
  'notice-told': true,
  mark: true,
  'mark-noted': true,
  'interruption-explained': true,
  'session-extended': true,
  'stop-warned': true,
  'session-closing': true,
  'session-closed': true,
  'session-handed-over': true,
};

export function isSessionFact(fact: SiteFact): fact is SessionFact {
  return Object.hasOwn(TYPES, fact.type);
}

/** Projects one fact about a session; the gaps of streams that never came are left to the caller. */
export function projectSession(
  sql: Sql,
  { seq, at, fact }: { readonly seq: number; readonly at: Instant; readonly fact: SessionFact },
): void {
  if ('press' in fact && fact.press !== undefined) {
    const session = 'session' in fact ? fact.session : null;
    sql.run(
      'INSERT INTO press (press, seq, did, session) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
      ...[fact.press, seq, fact.type, session],
    );
  }
  switch (fact.type) {
    case 'session-scheduled':
      projectScheduled(sql, seq, at, fact);
      return;
    case 'session-amended':
      change(sql, fact.session, "state IN ('scheduled', 'checking', 'ready')", fact);
      return;
    case 'session-filled':
      change(sql, fact.session, 'opened_at IS NOT NULL', fact);
      return;
    case 'session-cancelled':
      sql.run(
        `UPDATE session SET state = 'cancelled', cancelled_by = ?, cancelled_at = ?, cancel_reason = ?
         WHERE id = ? AND state IN ('scheduled', 'checking', 'ready')`,
        ...[fact.by, json(at), fact.reason, fact.session],
      );
      return;
    case 'session-opened':
      projectOpened(sql, seq, at, fact);
      return;
    case 'session-confirmed':
      sql.run(
        "UPDATE session SET state = 'open', confirmed_at = ? WHERE id = ? AND state = 'opening'",
        ...[json(at), fact.session],
      );
      return;
    case 'session-extended':
      sql.run('UPDATE session SET extended_to_ms = ? WHERE id = ?', Math.round(fact.untilMs), fact.session);
      return;
    case 'session-closing':
      projectClosing(sql, seq, at, fact);
      return;
    case 'session-closed':
      sql.run(
        "UPDATE session SET state = 'closed', ended_at = ? WHERE id = ? AND state = 'closing'",
        ...[json(at), fact.session],
      );
      return;
    case 'session-handed-over':
      sql.run(
        "UPDATE session SET state = 'handed-over', handed_over_at = ? WHERE id = ? AND state = 'closed'",
        ...[json(at), fact.session],
      );
      return;
    default:
      projectNotes(sql, seq, at, fact);
  }
}

function projectScheduled(sql: Sql, seq: number, at: Instant, fact: Fact<'session-scheduled'>): void {
  sql.run(
    `INSERT INTO session (id, seq, state, room, kind, matter, fields, created_by, created_at, source, reference,
       planned_from_ms, planned_to_ms, continues)
     VALUES (?, ?, 'scheduled', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
    ...[fact.session, seq, fact.room, fact.kind, fact.matter, json(fact.fields), fact.by, json(at), fact.source],
    ...[fact.reference ?? null, ...plannedOf(fact.planned), fact.continues ?? null],
  );
}

/** Lays a change over a session's row; what was checked in another room is checked no more. */
function change(
  sql: Sql,
  session: string,
  condition: string,
  { room, kind, matter, planned, fields }: Amendment,
): void {
  const row = sql.get<{ fields: string; room: string }>(
    `SELECT fields, room FROM session WHERE id = ? AND ${condition}`,
    session,
  );
  if (row === null) return;
  const set: [column: string, value: Value][] = [];
  if (fields !== undefined) set.push(['fields', json(mergeFields(JSON.parse(row.fields) as FieldValues, fields))]);
  if (kind !== undefined) set.push(['kind', kind]);
  if (matter !== undefined) set.push(['matter', matter]);
  if (room !== undefined && room !== row.room) {
    set.push(['room', room], ['state', 'scheduled'], ['check_id', null]);
  }
  if (planned !== undefined) {
    const [from, to] = plannedOf(planned);
    set.push(['planned_from_ms', from], ['planned_to_ms', to]);
  }
  if (set.length === 0) return;
  sql.run(
    `UPDATE session SET ${set.map(([column]) => `${column} = ?`).join(', ')} WHERE id = ?`,
    ...set.map(([, value]) => value),
    session,
  );
}

/** One of the docket goes on; any other begins here. */
function projectOpened(sql: Sql, seq: number, at: Instant, fact: Fact<'session-opened'>): void {
  const { session, press, by, openedAt, from, streams } = fact;
  const isKnown =
    sql.run(
      `UPDATE session SET state = 'opening', press = ?, opened_seq = ?, opened_by = ?, opened_at = ?, opened_ms = ?, claim_from = ?,
         rules = ?
       WHERE id = ? AND state IN ('scheduled', 'checking', 'ready')`,
      ...[press, seq, by, json(openedAt), Math.round(openedAt.wallMs), json(from), fact.rules?.id ?? null, session],
    ) > 0;
  const isNew =
    !isKnown &&
    sql.run(
      `INSERT INTO session (id, seq, state, room, kind, matter, fields, created_by, created_at, source, press,
         opened_seq, opened_by, opened_at, opened_ms, claim_from, rules)
       VALUES (?, ?, 'opening', ?, ?, ?, ?, ?, ?, 'walk-in', ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
      ...[session, seq, fact.room, fact.kind, fact.matter, json(fact.fields ?? {}), by, json(at)],
      ...[press, seq, by, json(openedAt), Math.round(openedAt.wallMs), json(from), fact.rules?.id ?? null],
    ) > 0;
  if (!isKnown && !isNew) return;
  streams.forEach(({ stream, mandatory }, place) => {
    sql.run(
      'INSERT INTO session_stream (session, stream, place, mandatory) VALUES (?, ?, ?, ?)',
      ...[session, stream, place, mandatory ? 1 : 0],
    );
  });
}

/** The end of the claim; and where it was adjourned, what it goes on as stands in the docket by the same fact. */
function projectClosing(sql: Sql, seq: number, at: Instant, fact: Fact<'session-closing'>): void {
  const { session, by, closedAt, to, debts, adjourned } = fact;
  const isClosing = sql.run(
    `UPDATE session SET state = 'closing', closed_by = ?, closed_at = ?, claim_to = ?, debts_at_close = ?,
       continued_by = ? WHERE id = ? AND state IN ('opening', 'open')`,
    ...[by, json(closedAt), json(to), debts === undefined ? null : json(debts), adjourned?.session ?? null, session],
  );
  if (isClosing === 0 || adjourned === undefined) return;
  sql.run(
    `INSERT INTO session (id, seq, state, room, kind, matter, fields, created_by, created_at, source,
       planned_from_ms, planned_to_ms, continues)
     SELECT ?, ?, 'scheduled', room, kind, matter, fields, ?, ?, 'adjourned', ?, ?, id FROM session WHERE id = ?
     ON CONFLICT (id) DO NOTHING`,
    ...[adjourned.session, seq, by, json(at), ...plannedOf(adjourned.planned), session],
  );
}

function plannedOf({
  fromMs,
  toMs,
}: {
  readonly fromMs: number;
  readonly toMs: number | null;
}): [number, number | null] {
  return [Math.round(fromMs), toMs === null ? null : Math.round(toMs)];
}

function json(value: object): string {
  return JSON.stringify(value);
}
