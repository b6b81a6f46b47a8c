/** What a step of the session machine comes to: the next state and what is to be done, or why it is refused. */
import type { ErrorCode } from './errors.ts';
import type { Session } from './session.ts';
import type { SessionFact } from './session-facts.ts';
import type { Instant } from './time.ts';

export type SessionEffect =
  /** Journal first, then the index; everything behind it waits for it. */
  | { readonly type: 'append'; readonly fact: SessionFact; readonly at: Instant }
  /** Compute the wish again and send it to the recorder. */
  | { readonly type: 'wish' }
  /** Show the new truth to whoever watches the room. */
  | { readonly type: 'announce' };

export interface Refusal {
  readonly code: Extract<
    ErrorCode,
    | 'session-already-open'
    | 'session-cancelled'
    | 'session-not-open'
    | 'session-over'
    | 'session-unknown'
    | 'check-running'
    | 'no-mandatory-stream'
  >;
  readonly message: string;
}

export type Verdict =
  | { readonly ok: true; readonly next: Session; readonly effects: readonly SessionEffect[] }
  | { readonly ok: false; readonly refusal: Refusal };

/** On to `next`, with a fact. `wish` where the recorder has something else to do now. */
export function go(next: Session, fact: SessionFact, at: Instant, wish?: 'wish'): Verdict {
  const effects: SessionEffect[] = [{ type: 'append', fact, at }];
  if (wish !== undefined) effects.push({ type: 'wish' });
  effects.push({ type: 'announce' });
  return { ok: true, next, effects };
}

/** Nothing changes. */
export function stay(session: Session, effects: readonly SessionEffect[] = []): Verdict {
  return { ok: true, next: session, effects };
}

export function refuse(code: Refusal['code'], message: string): Verdict {
  return { ok: false, refusal: { code, message } };
}
