/** Everything on the centre's page is asked for anew with each piece of news. */
import { type Answerer, type Looking, useLooking } from '../shell/looking.ts';
import type { Answer } from '../wire/rest.ts';
import { news } from './who.ts';

const CENTRE: Answerer = { unreachable: 'centre.unreachable', news };

export type Asked<T> = Looking<T>;

export function useAsked<T>(ask: () => Promise<Answer<T>>): Asked<T> {
  return useLooking(ask, CENTRE);
}
