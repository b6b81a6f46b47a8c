/**
 * Invariant 10: the one place where an id becomes an object. Whoever asks for a room, a session or a segment gets it here or not
 * at all, after the caller's authority over its room was checked.
 */
import { mayDo } from '../core/authority.ts';
import type { Caller } from '../core/desk.ts';
import { AppError } from '../core/errors.ts';
import type { SegmentFact } from '../core/facts.ts';
import type { RoomAct } from '../core/roles.ts';
import type { Session } from '../core/session.ts';
import type { CheckRow } from '../core/session-index.ts';
import type { SiteIndex } from '../core/site-index.ts';
import type { RoomPlan } from '../core/site-plan.ts';

export type Wanted =
  | { readonly room: string }
  | { readonly session: string }
  | { readonly check: string }
  | { readonly segment: string };

/** What was found; `room` is the room whose authority was checked. */
export interface Resolved {
  readonly room: RoomPlan;
  readonly session: Session | null;
  readonly check: CheckRow | null;
  readonly segment: SegmentFact | null;
}

export class Authority {
  readonly #rooms: readonly RoomPlan[];
  readonly #index: SiteIndex;

  constructor(rooms: readonly RoomPlan[], index: SiteIndex) {
    this.#rooms = rooms;
    this.#index = index;
  }

  /** Throws `room-unknown`, `session-unknown`, `segment-unknown` or `not-your-room`. */
  resolve(caller: Caller, wanted: Wanted, act: RoomAct): Resolved {
    if ('room' in wanted)
      return { room: this.#checked(caller, wanted.room, act), session: null, check: null, segment: null };
    if ('session' in wanted) {
      const session = this.#index.session(wanted.session);
      if (session === null) throw new AppError('session-unknown', `there is no session ${wanted.session}`);
      return { room: this.#checked(caller, session.room, act), session, check: null, segment: null };
    }
    if ('check' in wanted) {
      const check = this.#index.notes.check(wanted.check);
      if (check === null) throw new AppError('check-unknown', `there is no check ${wanted.check}`);
      return { room: this.#checked(caller, check.room, act), session: null, check, segment: null };
    }
    const segment = this.#index.segment(wanted.segment);
    if (segment === null) throw new AppError('segment-unknown', `there is no segment ${wanted.segment}`);
    const claims = this.#index.claimsOfSegment(wanted.segment);
    // A segment at the seam of two sessions belongs to both; authority over one of them is enough. What a check alone kept is an empty
    // room or people who wait, and who may check may play it; where a session is in it too, it is a hearing.
    const sessions = claims.flatMap((id) => this.#index.session(id)?.room ?? []).map((room) => ({ room, act }));
    const checks = claims
      .flatMap((id) => this.#index.notes.check(id)?.room ?? [])
      .map((room) => ({ room, act: 'check' as const }));
    const owners = sessions.length > 0 ? sessions : checks;
    const owner = owners.find((one) => mayDo(caller.person, one.act, one.room)) ?? owners[0];
    if (owner === undefined) throw new AppError('segment-unknown', `segment ${wanted.segment} belongs to no session`);
    const room = this.#checked(caller, owner.room, owner.act);
    return { room, session: null, check: null, segment: segment.fact };
  }

  /** Rooms in which the caller may do this. */
  rooms(caller: Caller, act: RoomAct): readonly RoomPlan[] {
    return this.#rooms.filter((room) => mayDo(caller.person, act, room.id));
  }

  #checked(caller: Caller, room: string, act: RoomAct): RoomPlan {
    const found = this.#rooms.find((one) => one.id === room) ?? null;
    if (found === null) throw new AppError('room-unknown', `there is no room ${room}`);
    if (!mayDo(caller.person, act, room)) {
      throw new AppError('not-your-room', `${caller.person.id} (${caller.person.role}) may not ${act} in room ${room}`);
    }
    return found;
  }
}
