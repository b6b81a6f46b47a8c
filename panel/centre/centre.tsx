/** The entry of the centre's page: sites, what they handed over, fetching and playing. */
import '../look/base.css';
import './centre.css';
import { type ComponentChild, render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { PlainPage } from '../shell/notice.tsx';
import { startBeat } from '../wire/beat.ts';
import { followLanguage, say } from '../words/language.ts';
import type { CentreRoute } from './address.ts';
import { CommandsPage } from './commands-page.tsx';
import { LoginPage } from './login-page.tsx';
import { PeoplePage } from './people-page.tsx';
import { route, startRouting } from './route.ts';
import { SitePage } from './site-page.tsx';
import { SitesPage } from './sites-page.tsx';
import { StretchPage } from './stretch-page.tsx';
import { learnMe, loggedOut, me, startWho } from './who.ts';

function pageOf(found: CentreRoute): ComponentChild {
  switch (found.page) {
    case 'sites':
      return <SitesPage />;
    case 'login':
      return <LoginPage />;
    case 'site':
      return <SitePage key={found.site} site={found.site} />;
    case 'session':
      return <StretchPage key={found.session} meant={{ site: found.site, session: found.session }} />;
    case 'range':
      return (
        <StretchPage key={`${found.from} ${found.to}`} meant={{ site: found.site, from: found.from, to: found.to }} />
      );
    case 'commands':
      return <CommandsPage />;
    case 'people':
      return <PeoplePage />;
    case 'unknown':
      return <PlainPage text={say('load.no-page')} home />;
  }
}

function Centre() {
  const found = route.value;
  const [unreachable, setUnreachable] = useState(false);
  const isOpen = found.page === 'login' || found.page === 'unknown';
  const isKnown = me.value !== null;
  useEffect(() => {
    if (isOpen || isKnown) return;
    let current = true;
    void learnMe((no) => current && setUnreachable(no)).then((isIn) => {
      if (current && !isIn) loggedOut();
    });
    return () => {
      current = false;
    };
  }, [isOpen, isKnown]);
  if (!isOpen && !isKnown) return <PlainPage text={say(unreachable ? 'centre.unreachable' : 'load.waiting')} />;
  return <>{pageOf(found)}</>;
}

const root = document.getElementById('centre');
if (root === null) throw new Error('centre.html has no #centre');
followLanguage();
startBeat();
startRouting();
startWho();
render(<Centre />, root);
