/** Who is logged in at the centre, and the socket that says when it is worth asking again. */
import { signal } from '@preact/signals';
import { io, type Socket } from 'socket.io-client';
import type { CentreMe, CentreView, ServerToCentrePage } from '../../controller/api/contract-centre.ts';
import { RECONNECT } from '../wire/reconnect.ts';
import { whenLoggedOut } from '../wire/rest.ts';
import { getCentre, getMe, logOut } from './rest.ts';
import { goTo, route } from './route.ts';

const ASK_AGAIN_MS = 2_000;

export const me = signal<CentreMe['person'] | null>(null);
export const centre = signal<CentreView | null>(null);
/** Grows with each piece of news; whoever shows something asks anew. */
export const news = signal(0);
/** True when the login page should say that an earlier login has ended. */
export const loginEnded = signal(false);

type Nothing = Record<string, never>;
let socket: Socket<ServerToCentrePage, Nothing> | null = null;

export function entered(person: CentreMe['person']): void {
  me.value = person;
  loginEnded.value = false;
  socket?.disconnect();
  socket = io({ ...RECONNECT });
  socket.on('news', () => {
    news.value += 1;
  });
  socket.on('logged-out', loggedOut);
}

export function loggedOut(): void {
  if (route.peek().page === 'login') return;
  loginEnded.value = me.peek() !== null;
  forget();
}

export async function leave(): Promise<void> {
  await logOut();
  loginEnded.value = false;
  forget();
}

function forget(): void {
  me.value = null;
  socket?.disconnect();
  socket = null;
  goTo('/login', 'replace');
}

/** Asks who is logged in until the centre answers. Answers false when nobody is. */
export async function learnMe(tellUnreachable: (unreachable: boolean) => void): Promise<boolean> {
  for (;;) {
    const answer = await getMe();
    if (answer.outcome === 'ok') {
      entered(answer.value.person);
      tellUnreachable(false);
      return true;
    }
    if (answer.outcome === 'refused' && answer.status === 401) return false;
    tellUnreachable(true);
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
  }
}

export function startWho(): void {
  whenLoggedOut(loggedOut);
  void (async () => {
    for (;;) {
      const answer = await getCentre();
      if (answer.outcome === 'ok') {
        centre.value = answer.value;
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
    }
  })();
}
