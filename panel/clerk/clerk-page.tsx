/** `/room/:room`: the page of the clerk. One state, one button, the devices, and nothing that has to be learnt. */
import './clerk.css';
import { useEffect, useMemo } from 'preact/hooks';
import { Header } from '../shell/header.tsx';
import { PlainPage } from '../shell/notice.tsx';
import { loggedOut, me, reloadIfUpgraded } from '../shell/who.ts';
import { RoomLink } from '../wire/room-link.ts';
import { nameOf, say, sayTroubleText } from '../words/language.ts';
import { ActButton } from './act-button.tsx';
import { FacePanel } from './face-panel.tsx';
import { Footer } from './footer.tsx';
import { Middle } from './middle.tsx';
import { Press } from './press.ts';
import { ProofLine } from './proof-line.tsx';
import { newSessionForm } from './session-form.ts';
import { StaleBanner } from './stale-banner.tsx';
import { StreamList } from './stream-list.tsx';

export function ClerkPage({ room }: { readonly room: string }) {
  const { link, press, form } = useMemo(
    () => ({ link: new RoomLink(room), press: new Press(), form: newSessionForm() }),
    [room],
  );
  useEffect(() => {
    // A new version is loaded only when no press is on its way.
    link.start(loggedOut, () => {
      if (press.phase.peek().at !== 'asking') void reloadIfUpgraded();
    });
    return () => {
      press.close();
      link.close();
    };
  }, [link, press]);

  const view = link.view.value;
  const refusal = link.refusal.value;
  if (view === null && refusal !== null) return <PlainPage text={sayTroubleText(refusal)} home />;
  const stale = link.stale.value;
  const serverNow = link.serverNow.value;
  const several = (me.value?.rooms.length ?? 0) > 1;
  return (
    <div class="clerk" data-stale={stale}>
      <Header serverNow={serverNow}>
        <h1 class="room-name">{view === null ? '' : nameOf(view.room)}</h1>
        <nav class="header-nav">
          {several && <a href="/">{say('nav.rooms')}</a>}
          <a href="/review">{say('nav.review')}</a>
        </nav>
      </Header>
      <StaleBanner view={view} stale={stale} />
      <main class="clerk-main">
        <FacePanel view={view} stale={stale} serverNow={serverNow} />
        <ProofLine view={view} stale={stale} />
        <Middle view={view} press={press} form={form} />
        <ActButton view={view} press={press} form={form} serverNow={serverNow} />
      </main>
      <StreamList view={view} stale={stale} />
      <Footer view={view} stale={stale} />
    </div>
  );
}
