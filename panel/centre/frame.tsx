/** The bar on top of the centre's pages, and the place below it. */
import type { ComponentChildren } from 'preact';
import { dateText, timeText } from '../shell/clock.ts';
import { Icon } from '../shell/icon.tsx';
import { LanguageSwitch } from '../shell/language-switch.tsx';
import { monoNow } from '../wire/beat.ts';
import { say } from '../words/language.ts';
import { centre, leave, me } from './who.ts';

interface Props {
  /** Where one is below the list of sites: [text, address]. */
  readonly path?: readonly (readonly [text: string, address: string])[];
  /** What went wrong last; its line is always there, so that nothing moves. */
  readonly note: string;
  readonly children: ComponentChildren;
}

export function Frame({ path = [], note, children }: Props) {
  const person = me.value;
  return (
    <div class="centre">
      <header class="header">
        <a class="centre-home" href="/">
          {say('centre.title')}
        </a>
        <span class="site-name">{centre.value?.name ?? ''}</span>
        <Clock />
        <nav class="header-nav">
          <a href="/commands">{say('centre.commands')}</a>
          {person?.role === 'administrator' && <a href="/people">{say('centre.people')}</a>}
        </nav>
        <span class="header-person">
          <Icon name="person" />
          {person?.name}
        </span>
        <LanguageSwitch />
        <button type="button" class="quiet" data-leave onClick={() => void leave()}>
          {say('nav.log-out')}
        </button>
      </header>
      <main class="centre-main">
        <div class="centre-bar">
          <nav class="centre-path" aria-label={say('centre.where')}>
            <a href="/">{say('centre.sites')}</a>
            {path.map(([text, address]) => (
              <a key={address} href={address}>
                {text}
              </a>
            ))}
          </nav>
          <p class="centre-note" role="status">
            {note}
          </p>
        </div>
        {children}
      </main>
    </div>
  );
}

function Clock() {
  void monoNow.value;
  const now = Date.now();
  return (
    <time class="header-clock" dateTime={new Date(now).toISOString()}>
      <span class="header-date">{dateText(now)}</span> <span class="tabular">{timeText(now)}</span>
    </time>
  );
}

/** To the minute, where a row must stay narrow. */
export function minuteText(utcMs: number): string {
  return `${dateText(utcMs)} ${timeText(utcMs).slice(0, 5)}`;
}

export function momentText(utcMs: number | null): string {
  return utcMs === null ? '—' : `${dateText(utcMs)} ${timeText(utcMs)}`;
}
