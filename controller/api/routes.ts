/**
 * Every route of /api/v1 as a row of one table. The server is built from it and the API document is made from it, so that
 * neither can know a route that the other does not. What belongs to one topic is in a file of its own.
 */
import { z } from 'zod';
import type { ErrorCode } from '../core/errors.ts';
import { sendMedia } from './media.ts';
import { playlistOf } from './playlist.ts';
import { guarded, open, ROOM_REFUSALS, type Route, SESSION_REFUSALS } from './route.ts';
import { DISPLAY_ROUTES } from './routes-display.ts';
import { DOCKET_ROUTES } from './routes-docket.ts';
import { PEOPLE_ROUTES } from './routes-people.ts';
import { RULES_ROUTES } from './routes-rules.ts';
import { SESSION_ROUTES } from './routes-session.ts';
import * as schema from './schemas.ts';
import * as roomSchema from './schemas-room.ts';
import { recallView, reviewView, roomView, signView } from './wire.ts';

const room = z.object({ room: schema.shortId });
const SEGMENT_REFUSALS: readonly ErrorCode[] = ['segment-unknown', 'not-your-room'];
const session = z.object({ session: schema.madeId });

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
      path: '/signs/{room}',
      summary: 'What hangs on the wall beside the door',
      params: room,
      answers: { 200: schema.signView },
      refusals: ['room-unknown'],
    },
    ({ desk, params }) => ({ json: signView(desk.sign(params.room)) }),
  ),
  ...PEOPLE_ROUTES,
  ...DISPLAY_ROUTES,
  guarded(
    {
      method: 'get',
      path: '/rooms/{room}',
      summary: 'A room as it is now',
      params: room,
      answers: { 200: roomSchema.roomView },
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
      answers: { 200: roomSchema.roomView },
      refusals: ROOM_REFUSALS,
    },
    ({ desk, params }, caller) => ({ json: roomView(desk, caller, desk.wake(caller, params.room)) }),
  ),
  ...RULES_ROUTES,
  ...DOCKET_ROUTES,
  ...SESSION_ROUTES,
  guarded(
    {
      method: 'get',
      path: '/sessions/{session}/review',
      summary: 'What the review page needs to play the streams side by side; audited',
      params: session,
      answers: { 200: roomSchema.reviewView },
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
      refusals: [...SEGMENT_REFUSALS, 'segment-away', 'centre-away', 'recall-failed', 'disk-full'],
    },
    async ({ desk, params, request, response }, caller) => {
      const gone = new AbortController();
      response.once('close', () => gone.abort());
      await sendMedia(request, response, await desk.media(caller, params.seg, gone.signal));
      return null;
    },
  ),
  guarded(
    {
      method: 'get',
      path: '/segments/{seg}/recall',
      summary: 'How far a segment is that lies at the centre and is brought back while it is asked for',
      params: z.object({ seg: schema.madeId }),
      answers: { 200: roomSchema.recallView },
      refusals: SEGMENT_REFUSALS,
    },
    ({ desk, params }, caller) => ({ json: recallView(desk.recall(caller, params.seg)) }),
  ),
];
