/** Ten large keys for a finger, the same by keyboard, and plain words when the PIN was wrong or the login is locked. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { PersonChoice } from '../../controller/api/contract.ts';
import { waitText } from '../shell/clock.ts';
import { Icon } from '../shell/icon.tsx';
import { monoNow } from '../wire/beat.ts';
import { logIn } from '../wire/rest.ts';
import { say, sayTroubleText } from '../words/language.ts';

const PIN_MAX_DIGITS = 12;
/** When the controller locks without saying for how long. */
const LOCKED_FALLBACK_MS = 30_000;
const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9'] as const;

interface Props {
  readonly person: PersonChoice;
  readonly onEntered: () => void;
  readonly onOther: () => void;
}

export function PinPad({ person, onEntered, onOther }: Props) {
  const [pin, setPin] = useState('');
  const [checking, setChecking] = useState(false);
  const [wrong, setWrong] = useState(0);
  const [said, setSaid] = useState('');
  const [lockedUntilMono, setLockedUntil] = useState<number | null>(null);
  const lockedForMs = lockedUntilMono === null ? 0 : lockedUntilMono - monoNow.value;
  const locked = lockedForMs > 0;

  const type = (digit: string) => {
    if (!checking && !locked && pin.length < PIN_MAX_DIGITS) setPin(pin + digit);
  };
  const erase = () => {
    if (!checking) setPin(pin.slice(0, -1));
  };
  const enter = async () => {
    if (checking || locked || pin === '') return;
    setChecking(true);
    setSaid('');
    const answer = await logIn({ person: person.id, pin });
    setChecking(false);
    if (answer.outcome === 'ok') return onEntered();
    if (answer.outcome === 'unreachable') return setSaid(say('login.unreachable'));
    setPin('');
    const { refusal } = answer;
    if (refusal.code === 'wrong-pin') {
      setWrong(wrong + 1);
      setSaid(say('login.wrong', { n: wrong + 1 }));
    } else if (refusal.code === 'too-many-tries') {
      setWrong(0);
      setLockedUntil(performance.now() + (refusal.retryAfterMs ?? LOCKED_FALLBACK_MS));
    } else {
      setSaid(sayTroubleText(refusal));
    }
  };

  // The newest closures, for the one listener below.
  const keys = useRef({ type, erase, enter, onOther });
  keys.current = { type, erase, enter, onOther };
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      if (/^[0-9]$/.test(event.key)) keys.current.type(event.key);
      else if (event.key === 'Backspace') keys.current.erase();
      else if (event.key === 'Escape') keys.current.onOther();
      // Enter on a focused key of the pad presses that key, as everywhere else.
      else if (event.key === 'Enter' && !(event.target instanceof HTMLButtonElement)) void keys.current.enter();
      else return;
      if (event.key !== 'Enter') event.preventDefault();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
  useEffect(() => {
    // The button that was pressed to get here is gone; nothing may keep the focus, so that Enter means “log in”.
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
  }, []);

  const note = locked
    ? say('login.locked', { time: waitText(lockedForMs) })
    : checking
      ? say('login.checking')
      : lockedUntilMono !== null && said === '' && pin === ''
        ? say('login.unlocked')
        : said;
  const bad = locked || (said !== '' && !checking);
  return (
    <div class="pin" data-locked={locked}>
      <div class="pin-side">
        <h1>{say('login.pin-of', { name: person.name })}</h1>
        <p class="pin-dots" role="status" aria-label={say('login.digits', { n: pin.length })}>
          {pin === '' ? <span class="pin-empty" /> : '●'.repeat(pin.length)}
        </p>
        <p class="pin-note" role="alert" data-bad={bad}>
          {note}
        </p>
        <button type="button" class="button pin-other" onClick={onOther}>
          {say('login.other-person')}
        </button>
      </div>
      {/* A press by finger or mouse takes no focus, so that Enter on the keyboard goes on meaning “log in”. */}
      <fieldset class="pin-keys" onMouseDown={(event) => event.preventDefault()}>
        {KEYS.map((digit) => (
          <button
            key={digit}
            type="button"
            class="pin-key"
            data-key={digit}
            disabled={locked}
            onClick={() => type(digit)}
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
          onClick={erase}
        >
          <Icon name="erase" />
        </button>
        <button type="button" class="pin-key" data-key="0" disabled={locked} onClick={() => type('0')}>
          0
        </button>
        <button
          type="button"
          class="pin-key pin-enter"
          data-key="enter"
          disabled={locked || checking || pin === ''}
          onClick={() => void enter()}
        >
          {say('login.enter')}
        </button>
      </fieldset>
    </div>
  );
}
