/** How a site is, as it tells its centre with each backlog, and the alarms that are worth telling. Codes and ids only. */
import type { DiskRole, DiskStatus } from './recording.ts';
import type { ClockState, Instant } from './time.ts';

/** An alarm that stood long enough to be journaled. */
export interface StandingAlarm {
  readonly alarm: string;
  /** A code of the error catalogue. */
  readonly code: string;
  readonly level: 'warning' | 'alarm';
  /** Null when it is about the site as a whole; `stream` null when it is about no stream. */
  readonly room: string | null;
  readonly stream: string | null;
  readonly since: Instant;
}

/** Said with each backlog; times are UTC milliseconds. */
export interface SiteHealth {
  readonly alarms: readonly (Pick<StandingAlarm, 'code' | 'level' | 'room' | 'stream'> & { readonly since: number })[];
  /** `hoursLeft`: of recording at the present rate; null when nobody knows. */
  readonly disks: readonly {
    readonly disk: DiskRole;
    readonly state: DiskStatus['state'];
    readonly freeBytes: number;
    readonly hoursLeft: number | null;
  }[];
  readonly clock: ClockState['source'];
  /** The recorder answers. */
  readonly recorder: boolean;
}
