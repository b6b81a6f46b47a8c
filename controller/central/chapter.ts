/** A part of the centre's index: its tables, and how a fact of the journal changes them. Each part of the centre may bring its own. */
import type { Instant } from '../core/time.ts';
import type { Sql } from '../ledger/sql.ts';
import type { CentreFact } from './facts.ts';

export interface Chapter {
  /** SQL that makes the tables. Any change to it has the index made anew. */
  readonly schema: URL;
  /** Takes in one fact, within a transaction; nothing for facts of others. `at` is when it was written. */
  take(sql: Sql, fact: CentreFact, at: Instant): void;
}
