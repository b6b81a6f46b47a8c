/** What facts about displays do to the index. */
import type { Entry } from '../core/chain.ts';
import type { DisplayFact } from '../core/display-facts.ts';
import type { Instant } from '../core/time.ts';
import type { Sql } from '../ledger/sql.ts';

export function projectDisplay(sql: Sql, { seq, at, fact }: Pick<Entry<DisplayFact>, 'seq' | 'at' | 'fact'>): void {
  if (fact.type === 'display-dark') {
    end(sql, fact.display, seq, fact.lastAt ?? at, fact.why);
    return;
  }
  end(sql, fact.display, seq, at, null);
  sql.run(
    `INSERT INTO display_stretch (seq, display, room, face, session, lines, text_sha256, held_ms, address, begun)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    seq,
    fact.display,
    fact.room,
    fact.face,
    fact.session,
    JSON.stringify(fact.lines),
    fact.textSha256,
    Math.max(0, Math.round(fact.heldMs)),
    fact.address,
    JSON.stringify(at),
  );
}

/** Only what stood before it: an entry that is read again ends nothing that came later. */
function end(sql: Sql, display: string, seq: number, at: Instant, dark: string | null): void {
  sql.run(
    'UPDATE display_stretch SET ended = ?, dark = ? WHERE display = ? AND seq < ? AND ended IS NULL',
    JSON.stringify(at),
    dark,
    display,
    seq,
  );
}
