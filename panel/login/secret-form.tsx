/** The long secret, typed on a keyboard: from a browser that is no panel, or by those who were given one. */
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { logInBySecret } from '../wire/people-rest.ts';
import { say, sayTroubleText } from '../words/language.ts';
import { leftUntil, openAt } from './lock.ts';
import { LockNote } from './lock-note.tsx';

const PLAIN = { type: 'text' } as const;
const HIDDEN = { type: 'password' } as const;

interface Props {
  readonly onEntered: () => void;
  readonly onBack: () => void;
}

export function SecretForm({ onEntered, onBack }: Props) {
  const [secret, setSecret] = useState('');
  const [shown, setShown] = useState(false);
  const [checking, setChecking] = useState(false);
  const [said, setSaid] = useState('');
  const [lockedUntil, setLocked] = useState<number | null>(null);
  const locked = leftUntil(lockedUntil) > 0;
  const field = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => field.current?.focus(), []);

  const enter = async (event: Event) => {
    event.preventDefault();
    if (checking || locked || secret.trim() === '') return;
    setChecking(true);
    setSaid('');
    const answer = await logInBySecret(secret);
    setChecking(false);
    if (answer.outcome === 'ok') return onEntered();
    if (answer.outcome === 'unreachable') return setSaid(say('login.unreachable'));
    const { refusal } = answer;
    if (refusal.code === 'too-many-tries') setLocked(openAt(refusal.retryAfterMs));
    else setSaid(refusal.code === 'wrong-secret' ? say('secret.wrong') : sayTroubleText(refusal));
    field.current?.select();
  };
  return (
    <form class="secret" onSubmit={(event) => void enter(event)}>
      <h1>{say('secret.title')}</h1>
      <label class="secret-label">
        {say('secret.label')}
        <input
          ref={field}
          class="secret-field"
          data-secret
          {...(shown ? PLAIN : HIDDEN)}
          autocomplete="off"
          autocapitalize="characters"
          spellcheck={false}
          maxLength={64}
          value={secret}
          onInput={(event) => setSecret(event.currentTarget.value)}
        />
      </label>
      <button type="button" class="button secret-show" aria-pressed={shown} onClick={() => setShown(!shown)}>
        {say('secret.show')}
      </button>
      <p class="pin-note" role="alert" data-bad={locked || said !== ''}>
        {locked ? <LockNote until={lockedUntil} /> : checking ? say('login.checking') : said}
      </p>
      <div class="secret-buttons">
        <button type="button" class="button" onClick={onBack}>
          {say('login.back')}
        </button>
        <button type="submit" class="button button-main" disabled={checking || locked || secret.trim() === ''}>
          {say('login.enter')}
        </button>
      </div>
    </form>
  );
}
