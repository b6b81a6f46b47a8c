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
            <div class="tabs" role="tablist" aria-label={say('people.tabs')}>
              {PARTS.map((one) => (
                <button
                  key={one}
                  type="button"
                  role="tab"
                  id={`tab-${one}`}
                  class="tab"
                  data-tab={one}
                  aria-selected={part === one}
                  aria-controls="people-part"
                  onClick={() => setPart(one)}
                >
                  {say(`people.${one}`)}
                </button>
              ))}
            </div>
          )}
        </div>
        {may.people ? (
          <div id="people-part" role="tabpanel" aria-labelledby={`tab-${part}`}>
            {part === 'panels' ? <PanelsPart /> : <StaffPart />}
          </div>
        ) : (
          <PanelsPart />
        )}
      </main>
    </div>
  );
}
