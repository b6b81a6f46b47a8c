/** `/people`: screens for technicians and administrators, and people for administrators. */
import './people.css';
import { useState } from 'preact/hooks';
import { Header } from '../shell/header.tsx';
import { PlainPage } from '../shell/notice.tsx';
import { me } from '../shell/who.ts';
import { say } from '../words/language.ts';
import { PanelsPart } from './panels-part.tsx';
import { StaffPart } from './staff-part.tsx';

const PARTS = ['panels', 'people'] as const;

export function PeoplePage() {
  const may = me.value?.may;
  const [part, setPart] = useState<(typeof PARTS)[number]>('panels');
  if (may?.panels !== true) return <PlainPage text={say('load.no-page')} home />;
  return (
    <div class="people-page">
      <Header serverNow={null}>
        <nav class="header-nav">
          <a href="/">{say('nav.record')}</a>
        </nav>
      </Header>
      <main class="people-main">
        <div class="people-bar">
          <h1>{say('people.title')}</h1>
          {may.people && (
            <fieldset class="tabs" aria-label={say('people.tabs')}>
              {PARTS.map((one) => (
                <button
                  key={one}
                  type="button"
                  class="tab"
                  data-tab={one}
                  aria-pressed={part === one}
                  onClick={() => setPart(one)}
                >
                  {say(`people.${one}`)}
                </button>
              ))}
            </fieldset>
          )}
        </div>
        {part === 'panels' ? <PanelsPart /> : <StaffPart />}
      </main>
    </div>
  );
}
