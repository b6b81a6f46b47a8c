/** Every route of the centre's API as a row of one table; what it may do is the port's (core/centre-desk.ts). */
import type { CentreCaller, CentreDesk, Stretch } from '../../core/centre-desk.ts';
import type { ErrorCode } from '../../core/errors.ts';
import { endedCookie, loginCookie } from '../login-cookie.ts';
import { type Route, routesBefore } from '../route.ts';
import { nothing } from '../schemas.ts';
import { BODY_FILE, centrePlaylist, sendCentreMedia } from './media.ts';
import * as schema from './schemas.ts';

const { open, guarded } = routesBefore<CentreDesk, CentreCaller>();

const DONE = { status: 204, json: null } as const;
const SITE_REFUSALS: readonly ErrorCode[] = ['site-unknown'];
const STRETCH_REFUSALS: readonly ErrorCode[] = ['site-unknown', 'session-unknown'];
const STAFF_REFUSALS: readonly ErrorCode[] = ['not-your-role', 'not-found'];

const DOOR_ROUTES: readonly Route<CentreDesk, CentreCaller>[] = [
  open(
    { method: 'get', path: '/centre', summary: 'What this centre is called', answers: { 200: schema.centreView } },
    ({ desk, version }) => ({ json: { name: desk.name, version } }),
  ),
  open(
    {
      method: 'post',
      path: '/login',
      summary: 'Log in with name and secret; a cookie carries the login',
      body: schema.enterRequest,
      answers: { 200: schema.centreMe },
      refusals: ['wrong-secret', 'too-many-tries'],
    },
    async ({ desk, response, body, from, isSecure }) => {
      const { token, caller } = await desk.door.login(body.name, body.secret, from);
      response.set('Set-Cookie', loginCookie(token, isSecure));
      return { json: { person: caller.person } };
    },
  ),
  guarded(
    { method: 'post', path: '/logout', summary: 'End the login', body: nothing, answers: { 204: null } },
    async ({ desk, response, from, isSecure }, caller) => {
      await desk.door.logout(caller, from);
      response.set('Set-Cookie', endedCookie(isSecure));
      return DONE;
    },
  ),
  guarded(
    { method: 'get', path: '/me', summary: 'Who is logged in', answers: { 200: schema.centreMe } },
    (_call, { person }) => ({ json: { person } }),
  ),
];

const SITE_ROUTES: readonly Route<CentreDesk, CentreCaller>[] = [
  guarded(
    {
      method: 'get',
      path: '/sites',
      summary: 'All sites, those with something overdue or wrong first',
      answers: { 200: schema.siteList },
    },
    ({ desk }, caller) => ({ json: { at: desk.now(), sites: desk.sites(caller) } }),
  ),
  guarded(
    {
      method: 'get',
      path: '/sites/{site}',
      summary: 'A site with its sessions, overdue ones first',
      params: schema.site,
      query: schema.listQuery,
      answers: { 200: schema.sitePage },
      refusals: SITE_REFUSALS,
    },
    ({ desk, params, query }, caller) => ({
      json: {
        at: desk.now(),
        site: desk.site(caller, params.site),
        sessions: desk.sessions(caller, params.site, query.limit),
      },
    }),
  ),
  guarded(
    {
      method: 'get',
      path: '/sites/{site}/sessions/{session}',
      summary: 'A session: its streams, what of them is here, and what is missing',
      params: schema.sessionOfSite,
      answers: { 200: schema.stretchView },
      refusals: STRETCH_REFUSALS,
    },
    ({ desk, params }, caller) => ({
      json: {
        at: desk.now(),
        session: desk.session(caller, params.site, params.session),
        range: desk.range(caller, params),
      },
    }),
  ),
  guarded(
    {
      method: 'get',
      path: '/sites/{site}/range',
      summary: 'The same of a stretch of time',
      params: schema.site,
      query: schema.rangeQuery,
      answers: { 200: schema.stretchView },
      refusals: SITE_REFUSALS,
    },
    ({ desk, params, query }, caller) => ({
      json: { at: desk.now(), session: null, range: desk.range(caller, { ...params, ...query }) },
    }),
  ),
  guarded(
    {
      method: 'get',
      path: '/sites/{site}/streams/{stream}/playlist.m3u8',
      summary: 'HLS playlist of what is here of one stream; audited',
      params: schema.streamOfSite,
      query: schema.stretchQuery,
      answers: { 200: 'application/vnd.apple.mpegurl' },
      refusals: [...STRETCH_REFUSALS, 'not-found'],
    },
    async ({ desk, params, query, response, from }, caller) => {
      const { site, stream } = params;
      const { session, from: fromMs = 0, to: toMs = 0 } = query;
      const stretch: Stretch = session === undefined ? { site, from: fromMs, to: toMs } : { site, session };
      const media = await desk.streamMedia(caller, stretch, stream, from);
      response.set({ 'Content-Type': 'application/vnd.apple.mpegurl', 'Cache-Control': 'no-store' });
      response.send(centrePlaylist(site, media));
      return null;
    },
  ),
  guarded(
    {
      method: 'get',
      path: '/sites/{site}/segments/{seg}/media.mp4',
      summary: 'A segment, whole or a byte range of it; audited',
      params: schema.segmentOfSite,
      answers: { 200: 'video/mp4', 206: 'video/mp4', 416: null },
      refusals: ['segment-unknown'],
    },
    async ({ desk, params, request, response, from }, caller) => {
      await sendCentreMedia(request, response, await desk.media(caller, params.site, params.seg, from), 0);
      return null;
    },
  ),
  guarded(
    {
      method: 'get',
      path: `/sites/{site}/segments/{seg}/${BODY_FILE}`,
      summary: 'The same without its header, which a player needs once per run only; audited',
      params: schema.segmentOfSite,
      answers: { 200: 'video/mp4', 206: 'video/mp4', 416: null },
      refusals: ['segment-unknown'],
    },
    async ({ desk, params, request, response, from }, caller) => {
      const file = await desk.media(caller, params.site, params.seg, from);
      await sendCentreMedia(request, response, file, await file.headerBytes());
      return null;
    },
  ),
];

const COMMAND_ROUTES: readonly Route<CentreDesk, CentreCaller>[] = [
  guarded(
    {
      method: 'get',
      path: '/commands',
      summary: 'Commands to one site or to all, newest first',
      query: schema.commandQuery,
      answers: { 200: schema.commandList },
    },
    ({ desk, query }, caller) => {
      const { site = null, before = null, limit } = query;
      return { json: { at: desk.now(), commands: desk.commands(caller, site, before, limit) } };
    },
  ),
  guarded(
    {
      method: 'get',
      path: '/commands/{command}',
      summary: 'How a command stands',
      params: schema.commandOnly,
      answers: { 200: schema.commandView },
      refusals: ['command-unknown'],
    },
    ({ desk, params }, caller) => ({ json: desk.command(caller, params.command) }),
  ),
  guarded(
    {
      method: 'post',
      path: '/sites/{site}/commands',
      summary:
        'Fetch a session or a stretch of time from a site, hold it there, or release what is held; one press, one command',
      params: schema.site,
      body: schema.commandRequest,
      answers: { 201: schema.commandView },
      refusals: [...SITE_REFUSALS, 'site-busy', 'not-your-role', 'command-unknown'],
    },
    async ({ desk, params, body, from }, caller) => ({
      status: 201,
      json: await desk.give(caller, { ...body, site: params.site }, from),
    }),
  ),
  guarded(
    {
      method: 'post',
      path: '/commands/{command}/cancel',
      summary: 'End a command that is under way; what was brought stays',
      params: schema.commandOnly,
      body: schema.pressRequest,
      answers: { 201: schema.commandView },
      refusals: ['command-unknown', 'command-over', 'not-your-role'],
    },
    async ({ desk, params, body, from }, caller) => ({
      status: 201,
      json: await desk.cancel(caller, params.command, body.press, from),
    }),
  ),
];

const PEOPLE_ROUTES: readonly Route<CentreDesk, CentreCaller>[] = [
  guarded(
    {
      method: 'get',
      path: '/people',
      summary: 'Everybody who may log in, with their locks and logins',
      answers: { 200: schema.centrePeople },
      refusals: ['not-your-role'],
    },
    ({ desk }, caller) => ({ json: { at: desk.now(), people: desk.door.people(caller) } }),
  ),
  guarded(
    {
      method: 'post',
      path: '/people',
      summary: 'Add somebody; the secret is told this once',
      body: schema.addPersonRequest,
      answers: { 201: schema.centreSecret },
      refusals: ['not-your-role', 'name-taken'],
    },
    async ({ desk, body }, caller) => {
      const { secret } = await desk.door.add(caller, body.name, body.role);
      return { status: 201, json: { secret } };
    },
  ),
  guarded(
    {
      method: 'post',
      path: '/people/{person}/secret',
      summary: 'Give a new secret, told this once; the old one counts no more, and logins of that person end',
      params: schema.personOnly,
      body: nothing,
      answers: { 200: schema.centreSecret },
      refusals: STAFF_REFUSALS,
    },
    async ({ desk, params }, caller) => ({ json: { secret: await desk.door.giveSecret(caller, params.person) } }),
  ),
  forPerson('remove', 'Somebody may not log in any more', ['last-administrator'], (desk, caller, id) =>
    desk.door.remove(caller, id),
  ),
  forPerson('unlock', 'End the lock after wrong tries', [], (desk, caller, id) => desk.door.unlock(caller, id)),
  guarded(
    {
      method: 'post',
      path: '/logins/{login}/end',
      summary: 'End a login: one’s own, or anybody’s by an administrator',
      params: schema.loginOnly,
      body: nothing,
      answers: { 204: null },
      refusals: STAFF_REFUSALS,
    },
    async ({ desk, params }, caller) => {
      await desk.door.endLogin(caller, params.login);
      return DONE;
    },
  ),
  guarded(
    {
      method: 'get',
      path: '/trail',
      summary: 'Who came in, gave commands and looked at what, newest first',
      query: schema.trailQuery,
      answers: { 200: schema.centreTrail },
      refusals: ['not-your-role'],
    },
    ({ desk, query }, caller) => ({ json: { lines: desk.door.trail(caller, query.limit, query.before ?? null) } }),
  ),
];

export const CENTRE_ROUTES: readonly Route<CentreDesk, CentreCaller>[] = [
  ...DOOR_ROUTES,
  ...SITE_ROUTES,
  ...COMMAND_ROUTES,
  ...PEOPLE_ROUTES,
];

function forPerson(
  act: string,
  summary: string,
  more: readonly ErrorCode[],
  done: (desk: CentreDesk, caller: CentreCaller, id: string) => Promise<void>,
) {
  return guarded(
    {
      ...{ method: 'post', path: `/people/{person}/${act}`, summary, params: schema.personOnly, body: nothing },
      answers: { 204: null },
      refusals: [...STAFF_REFUSALS, ...more],
    },
    async ({ desk, params }, caller) => {
      await done(desk, caller, params.person);
      return DONE;
    },
  );
}
