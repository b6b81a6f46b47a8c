/** Choosing a PIN on the same pad: the present one, the new one, the new one again. */
import { useState } from 'preact/hooks';
import { DigitPad } from '../login/digit-pad.tsx';
import { leftUntil, openAt } from '../login/lock.ts';
import { LockNote } from '../login/lock-note.tsx';
import { changePin } from '../wire/people-rest.ts';
import { say, sayTroubleText } from '../words/language.ts';
import { type PinStep, STEP_WORDS, weakKey } from './new-pin.ts';

const PIN_MAX_DIGITS = 12;

interface Props {
  readonly onDone: () => void;
  readonly onCancel: () => void;
}

export function ChangePin({ onDone, onCancel }: Props) {
  const [step, setStep] = useState<PinStep>('old');
  const [typed, setTyped] = useState('');
  const [old, setOld] = useState('');
  const [fresh, setFresh] = useState('');
  const [checking, setChecking] = useState(false);
  const [said, setSaid] = useState('');
  const [lockedUntil, setLocked] = useState<number | null>(null);
  const locked = leftUntil(lockedUntil) > 0;

  const go = (to: PinStep, note = '') => {
    setStep(to);
    setTyped('');
    setSaid(note);
  };
  const enter = async () => {
    if (checking || locked || typed === '') return;
    if (step === 'old') {
      setOld(typed);
      return go('new');
    }
    if (step === 'new') {
      setFresh(typed);
      return go('again');
    }
    if (typed !== fresh) return go('new', say('me.differs'));
    setChecking(true);
    const answer = await changePin({ pin: old, newPin: typed });
    setChecking(false);
    if (answer.outcome === 'ok') return onDone();
    if (answer.outcome === 'unreachable') return setSaid(say('login.unreachable'));
    const { refusal } = answer;
    if (refusal.code === 'wrong-pin') return go('old', say('me.wrong'));
    if (refusal.code === 'weak-pin') return go('new', say(weakKey(refusal.fields?.[0]?.message)));
    if (refusal.code === 'too-many-tries') setLocked(openAt(refusal.retryAfterMs));
    go('old', refusal.code === 'too-many-tries' ? '' : sayTroubleText(refusal));
  };
  return (
    <div class="pin" data-change-pin={step} data-locked={locked}>
      <div class="pin-side">
        <h1>{say(STEP_WORDS[step])}</h1>
        <p class="pin-dots" role="status" aria-label={say('login.digits', { n: typed.length })}>
          {typed === '' ? <span class="pin-empty" /> : '●'.repeat(typed.length)}
        </p>
        <p class="pin-note" role="alert" data-bad={locked || said !== ''}>
          {locked ? <LockNote until={lockedUntil} /> : checking ? say('login.checking') : said}
        </p>
        <button type="button" class="button pin-other" onClick={onCancel}>
          {say('me.cancel')}
        </button>
      </div>
      <DigitPad
        enter={say(step === 'again' ? 'me.save' : 'me.next')}
        canEnter={!checking && typed !== ''}
        locked={locked}
        onDigit={(digit) => {
          if (!checking && !locked && typed.length < PIN_MAX_DIGITS) setTyped(typed + digit);
        }}
        onErase={() => setTyped(typed.slice(0, -1))}
        onEnter={() => void enter()}
        onLeave={onCancel}
      />
    </div>
  );
}
