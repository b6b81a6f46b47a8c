/** What the clerk may say before a start that stands in no docket. It is remembered while the page is open and empties after it. */
import { type Signal, signal } from '@preact/signals';
import type { SessionKind } from '../../controller/api/contract-session.ts';
import { rules } from '../shell/rules.ts';

export const MATTER_MAX_CHARACTERS = 200;

export interface WalkInForm {
  /** Null: nobody chose, and the first kind of the rules is meant. */
  readonly kind: Signal<SessionKind | null>;
  readonly matter: Signal<string>;
}

export function newWalkIn(): WalkInForm {
  return { kind: signal<SessionKind | null>(null), matter: signal('') };
}

export function emptyWalkIn(form: WalkInForm): void {
  form.kind.value = null;
  form.matter.value = '';
}

/** Rules that have not come yet must not delay a start: a hearing is what every rule set knows. */
const KIND_WITHOUT_RULES: SessionKind = 'hearing';

export function kindMeant(form: WalkInForm): SessionKind {
  return form.kind.value ?? rules.value?.kinds[0]?.id ?? KIND_WITHOUT_RULES;
}
