/** Routes about people: coming in, pairing, and looking after panels and people. */
import { z } from 'zod';
import type { Caller, Desk } from '../core/desk.ts';
import type { ErrorCode } from '../core/errors.ts';
import { endedCookie, loginCookie, panelCookie } from './login-cookie.ts';
import { guarded, open, ROOM_REFUSALS, type Route } from './route.ts';
import { madeId, nothing, shortId } from './schemas.ts';
import * as schema from './schemas-people.ts';
import { codeView, hereView, loginView, meView, panelName, panelView, staffView, trailView } from './wire-people.ts';

const panel = z.object({ panel: madeId });
const person = z.object({ person: shortId });
const STAFF_REFUSALS: readonly ErrorCode[] = ['not-your-role', 'not-found'];
const DONE = { status: 204, json: null } as const;

const DOOR_ROUTES: readonly Route[] = [
  open(
    {
      method: 'get',
      path: '/here',
      summary: 'Which panel this browser is, if any, and whether PINs are taken from it',
      answers: { 200: schema.hereView },
    },
    ({ desk, from, response, isSecure }) => {
      const here = desk.door.here(from);
      if (here.panel !== null && from.panelToken !== null) {
        response.set('Set-Cookie', panelCookie(from.panelToken, isSecure));
      }
      return { json: hereView(here) };
    },
  ),
  open(
    {
      method: 'get',
      path: '/people',
      summary: 'Who may log in with a PIN at this panel; nobody where PINs are not taken',
      answers: { 200: z.array(schema.personAtDoor) },
    },
    ({ desk, from }) => ({ json: desk.door.people(from) }),
  ),
  open(
    {
      method: 'post',
      path: '/login',
      summary: 'Log in with a PIN at a paired panel; a cookie carries the login',
      body: schema.loginRequest,
      answers: { 200: schema.me },
      refusals: ['panel-not-paired', 'wrong-pin', 'not-your-room', 'too-many-tries'],
    },
    async ({ desk, response, body, from, isSecure }) => {
      const { token, caller } = await desk.door.login(body.person, body.pin, from);
      response.set('Set-Cookie', loginCookie(token, isSecure));
      return { json: meView(desk, caller) };
    },
  ),
  open(
    {
      method: 'post',
      path: '/login/secret',
      summary: 'Log in with a secret, from any browser or program',
      body: schema.secretRequest,
      answers: { 200: schema.me },
      refusals: ['wrong-secret', 'too-many-tries'],
    },
    async ({ desk, response, body, from, isSecure }) => {
      const { token, caller } = await desk.door.loginBySecret(body.secret, from);
      response.set('Set-Cookie', loginCookie(token, isSecure));
      return { json: meView(desk, caller) };
    },
  ),
  open(
    {
      method: 'post',
      path: '/pair',
      summary: 'Make this browser a panel; a cookie of its own says so from then on',
      body: schema.pairRequest,
      answers: { 201: schema.panelName },
      refusals: ['wrong-code', 'too-many-tries'],
    },
    async ({ desk, response, body, from, isSecure }) => {
      const paired = await desk.door.pair(body.code, from);
      response.set('Set-Cookie', panelCookie(paired.token, isSecure));
      return { status: 201, json: panelName(paired.panel) };
    },
  ),
  guarded(
    { method: 'post', path: '/logout', summary: 'End the login', body: nothing, answers: { 204: null } },
    async ({ desk, response, isSecure }, caller) => {
      await desk.door.logout(caller);
      response.set('Set-Cookie', endedCookie(isSecure));
      return DONE;
    },
  ),
];

const OWN_ROUTES: readonly Route[] = [
  guarded(
    { method: 'get', path: '/me', summary: 'Who is logged in, and over which rooms', answers: { 200: schema.me } },
    ({ desk }, caller) => ({ json: meView(desk, caller) }),
  ),
  guarded(
    {
      method: 'get',
      path: '/me/logins',
      summary: 'Where one is logged in oneself',
      answers: { 200: schema.loginList },
    },
    ({ desk }, caller) => ({ json: { at: desk.now(), logins: desk.staff.ownLogins(caller).map(loginView) } }),
  ),
  guarded(
    {
      method: 'post',
      path: '/me/logout-everywhere',
      summary: 'End all logins of one’s own, this one too',
      body: nothing,
      answers: { 204: null },
    },
    async ({ desk, response, isSecure }, caller) => {
      await desk.staff.endOwnLogins(caller);
      response.set('Set-Cookie', endedCookie(isSecure));
      return DONE;
    },
  ),
  guarded(
    {
      method: 'post',
      path: '/me/pin',
      summary: 'Choose a PIN; other logins of one’s own end',
      body: schema.changePinRequest,
      answers: { 204: null },
      refusals: ['wrong-pin', 'weak-pin', 'too-many-tries'],
    },
    async ({ desk, body }, caller) => {
      await desk.staff.changePin(caller, body.pin, body.newPin);
      return DONE;
    },
  ),
  guarded(
    {
      method: 'post',
      path: '/logins/{login}/end',
      summary: 'End a login: one’s own, or anybody’s by an administrator',
      params: z.object({ login: madeId }),
      body: nothing,
      answers: { 204: null },
      refusals: STAFF_REFUSALS,
    },
    async ({ desk, params }, caller) => {
      await desk.staff.endLogin(caller, params.login);
      return DONE;
    },
  ),
];

const PANEL_ROUTES: readonly Route[] = [
  guarded(
    {
      method: 'get',
      path: '/panels',
      summary: 'Paired panels of one’s rooms, with who is logged in at them',
      answers: { 200: schema.panelList },
      refusals: ['not-your-role'],
    },
    ({ desk }, caller) => ({ json: { at: desk.now(), panels: desk.staff.panels(caller).map(panelView) } }),
  ),
  guarded(
    {
      method: 'post',
      path: '/panels/codes',
      summary: 'Make a code with which one browser becomes a panel of the room within ten minutes',
      body: schema.codeRequest,
      answers: { 201: schema.codeView },
      refusals: ['not-your-role', ...ROOM_REFUSALS],
    },
    async ({ desk, body }, caller) => ({
      status: 201,
      json: codeView(await desk.staff.makeCode(caller, body.room, body.name)),
    }),
  ),
  forPanel(
    'revoke',
    'Revoke a panel: it takes no PINs any more, and logins made at it end at once',
    (desk, caller, id) => desk.staff.revokePanel(caller, id),
  ),
  forPanel('unlock', 'End the lock of a panel after wrong tries', (desk, caller, id) =>
    desk.staff.unlockPanel(caller, id),
  ),
];

const STAFF_ROUTES: readonly Route[] = [
  guarded(
    {
      method: 'get',
      path: '/staff',
      summary: 'Everybody, with their locks and logins',
      answers: { 200: schema.staffList },
      refusals: ['not-your-role'],
    },
    ({ desk }, caller) => ({ json: { at: desk.now(), people: desk.staff.people(caller).map(staffView) } }),
  ),
  guarded(
    {
      method: 'post',
      path: '/staff/{person}/pin',
      summary: 'Give a new PIN, told this once; the old one counts no more, and logins of that person end',
      params: person,
      body: nothing,
      answers: { 200: schema.givenPin },
      refusals: [...STAFF_REFUSALS, 'secret-needed'],
    },
    async ({ desk, params }, caller) => ({ json: { pin: await desk.staff.givePin(caller, params.person) } }),
  ),
  guarded(
    {
      method: 'post',
      path: '/staff/{person}/secret',
      summary: 'Give a new secret, told this once; the old one counts no more, and logins of that person end',
      params: person,
      body: nothing,
      answers: { 200: schema.givenSecret },
      refusals: [...STAFF_REFUSALS, 'secret-needed'],
    },
    async ({ desk, params }, caller) => ({ json: { secret: await desk.staff.giveSecret(caller, params.person) } }),
  ),
  guarded(
    {
      method: 'get',
      path: '/staff/trail',
      summary: 'What happened at the door and to panels and people, newest first',
      query: schema.trailQuery,
      answers: { 200: schema.trailList },
      refusals: ['not-your-role'],
    },
    ({ desk, query }, caller) => ({
      json: { lines: desk.staff.trail(caller, query.limit, query.before ?? null).map(trailView) },
    }),
  ),
  forPerson('unlock', 'End the lock of a person after wrong tries', (desk, caller, id) =>
    desk.staff.unlockPerson(caller, id),
  ),
  forPerson('logout', 'End all logins of a person', (desk, caller, id) => desk.staff.endLoginsOf(caller, id)),
];

export const PEOPLE_ROUTES: readonly Route[] = [...DOOR_ROUTES, ...OWN_ROUTES, ...PANEL_ROUTES, ...STAFF_ROUTES];

function forPanel(act: string, summary: string, done: (desk: Desk, caller: Caller, id: string) => Promise<void>) {
  return guarded(
    {
      ...{ method: 'post', path: `/panels/{panel}/${act}`, summary, params: panel, body: nothing },
      answers: { 204: null },
      refusals: [...STAFF_REFUSALS, 'not-your-room'],
    },
    async ({ desk, params }, caller) => {
      await done(desk, caller, params.panel);
      return DONE;
    },
  );
}

function forPerson(act: string, summary: string, done: (desk: Desk, caller: Caller, id: string) => Promise<void>) {
  return guarded(
    {
      ...{ method: 'post', path: `/staff/{person}/${act}`, summary, params: person, body: nothing },
      answers: { 204: null },
      refusals: STAFF_REFUSALS,
    },
    async ({ desk, params }, caller) => {
      await done(desk, caller, params.person);
      return DONE;
    },
  );
}
