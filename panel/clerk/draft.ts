/** What was typed and not saved yet. It outlives a reload of the page, because somebody in a hurry types nothing twice. */
import type { FieldValues } from '../../controller/api/contract-session.ts';

const PREFIX = 'quancheng.draft.';

export interface Draft {
  readonly kind?: string;
  readonly fields: FieldValues;
}

const EMPTY: Draft = { fields: {} };

export function draftOf(id: string): Draft {
  try {
    const found = JSON.parse(sessionStorage.getItem(PREFIX + id) ?? 'null') as Draft | null;
    return found !== null && typeof found.fields === 'object' ? found : EMPTY;
  } catch {
    return EMPTY;
  }
}

export function keepDraft(id: string, draft: Draft | null): void {
  try {
    if (draft === null) sessionStorage.removeItem(PREFIX + id);
    else sessionStorage.setItem(PREFIX + id, JSON.stringify(draft));
  } catch {
    // Without storage a reload costs what was typed, nothing else.
  }
}

/** Fields with the matter among them, as the sheet shows them. */
export function withMatter(fields: FieldValues, matter: string): FieldValues {
  return { ...fields, matter };
}

/** The opposite: what is sent. */
export function apart(fields: FieldValues): { readonly matter?: string; readonly fields?: FieldValues } {
  const { matter, ...rest } = fields;
  return {
    ...(typeof matter === 'string' ? { matter } : {}),
    ...(Object.keys(rest).length === 0 ? {} : { fields: rest }),
  };
}
