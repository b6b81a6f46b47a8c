/**
 * Every route of /api/v1 as a row of one table. The server is built from it and the API document is made from it, so that
 * neither can know a route that the other does not.
 */
import type { Request, Response } from 'express';
import { z } from 'zod';
import type { Caller, Desk } from '../core/desk.ts';
import { AppError, type ErrorCode } from '../core/errors.ts';
import { endedCookie, loginCookie } from './login-cookie.ts';
import { sendMedia } from './media.ts';
import { playlistOf } from './playlist.ts';
import * as schema from './schemas.ts';
import { meView, reviewView, roomView, sessionView, signView } from './wire.ts';

/** What a handler is given: everything checked already. */
export interface Call<Params, Query, Body> {
  readonly desk: Desk;
  readonly request: Request;
  readonly response: Response;
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly version: string;
  readonly isSecure: boolean;
}

/** A JSON answer, or null when the handler sent something itself. */
export type Reply = { readonly status?: 200 | 201 | 204; readonly json: unknown } | null;

export interface Route {
  readonly method: 'get' | 'post';
  /** Below /api/v1, with {parameters} as OpenAPI writes them. */
  readonly path: string;
  readonly summary: string;
  readonly needsLogin: boolean;
  readonly params: z.ZodObject;
  readonly query: z.ZodObject;
  readonly body: z.ZodType | null;
  /** Success by status: a schema for JSON, or a media type. */
  readonly answers: { readonly [status: number]: z.ZodType | string | null };
  readonly refusals: readonly ErrorCode[];
  readonly handle: (call: Call<never, never, never>, caller: Caller) => Promise<Reply> | Reply;
}

interface Row<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType> {
  readonly method: 'get' | 'post';
  readonly path: string;
  readonly summary: string;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  readonly answers: Route['answers'];
  readonly refusals?: readonly ErrorCode[];
}

const none = z.object({});
type Checked<S> = S extends z.ZodType ? z.output<S> : never;

/** A route for everybody. */
function open<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType>(
  row: Row<P, Q, B>,
  handle: (call: Call<Checked<P>, Checked<Q>, Checked<B>>) => Promise<Reply> | Reply,
): Route {
  return { ...filled(row), needsLogin: false, handle: handle as Route['handle'] };
}

/** A route for people who are logged in. */
function guarded<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType>(
  row: Row<P, Q, B>,
  handle: (call: Call<Checked<P>, Checked<Q>, Checked<B>>, caller: Caller) => Promise<Reply> | Reply,
): Route {
  const refusals: readonly ErrorCode[] = ['not-logged-in', ...(row.refusals ?? [])];
  return { ...filled({ ...row, refusals }), needsLogin: true, handle: handle as Route['handle'] };
}

function filled<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType>(row: Row<P, Q, B>) {
  const { method, path, summary, answers } = row;
  const isChange = method === 'post';
  const refusals: readonly ErrorCode[] = [
    'bad-request',
    ...(isChange ? (['foreign-origin'] as const) : []),
    ...(row.refusals ?? []),
  ];
  return {
    ...{ method, path, summary, answers, refusals },
    params: row.params ?? none,
    query: row.query ?? none,
    body: row.body ?? null,
  };
}

const room = z.object({ room: schema.shortId });
const session = z.object({ session: schema.madeId });
const ROOM_REFUSALS: readonly ErrorCode[] = ['room-unknown', 'not-your-room'];
const SESSION_REFUSALS: readonly ErrorCode[] = ['session-unknown', 'not-your-room'];

export const ROUTES: readonly Route[] = [
  open(
    {
      method: 'get',
      path: '/site',
      summary: 'Names for the page header, and whether this is the demonstration site',
      answers: { 200: schema.siteView },
    },
    ({ desk, version }) => ({ json: { ...desk.site(), version } }),
  ),
  open(
    {
      method: 'get',
      path: '/people',
      summary: 'Who may log in here',
      answers: { 200: z.array(schema.personChoice) },
    },
    ({ desk }) => ({ json: desk.people() }),
  ),
  open(
    {
      method: 'get',
      path: '/signs/{room}',
      summary: 'What hangs on the wall beside the door',
      params: room,
      answers: { 200: schema.signView },
      refusals: ['room-unknown'],
    },
    ({ desk, params }) => ({ json: signView(desk.sign(params.room)) }),
  ),
  open(
    {
      method: 'post',
      path: '/login',
      summary: 'Log in with a PIN; a cookie carries the login',
      body: schema.loginRequest,
      answers: { 200: schema.me },
      refusals: ['wrong-pin', 'too-many-tries'],
    },
    async ({ desk, response, body, isSecure }) => {
      const { token, caller } = await desk.login(body.person, body.pin);
      response.set('Set-Cookie', loginCookie(token, isSecure));
      return { json: meView(caller, desk.roomsOf(caller)) };
    },
  ),
  guarded(
    { method: 'post', path: '/logout', summary: 'End the login', body: schema.nothing, answers: { 204: null } },
    async ({ desk, response, isSecure }, caller) => {
      await desk.logout(caller);
      response.set('Set-Cookie', endedCookie(isSecure));
      return { status: 204, json: null };
    },
  ),
  guarded(
    { method: 'get', path: '/me', summary: 'Who is logged in, and over which rooms', answers: { 200: schema.me } },
    ({ desk }, caller) => ({ json: meView(caller, desk.roomsOf(caller)) }),
  ),
  guarded(
    {
      method: 'get',
      path: '/rooms/{room}',
      summary: 'A room as it is now',
      params: room,
      answers: { 200: schema.roomView },
      refusals: ROOM_REFUSALS,
    },
    ({ desk, params }, caller) => ({ json: roomView(desk, caller, desk.room(caller, params.room)) }),
  ),
  guarded(
    {
      method: 'post',
      path: '/rooms/{room}/wake',
      summary: 'The panel is in use: arm the cameras (memory only) for as long as this is repeated',
      params: room,
      body: schema.nothing,
      answers: { 200: schema.roomView },
      refusals: ROOM_REFUSALS,
    },
    ({ desk, params }, caller) => ({ json: roomView(desk, caller, desk.wake(caller, params.room)) }),
  ),
  guarded(
    {
      method: 'post',
      path: '/rooms/{room}/sessions',
      summary: 'Open a session; the same press sent twice is one session (201 at first, then 200)',
      params: room,
      body: schema.openRequest,
      answers: { 200: schema.sessionView, 201: schema.sessionView },
      refusals: [...ROOM_REFUSALS, 'session-already-open', 'no-mandatory-stream', 'disk-full', 'disk-failed'],
    },
    async ({ desk, params, body }, caller) => {
      const press = { press: body.press, kind: body.kind, matter: body.matter ?? '' };
      const opened = await desk.open(caller, params.room, press);
      return { status: opened.isNew ? 201 : 200, json: sessionView(opened.session) };
    },
  ),
  guarded(
    {
      method: 'get',
      path: '/sessions',
      summary: 'Sessions of one room or of all rooms of one’s own, newest first',
      query: schema.sessionListQuery,
      answers: { 200: schema.sessionList },
      refusals: ROOM_REFUSALS,
    },
    ({ desk, query }, caller) => ({
      json: { sessions: desk.sessions(caller, query.room ?? null, query.limit).map(sessionView) },
    }),
  ),
  guarded(
    {
      method: 'get',
      path: '/sessions/{session}',
      summary: 'A session',
      params: session,
      answers: { 200: schema.sessionView },
      refusals: SESSION_REFUSALS,
    },
    ({ desk, params }, caller) => ({ json: sessionView(desk.session(caller, params.session)) }),
  ),
  guarded(
    {
      method: 'post',
      path: '/sessions/{session}/close',
      summary: 'Close a session; closing what is closing or closed changes nothing',
      params: session,
      body: schema.nothing,
      answers: { 200: schema.sessionView },
      refusals: [...SESSION_REFUSALS, 'disk-full', 'disk-failed'],
    },
    async ({ desk, params }, caller) => ({ json: sessionView(await desk.close(caller, params.session)) }),
  ),
  guarded(
    {
      method: 'get',
      path: '/sessions/{session}/review',
      summary: 'What the review page needs to play the streams side by side; audited',
      params: session,
      answers: { 200: schema.reviewView },
      refusals: SESSION_REFUSALS,
    },
    async ({ desk, params }, caller) => ({ json: reviewView(await desk.review(caller, params.session)) }),
  ),
  guarded(
    {
      method: 'get',
      path: '/sessions/{session}/streams/{stream}/playlist.m3u8',
      summary: 'HLS playlist of one stream of a session',
      params: session.extend({ stream: schema.shortId }),
      answers: { 200: 'application/vnd.apple.mpegurl' },
      refusals: [...SESSION_REFUSALS, 'not-found'],
    },
    async ({ desk, params, response }, caller) => {
      const media = await desk.streamMedia(caller, params.session, params.stream);
      response.set({ 'Content-Type': 'application/vnd.apple.mpegurl', 'Cache-Control': 'no-store' });
      response.send(playlistOf(media));
      return null;
    },
  ),
  guarded(
    {
      method: 'get',
      path: '/segments/{seg}/media.mp4',
      summary: 'A segment, whole or a byte range of it; the first access of each login is audited',
      params: z.object({ seg: schema.madeId }),
      answers: { 200: 'video/mp4', 206: 'video/mp4', 416: null },
      refusals: ['segment-unknown', 'not-your-room'],
    },
    async ({ desk, params, request, response }, caller) => {
      await sendMedia(request, response, await desk.media(caller, params.seg));
      return null;
    },
  ),
];

/** Checks one part of a request. Throws `bad-request` naming every field that is wrong, and never what was in it. */
export function checked<S extends z.ZodType>(what: S, value: unknown): z.output<S> {
  const result = what.safeParse(value);
  if (result.success) return result.data;
  const fields = result.error.issues.map((issue) => ({ field: issue.path.join('.'), message: issue.message }));
  throw new AppError('bad-request', 'the request is not as the API document describes it', { fields });
}
