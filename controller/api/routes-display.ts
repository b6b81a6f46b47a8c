/** Routes of displays, the spoken notice, lamps and glances. What hangs on a wall needs no login; who looks into a room does. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import type { Desk } from '../core/desk.ts';
import { AppError, errnoOf } from '../core/errors.ts';
import type { Origin } from '../core/origin.ts';
import { guarded, open, ROOM_REFUSALS, type Route } from './route.ts';
import { nothing, shortId } from './schemas.ts';
import * as schema from './schemas-display.ts';
import { displayView, glanceView, signsView } from './wire-display.ts';

/** The log of displays is evidence: only a screen of this machine, or one that a technician paired, can say what it shows. */
function mustBeOurs(desk: Desk, from: Origin): void {
  if (from.isLocal || desk.door.here(from).panel !== null) return;
  throw new AppError('panel-not-paired', 'only a paired screen can say what it shows');
}

const display = z.object({ display: shortId });
const room = z.object({ room: shortId });
const DAY_MS = 86_400_000;
const JPEG = 'image/jpeg';

export const DISPLAY_ROUTES: readonly Route[] = [
  open(
    {
      method: 'get',
      path: '/displays/{display}',
      summary: 'What a display should show now',
      params: display,
      answers: { 200: schema.displayView },
      refusals: ['display-unknown'],
    },
    ({ desk, params }) => ({ json: displayView(desk.signs.display(params.display)) }),
  ),
  open(
    {
      method: 'post',
      path: '/displays/{display}/painted',
      summary: 'A display says what it has painted, after the frame was on its screen; repeated every two seconds',
      params: display,
      body: schema.paintedRequest,
      answers: { 200: schema.displayView },
      refusals: ['display-unknown', 'display-taken', 'panel-not-paired'],
    },
    async ({ desk, params, body, from }) => {
      mustBeOurs(desk, from);
      const painted = { ...body, isKept: body.isKept ?? null, address: from.address };
      return { json: displayView(await desk.signs.painted(params.display, painted)) };
    },
  ),
  open(
    {
      method: 'post',
      path: '/displays/{display}/spoken',
      summary: 'A display says what became of the notice that it was to speak',
      params: display,
      body: schema.spokenRequest,
      answers: { 200: schema.displayView },
      refusals: ['display-unknown', 'display-taken', 'panel-not-paired', 'disk-full', 'disk-failed'],
    },
    async ({ desk, params, body, from }) => {
      mustBeOurs(desk, from);
      return { json: displayView(await desk.signs.spoken(params.display, body.holder, body.speak, body.outcome)) };
    },
  ),
  open(
    {
      method: 'get',
      path: '/speech/{text}',
      summary: 'A notice as sound, by the SHA-256 of its text',
      params: z.object({ text: schema.textHash }),
      answers: { 200: 'audio/*' },
      refusals: ['not-found', 'speech-missing'],
    },
    async ({ desk, params, response }) => {
      const { path, mediaType } = await desk.signs.speech(params.text);
      const { size } = await stat(path).catch((error: unknown) => {
        throw new AppError('speech-missing', 'the file of the speech is gone', { cause: error });
      });
      response.set({ 'Content-Type': mediaType, 'Content-Length': String(size), 'Cache-Control': 'no-store' });
      try {
        await pipeline(createReadStream(path), response);
      } catch (error) {
        // The display went away in the middle: nothing is wrong.
        if (errnoOf(error) !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
      }
      return null;
    },
  ),
  guarded(
    {
      method: 'get',
      path: '/displays',
      summary: 'Displays of one’s own rooms and of halls, and whether they are lit',
      answers: { 200: schema.displayList },
    },
    ({ desk }, caller) => ({ json: { displays: desk.signs.displays(caller) } }),
  ),
  guarded(
    {
      method: 'get',
      path: '/displays/{display}/log',
      summary: 'What stood on a display from when to when, oldest first; the last day unless said otherwise',
      params: display,
      query: z.object({ from: z.coerce.number().optional(), to: z.coerce.number().optional() }),
      answers: { 200: schema.displayLog },
      refusals: ['display-unknown', 'not-your-room'],
    },
    ({ desk, params, query }, caller) => {
      const to = query.to ?? desk.now() + 1;
      const stretches = desk.signs.displayLog(caller, params.display, query.from ?? to - DAY_MS, to);
      return { json: { stretches } };
    },
  ),
  guarded(
    {
      method: 'get',
      path: '/rooms/{room}/signs',
      summary: 'Displays, the spoken notice and the lamps of a room',
      params: room,
      answers: { 200: schema.signsView },
      refusals: ROOM_REFUSALS,
    },
    ({ desk, params }, caller) => ({ json: signsView(desk.signs.signs(caller, params.room)) }),
  ),
  guarded(
    {
      method: 'post',
      path: '/rooms/{room}/speech',
      summary: 'Speak the notice (again) now, while the recording is proven',
      params: room,
      body: nothing,
      answers: { 200: schema.signsView },
      refusals: [...ROOM_REFUSALS, 'notice-unspoken'],
    },
    async ({ desk, params }, caller) => ({ json: signsView(await desk.signs.speak(caller, params.room)) }),
  ),
  guarded(
    {
      method: 'get',
      path: '/rooms/{room}/glance',
      summary: 'How the streams of a room look and sound, at most some seconds old; audited',
      params: room,
      answers: { 200: schema.glanceView },
      refusals: ROOM_REFUSALS,
    },
    async ({ desk, params }, caller) => ({
      json: glanceView(params.room, await desk.signs.glance(caller, params.room)),
    }),
  ),
  guarded(
    {
      method: 'get',
      path: '/rooms/{room}/streams/{stream}/still.jpg',
      summary: 'The newest small picture of a stream; audited',
      params: room.extend({ stream: shortId }),
      // Names the picture, so that a browser asks again for each new one.
      query: z.object({ of: z.string().max(100).optional() }),
      answers: { 200: JPEG },
      refusals: [...ROOM_REFUSALS, 'not-found', 'still-unavailable'],
    },
    async ({ desk, params, response }, caller) => {
      const jpeg = await desk.signs.still(caller, params.room, params.stream);
      response.set({ 'Content-Type': JPEG, 'Cache-Control': 'no-store' }).send(Buffer.from(jpeg));
      return null;
    },
  ),
];
