/** Which role may do what in the rooms a person has authority over. Nobody can both record and remove; nothing here removes. */
import type { PersonPlan, Role } from './site-plan.ts';

/** look: see the room now. wake: arm its cameras. record: open and close sessions. review: play what was kept. */
export type Act = 'look' | 'wake' | 'record' | 'review';

const ACTS: { readonly [role in Role]: readonly Act[] } = {
  clerk: ['look', 'wake', 'record', 'review'],
  presider: ['look', 'wake', 'record', 'review'],
  custodian: ['look', 'review'],
  approver: ['look', 'review'],
  auditor: ['look', 'review'],
  // Those who keep the machines running see whether they run, and no hearing (secrecy and privacy of the parties).
  technician: ['look', 'wake'],
  administrator: ['look', 'wake'],
};

/** True when the person has authority over the room at all. */
export function hasRoom(person: PersonPlan, room: string): boolean {
  return person.rooms === 'all' || person.rooms.includes(room);
}

/** True when the person may do this in this room. */
export function mayDo(person: PersonPlan, act: Act, room: string): boolean {
  return hasRoom(person, room) && ACTS[person.role].includes(act);
}
