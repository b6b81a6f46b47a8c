/** What is asked of the centre. */
import type {
  AddPersonRequest,
  CentreMe,
  CentrePeople,
  CentreSecret,
  CentreTrail,
  CentreView,
  CommandList,
  CommandRequest,
  CommandView,
  EnterRequest,
  SiteList,
  SitePage,
  StretchView,
} from '../../controller/api/contract-centre.ts';
import { newPressId } from '../wire/press-id.ts';
import { ask } from '../wire/rest.ts';

const part = encodeURIComponent;
const SESSIONS = 50;
const COMMANDS = 50;

export const getCentre = () => ask<CentreView>('GET', '/centre');
export const getMe = () => ask<CentreMe>('GET', '/me');
export const enter = (request: EnterRequest) => ask<CentreMe>('POST', '/login', request);
export const logOut = () => ask<null>('POST', '/logout');

export const getSites = () => ask<SiteList>('GET', '/sites');
export const getSite = (site: string) => ask<SitePage>('GET', `/sites/${part(site)}?limit=${SESSIONS}`);
export const getSession = (site: string, session: string) =>
  ask<StretchView>('GET', `/sites/${part(site)}/sessions/${part(session)}`);
export const getRange = (site: string, from: number, to: number) =>
  ask<StretchView>('GET', `/sites/${part(site)}/range?from=${from}&to=${to}`);

export const getCommands = (site: string | null) =>
  ask<CommandList>('GET', `/commands?limit=${COMMANDS}${site === null ? '' : `&site=${part(site)}`}`);
const NOTHING: Omit<CommandRequest, 'press' | 'type'> = {
  ...{ session: null, streams: null, from: null, to: null, target: null, reason: null },
};
export const giveCommand = (site: string, wish: Partial<CommandRequest> & Pick<CommandRequest, 'type'>) =>
  ask<CommandView>('POST', `/sites/${part(site)}/commands`, { ...NOTHING, ...wish, press: newPressId() });
export const cancelCommand = (command: string) =>
  ask<CommandView>('POST', `/commands/${part(command)}/cancel`, { press: newPressId() });

export const getPeople = () => ask<CentrePeople>('GET', '/people');
export const addPerson = (request: AddPersonRequest) => ask<CentreSecret>('POST', '/people', request);
export const giveSecret = (person: string) => ask<CentreSecret>('POST', `/people/${part(person)}/secret`);
export const removePerson = (person: string) => ask<null>('POST', `/people/${part(person)}/remove`);
export const unlockPerson = (person: string) => ask<null>('POST', `/people/${part(person)}/unlock`);
export const endLogin = (login: string) => ask<null>('POST', `/logins/${part(login)}/end`);
export const getTrail = () => ask<CentreTrail>('GET', '/trail?limit=100');
