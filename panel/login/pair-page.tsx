/**
 * `/pair`: this browser becomes the panel of a room. The code is typed on the pad, or stands behind the # of a link, where no
 * server and no log ever sees it.
 */
import './login.css';
import { useEffect, useState } from 'preact/hooks';
import type { PanelName } from '../../controller/api/contract-people.ts';
import { SiteName } from '../shell/header.tsx';
import { LanguageSwitch } from '../shell/language-switch.tsx';
import { goTo } from '../shell/route.ts';
import { forgetMe } from '../shell/who.ts';
import { getHere, pair } from '../wire/people-rest.ts';
import { nameOf, say, sayTroubleText } from '../words/language.ts';
import { groupedCode } from './code-text.ts';
import { DigitPad } from './digit-pad.tsx';
import { leftUntil, openAt } from './lock.ts';
import { LockNote } from './lock-note.tsx';

const CODE_DIGITS = 12;

/** The code of the link that led here; it is taken out of the address at once, so that it stands in no history. */
function codeOfLink(): string {
  const found = location.hash.replace(/[#\s-]/g, '');
  if (location.hash !== '') history.replaceState(null, '', location.pathname);
  return /^\d{1,12}$/.test(found) ? found : '';
}

export function PairPage() {
  const [code, setCode] = useState('');
  const [checking, setChecking] = useState(false);
  const [said, setSaid] = useState('');
  const [lockedUntil, setLocked] = useState<number | null>(null);
  const [before, setBefore] = useState<PanelName | null>(null);
  const locked = leftUntil(lockedUntil) > 0;

  const enter = async (digits: string) => {
    if (checking || locked || digits.length < CODE_DIGITS) return;
    setChecking(true);
    setSaid('');
    const answer = await pair(digits);
    setChecking(false);
    if (answer.outcome === 'ok') {
      // Whoever was logged in at what this screen was before is not any more.
      forgetMe();
      goTo(`/login?next=${encodeURIComponent(`/room/${encodeURIComponent(answer.value.room.id)}`)}`, 'replace');
      return;
    }
    if (answer.outcome === 'unreachable') return setSaid(say('login.unreachable'));
    setCode('');
    const { refusal } = answer;
    if (refusal.code === 'too-many-tries') setLocked(openAt(refusal.retryAfterMs));
    else setSaid(refusal.code === 'wrong-code' ? say('pair.wrong') : sayTroubleText(refusal));
  };
  useEffect(() => {
    const linked = codeOfLink();
    setCode(linked);
    if (linked.length === CODE_DIGITS) void enter(linked);
    void getHere().then((answer) => {
      if (answer.outcome !== 'ok') return;
      setBefore(answer.value.panel);
      setLocked(openAt(answer.value.lockedForMs));
    });
  }, []);

  return (
    <div class="login">
      <header class="header">
        <SiteName />
        <span class="header-space" />
        <LanguageSwitch />
      </header>
      <main class="login-main">
        <div class="pin" data-pair data-locked={locked}>
          <div class="pin-side">
            <h1>{say('pair.title')}</h1>
            <p class="pin-dots pair-digits tabular" role="status" aria-label={say('login.digits', { n: code.length })}>
              {code === '' ? <span class="pin-empty" /> : groupedCode(code)}
            </p>
            <p class="pin-note" role="alert" data-bad={locked || said !== ''}>
              {locked ? (
                <LockNote until={lockedUntil} here />
              ) : checking ? (
                say('pair.checking')
              ) : said !== '' ? (
                said
              ) : before === null ? (
                say('pair.why')
              ) : (
                say('pair.again', { name: before.name, room: nameOf(before.room) })
              )}
            </p>
            <a class="button pin-other" href="/login">
              {say('login.back')}
            </a>
          </div>
          <DigitPad
            enter={say('pair.enter')}
            canEnter={!checking && code.length === CODE_DIGITS}
            locked={locked}
            onDigit={(digit) => {
              if (!checking && !locked && code.length < CODE_DIGITS) setCode(code + digit);
            }}
            onErase={() => {
              if (!checking) setCode(code.slice(0, -1));
            }}
            onEnter={() => void enter(code)}
            onLeave={() => goTo('/login')}
          />
        </div>
      </main>
    </div>
  );
}
