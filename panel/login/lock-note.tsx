/** “Too many wrong tries, wait m:ss”: the eye sees it count down, a screen reader hears it once. */
import { useState } from 'preact/hooks';
import { waitText } from '../shell/clock.ts';
import { say } from '../words/language.ts';
import { leftUntil } from './lock.ts';

interface Props {
  /** Monotonic moment at which the lock ends. */
  readonly until: number | null;
  /** It is the screen that is locked, for everybody. */
  readonly here?: boolean;
}

export function LockNote({ until, here = false }: Props) {
  const leftMs = leftUntil(until);
  const [first] = useState(leftMs);
  const text = (ms: number) => say(here ? 'login.locked-here' : 'login.locked', { time: waitText(ms) });
  return (
    <>
      <span class="unseen">{text(first)}</span>
      <span class="tabular" aria-hidden="true" data-left={Math.ceil(leftMs)}>
        {text(leftMs)}
      </span>
    </>
  );
}
