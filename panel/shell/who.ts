/** Who is logged in and what this site is called. Asked for once, and again after a login. */
import { signal } from '@preact/signals';
import type { SiteView } from '../../controller/api/contract.ts';
import type { Me } from '../../controller/api/contract-people.ts';
import { getMe, getSite, logOut, whenLoggedOut } from '../wire/rest.ts';
import { goTo, route } from './route.ts';

const ASK_AGAIN_MS = 2_000;

export const me = signal<Me | null>(null);
export const site = signal<SiteView | null>(null);
/** True when the login page should say that an earlier login has ended. */
export const loginEnded = signal(false);

/** Sends the person to the login page, to come back here afterwards. */
export function loggedOut(): void {
  if (['login', 'pair', 'sign', 'display'].includes(route.peek().page)) return;
  loginEnded.value = me.peek() !== null;
  me.value = null;
  const here = location.pathname;
  goTo(here === '/' ? '/login' : `/login?next=${encodeURIComponent(here)}`, 'replace');
}

/** Asks who is logged in until the controller answers. Answers false when nobody is. */
export async function learnMe(tellUnreachable: (unreachable: boolean) => void): Promise<boolean> {
  for (;;) {
    const answer = await getMe();
    if (answer.outcome === 'ok') {
      me.value = answer.value;
      tellUnreachable(false);
      return true;
    }
    if (answer.outcome === 'refused' && answer.status === 401) return false;
    tellUnreachable(true);
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
  }
}

/** Learns the name of the site; keeps trying in the background. */
export async function learnSite(): Promise<void> {
  for (;;) {
    const answer = await getSite();
    if (answer.outcome === 'ok') {
      site.value = answer.value;
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
  }
}

/**
 * A kiosk shows the same page for months. When the controller comes back as another version, the page is loaded anew,
 * so that panel and controller always speak the same contract.
 */
export async function reloadIfUpgraded(): Promise<void> {
  const before = site.peek();
  const answer = await getSite();
  if (before === null || answer.outcome !== 'ok') return;
  if (answer.value.version !== before.version) location.reload();
}

/** The login of this browser has ended, and everybody here knows why. */
export function forgetMe(): void {
  me.value = null;
  loginEnded.value = false;
}

export async function leave(): Promise<void> {
  await logOut();
  forgetMe();
  goTo('/login', 'replace');
}

export function startWho(): void {
  whenLoggedOut(loggedOut);
  void learnSite();
}
