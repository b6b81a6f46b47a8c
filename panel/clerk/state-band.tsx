/** The one state word of the room across the whole screen, to be read from three metres, with elapsed time and what is proven. */
import { lengthText, timeText } from '../shell/clock.ts';
import { Icon, type IconName } from '../shell/icon.tsx';
import { kindName } from '../shell/rules.ts';
import { say, sayStop } from '../words/language.ts';
import type { ClerkDesk } from './clerk-desk.ts';
import { minuteText } from './clock-words.ts';
import { lateMs } from './docket-order.ts';
import { elapsedMs, type Face } from './face.ts';
import { ProofLines } from './proof-lines.tsx';

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

export function StateBand({ desk }: { readonly desk: ClerkDesk }) {
  const view = desk.view.value;
  const stale = desk.stale.value;
  const face = desk.face.value;
  const session = desk.session.value;
  // “You can start” is never said above a button that is shut.
  const shut = session === null && view !== null && !view.may.open && face !== 'asleep';
  const sub = say(shut ? 'sub.may-not-start' : `sub.${face}`);
  return (
    <section class="face" data-face={face} data-stale={stale} aria-label={say('band.title')}>
      <Icon name={stale ? 'unlinked' : ICONS[face]} class="face-icon" />
      <p
        class="face-word"
        data-length={face === 'partly-ready' || face === 'asleep' || face === 'arming' ? 'long' : 'short'}
      >
        {say(`face.${face}`)}
      </p>
      <div class="face-below">
        <span class="face-sub">{stale && view !== null ? say('stale.last', { time: timeText(view.at) }) : sub}</span>
        {session !== null && (
          <span class="face-elapsed tabular" role="timer" data-elapsed>
            {lengthText(elapsedMs(session, desk.now.value))}
          </span>
        )}
      </div>
      <div class="face-side">{session === null ? <Coming desk={desk} /> : <ProofLines session={session} />}</div>
      {/* Said aloud at each change of state; the running seconds are left out on purpose. */}
      <p class="unseen" aria-live={face === 'fault' ? 'assertive' : 'polite'} data-live>
        {stale ? say('stale.word') : say(`face.${face}`) + sayStop() + sub}
      </p>
    </section>
  );
}

/** What a start would open. */
function Coming({ desk }: { readonly desk: ClerkDesk }) {
  const entry = desk.entry.value;
  if (desk.view.value === null) return null;
  if (entry === null) {
    const none = desk.entryDue.value === null;
    return <p class="face-line">{say(none ? 'band.nothing-planned' : 'band.walk-in')}</p>;
  }
  const late = lateMs(entry, desk.now.value);
  return (
    <>
      <p class="face-line">
        {say('band.next')} <b class="tabular">{entry.planned === null ? '' : minuteText(entry.planned.from)}</b>{' '}
        {kindName(entry.kind)}
      </p>
      <p class="face-line face-matter">{entry.matter === '' ? say('fact.no-matter') : entry.matter}</p>
      {late !== null && (
        <p class="face-line face-late" data-late>
          <Icon name="fault" />
          {say('band.late', { n: Math.max(1, Math.floor(late / 60_000)) })}
        </p>
      )}
    </>
  );
}
