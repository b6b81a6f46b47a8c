/** Watches that closed sessions reach the centre in time. Without a centre nothing is handed over, and nobody is alarmed about it. */
import { handOverDeadline, urgencyAt } from '../core/deadline.ts';
import type { Alarm } from '../core/desk.ts';
import type { CentreLink } from '../core/ports.ts';
import { citationOf } from '../core/rules/cite.ts';
import { ruleSetNamed } from '../core/rules/site-rules.ts';
import type { EndingSession } from '../core/session.ts';
import type { LiveIndex } from '../core/site-index.ts';
import type { SitePlan } from '../core/site-plan.ts';
import type { Clock } from '../core/time.ts';

export interface HandOverWatchOptions {
  readonly plan: SitePlan;
  readonly index: LiveIndex;
  readonly clock: Clock;
  readonly link: () => CentreLink;
}

export class HandOverWatch {
  readonly #options: HandOverWatchOptions;
  readonly #waiting = new Map<string, { readonly key: string; readonly sessions: readonly EndingSession[] }>();

  constructor(options: HandOverWatchOptions) {
    this.#options = options;
  }

  /** At most one for a room: how many are late, or nearly, and the one that is due first. */
  alarms(room: string): readonly Omit<Alarm, 'since'>[] {
    const { plan, clock, link } = this.#options;
    if (link().state === 'not-configured') return [];
    const now = clock.now();
    const due = this.#sessions(room)
      .map((session) => {
        const rules = ruleSetNamed(plan.rules, session.rules ?? undefined);
        return { session, deadline: handOverDeadline(rules, plan.rules.calendar, session.closedAt) };
      })
      .flatMap(({ session, deadline }) =>
        deadline === null ? [] : [{ session, deadline, urgency: urgencyAt(deadline, now) }],
      )
      .filter(({ urgency }) => urgency !== 'ample')
      .sort((a, b) => a.deadline.dueMs - b.deadline.dueMs);
    const [first] = due;
    if (first === undefined) return [];
    const isLate = first.urgency === 'overdue';
    const when = new Date(first.deadline.dueMs).toISOString();
    const others = due.length > 1 ? `; and ${due.length - 1} more` : '';
    const message = `session ${first.session.id} ${isLate ? 'was' : 'is'} due at the centre at ${when} (${citationOf(first.deadline.clause.id).en})${others}`;
    return [{ code: 'hand-over-late', message, level: isLate ? 'alarm' : 'warning', stream: null }];
  }

  #sessions(room: string): readonly EndingSession[] {
    const { index } = this.#options;
    const key = `${index.progress('recorder').seq}/${index.progress('site').seq}`;
    const known = this.#waiting.get(room);
    if (known?.key === key) return known.sessions;
    const sessions = index.sessionsAwaitingHandOver(room);
    this.#waiting.set(room, { key, sessions });
    return sessions;
  }
}
