/** Shows once what is told once: a pairing code that counts down, a new PIN, a new secret. */
import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import { say } from '../words/language.ts';
import { useModal } from './modal.ts';

interface Props {
  readonly title: string;
  /** Large, to be read across a desk. */
  readonly text: string;
  readonly onClose: () => void;
  readonly children?: ComponentChildren;
}

export function ToldDialog({ title, text, onClose, children }: Props) {
  const close = useRef<HTMLButtonElement>(null);
  const dialog = useModal(close);
  return (
    <dialog ref={dialog} class="told-dialog" aria-labelledby="told-title" onClose={onClose}>
      <h2 id="told-title">{title}</h2>
      {children}
      <p class="told-text tabular" data-told={text}>
        {text}
      </p>
      <div class="ask-buttons">
        <button ref={close} type="button" class="button button-main" data-told-close onClick={onClose}>
          {say('code.close')}
        </button>
      </div>
    </dialog>
  );
}
