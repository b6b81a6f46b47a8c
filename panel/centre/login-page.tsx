/** `/login`: name and secret. There is no password that anybody thought of, and none by default. */
import '../login/login.css';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { leftUntil, openAt } from '../login/lock.ts';
import { LockNote } from '../login/lock-note.tsx';
import { LanguageSwitch } from '../shell/language-switch.tsx';
import { say, sayTroubleText } from '../words/language.ts';
import { enter } from './rest.ts';
import { goTo } from './route.ts';
import { centre, entered, loginEnded } from './who.ts';

export function LoginPage() {
  const [name, setName] = useState('');
  const [secret, setSecret] = useState('');
  const [checking, setChecking] = useState(false);
  const [said, setSaid] = useState('');
  const [lockedUntil, setLocked] = useState<number | null>(null);
  const locked = leftUntil(lockedUntil) > 0;
  const field = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => field.current?.focus(), []);
  const isEmpty = name.trim() === '' || secret.trim() === '';

  const submit = async (event: Event) => {
    event.preventDefault();
    if (checking || locked || isEmpty) return;
    setChecking(true);
    setSaid('');
    const answer = await enter({ name, secret });
    setChecking(false);
    if (answer.outcome === 'ok') {
      entered(answer.value.person);
      return goTo('/', 'replace');
    }
    if (answer.outcome === 'unreachable') return setSaid(say('centre.unreachable'));
    const { refusal } = answer;
    if (refusal.code === 'too-many-tries') setLocked(openAt(refusal.retryAfterMs));
    else setSaid(refusal.code === 'wrong-secret' ? say('centre.wrong-secret') : sayTroubleText(refusal));
  };
  return (
    <div class="login centre-login">
      <header class="header">
        <span class="centre-home">{say('centre.title')}</span>
        <span class="site-name">{centre.value?.name ?? ''}</span>
        <span class="header-space" />
        <LanguageSwitch />
      </header>
      <main class="login-main">
        <form class="secret" onSubmit={(event) => void submit(event)}>
          <h1>{say('centre.login')}</h1>
          <p class="login-note">{loginEnded.value ? say('centre.login-ended') : ''}</p>
          <label class="secret-label">
            {say('centre.name')}
            <input
              ref={field}
              class="secret-field centre-name"
              data-name
              autocomplete="username"
              spellcheck={false}
              maxLength={40}
              value={name}
              onInput={(event) => setName(event.currentTarget.value)}
            />
          </label>
          <label class="secret-label">
            {say('secret.label')}
            <input
              class="secret-field"
              data-secret
              type="password"
              autocomplete="current-password"
              spellcheck={false}
              maxLength={64}
              value={secret}
              onInput={(event) => setSecret(event.currentTarget.value)}
            />
          </label>
          <p class="pin-note" role="alert" data-bad={locked || said !== ''}>
            {locked ? <LockNote until={lockedUntil} /> : checking ? say('login.checking') : said}
          </p>
          <div class="secret-buttons">
            <button type="submit" class="button button-main" disabled={checking || locked || isEmpty}>
              {say('login.enter')}
            </button>
          </div>
        </form>
      </main>
    </div>
  );
}
