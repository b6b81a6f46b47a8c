/** What the big buttons do: each a press with one id, sent until it is answered or the next snapshot shows it. */
import type { RoomView } from '../../controller/api/contract.ts';
import type { SessionView } from '../../controller/api/contract-session.ts';
import { beginCheck, extendSession, openEntry } from '../wire/clerk-rest.ts';
import { newPressId } from '../wire/press-id.ts';
import { closeSession, openSession } from '../wire/rest.ts';
import type { ClerkDesk } from './clerk-desk.ts';
import { isRunning } from './face.ts';
import { emptyWalkIn, kindMeant } from './walk-in-form.ts';

/** What one tap adds to a session whose stop was probably forgotten. */
export const EXTEND_BY_MS = 30 * 60_000;

/** Leaves what is over and goes on to what is next. */
export function putAside(desk: ClerkDesk): void {
  desk.dismissed.value = desk.session.peek()?.id ?? null;
  desk.chosen.value = null;
  desk.tab.value = null;
  desk.shut();
}

/** Opens what the page means: the chosen line of the docket, or a walk-in. */
export function start(desk: ClerkDesk): void {
  const view = desk.view.peek();
  if (view === null || desk.press.underWay) return;
  const entry = desk.entry.peek();
  const press = newPressId();
  const before = view.session?.id;
  const now = (): RoomView['session'] => desk.view.peek()?.session ?? null;
  const send = () => {
    if (entry !== null) return openEntry(entry.id, press);
    const matter = desk.walkIn.matter.peek().trim();
    return openSession(view.room.id, { press, kind: kindMeant(desk.walkIn), ...(matter === '' ? {} : { matter }) });
  };
  desk.shut();
  void desk.press
    .run('start', send, () => isRunning(now()) && (now()?.id !== before || entry?.id === now()?.id))
    .then((isDone) => {
      if (!isDone) return;
      if (entry === null) emptyWalkIn(desk.walkIn);
      desk.chosen.value = null;
      desk.tab.value = null;
    });
}

export function stop(desk: ClerkDesk, session: SessionView): void {
  const reached = () => {
    const now = desk.view.peek()?.session;
    return now?.id !== session.id || now.requested === 'stop';
  };
  void desk.press.run('stop', () => closeSession(session.id), reached);
}

/** Keeps a few seconds of every device; a start is possible meanwhile. */
export function runCheck(desk: ClerkDesk): void {
  const room = desk.view.peek()?.room.id;
  if (room === undefined) return;
  const entry = desk.entry.peek();
  const request = { press: newPressId(), ...(entry === null ? {} : { session: entry.id }) };
  const before = desk.view.peek()?.check?.id;
  void desk.checking.run(
    'check',
    () => beginCheck(room, request),
    () => desk.view.peek()?.check?.id !== before,
  );
}

/** `byMs`: for how long from now it goes on. */
export function extend(desk: ClerkDesk, byMs = EXTEND_BY_MS): void {
  const session = desk.session.peek();
  if (session === null) return;
  const request = { press: newPressId(), byMs };
  const before = session.until;
  void desk.extending.run(
    'extend',
    () => extendSession(session.id, request),
    () => desk.session.peek()?.until !== before,
  );
}
