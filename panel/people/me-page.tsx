/** `/me`: where one is logged in oneself, ending that, and a PIN of one's own. */
import '../login/login.css';
import './people.css';
import { useState } from 'preact/hooks';
import { Header } from '../shell/header.tsx';
import { useLooking } from '../shell/looking.ts';
import { goTo } from '../shell/route.ts';
import { forgetMe } from '../shell/who.ts';
import { endLogin, getOwnLogins, logOutEverywhere } from '../wire/people-rest.ts';
import { say } from '../words/language.ts';
import { ChangePin } from './change-pin.tsx';
import { ConfirmDialog, type Question } from './confirm-dialog.tsx';
import { LoginTable } from './login-table.tsx';

export function MePage() {
  const { value, note, act } = useLooking(getOwnLogins);
  const [question, ask] = useState<Question | null>(null);
  const [changing, setChanging] = useState(false);
  const [said, setSaid] = useState('');
  const everywhere = async () => {
    const answer = await logOutEverywhere();
    if (answer.outcome !== 'ok') return setSaid(say('load.unreachable'));
    forgetMe();
    goTo('/login', 'replace');
  };
  return (
    <div class="people-page">
      <Header serverNow={null}>
        <nav class="header-nav">
          <a href="/">{say('nav.record')}</a>
        </nav>
      </Header>
      {changing ? (
        <main class="login-main">
          <ChangePin
            onDone={() => {
              setChanging(false);
              setSaid(say('me.changed'));
            }}
            onCancel={() => setChanging(false)}
          />
        </main>
      ) : (
        <main class="people-main">
          <div class="people-bar">
            <h1>{say('me.title')}</h1>
            <span class="card-buttons">
              <button
                type="button"
                class="button"
                data-change
                onClick={() => {
                  setSaid('');
                  setChanging(true);
                }}
              >
                {say('me.change')}
              </button>
              <button
                type="button"
                class="button"
                data-everywhere
                onClick={() =>
                  ask({
                    title: say('me.everywhere-title'),
                    text: say('me.everywhere-text'),
                    yes: say('me.everywhere'),
                    onYes: () => void everywhere(),
                  })
                }
              >
                {say('me.everywhere')}
              </button>
            </span>
          </div>
          <p class="people-note" role="status" data-good={said !== '' && note === ''}>
            {note || said}
          </p>
          <h2>{say('me.logins', { n: value?.logins.length ?? 0 })}</h2>
          <LoginTable logins={value?.logins ?? []} onEnd={(login) => void act(() => endLogin(login))} />
        </main>
      )}
      {question !== null && <ConfirmDialog question={question} onClose={() => ask(null)} />}
    </div>
  );
}
