/** Laying a session's new fields over its old ones, and what of them is still owed. What they must hold says rules/field-values.ts. */
import { debtsOf } from './rules/field-values.ts';
import { kindOf, type RuleSet } from './rules/rule-set.ts';
import type { FieldValue, FieldValues, SessionKind } from './session-facts.ts';

/** `laid` over `under`; an empty text or nobody takes a field away. */
export function mergeFields(under: FieldValues, laid: FieldValues): FieldValues {
  const merged = new Map<string, FieldValue>(Object.entries(under));
  for (const [field, value] of Object.entries(laid)) {
    if (value.length === 0) merged.delete(field);
    else merged.set(field, value);
  }
  return Object.fromEntries(merged);
}

/**
 * Ids of what is owed, in the order of the rules. A kind that the rules do not know is owed itself: a session is opened all the same
 * (invariant 9), and nobody can say what else it needs.
 */
export function owedBy(
  rules: RuleSet,
  session: { readonly kind: SessionKind; readonly matter: string; readonly fields: FieldValues },
): readonly string[] {
  return kindOf(rules, session.kind) === null ? ['kind'] : debtsOf(rules, session.kind, session);
}
