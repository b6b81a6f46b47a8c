/** What facts about secrets and panels do to the index. */
import type { PeopleFact } from '../core/people-facts.ts';
import type { Instant } from '../core/time.ts';
import type { Sql } from '../ledger/sql.ts';

/** Projects one such fact. Repeating it changes nothing; a panel that was revoked stays so. */
export function projectPeople(sql: Sql, seq: number, at: Instant, fact: PeopleFact): void {
  switch (fact.type) {
    case 'person-secret':
      sql.run('UPDATE person SET secret_hash = ? WHERE id = ?', fact.secretHash, fact.person);
      return;
    case 'panel-paired':
      sql.run(
        `INSERT INTO panel (id, paired_seq, name, room, token_hash, paired_by, paired_at) VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (id) DO NOTHING`,
        fact.panel,
        seq,
        fact.name,
        fact.room,
        fact.tokenHash,
        fact.by,
        JSON.stringify(at),
      );
      audit(sql, seq, at, { who: fact.by, did: fact.type, object: fact.name, room: fact.room, source: fact.panel });
      return;
    case 'panel-revoked': {
      sql.run(
        'UPDATE panel SET revoked_by = ?, revoked_at = ? WHERE id = ? AND revoked_at IS NULL',
        fact.by,
        JSON.stringify(at),
        fact.panel,
      );
      const panel = sql.get<{ name: string; room: string }>('SELECT name, room FROM panel WHERE id = ?', fact.panel);
      const { name, room } = panel ?? { name: fact.panel, room: null };
      audit(sql, seq, at, { who: fact.by, did: fact.type, object: name, room, source: fact.panel });
      return;
    }
  }
}

/** These facts are lines of the audit trail by themselves. */
function audit(
  sql: Sql,
  seq: number,
  at: Instant,
  line: { who: string; did: string; object: string; room: string | null; source: string },
): void {
  sql.run(
    `INSERT INTO audit (seq, at, who, did, object, room, source) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT DO NOTHING`,
    seq,
    JSON.stringify(at),
    line.who,
    line.did,
    line.object,
    line.room,
    line.source,
  );
}
