/** What a check of a room found, from what was kept in its seconds and from what was seen meanwhile (pure). */

import type { SegmentFact } from './facts.ts';
import { isFresh } from './proof.ts';
import type { RecorderStatus } from './recording.ts';
import type { CheckFinding, CheckVerdict } from './session-facts.ts';
import type { CheckRow } from './session-index.ts';
import type { DevicePlan } from './site-plan.ts';
import type { ClockState, Instant } from './time.ts';

/** What somebody saw and heard of a stream; null where nobody could tell. */
export interface Sense {
  readonly isMoving: boolean | null;
  readonly hasSound: boolean | null;
  /** Black, covered, or one even colour. */
  readonly isDark: boolean | null;
}

export interface CheckInputs {
  readonly check: CheckRow;
  readonly now: Instant;
  readonly devices: readonly DevicePlan[];
  readonly status: RecorderStatus | null;
  readonly clock: ClockState;
  readonly hoursLeft: number | null;
  /** Segments of the check's own claim. */
  readonly kept: (stream: string) => readonly SegmentFact[];
  readonly sense: (stream: string) => Sense | null;
}

/** Less than this on the disk is too little; a camera that slept needs its time to wake. */
const KEPT_MS_MIN = 3_000;
/** A hearing and another one have to fit on the disk. */
const HOURS_WANTED = 8;

/** Every finding, streams in the order of the room. */
export function checkFindings(inputs: CheckInputs): readonly CheckFinding[] {
  const { status, now, clock, hoursLeft, devices } = inputs;
  const isHere = isFresh(status, now);
  const findings: CheckFinding[] = [
    room('recorder', isHere, isHere ? 'it answers' : 'it does not answer'),
    room(
      'disk',
      hoursLeft === null ? null : hoursLeft >= HOURS_WANTED,
      hoursLeft === null
        ? 'nobody knows yet how much a stream needs'
        : `${Math.floor(hoursLeft)} h of recording fit on it`,
    ),
    room('clock', clock.source === 'unknown' ? null : clock.source === 'ntp', `the kernel says: ${clock.source}`),
  ];
  for (const device of devices) findings.push(...ofStream(device, inputs));
  return findings;
}

/** passed only when everything that matters is known to be good; a clock that is set by hand is told and costs nothing. */
export function verdictOf(findings: readonly CheckFinding[]): CheckVerdict {
  const matters = findings.filter(({ what, isGood }) => what !== 'clock' && !(what === 'disk' && isGood === null));
  return matters.every(({ isGood }) => isGood === true) ? 'passed' : 'warned';
}

function ofStream(device: DevicePlan, { check, kept, sense }: CheckInputs): CheckFinding[] {
  const stream = device.id;
  const segments = kept(stream);
  const wantedMs = check.to.monoMs - check.from.monoMs;
  const keptMs = segments.reduce((sum, one) => sum + one.mediaToMs - one.mediaFromMs, 0);
  const frames = segments.reduce((sum, one) => sum + one.videoFrames, 0);
  const sounds = segments.reduce((sum, one) => sum + one.audioFrames, 0);
  const seen = sense(stream);
  const found: CheckFinding[] = [
    {
      ...{ what: 'kept', stream, isGood: keptMs >= Math.min(KEPT_MS_MIN, wantedMs) },
      detail: `${(Math.min(keptMs, wantedMs) / 1_000).toFixed(1)} s of ${(wantedMs / 1_000).toFixed(1)} s are on the disk`,
    },
  ];
  if (device.kind === 'camera') {
    const isDark = seen?.isDark === true;
    const isGood = frames === 0 ? false : isDark ? false : (seen?.isMoving ?? null);
    const detail = isDark
      ? 'it is black or covered'
      : seen?.isMoving === false
        ? 'it does not move'
        : `${frames} frames`;
    found.push({ what: 'picture', stream, isGood: isGood ?? frames > 0, detail });
  }
  if (device.kind === 'microphone' || sounds > 0) {
    const isGood = sounds === 0 ? false : (seen?.hasSound ?? null);
    const detail = sounds === 0 ? 'there is none' : seen?.hasSound === false ? 'the line is dead' : `${sounds} frames`;
    found.push({ what: 'sound', stream, isGood, detail });
  }
  return found;
}

function room(what: CheckFinding['what'], isGood: boolean | null, detail: string): CheckFinding {
  return { what, stream: null, isGood, detail };
}
