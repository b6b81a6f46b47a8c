/** What is asked of the controller about this browser, panels and people. */
import type {
  ChangePinRequest,
  CodeRequest,
  CodeView,
  GivenPin,
  GivenSecret,
  HereView,
  LoginList,
  LoginRequest,
  Me,
  PanelList,
  PanelName,
  PersonAtDoor,
  StaffList,
  TrailList,
} from '../../controller/api/contract-people.ts';
import { ask } from './rest.ts';

const part = encodeURIComponent;

export const getHere = () => ask<HereView>('GET', '/here');
export const getPeople = () => ask<readonly PersonAtDoor[]>('GET', '/people');
export const logIn = (request: LoginRequest) => ask<Me>('POST', '/login', request);
export const logInBySecret = (secret: string) => ask<Me>('POST', '/login/secret', { secret });
export const pair = (code: string) => ask<PanelName>('POST', '/pair', { code });

export const getPanels = () => ask<PanelList>('GET', '/panels');
export const makeCode = (request: CodeRequest) => ask<CodeView>('POST', '/panels/codes', request);
export const revokePanel = (panel: string) => ask<null>('POST', `/panels/${part(panel)}/revoke`);
export const unlockPanel = (panel: string) => ask<null>('POST', `/panels/${part(panel)}/unlock`);

export const getStaff = () => ask<StaffList>('GET', '/staff');
export const getTrail = (before: number | null) =>
  ask<TrailList>('GET', `/staff/trail?limit=100${before === null ? '' : `&before=${before}`}`);
export const givePin = (person: string) => ask<GivenPin>('POST', `/staff/${part(person)}/pin`);
export const giveSecret = (person: string) => ask<GivenSecret>('POST', `/staff/${part(person)}/secret`);
export const unlockPerson = (person: string) => ask<null>('POST', `/staff/${part(person)}/unlock`);
export const logOutPerson = (person: string) => ask<null>('POST', `/staff/${part(person)}/logout`);

export const getOwnLogins = () => ask<LoginList>('GET', '/me/logins');
export const endLogin = (login: string) => ask<null>('POST', `/logins/${part(login)}/end`);
export const logOutEverywhere = () => ask<null>('POST', '/me/logout-everywhere');
export const changePin = (request: ChangePinRequest) => ask<null>('POST', '/me/pin', request);
