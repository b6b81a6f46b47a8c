/** The one state word of the room, large enough to be read from three metres, with icon, colour and elapsed time. */
import type { RoomView } from '../../controller/api/contract.ts';
import { lengthText, timeText } from '../shell/clock.ts';
import { Icon, type IconName } from '../shell/icon.tsx';
import { say, sayStop } from '../words/language.ts';
import { elapsedMs, type Face, faceOf } from './face.ts';

const ICONS: Readonly<Record<Face, IconName>> = {
  waiting: 'waiting',
  asleep: 'asleep',
  arming: 'waiting',
  ready: 'ready',
  'partly-ready': 'fault',
  starting: 'waiting',
  recording: 'recording',
  fault: 'fault',
  closing: 'saving',
  closed: 'done',
  'handed-over': 'done',
};

interface Props {
  readonly view: RoomView | null;
  readonly stale: boolean;
  readonly serverNow: number | null;
}

export function FacePanel({ view, stale, serverNow }: Props) {
  const face = faceOf(view);
  const session = view?.session ?? null;
  // A stale screen does not count on: it shows the length at the last thing it was told.
  const now = stale ? (view?.at ?? 0) : (serverNow ?? 0);
  // “You can start” is never said above a button that is shut.
  const shut = session === null && view !== null && !view.may.open && face !== 'asleep';
  const sub = say(shut ? 'sub.may-not-start' : `sub.${face}`);
  return (
    <section class="face" data-face={face} data-stale={stale}>
      <Icon name={stale ? 'unlinked' : ICONS[face]} class="face-icon" />
      <div class="face-words">
        <p class="face-word">
          {say(`face.${face}`)}
          {stale && <span class="face-stale">{say('stale.word')}</span>}
        </p>
        <p class="face-below">
          <span class="face-sub">{stale && view !== null ? say('stale.last', { time: timeText(view.at) }) : sub}</span>
          {session !== null && (
            <span class="face-elapsed tabular" role="timer" data-elapsed>
              {lengthText(elapsedMs(session, now))}
            </span>
          )}
          {(face === 'closed' || face === 'handed-over') && session !== null && session.gaps.length > 0 && (
            <span class="face-gaps">
              {say('fact.gaps')} {say('fact.gap-count', { n: session.gaps.length })}
            </span>
          )}
        </p>
      </div>
      {/* Said aloud at each change of state; the running seconds are left out on purpose. */}
      <p class="unseen" aria-live={face === 'fault' ? 'assertive' : 'polite'} data-live>
        {stale ? say('stale.word') : say(`face.${face}`) + sayStop() + sub}
      </p>
    </section>
  );
}
