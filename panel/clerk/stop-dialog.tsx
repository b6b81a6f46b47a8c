/**
 * Asks once before a session is closed, because it cannot be resumed. The focus starts on the safe answer. What is still owed is said
 * and forbids nothing: closing with debts is allowed, and marked.
 */
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { SessionView } from '../../controller/api/contract-session.ts';
import { lengthText } from '../shell/clock.ts';
import { Icon } from '../shell/icon.tsx';
import { fieldName } from '../shell/rules.ts';
import { say } from '../words/language.ts';
import type { ClerkDesk } from './clerk-desk.ts';
import { elapsedMs } from './face.ts';

interface Props {
  readonly desk: ClerkDesk;
  readonly session: SessionView;
  readonly onKeep: () => void;
  readonly onStop: () => void;
}

export function StopDialog({ desk, session, onKeep, onStop }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const keep = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => {
    dialog.current?.showModal();
    keep.current?.focus();
  }, []);
  const owed = owedWords(session);
  return (
    <dialog ref={dialog} class="stop-dialog" aria-labelledby="stop-title" onClose={onKeep}>
      <h2 id="stop-title">{say('stop.title')}</h2>
      <p class="tabular">{say('stop.text', { time: lengthText(elapsedMs(session, desk.now.value)) })}</p>
      {owed.length > 0 && (
        <div class="stop-owed" data-stop-owed>
          <p>{say('stop.owed')}</p>
          <ul>
            {owed.map((one) => (
              <li key={one}>{one}</li>
            ))}
          </ul>
        </div>
      )}
      <div class="stop-dialog-buttons">
        <button ref={keep} type="button" class="stop-keep" data-stop="keep" onClick={onKeep}>
          <Icon name="recording" />
          {say('stop.keep')}
        </button>
        <button type="button" class="stop-end" data-stop="end" onClick={onStop}>
          <Icon name="stop" />
          {say(owed.length === 0 ? 'stop.end' : 'stop.end-owed')}
        </button>
      </div>
    </dialog>
  );
}

/** What can only be done while it records comes first: afterwards it is too late for it. */
function owedWords(session: SessionView): readonly string[] {
  const spoken = session.interruptions.filter(({ owed }) => owed.includes('spoken')).length;
  const typed = session.interruptions.filter(({ owed }) => owed.includes('typed')).length;
  const names = session.debts.map((id) => fieldName(session.kind, id)).join(say('list.comma'));
  return [
    ...(session.notice.owed && session.notice.told === null ? [say('stop.owed-told')] : []),
    ...(spoken > 0 ? [say('stop.owed-spoken', { n: spoken })] : []),
    ...(typed > 0 ? [say('stop.owed-typed', { n: typed })] : []),
    ...(session.debts.length > 0 ? [say('stop.owed-fields', { names })] : []),
  ];
}
