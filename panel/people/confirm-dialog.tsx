/** Asks once before something ends for somebody else. The focus starts on the safe answer. */
import { useRef } from 'preact/hooks';
import { say } from '../words/language.ts';
import { useModal } from './modal.ts';

export interface Question {
  readonly title: string;
  readonly text: string;
  readonly yes: string;
  readonly onYes: () => void;
}

export function ConfirmDialog({ question, onClose }: { readonly question: Question; readonly onClose: () => void }) {
  const no = useRef<HTMLButtonElement>(null);
  const dialog = useModal(no);
  return (
    <dialog ref={dialog} class="ask-dialog" aria-labelledby="ask-title" onClose={onClose}>
      <h2 id="ask-title">{question.title}</h2>
      <p>{question.text}</p>
      <div class="ask-buttons">
        <button ref={no} type="button" class="button" data-ask="no" onClick={onClose}>
          {say('staff.no')}
        </button>
        <button
          type="button"
          class="button button-grave"
          data-ask="yes"
          onClick={() => {
            onClose();
            question.onYes();
          }}
        >
          {question.yes}
        </button>
      </div>
    </dialog>
  );
}
