/** YAML as plain values, or every syntax error with its line and column. */
import { LineCounter, parseDocument } from 'yaml';
import type { FieldFault } from '../core/errors.ts';
import { sentenceOf } from '../core/errors.ts';

export type YamlValue =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly faults: readonly FieldFault[] };

/** `failsafe` takes everything as text: a clause 15.10 is those five characters, a password 0123 those four. */
export function yamlValue(text: string, schema: 'core' | 'failsafe'): YamlValue {
  // Without pretty errors, because those quote the line, and the line may hold a password.
  const lines = new LineCounter();
  const document = parseDocument(text, { schema, lineCounter: lines, prettyErrors: false });
  const faults = document.errors.map(({ pos, message }) => {
    const { line, col } = lines.linePos(pos[0]);
    return { field: `line ${line}, column ${col}`, message };
  });
  if (faults.length > 0) return { ok: false, faults };
  try {
    return { ok: true, value: document.toJS() as unknown };
  } catch (error) {
    return { ok: false, faults: [{ field: '(whole file)', message: sentenceOf(error) }] };
  }
}
