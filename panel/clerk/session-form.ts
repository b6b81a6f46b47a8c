/** What the clerk may choose before a start. It is remembered while the page is open and empties after each session. */
import { type Signal, signal } from '@preact/signals';
import type { SessionKind } from '../../controller/api/contract-session.ts';

export const SESSION_KINDS: readonly SessionKind[] = ['hearing', 'interview', 'inquiry', 'reconsideration'];
export const MATTER_MAX_CHARACTERS = 200;

export interface SessionForm {
  readonly kind: Signal<SessionKind>;
  readonly matter: Signal<string>;
}

export function newSessionForm(): SessionForm {
  return { kind: signal<SessionKind>('hearing'), matter: signal('') };
}

export function emptyForm(form: SessionForm): void {
  form.kind.value = 'hearing';
  form.matter.value = '';
}
