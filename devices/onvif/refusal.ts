/** What a failed question to a camera means: wrong address, wrong login, wrong clock, locked, or no stream, kept apart because each needs another hand. */
import { AppError, type ErrorCode, errnoOf } from '../../controller/core/errors.ts';
import { clean, type Fault } from './answer.ts';

/** How a question ended that got no answer. */
export interface Outcome {
  readonly call: string;
  /** What the library said. */
  readonly error: Error | null;
  /** HTTP status of the answer; null when there was none or the library kept it to itself. */
  readonly status: number | null;
  readonly isSoap: boolean;
  readonly fault: Fault | null;
  /** Camera clock minus ours, which time stamps of logins have been moved by; null when the camera did not say. */
  readonly clockOffsetMs: number | null;
}

/** An offset that people should hear about beside a refused login. */
const CLOCK_WORTH_NAMING_MS = 60_000;

const LOCKED = /\block(?:ed)?(?:[ -]?out)?\b|\bblocked\b|too many (?:failed|wrong|attempts|tries)|UserLocked/i;
const CLOCK = /time ?(?:check|stamp)|expired|MessageExpired|InvalidTime|clock|\bCreated\b/i;
const LOGIN =
  /NotAuthorized|not authorized|unauthorized|FailedAuthentication|authentication fail|InvalidSecurity|wrong password/i;
const MEDIA_CALLS: ReadonlySet<string> = new Set(['GetProfiles', 'GetStreamUri']);

/** The error for an outcome at the camera `host`. */
export function refusal(host: string, outcome: Outcome): AppError {
  const { call, error, status, fault } = outcome;
  const more = error === null ? {} : { cause: error };
  const says = (code: ErrorCode, what: string): AppError => new AppError(code, `${host} ${what}`, more);

  if (fault !== null) {
    const quoted = fault.text === '' ? '' : `: ${fault.text}`;
    if (LOCKED.test(fault.text)) return says('camera-locked-out', `locks logins for a while${quoted}`);
    if (CLOCK.test(fault.text)) return says('camera-clock-wrong', `refuses the time stamp of the login${quoted}`);
    if (LOGIN.test(fault.text) || status === 401)
      return says('camera-refused-login', `refuses the login${clockNote(outcome)}${quoted}`);
    return says(codeOfBroken(call), `refuses ${call}${quoted}`);
  }
  // The library says only in its error text when the second answer of HTTP Digest was 401 as well.
  if (status === 401 || /\b401\b/.test(error?.message ?? '')) {
    return says('camera-refused-login', `refuses the login${clockNote(outcome)}`);
  }
  if (status === 403) return says('camera-locked-out', 'refuses the login for now (HTTP 403)');
  if (status === 503) return says('camera-busy', `is busy: ${call} was answered with HTTP 503`);
  if (status !== null) {
    const what = outcome.isSoap ? 'with something else than asked for' : 'with something that is not ONVIF';
    return says(codeOfBroken(call), `answers ${call} ${what} (HTTP ${status})`);
  }
  const why = errnoOf(error) ?? clean(error?.message ?? 'no answer');
  return says('camera-unreachable', `does not answer ${call}: ${why}`);
}

/** A refusal after the clock was allowed for is about the password; where the clock is unknown, it may be either. */
function clockNote({ call, clockOffsetMs }: Outcome): string {
  if (call === 'GetSystemDateAndTime') return '';
  if (clockOffsetMs === null) return ' (its clock cannot be read: a wrong clock would look the same)';
  if (Math.abs(clockOffsetMs) < CLOCK_WORTH_NAMING_MS) return '';
  const minutes = Math.round(Math.abs(clockOffsetMs) / 60_000);
  return ` (its clock is ${minutes} min ${clockOffsetMs > 0 ? 'ahead' : 'behind'}, which was allowed for)`;
}

/** Whoever answers nonsense to the first questions is not the camera that was meant; a camera that does later has no stream for us. */
function codeOfBroken(call: string): ErrorCode {
  return MEDIA_CALLS.has(call) ? 'camera-no-stream' : 'camera-unreachable';
}
