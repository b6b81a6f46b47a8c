/** Ten large keys for a finger and the same by keyboard. What is typed belongs to the page. */
import { useEffect, useRef } from 'preact/hooks';
import { Icon } from '../shell/icon.tsx';
import { say } from '../words/language.ts';

const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9'] as const;

interface Props {
  /** On the key that sends. */
  readonly enter: string;
  readonly canEnter: boolean;
  /** No key does anything while it is locked. */
  readonly locked: boolean;
  readonly onDigit: (digit: string) => void;
  readonly onErase: () => void;
  readonly onEnter: () => void;
  /** Escape on the keyboard. */
  readonly onLeave: () => void;
}

export function DigitPad({ enter, canEnter, locked, onDigit, onErase, onEnter, onLeave }: Props) {
  // The newest closures, for the one listener below.
  const acts = useRef({ onDigit, onErase, onEnter, onLeave });
  acts.current = { onDigit, onErase, onEnter, onLeave };
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.altKey || event.metaKey || event.target instanceof HTMLInputElement) return;
      if (/^[0-9]$/.test(event.key)) acts.current.onDigit(event.key);
      else if (event.key === 'Backspace') acts.current.onErase();
      else if (event.key === 'Escape') acts.current.onLeave();
      // Enter on a focused key of the pad presses that key, as everywhere else.
      else if (event.key === 'Enter' && !(event.target instanceof HTMLButtonElement)) acts.current.onEnter();
      else return;
      if (event.key !== 'Enter') event.preventDefault();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
  useEffect(() => {
    // The button that was pressed to get here is gone; nothing may keep the focus, so that Enter means “send”.
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
  }, []);
  return (
    // A press by finger or mouse takes no focus, so that Enter on the keyboard goes on meaning “send”.
    <fieldset class="pin-keys" onMouseDown={(event) => event.preventDefault()}>
      {KEYS.map((digit) => (
        <button
          key={digit}
          type="button"
          class="pin-key"
          data-key={digit}
          disabled={locked}
          onClick={() => onDigit(digit)}
        >
          {digit}
        </button>
      ))}
      <button
        type="button"
        class="pin-key"
        data-key="erase"
        aria-label={say('login.erase')}
        disabled={locked}
        onClick={onErase}
      >
        <Icon name="erase" />
      </button>
      <button type="button" class="pin-key" data-key="0" disabled={locked} onClick={() => onDigit('0')}>
        0
      </button>
      <button type="button" class="pin-key pin-enter" data-key="enter" disabled={locked || !canEnter} onClick={onEnter}>
        {enter}
      </button>
    </fieldset>
  );
}
