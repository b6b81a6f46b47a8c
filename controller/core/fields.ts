/** Laying a session's new fields over its old ones. What they must hold, and what is owed, says the rule set (rules/field-values.ts). */
import type { FieldValue, FieldValues } from './session-facts.ts';

/** `laid` over `under`; an empty text or nobody takes a field away. */
export function mergeFields(under: FieldValues, laid: FieldValues): FieldValues {
  const merged = new Map<string, FieldValue>(Object.entries(under));
  for (const [field, value] of Object.entries(laid)) {
    if (value.length === 0) merged.delete(field);
    else merged.set(field, value);
  }
  return Object.fromEntries(merged);
}
