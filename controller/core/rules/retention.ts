/**
 * Until when a recording has to be kept. This only says what the rules ask; nothing is deleted by it, and what is not known never
 * ends.
 */
import type { Calendar } from '../calendar/calendar.ts';
import { periodEnd } from '../deadline.ts';
import { type ClauseId, kindOf, type RuleSet, retentionClassOf } from './rule-set.ts';

/** What is known about a recording besides its rule set. */
export interface Keeping {
  /** UTC ms of the end of the activity. */
  readonly endedAtMs: number;
  /** UTC ms until which the written file is kept, or null while nobody has said. */
  readonly fileUntilMs: number | null;
  /** Ids of the hold classes that are laid on it now. */
  readonly holds: readonly string[];
}

/**
 * `until` is null where there is no end: a hold, a file whose own period is not known, or a kind or hold that this rule set does not
 * know. `because` says which, and `clauses` where that comes from.
 */
export interface KeptUntil {
  readonly until: number | null;
  readonly because: 'period' | 'file' | 'file-not-known' | 'hold' | 'not-known';
  readonly clauses: readonly ClauseId[];
}

/** Until when a session of this kind is kept. */
export function sessionKeptUntil(set: RuleSet, calendar: Calendar, kind: string, keeping: Keeping): KeptUntil {
  const known = kindOf(set, kind);
  return keptUntil(set, calendar, known === null ? null : known.retention, keeping);
}

/** Until when a recording of the hall is kept. */
export function hallKeptUntil(set: RuleSet, calendar: Calendar, keeping: Keeping): KeptUntil {
  return keptUntil(set, calendar, set.hall === null ? null : set.hall.retention, keeping);
}

function keptUntil(set: RuleSet, calendar: Calendar, retention: string | null, keeping: Keeping): KeptUntil {
  if (keeping.holds.length > 0) {
    const laid = set.holds.filter(({ id }) => keeping.holds.includes(id));
    return { until: null, because: 'hold', clauses: [...new Set(laid.flatMap(({ clauses }) => clauses))] };
  }
  if (retention === null) return { until: null, because: 'not-known', clauses: [] };
  const { atLeast, withFile, clauses } = retentionClassOf(set, retention);
  if (withFile && keeping.fileUntilMs === null) return { until: null, because: 'file-not-known', clauses };
  const period = atLeast === null ? null : periodEnd(atLeast, keeping.endedAtMs, calendar).dueMs;
  const file = withFile ? keeping.fileUntilMs : null;
  // A file that ends before the period is no reason to keep for less.
  if (file !== null && (period === null || file > period)) return { until: file, because: 'file', clauses };
  return { until: period, because: 'period', clauses };
}
