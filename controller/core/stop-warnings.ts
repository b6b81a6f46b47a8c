/**
 * When people are warned about a session's times: it is late, probably forgotten, or will be in the way of the next one. Worked out
 * at each look and never kept; a warning orders nothing, because nothing is ever cut (invariant 8).
 */
import { isAwaited, isOpened, isRunning, type OpenedSession, plannedEndOf, type Session } from './session.ts';
import { between, type Instant } from './time.ts';

export type StopWarningKind = 'late-start' | 'planned-end' | 'silence' | 'ceiling' | 'next-booking' | 'adjacent';

export interface StopWarning {
  readonly why: StopWarningKind;
  readonly level: 'warning' | 'alarm';
  /** UTC ms. */
  readonly since: number;
  /** Until when a warning counts down before it becomes an alarm; null for an alarm, and for what never becomes one. */
  readonly alarmAt: number | null;
  /** The other session, or null. */
  readonly other: string | null;
}

/** How long each is waited for, in milliseconds. */
export interface StopLimits {
  /** From the first press to `ceiling`. */
  readonly ceilingMs: number;
  /** Without sound on any microphone to `silence`. */
  readonly silenceMs: number;
  /** A warning becomes an alarm after so long. */
  readonly countdownMs: number;
  /** The next booking is warned about so long before it begins. */
  readonly leadMs: number;
}

/** Two entries that lie closer than this are adjacent. */
const ADJACENT_MS = 5 * 60_000;

export interface StopInputs {
  readonly session: Session;
  /** Others of the room's docket. */
  readonly others: readonly Session[];
  /** Since when no microphone of it heard anything; null while one does, or nobody knows. */
  readonly silentSince: Instant | null;
  readonly limits: StopLimits;
  readonly now: Instant;
}

/** Every warning that stands now, worst first. */
export function stopWarningsOf(inputs: StopInputs): readonly StopWarning[] {
  const { session } = inputs;
  const found = isRunning(session)
    ? whileRunning(session, inputs)
    : isAwaited(session)
      ? whileAwaited(session, inputs)
      : [];
  return found.sort((a, b) => (a.level === b.level ? a.since - b.since : a.level === 'alarm' ? -1 : 1));
}

function whileRunning(session: OpenedSession, inputs: StopInputs): StopWarning[] {
  const { now, limits, silentSince, others } = inputs;
  const found: StopWarning[] = [];
  const countDown = (why: StopWarningKind, sinceMs: number): void => {
    if (sinceMs > now.wallMs) return;
    found.push(graded(why, sinceMs, sinceMs + limits.countdownMs, null, now));
  };
  const end = plannedEndOf(session);
  if (end !== null) countDown('planned-end', end);
  // Who said how long it goes on has thought of it: neither length nor silence is asked about before that is over.
  const isExtended = session.extendedToMs !== null && session.extendedToMs > now.wallMs;
  if (!isExtended) {
    countDown('ceiling', now.wallMs - (between(session.openedAt, now) - limits.ceilingMs));
    if (silentSince !== null) countDown('silence', now.wallMs - (between(silentSince, now) - limits.silenceMs));
  }
  for (const next of others.filter(isAwaited)) {
    const begins = next.planned?.fromMs;
    if (begins === undefined) continue;
    const sinceMs = end !== null && end > begins ? session.openedAt.wallMs : begins - limits.leadMs;
    if (sinceMs <= now.wallMs) found.push(graded('next-booking', sinceMs, begins, next.id, now));
  }
  return found;
}

function whileAwaited(session: Session, { now, limits, others }: StopInputs): StopWarning[] {
  const { planned } = session;
  if (planned === null) return [];
  const found: StopWarning[] = [];
  if (planned.fromMs < now.wallMs) {
    found.push(graded('late-start', planned.fromMs, planned.fromMs + limits.countdownMs, null, now));
  }
  for (const other of others) {
    if (isRunning(other)) {
      const end = plannedEndOf(other);
      const sinceMs = end !== null && end > planned.fromMs ? other.openedAt.wallMs : planned.fromMs - limits.leadMs;
      if (sinceMs <= now.wallMs) found.push(graded('next-booking', sinceMs, planned.fromMs, other.id, now));
    } else if (isAwaited(other) && other.planned !== null) {
      const why = meeting(planned, other.planned);
      if (why !== null) {
        const since = Math.max(session.createdAt.wallMs, other.createdAt.wallMs);
        found.push({ why, level: 'warning', since, alarmAt: null, other: other.id });
      }
    }
  }
  return found;
}

interface Times {
  readonly fromMs: number;
  readonly toMs: number | null;
}

/** Whether two planned stretches overlap or lie right beside each other; an end that nobody planned meets only what begins before it. */
function meeting(a: Times, b: Times): 'next-booking' | 'adjacent' | null {
  const [first, second] = a.fromMs <= b.fromMs ? [a, b] : [b, a];
  if (first.fromMs === second.fromMs) return 'next-booking';
  if (first.toMs === null) return null;
  if (first.toMs > second.fromMs) return 'next-booking';
  return second.fromMs - first.toMs < ADJACENT_MS ? 'adjacent' : null;
}

function graded(why: StopWarningKind, since: number, alarmAt: number, other: string | null, now: Instant): StopWarning {
  const isAlarm = alarmAt <= now.wallMs;
  return {
    why,
    level: isAlarm ? 'alarm' : 'warning',
    since: Math.round(since),
    alarmAt: isAlarm ? null : alarmAt,
    other,
  };
}

/** True while the room of an entry is to be kept ready for it: from a while before its time until it was opened, or is plainly over. */
export function isArmedFor(session: Session, armBeforeMs: number, patienceMs: number, now: Instant): boolean {
  if (isOpened(session) || session.state === 'cancelled' || session.planned === null) return false;
  const { fromMs, toMs } = session.planned;
  return now.wallMs >= fromMs - armBeforeMs && now.wallMs < Math.max(toMs ?? 0, fromMs + patienceMs);
}
