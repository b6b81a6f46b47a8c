/** May this person do this here? The role's row of the table (roles.ts), and for what happens in a room authority over that room. */
import { ROLES, type RoomAct, type SiteAct } from './roles.ts';
import type { PersonPlan } from './site-plan.ts';

/** True when the person has authority over the room at all. */
export function hasRoom(person: PersonPlan, room: string): boolean {
  return person.rooms === 'all' || person.rooms.includes(room);
}

/** True when the person may do this in this room. */
export function mayDo(person: PersonPlan, act: RoomAct, room: string): boolean {
  return hasRoom(person, room) && ROLES[person.role].room.includes(act);
}

/** True when the person may do this to the site. */
export function mayAtSite(person: PersonPlan, act: SiteAct): boolean {
  return ROLES[person.role].site.includes(act);
}
