/**
 * The one table of who may do what. A role is an office, not a person: what people may do follows from their role here and, for
 * everything that happens in a room, from their rooms (authority.ts). Three things hold for every row, and a test looks at all of
 * them: nobody both records and removes, nobody both asks for a copy and approves it, and nobody who keeps the machines running or
 * the people in order sees what was said.
 */
import type { Role } from './site-plan.ts';

/** What is done in a room or to what was recorded there. */
export const ROOM_ACTS = [
  /** See the room now, its docket and its sessions, but no picture. */
  'look',
  /** Arm its cameras. */
  'wake',
  /** Let the devices be tried out before a session: picture moves, sound lives, a few seconds are played on the spot. */
  'check',
  /** Put sessions on the docket, change and cancel them. */
  'schedule',
  /** Open, close, extend, adjourn. */
  'record',
  /** Add to what is said about a session: fields, notice, marks, notes, reasons of interruptions. */
  'annotate',
  /** Play what was kept. */
  'review',
  /** Keep something for longer than its class says. */
  'hold',
  /** Hand out a copy that was approved. */
  'export',
  /** Approve a copy. */
  'approve',
  /** Decide that something whose time is over goes. */
  'remove',
] as const;
export type RoomAct = (typeof ROOM_ACTS)[number];

/** What is done to the site as such. */
export const SITE_ACTS = [
  /** Pair panels with rooms, and revoke them. */
  'panels',
  /** See who is logged in where, end logins and locks, give new PINs and secrets. */
  'people',
  /** Read who came in and who was refused, where, and what was changed about panels and people. */
  'trail',
] as const;
export type SiteAct = (typeof SITE_ACTS)[number];

export const ROLES: {
  readonly [role in Role]: { readonly room: readonly RoomAct[]; readonly site: readonly SiteAct[] };
} = {
  clerk: { room: ['look', 'wake', 'check', 'schedule', 'record', 'annotate', 'review'], site: [] },
  presider: { room: ['look', 'wake', 'check', 'schedule', 'record', 'annotate', 'review'], site: [] },
  custodian: { room: ['look', 'review', 'hold', 'export', 'remove'], site: [] },
  approver: { room: ['look', 'review', 'approve'], site: [] },
  auditor: { room: ['look', 'review'], site: ['trail'] },
  // A check shows an empty room or people who wait; a hearing it never shows.
  technician: { room: ['look', 'wake', 'check'], site: ['panels'] },
  administrator: { room: ['look', 'wake'], site: ['panels', 'people', 'trail'] },
};
