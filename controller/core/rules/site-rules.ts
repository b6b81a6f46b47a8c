/** The rules that one site follows: its rule set and the calendar, with the others at hand that older sessions were held under. */
import { type Calendar, missingYears } from '../calendar/calendar.ts';
import { dayAt } from '../calendar/shanghai.ts';
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

/** Something about the rules that a person should see to. Nothing of it stops a recording. */
export type RulesTrouble =
  | { readonly what: 'file-refused'; readonly file: RefusedFile }
  | { readonly what: 'year-missing'; readonly year: number }
  | { readonly what: 'not-in-force'; readonly from: string; readonly until: string | null };

/** Everything that is wrong with a site's rules at a moment (UTC milliseconds). */
export function troublesOf(rules: SiteRules, nowMs: number): readonly RulesTrouble[] {
  const today = dayAt(nowMs);
  const { inForceFrom, inForceUntil } = rules.set.document;
  const isInForce = inForceFrom <= today && (inForceUntil === null || today <= inForceUntil);
  return [
    ...rules.refused.map((file): RulesTrouble => ({ what: 'file-refused', file })),
    ...missingYears(rules.calendar, today).map((year): RulesTrouble => ({ what: 'year-missing', year })),
    ...(isInForce ? [] : [{ what: 'not-in-force' as const, from: inForceFrom, until: inForceUntil }]),
  ];
}
