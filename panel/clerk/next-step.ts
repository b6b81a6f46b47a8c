/** The one thing a clerk should do next, decided from one snapshot. Pure, so that every state can be looked at in a table. */
import type { RoomView } from '../../controller/api/contract.ts';
import type { DocketEntry } from '../../controller/api/contract-docket.ts';
import type { InterruptionView, SessionView, SessionWarning } from '../../controller/api/contract-session.ts';
import { sessionShown } from './face.ts';

/** With less time than this to the planned beginning nobody is sent to check devices first. */
const CHECK_AHEAD_MS = 2 * 60_000;

export type Step =
  /** Nothing is known yet. */
  | { readonly is: 'wait' }
  /** `first` is what the page would do first; starting is possible all the same. */
  | { readonly is: 'before'; readonly first: 'start' | 'check' | 'checking' | 'listen' }
  /** Asked for, not proven. Begin when it is. */
  | { readonly is: 'proving' }
  | { readonly is: 'tell' }
  | { readonly is: 'explain'; readonly interruption: InterruptionView }
  | { readonly is: 'extend'; readonly warning: SessionWarning }
  /** A device has to be looked after; there is nothing to press. */
  | { readonly is: 'mend' }
  | { readonly is: 'fill' }
  /** It records and nothing is owed. */
  | { readonly is: 'calm' }
  | { readonly is: 'closing' }
  | { readonly is: 'over'; readonly first: 'fill' | 'explain' | 'back' };

/** `entry` is the line of the docket that a start would open, or null for a walk-in; `dismissed` a session that was put aside. */
export function nextStep(
  view: RoomView | null,
  entry: DocketEntry | null,
  nowMs: number,
  dismissed: string | null = null,
): Step {
  if (view === null) return { is: 'wait' };
  const session = sessionShown(view, dismissed);
  if (session === null) return { is: 'before', first: firstBefore(view, entry, nowMs) };
  switch (session.state) {
    case 'opening':
      return { is: 'proving' };
    case 'open':
      return stepDuring(session);
    case 'closing':
      return { is: 'closing' };
    default:
      return { is: 'over', first: firstAfter(session) };
  }
}

function firstBefore(
  view: RoomView,
  entry: DocketEntry | null,
  nowMs: number,
): 'start' | 'check' | 'checking' | 'listen' {
  const check = checkFor(view, entry);
  if (check?.state === 'running') return 'checking';
  const isSoon = entry?.planned != null && entry.planned.from - nowMs < CHECK_AHEAD_MS;
  if (!view.may.check || isSoon || entry === null) return 'start';
  if (check === null || check.state === 'broken-off') return 'check';
  return check.heard === null ? 'listen' : 'start';
}

/** The check that speaks for what would be opened: the room's, or the one made for this entry. */
export function checkFor(view: RoomView, entry: DocketEntry | null): RoomView['check'] {
  if (view.check !== null && (view.check.session === null || view.check.session === entry?.id)) return view.check;
  return entry?.check ?? null;
}

function stepDuring(session: SessionView): Step {
  const asking = stopWarning(session);
  if (asking?.level === 'alarm') return { is: 'extend', warning: asking };
  if (session.notice.owed && session.notice.told === null) return { is: 'tell' };
  const owed = owedInterruption(session);
  if (owed !== null) return { is: 'explain', interruption: owed };
  if (asking !== null) return { is: 'extend', warning: asking };
  if (!session.confirmed) return { is: 'mend' };
  return { is: session.debts.length > 0 ? 'fill' : 'calm' };
}

function firstAfter(session: SessionView): 'fill' | 'explain' | 'back' {
  if (session.debts.length > 0) return 'fill';
  return session.interruptions.some((one) => one.owed.includes('typed')) ? 'explain' : 'back';
}

/** What says that a stop was probably forgotten, the gravest first. */
export function stopWarning(session: SessionView): SessionWarning | null {
  const asking = session.warnings.filter(({ why }) => why === 'planned-end' || why === 'silence' || why === 'ceiling');
  return asking.find(({ level }) => level === 'alarm') ?? asking[0] ?? null;
}

/** The oldest interruption whose reason is owed. */
export function owedInterruption(session: SessionView): InterruptionView | null {
  return session.interruptions.find((one) => one.id !== null && one.owed.length > 0) ?? null;
}
