/** The bar on top of every page that needs a login: where am I, what time is it, who is logged in. */
import type { ComponentChildren } from 'preact';
import { monoNow } from '../wire/beat.ts';
import { nameOf, say } from '../words/language.ts';
import { dateText, timeText } from './clock.ts';
import { Icon } from './icon.tsx';
import { LanguageSwitch } from './language-switch.tsx';
import { leave, me, site } from './who.ts';

/** The time at the controller when it is known, otherwise that of this machine. */
function HeaderClock({ serverNow }: { readonly serverNow: number | null }) {
  void monoNow.value;
  const now = serverNow ?? Date.now();
  return (
    <time class="header-clock" dateTime={new Date(now).toISOString()}>
      <span class="header-date">{dateText(now)}</span> <span class="tabular">{timeText(now)}</span>
    </time>
  );
}

export function SiteName() {
  const known = site.value;
  return (
    <>
      <span class="site-name">{known === null ? say('product.name') : nameOf(known)}</span>
      {known?.demo === true && <span class="demo">{say('demo.badge')}</span>}
    </>
  );
}

export function Header({
  serverNow,
  children,
}: {
  readonly serverNow: number | null;
  readonly children?: ComponentChildren;
}) {
  const person = me.value?.person;
  return (
    <header class="header">
      <SiteName />
      {children}
      <HeaderClock serverNow={serverNow} />
      {(me.value?.may.panels === true || me.value?.may.trail === true) && <a href="/people">{say('nav.people')}</a>}
      {person !== undefined && (
        <a class="header-person" href="/me" title={`${say(`role.${person.role}`)}, ${say('nav.me')}`}>
          <Icon name="person" />
          {person.name}
        </a>
      )}
      <LanguageSwitch />
      <button type="button" class="quiet" onClick={() => void leave()}>
        {say('nav.log-out')}
      </button>
    </header>
  );
}
