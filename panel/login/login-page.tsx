/** `/login`: choose a name, then type the PIN on the pad or on the keyboard. */
import './login.css';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { PersonChoice } from '../../controller/api/contract.ts';
import { LanguageSwitch, SiteName } from '../shell/header.tsx';
import { Icon } from '../shell/icon.tsx';
import { goTo } from '../shell/route.ts';
import { learnMe, loginEnded } from '../shell/who.ts';
import { getPeople } from '../wire/rest.ts';
import { say } from '../words/language.ts';
import { PinPad } from './pin-pad.tsx';

const ASK_AGAIN_MS = 2_000;

export function LoginPage({ next }: { readonly next: string }) {
  const [people, setPeople] = useState<readonly PersonChoice[] | null>(null);
  const [unreachable, setUnreachable] = useState(false);
  const [person, setPerson] = useState<PersonChoice | null>(null);
  const title = useRef<HTMLHeadingElement>(null);

  useEffect(() => {
    let current = true;
    void (async () => {
      while (current) {
        const answer = await getPeople();
        if (!current) return;
        setUnreachable(answer.outcome !== 'ok');
        if (answer.outcome === 'ok') {
          setPeople(answer.value);
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
      }
    })();
    return () => {
      current = false;
    };
  }, []);

  const entered = async () => {
    loginEnded.value = false;
    if (await learnMe(setUnreachable)) goTo(next, 'replace');
  };

  return (
    <div class="login">
      <header class="header">
        <SiteName />
        <span class="header-space" />
        <LanguageSwitch />
      </header>
      <main class="login-main">
        <p class="login-note" role="status">
          {unreachable ? say('load.unreachable') : loginEnded.value ? say('login.ended') : ''}
        </p>
        {person === null ? (
          <>
            <h1 ref={title}>{people?.length === 0 ? say('login.nobody') : say('login.who')}</h1>
            <div class="people">
              {people === null && !unreachable && <p>{say('load.waiting')}</p>}
              {people?.map((choice) => (
                <button
                  key={choice.id}
                  type="button"
                  class="person"
                  data-person={choice.id}
                  onClick={() => setPerson(choice)}
                >
                  <Icon name="person" />
                  <span class="person-name">{choice.name}</span>
                  {choice.name !== say(`role.${choice.role}`) && (
                    <span class="person-role">{say(`role.${choice.role}`)}</span>
                  )}
                </button>
              ))}
            </div>
          </>
        ) : (
          <PinPad person={person} onEntered={() => void entered()} onOther={() => setPerson(null)} />
        )}
      </main>
    </div>
  );
}
