/** From the desk's snapshots to the contract: the one place where what the site knows becomes what the panel may see. */
import type {
  Alarm,
  Caller,
  Complaint,
  Desk,
  ReviewSnapshot,
  RoomSnapshot,
  SessionSnapshot,
  SignSnapshot,
} from '../core/desk.ts';
import type { RoomPlan } from '../core/site-plan.ts';
import type { ReviewView, RoomName, RoomView, SessionView, SignView, Trouble } from './contract.ts';
import { hintOf } from './failures.ts';

export function roomName({ id, name, nameEn }: RoomPlan): RoomName {
  return { id, name, nameEn };
}

export function sessionView(snapshot: SessionSnapshot): SessionView {
  return { ...snapshot };
}

/** A room as this caller may see it. */
export function roomView(desk: Desk, caller: Caller, snapshot: RoomSnapshot): RoomView {
  return {
    room: roomName(snapshot.room),
    at: snapshot.at,
    revision: snapshot.revision,
    readiness: snapshot.readiness,
    streams: snapshot.streams.map((stream) => ({ ...stream, trouble: troubleView(stream.trouble) })),
    session: snapshot.session === null ? null : sessionView(snapshot.session),
    may: desk.mayIn(caller, snapshot),
    recorder: snapshot.recorder,
    centre: snapshot.centre,
    disk: snapshot.disk,
    alarms: snapshot.alarms.map((alarm: Alarm) => ({ ...alarm, hint: hintOf(alarm.code) })),
  };
}

export function signView(snapshot: SignSnapshot): SignView {
  return { ...snapshot, room: roomName(snapshot.room) };
}

export function reviewView(snapshot: ReviewSnapshot): ReviewView {
  return {
    session: sessionView(snapshot.session),
    from: snapshot.from,
    to: snapshot.to,
    streams: snapshot.streams.map((stream) => ({
      ...stream,
      playlist: `/api/v1/sessions/${snapshot.session.id}/streams/${stream.id}/playlist.m3u8`,
    })),
  };
}

function troubleView(complaint: Complaint | null): Trouble | null {
  return complaint === null ? null : { ...complaint, hint: hintOf(complaint.code) };
}
