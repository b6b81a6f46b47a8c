/** Everything about hearings, put together: the queue of each room, sessions, docket, checks, notes, warnings, and how they look. */

import type { Sense } from '../core/check-findings.ts';
import type { OpenGap } from '../core/interruptions.ts';
import type { Log, SiteJournal } from '../core/ports.ts';
import type { Cause, RecorderStatus } from '../core/recording.ts';
import type { OpenedSession } from '../core/session.ts';
import type { LiveIndex } from '../core/site-index.ts';
import type { SitePlan } from '../core/site-plan.ts';
import type { Clock, Instant } from '../core/time.ts';
import type { Authority } from './authority.ts';
import { Checks } from './checks.ts';
import { Docket } from './docket.ts';
import { DocketImport } from './docket-import.ts';
import { Hearings } from './hearings.ts';
import type { MediaAudit } from './media-audit.ts';
import { Notes } from './notes.ts';
import { SiteOrders } from './orders.ts';
import { SessionRunner } from './session-runner.ts';
import { SessionViews } from './session-views.ts';
import { Sessions } from './sessions.ts';
import { StopWatch, USUAL_TIMES } from './stop-watch.ts';

export interface HearingPartsOptions {
  readonly plan: SitePlan;
  readonly index: LiveIndex;
  readonly journal: SiteJournal;
  readonly clock: Clock;
  readonly log: Log;
  readonly authority: Authority;
  readonly audit: MediaAudit;
  readonly wish: () => void;
  readonly announce: (room: string) => void;
  readonly status: () => RecorderStatus | null;
  readonly absence: (stream: string) => Cause | null;
  readonly openGaps: (session: OpenedSession, now: Instant) => readonly OpenGap[];
  readonly hoursLeft: () => number | null;
  readonly wake: (room: string) => void;
  /** What a stream looks and sounds like now; null when nobody looked. */
  readonly sense: (stream: string) => Sense | null;
  readonly silentSince: (session: OpenedSession) => Instant | null;
}

export class HearingParts {
  readonly runner: SessionRunner;
  readonly sessions: Sessions;
  readonly docket: Docket;
  readonly checks: Checks;
  readonly stopWatch: StopWatch;
  readonly views: SessionViews;
  readonly notes: Notes;
  readonly desk: Hearings;
  readonly orders: SiteOrders;

  constructor(options: HearingPartsOptions) {
    const { plan, index, journal, clock, log, wish, announce, status, authority, audit } = options;
    const { rooms } = plan;
    const rules = plan.rules.set;
    const runner = new SessionRunner({ index, journal, clock, log, wish, announce });
    this.runner = runner;
    this.sessions = new Sessions({ plan, rules, index, clock, runner, status, absence: options.absence });
    this.docket = new Docket({ rooms, rules, index, clock, runner });
    this.stopWatch = new StopWatch({
      ...{ rooms, index, clock, runner, docket: this.docket, silentSince: options.silentSince },
      times: plan.hearings ?? USUAL_TIMES,
    });
    this.views = new SessionViews({
      ...{ plan, index, clock, status, openGaps: options.openGaps },
      warnings: (session, now) => this.stopWatch.warnings(session, now),
    });
    this.checks = new Checks({
      ...{ plan, index, journal, clock, runner, wish, announce, status },
      ...{ hoursLeft: options.hoursLeft, sense: options.sense },
    });
    this.notes = new Notes({
      ...{ rules, index, clock, runner },
      interruptions: (session) => this.views.interruptions(session),
    });
    this.desk = new Hearings({
      ...{ plan, index, authority, audit, wake: options.wake },
      ...{ sessions: this.sessions, docket: this.docket, checks: this.checks, notes: this.notes, views: this.views },
      imports: new DocketImport({ rooms, rules, index, docket: this.docket }),
    });
    this.orders = new SiteOrders({ site: plan.site.id, index, docket: this.docket, journal, clock });
  }

  /** Takes up every session where it stands. */
  start(): void {
    this.sessions.start();
    this.checks.look();
  }

  /** Something may have changed, if only the time. Never throws. */
  look(): void {
    this.sessions.look();
    this.checks.look();
    this.stopWatch.look();
  }

  idle(): Promise<void> {
    return this.runner.idle();
  }

  close(): Promise<void> {
    return this.runner.close();
  }
}
