/** The rules that one site follows: its rule set and the calendar, with the others at hand that older sessions were held under. */
import type { Calendar } from '../calendar/calendar.ts';
import type { FieldFault } from '../errors.ts';
import type { RuleSet } from './rule-set.ts';

/** A file that was found and not taken, with everything that is wrong in it. */
export interface RefusedFile {
  /** Absolute. */
  readonly path: string;
  readonly faults: readonly FieldFault[];
}

export interface SiteRules {
  /** The one the site chose. */
  readonly set: RuleSet;
  /** Every usable one, the chosen one among them. */
  readonly all: readonly RuleSet[];
  readonly calendar: Calendar;
  readonly refused: readonly RefusedFile[];
}

/** The rule set that a fact names by id, or the chosen one when the fact names none or one that is gone. */
export function ruleSetNamed(rules: SiteRules, id: string | undefined): RuleSet {
  return rules.all.find((set) => set.id === id) ?? rules.set;
}
