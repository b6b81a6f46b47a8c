/** The panel's entry: starts language, heartbeat and routing, and loads the page that the address asks for. */
import './look/base.css';
import { type ComponentType, render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Route } from './shell/address.ts';
import { PlainPage } from './shell/notice.tsx';
import { RoomChoice } from './shell/room-choice.tsx';
import { goTo, route, startRouting } from './shell/route.ts';
import { learnMe, loggedOut, me, startWho } from './shell/who.ts';
import { startBeat } from './wire/beat.ts';
import { followLanguage, say } from './words/language.ts';

type Page = ComponentType;

/** Each page is a chunk of its own: the clerk's never waits for the player of the review page. */
async function load(found: Route): Promise<Page> {
  switch (found.page) {
    case 'home':
      return RoomChoice;
    case 'login': {
      const { LoginPage } = await import('./login/login-page.tsx');
      return () => <LoginPage next={found.next} />;
    }
    case 'pair': {
      const { PairPage } = await import('./login/pair-page.tsx');
      return PairPage;
    }
    case 'me': {
      const { MePage } = await import('./people/me-page.tsx');
      return MePage;
    }
    case 'people': {
      const { PeoplePage } = await import('./people/people-page.tsx');
      return PeoplePage;
    }
    case 'room': {
      const { ClerkPage } = await import('./clerk/clerk-page.tsx');
      return () => <ClerkPage key={found.room} room={found.room} />;
    }
    case 'sign': {
      const { SignPage } = await import('./sign/sign-page.tsx');
      return () => <SignPage key={found.room} room={found.room} />;
    }
    case 'display': {
      const { DisplayPage } = await import('./sign/display-page.tsx');
      return () => <DisplayPage key={found.display} display={found.display} />;
    }
    case 'sessions': {
      const { SessionsPage } = await import('./review/sessions-page.tsx');
      return SessionsPage;
    }
    case 'review': {
      const { ReviewPage } = await import('./review/review-page.tsx');
      return () => <ReviewPage key={found.session} session={found.session} />;
    }
    case 'unknown':
      return () => <PlainPage text={say('load.no-page')} home />;
  }
}

const OPEN_PAGES: readonly Route['page'][] = ['login', 'pair', 'sign', 'display', 'unknown'];
const needsLogin = (found: Route) => !OPEN_PAGES.includes(found.page);

function Panel() {
  const found = route.value;
  const [shown, show] = useState<{ of: Route; page: Page } | null>(null);
  const [unreachable, setUnreachable] = useState(false);
  useEffect(() => {
    let current = true;
    void (async () => {
      if (needsLogin(found) && me.peek() === null && !(await learnMe((no) => current && setUnreachable(no)))) {
        if (current) loggedOut();
        return;
      }
      const page = await load(found);
      if (current) show({ of: found, page });
    })();
    return () => {
      current = false;
    };
  }, [found]);
  if (shown === null || shown.of !== found) {
    return <PlainPage text={say(unreachable ? 'load.unreachable' : 'load.waiting')} />;
  }
  const Shown = shown.page;
  return <Shown />;
}

// A page's chunk is gone after an upgrade of the controller: load the new panel. Not more often than every ten seconds.
const RELOADED_KEY = 'quancheng.reloaded';
addEventListener('vite:preloadError', (event) => {
  event.preventDefault();
  const waitMs = Math.max(0, Number(sessionStorage.getItem(RELOADED_KEY) ?? 0) + 10_000 - Date.now());
  setTimeout(() => {
    sessionStorage.setItem(RELOADED_KEY, String(Date.now()));
    location.reload();
  }, waitMs);
});

const root = document.getElementById('panel');
if (root === null) throw new Error('index.html has no #panel');
followLanguage();
startBeat();
startRouting();
startWho();
if (location.pathname === '/index.html') goTo('/', 'replace');
render(<Panel />, root);
