/** What the doctor says about how long recordings stay on this machine: by which rule they are deleted, or why they are not. */
import type { ClockState } from '../core/time.ts';
import type { Finding } from './doctor.ts';

export interface Keeping {
  /** `storage.keepDays`. */
  readonly keepDays: number | null;
  /** There is a way to a centre. */
  readonly hasCentre: boolean;
}

export function keepingFinding({ keepDays, hasCentre }: Keeping, { source }: ClockState): Finding {
  const say = (level: Finding['level'], message: string, hint: string | null): Finding => ({
    ...{ level, subject: 'keeping', message, hint, code: null },
  });
  if (keepDays === null) return say('ok', 'nothing is ever deleted here (storage.keepDays is not set)', null);
  if (!hasCentre)
    return say(
      'warning',
      `storage.keepDays is ${keepDays}, and without a centre nothing is ever deleted`,
      'Set up the way to the centre (mqtt in the configuration), or take storage.keepDays out.',
    );
  if (source !== 'ntp')
    return say(
      'warning',
      `storage.keepDays is ${keepDays}, and nothing is deleted as long as nobody says that the clock is right`,
      'Install chrony and give it a time server.',
    );
  return say('ok', `what the centre signed for is deleted here ${keepDays} days after its hand-over`, null);
}
