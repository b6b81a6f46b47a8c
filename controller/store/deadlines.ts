/** By when each closed session has to be at the centre, as the site's rules say now: rules are no facts, so no row holds it. */
import { type Deadline, handOverDeadline } from '../core/deadline.ts';
import { ruleSetNamed, type SiteRules } from '../core/rules/site-rules.ts';
import type { Instant } from '../core/time.ts';
import type { Sql } from '../ledger/sql.ts';

export class SessionDeadlines {
  readonly #sql: Sql;
  readonly #rules: SiteRules;
  /** Neither the press to close nor the rules of a running program change. */
  readonly #known = new Map<string, Deadline | null>();

  constructor(sql: Sql, rules: SiteRules) {
    this.#sql = sql;
    this.#rules = rules;
  }

  /** Null for what is unknown, not closed, or without a period in its rule set. */
  of(session: string): Deadline | null {
    const known = this.#known.get(session);
    if (known !== undefined) return known;
    const row = this.#sql.get<{ closed_at: string | null; rules: string | null }>(
      'SELECT closed_at, rules FROM session WHERE id = ?',
      session,
    );
    if (row === null || row.closed_at === null) return null;
    const set = ruleSetNamed(this.#rules, row.rules ?? undefined);
    const deadline = handOverDeadline(set, this.#rules.calendar, JSON.parse(row.closed_at) as Instant);
    this.#known.set(session, deadline);
    return deadline;
  }
}
