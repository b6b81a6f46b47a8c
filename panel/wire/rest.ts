/** Requests to the controller. A request never throws: it was answered, refused, or nobody was there. */
import type { ErrorBody, RecallView, ReviewView, RoomView, SiteView } from '../../controller/api/contract.ts';
import type { DisplayView, PaintedRequest, SpokenRequest } from '../../controller/api/contract-display.ts';
import type { Me } from '../../controller/api/contract-people.ts';
import type { OpenRequest, SessionList, SessionView } from '../../controller/api/contract-session.ts';
import type { Answer } from './answer.ts';

export type { Answer, Refusal } from './answer.ts';

const BASE = '/api/v1';
const REQUEST_TIMEOUT_MS = 5_000;
const HTTP_UNAUTHENTICATED = 401;
/** Refusals with that status that say nothing about the login one has. */
const WRONG_INPUT = ['wrong-pin', 'wrong-secret'];

let onLoggedOut: () => void = () => {};

/** Somebody else than a request found that the login has ended. */
export function tellLoggedOut(): void {
  onLoggedOut();
}

/** Says what happens when any request finds that the login has ended. */
export function whenLoggedOut(act: () => void): void {
  onLoggedOut = act;
}

export async function ask<T>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<Answer<T>> {
  let response: Response;
  let told: unknown;
  try {
    response = await fetch(BASE + path, {
      method,
      credentials: 'same-origin',
      cache: 'no-store',
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      ...(method === 'POST'
        ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body ?? {}) }
        : {}),
    });
    const text = await response.text();
    told = text === '' ? null : JSON.parse(text);
  } catch {
    // No connection, no answer in time, or an answer that is not the controller's (a proxy's error page).
    return { outcome: 'unreachable' };
  }
  if (response.ok) return { outcome: 'ok', value: told as T };
  const refusal = (told as Partial<ErrorBody> | null)?.error;
  if (refusal === undefined) return { outcome: 'unreachable' };
  if (response.status === HTTP_UNAUTHENTICATED && !WRONG_INPUT.includes(refusal.code)) onLoggedOut();
  return { outcome: 'refused', status: response.status, refusal };
}

const part = encodeURIComponent;

export const getSite = () => ask<SiteView>('GET', '/site');
export const getMe = () => ask<Me>('GET', '/me');
export const logOut = () => ask<null>('POST', '/logout');
export const wakeRoom = (room: string) => ask<RoomView>('POST', `/rooms/${part(room)}/wake`);
export const openSession = (room: string, request: OpenRequest) =>
  ask<SessionView>('POST', `/rooms/${part(room)}/sessions`, request);
export const closeSession = (session: string) => ask<SessionView>('POST', `/sessions/${part(session)}/close`);
export const getRecall = (segment: string) => ask<RecallView>('GET', `/segments/${part(segment)}/recall`);
export const getReview = (session: string) => ask<ReviewView>('GET', `/sessions/${part(session)}/review`);

/** The wall speaks back: what a display has painted, and what became of the notice that it spoke. */
export const sayPainted = (display: string, painted: PaintedRequest) =>
  ask<DisplayView>('POST', `/displays/${part(display)}/painted`, painted);
export const saySpoken = (display: string, spoken: SpokenRequest) =>
  ask<DisplayView>('POST', `/displays/${part(display)}/spoken`, spoken);

/** Newest first; without a room, those of every room of one's own. */
export const getSessions = (room: string | null, limit: number) =>
  ask<SessionList>('GET', `/sessions?limit=${limit}${room === null ? '' : `&room=${part(room)}`}`);
