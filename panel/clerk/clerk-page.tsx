/** `/room/:room`: the page of the clerk. One state, one obvious next step, the devices, and nothing that has to be learnt. */
import './clerk.css';
import './body.css';
import './sheets.css';
import { useEffect, useMemo } from 'preact/hooks';
import { Header } from '../shell/header.tsx';
import { PlainPage } from '../shell/notice.tsx';
import { learnRules } from '../shell/rules.ts';
import { loggedOut, me, reloadIfUpgraded } from '../shell/who.ts';
import { nameOf, say, sayTroubleText } from '../words/language.ts';
import { AfterPane } from './after-pane.tsx';
import { BeforePane } from './before-pane.tsx';
import { ClerkDesk } from './clerk-desk.ts';
import { DuringPane } from './during-pane.tsx';
import { Footer } from './footer.tsx';
import { PressNote } from './press-note.tsx';
import { SheetPlace } from './sheet-place.tsx';
import { StaleBanner } from './stale-banner.tsx';
import { StateBand } from './state-band.tsx';
import { StepBar } from './step-bar.tsx';
import { StreamList } from './stream-list.tsx';

export function ClerkPage({ room }: { readonly room: string }) {
  const person = me.value?.person.id ?? '';
  const desk = useMemo(() => new ClerkDesk(room, person), [room, person]);
  useEffect(() => {
    learnRules();
    // A new version is loaded only when no press is on its way.
    desk.start(loggedOut, () => {
      if (!desk.isBusy) void reloadIfUpgraded();
    });
    return () => desk.close();
  }, [desk]);

  const isRunning = desk.step.value.is !== 'before' && desk.step.value.is !== 'over';
  useEffect(() => desk.shutWhatIsOver(isRunning), [desk, isRunning]);

  const view = desk.view.value;
  const refusal = desk.link.refusal.value;
  if (view === null && refusal !== null) return <PlainPage text={sayTroubleText(refusal)} home />;
  const several = (me.value?.rooms.length ?? 0) > 1;
  return (
    <div class="clerk" data-stale={desk.stale.value}>
      <Header serverNow={desk.now.value === 0 ? null : desk.now.value}>
        <h1 class="room-name">{view === null ? '' : nameOf(view.room)}</h1>
        <nav class="header-nav">
          {several && <a href="/">{say('nav.rooms')}</a>}
          <a href="/review">{say('nav.review')}</a>
        </nav>
      </Header>
      <StaleBanner view={view} stale={desk.stale.value} />
      <main class="clerk-main">
        <StateBand desk={desk} />
        <div class="body">
          <Pane desk={desk} />
          <StreamList desk={desk} />
          <SheetPlace desk={desk} />
        </div>
        <StepBar desk={desk} />
      </main>
      <Footer view={view} stale={desk.stale.value} />
      <PressNote desk={desk} />
    </div>
  );
}

function Pane({ desk }: { readonly desk: ClerkDesk }) {
  const step = desk.step.value.is;
  if (step === 'wait') return <section class="pane" />;
  if (step === 'before') return <BeforePane desk={desk} />;
  if (step === 'over' || step === 'closing') return <AfterPane desk={desk} />;
  return <DuringPane desk={desk} />;
}
