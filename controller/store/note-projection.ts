/** What facts beside a session do to the index: checks, marks, the telling, explanations, warnings. */
import type { SessionFact } from '../core/session-facts.ts';
import type { Instant } from '../core/time.ts';
import type { Sql, Value } from '../ledger/sql.ts';

/** Facts that a session's own row is not changed by, except that a check holds it up. */
type NoteFact = Extract<
  SessionFact,
  {
    type:
      | 'check-begun'
      | 'check-done'
      | 'check-heard'
      | 'mark'
      | 'mark-noted'
      | 'notice-shown'
      | 'notice-spoken'
      | 'notice-told'
      | 'interruption-explained'
      | 'stop-warned';
  }
>;

export function projectNotes(sql: Sql, seq: number, at: Instant, fact: NoteFact): void {
  switch (fact.type) {
    case 'check-begun':
      sql.run(
        `INSERT INTO room_check (id, seq, press, room, session, begun_by, claim_from, claim_to, streams)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
        ...[fact.check, seq, fact.press, fact.room, fact.session, fact.by],
        ...[json(fact.from), json(fact.to), json(fact.streams)],
      );
      sql.run(
        `UPDATE session SET state = 'checking', check_id = ? WHERE id = ? AND state IN ('scheduled', 'ready')`,
        ...[fact.check, fact.session],
      );
      return;
    case 'check-done':
      sql.run(
        'UPDATE room_check SET done_at = ?, verdict = ?, findings = ? WHERE id = ? AND done_at IS NULL',
        ...[json(at), fact.verdict, json(fact.findings), fact.check],
      );
      sql.run(
        `UPDATE session SET state = ? WHERE id = ? AND state = 'checking' AND check_id = ?`,
        ...[fact.verdict === 'passed' ? 'ready' : 'scheduled', fact.session, fact.check],
      );
      return;
    case 'check-heard':
      sql.run(
        'UPDATE room_check SET heard_at = ?, heard_by = ?, heard = ?, heard_note = ? WHERE id = ?',
        ...[json(at), fact.by, json(fact.heard), fact.note, fact.check],
      );
      return;
    case 'mark':
      press(sql, seq, fact.mark, fact);
      sql.run(
        `INSERT INTO mark (id, seq, session, kind, made_by, marked_at, note, page) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT DO NOTHING`,
        ...[fact.mark, seq, fact.session, fact.kind, fact.by, json(fact.markedAt), fact.note, fact.page],
      );
      return;
    case 'mark-noted':
      sql.run(
        `INSERT INTO mark_note (seq, mark, made_by, noted_at, note, page) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT DO NOTHING`,
        ...[seq, fact.mark, fact.by, json(at), fact.note, fact.page],
      );
      return;
    case 'notice-shown':
      projectNotice(sql, seq, fact, ['shown', fact.display, json(fact.shownAt), null, null]);
      return;
    case 'notice-spoken':
      projectNotice(sql, seq, fact, ['spoken', fact.display, json(fact.spokenAt), null, null]);
      return;
    case 'notice-told':
      projectNotice(sql, seq, fact, ['told', fact.by, json(fact.toldAt), fact.answer, fact.note]);
      return;
    case 'interruption-explained':
      sql.run(
        `INSERT INTO explanation (seq, session, made_by, gaps, spoken_at, reason) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT DO NOTHING`,
        ...[seq, fact.session, fact.by, json(fact.gaps), fact.spokenAt === null ? null : json(fact.spokenAt)],
        fact.reason,
      );
      return;
    case 'stop-warned':
      sql.run(
        'INSERT INTO stop_warning (seq, session, why, warned_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
        ...[seq, fact.session, fact.why, json(at)],
      );
      return;
  }
}

type NoticeFact = Extract<NoteFact, { type: 'notice-shown' | 'notice-spoken' | 'notice-told' }>;

function projectNotice(
  sql: Sql,
  seq: number,
  { session, notice, version, textSha256 }: NoticeFact,
  [how, who, at, answer, note]: readonly Value[],
): void {
  sql.run(
    `INSERT INTO notice_given (seq, session, how, who, given_at, notice, version, text_sha256, answer, note)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    ...[seq, session, how as Value, who as Value, at as Value, notice, version, textSha256],
    ...[answer as Value, note as Value],
  );
}

/** A mark's id is its press. */
function press(sql: Sql, seq: number, id: string, fact: Extract<NoteFact, { type: 'mark' }>): void {
  sql.run(
    'INSERT INTO press (press, seq, did, session) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
    ...[id, seq, fact.type, fact.session],
  );
}

function json(value: object): string {
  return JSON.stringify(value);
}
