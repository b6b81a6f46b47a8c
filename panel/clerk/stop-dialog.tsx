/** Asks once before a session is closed, because it cannot be resumed. The focus starts on the safe answer. */
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { SessionView } from '../../controller/api/contract-session.ts';
import { lengthText } from '../shell/clock.ts';
import { Icon } from '../shell/icon.tsx';
import { say } from '../words/language.ts';
import { elapsedMs } from './face.ts';

interface Props {
  readonly session: SessionView;
  readonly serverNow: number;
  readonly onKeep: () => void;
  readonly onStop: () => void;
}

export function StopDialog({ session, serverNow, onKeep, onStop }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const keep = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => {
    dialog.current?.showModal();
    keep.current?.focus();
  }, []);
  return (
    <dialog ref={dialog} class="stop-dialog" aria-labelledby="stop-title" onClose={onKeep}>
      <h2 id="stop-title">{say('stop.title')}</h2>
      <p class="tabular">{say('stop.text', { time: lengthText(elapsedMs(session, serverNow)) })}</p>
      <div class="stop-dialog-buttons">
        <button ref={keep} type="button" class="stop-keep" data-stop="keep" onClick={onKeep}>
          <Icon name="recording" />
          {say('stop.keep')}
        </button>
        <button type="button" class="stop-end" data-stop="end" onClick={onStop}>
          <Icon name="stop" />
          {say('stop.end')}
        </button>
      </div>
    </dialog>
  );
}
