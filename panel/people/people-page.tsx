/** `/people`: screens for technicians and administrators, people for administrators, the log for them and auditors. */
import './people.css';
import { useState } from 'preact/hooks';
import { Header } from '../shell/header.tsx';
import { PlainPage } from '../shell/notice.tsx';
import { me } from '../shell/who.ts';
import { say } from '../words/language.ts';
import { PanelsPart } from './panels-part.tsx';
import { StaffPart } from './staff-part.tsx';
import { TrailPart } from './trail-part.tsx';

const PARTS = ['panels', 'people', 'trail'] as const;
const PAGES = { panels: PanelsPart, people: StaffPart, trail: TrailPart } as const;

export function PeoplePage() {
  const may = me.value?.may;
  const parts = PARTS.filter((one) => may?.[one] === true);
  const [chosen, setPart] = useState<(typeof PARTS)[number] | null>(null);
  const part = chosen ?? parts[0];
  if (part === undefined) return <PlainPage text={say('load.no-page')} home />;
  const Part = PAGES[part];
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
          {parts.length > 1 && (
            <fieldset class="tabs" aria-label={say('people.tabs')}>
              {parts.map((one) => (
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
        <Part />
      </main>
    </div>
  );
}
