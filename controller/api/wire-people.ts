/** What the door and the staff room say, as the contract has it. */
import type { Caller, Desk } from '../core/desk.ts';
import type {
  CodeSnapshot,
  HereSnapshot,
  LoginSnapshot,
  PanelSnapshot,
  PanelUseSnapshot,
  StaffSnapshot,
  TrailSnapshot,
} from '../core/people-desk.ts';
import type {
  CodeView,
  HereView,
  LoginView,
  Me,
  PanelName,
  PanelView,
  StaffView,
  TrailView,
} from './contract-people.ts';
import { roomName } from './wire.ts';

export function panelName({ id, name, room }: PanelSnapshot): PanelName {
  return { id, name, room: roomName(room) };
}

export function hereView({ panel, pins, lockedForMs }: HereSnapshot): HereView {
  return { panel: panel === null ? null : panelName(panel), pins, lockedForMs };
}

export function meView(desk: Desk, caller: Caller): Me {
  const { id, name, role } = caller.person;
  const panel = desk.staff.panelOf(caller);
  return {
    person: { id, name, role },
    rooms: desk.roomsOf(caller).map(roomName),
    panel: panel === null ? null : panelName(panel),
    how: caller.how,
    may: desk.staff.may(caller),
  };
}

export function codeView(snapshot: CodeSnapshot): CodeView {
  return { ...snapshot, room: roomName(snapshot.room) };
}

export function panelView(snapshot: PanelUseSnapshot): PanelView {
  return { ...snapshot, room: roomName(snapshot.room) };
}

export function loginView(snapshot: LoginSnapshot): LoginView {
  return { ...snapshot, panel: snapshot.panel === null ? null : panelName(snapshot.panel) };
}

export function staffView(snapshot: StaffSnapshot): StaffView {
  const { rooms, logins } = snapshot;
  return { ...snapshot, rooms: rooms === null ? null : rooms.map(roomName), logins: logins.map(loginView) };
}

export function trailView(snapshot: TrailSnapshot): TrailView {
  return { ...snapshot, room: snapshot.room === null ? null : roomName(snapshot.room) };
}
