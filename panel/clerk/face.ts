/** What the clerk's page says about a room, decided from one snapshot. Pure, so that every state can be looked at in a table. */
import type { RoomView, StreamView } from '../../controller/api/contract.ts';
import type { SessionView } from '../../controller/api/contract-session.ts';

export type Face =
  | 'waiting'
  | 'asleep'
  | 'arming'
  | 'ready'
  | 'partly-ready'
  | 'starting'
  | 'recording'
  | 'fault'
  | 'closing'
  | 'closed'
  | 'handed-over';

/**
 * Invariant 1: `recording` only while the controller confirms bytes on disk; asked for and not confirmed is `starting`
 * before the first proof and `fault` after it.
 */
export function faceOf(view: RoomView | null, dismissed: string | null = null): Face {
  if (view === null) return 'waiting';
  const session = sessionShown(view, dismissed);
  if (session === null) return view.readiness;
  switch (session.state) {
    case 'opening':
      return 'starting';
    case 'open':
      return session.confirmed ? 'recording' : 'fault';
    default:
      return session.state;
  }
}

/** The session that the page is about. One that is over can be put aside (`dismissed`, its id) to go on to the next. */
export function sessionShown(view: RoomView, dismissed: string | null): SessionView | null {
  const { session } = view;
  return session !== null && session.id === dismissed && !isRunning(session) ? null : session;
}

/** True while a session is going on, which is also when losing the link to the controller costs nothing. */
export function isRunning(session: SessionView | null): boolean {
  return session !== null && (session.state === 'opening' || session.state === 'open' || session.state === 'closing');
}

/** How long the session has lasted or lasted, in milliseconds since the press that opened it. */
export function elapsedMs(session: SessionView, serverNow: number): number {
  return (session.closedAt ?? serverNow) - session.openedAt;
}

/** How many interruptions people would count: what several streams lost at one time is one. */
export function holesOf(session: SessionView): number {
  return session.interruptions.length === 0 ? session.gaps.length : session.interruptions.length;
}

/** The mandatory streams for which there is no proof on disk: the reason why a session is not confirmed. */
export function unproven(view: RoomView): readonly StreamView[] {
  return view.streams.filter((stream) => stream.mandatory && stream.state !== 'recording');
}

/** How many mandatory streams are on disk, of how many. */
export function mandatoryCount(view: RoomView): { readonly written: number; readonly all: number } {
  const mandatory = view.streams.filter((stream) => stream.mandatory);
  return { written: mandatory.filter((stream) => stream.state === 'recording').length, all: mandatory.length };
}
