/** The PIN of one person, and plain words when it was wrong or the login is locked, with the time left. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { PersonChoice } from '../../controller/api/contract.ts';
import { logIn } from '../wire/people-rest.ts';
import { say, sayTroubleText } from '../words/language.ts';
import { DigitPad } from './digit-pad.tsx';
import { leftUntil } from './lock.ts';
import { LockNote } from './lock-note.tsx';

const PIN_MAX_DIGITS = 12;

interface Props {
  readonly person: PersonChoice;
  /** Monotonic moment until which this person or this screen is locked; null when it is open. */
  readonly lockedUntil: number | null;
  readonly onEntered: () => void;
  readonly onOther: () => void;
  /** The controller said no: the page should look what is locked and whether this is a panel still. */
  readonly onRefused: (lockedForMs: number | null) => void;
}

export function PinPad({ person, lockedUntil, onEntered, onOther, onRefused }: Props) {
  const [pin, setPin] = useState('');
  const [checking, setChecking] = useState(false);
  const [wrong, setWrong] = useState(0);
  const [said, setSaid] = useState('');
  const locked = leftUntil(lockedUntil) > 0;
  const wasLocked = useRef(false);
  useEffect(() => {
    if (!locked) return;
    wasLocked.current = true;
    setPin('');
    setSaid('');
    setWrong(0);
  }, [locked]);

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
    } else {
      setSaid(sayTroubleText(refusal));
    }
    onRefused(refusal.retryAfterMs ?? null);
  };

  const note = checking
    ? say('login.checking')
    : wasLocked.current && said === '' && pin === ''
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
        {/* A screen reader is told when something is wrong, and of a lock once: not every second that it counts down. */}
        <p class="pin-note" role="alert" data-bad={bad}>
          {locked ? <LockNote until={lockedUntil} /> : note}
        </p>
        <button type="button" class="button pin-other" onClick={onOther}>
          {say('login.other-person')}
        </button>
      </div>
      <DigitPad
        enter={say('login.enter')}
        canEnter={!checking && pin !== ''}
        locked={locked}
        onDigit={type}
        onErase={erase}
        onEnter={() => void enter()}
        onLeave={onOther}
      />
    </div>
  );
}
