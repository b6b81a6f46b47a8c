/** YAML as plain values, or every syntax error with its line and column. */
import { isNode, LineCounter, parseDocument } from 'yaml';
import type { FieldFault } from '../core/errors.ts';
import { sentenceOf } from '../core/errors.ts';

export type YamlValue =
  | {
      readonly ok: true;
      readonly value: unknown;
      /** The line, from 1, of the value at a path like `kinds[2].zh`, or of the nearest thing around it that is there. */
      readonly lineOf: (path: string) => number;
    }
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
    const lineOf = (path: string): number => {
      const steps = path.split(/[.[\]]+/).filter((step) => step !== '');
      for (; steps.length > 0; steps.pop()) {
        const node = document.getIn(
          steps.map((step) => (/^\d+$/.test(step) ? Number(step) : step)),
          true,
        );
        if (isNode(node) && node.range != null) return lines.linePos(node.range[0]).line;
      }
      return 1;
    };
    return { ok: true, value: document.toJS() as unknown, lineOf };
  } catch (error) {
    return { ok: false, faults: [{ field: '(whole file)', message: sentenceOf(error) }] };
  }
}
