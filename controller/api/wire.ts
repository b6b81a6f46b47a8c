/** From the desk's snapshots to the contract: the one place where what the site knows becomes what the panel may see. */
import type {
  Alarm,
  Caller,
  Complaint,
  Desk,
  RecallSnapshot,
  ReviewSnapshot,
  RoomSnapshot,
  SignSnapshot,
} from '../core/desk.ts';
import type { RoomPlan } from '../core/site-plan.ts';
import type { RecallView, ReviewView, RoomName, RoomView, SignView, Trouble } from './contract.ts';
import { hintOf } from './failures.ts';
import { checkView, docketEntry, sessionView } from './wire-hearing.ts';
import { wordingView } from './wording-view.ts';

export function roomName({ id, name, nameEn }: RoomPlan): RoomName {
  return { id, name, nameEn };
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
    docket: snapshot.docket.map(docketEntry),
    check: snapshot.check === null ? null : checkView(snapshot.check),
    may: desk.mayIn(caller, snapshot),
    recorder: snapshot.recorder,
    centre: snapshot.centre,
    disk: snapshot.disk,
    alarms: snapshot.alarms.map((alarm: Alarm) => ({ ...alarm, hint: hintOf(alarm.code) })),
  };
}

export function signView(snapshot: SignSnapshot): SignView {
  const { room, at, state, since, notice, next } = snapshot;
  return { room: roomName(room), at, state, since, notice: wordingView(notice), next };
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

export function recallView(snapshot: RecallSnapshot): RecallView {
  return { ...snapshot, trouble: troubleView(snapshot.trouble) };
}

function troubleView(complaint: Complaint | null): Trouble | null {
  return complaint === null ? null : { ...complaint, hint: hintOf(complaint.code) };
}
