/** Routes about what is to come: the docket, and the check of a room. */
import { z } from 'zod';
import type { ErrorCode } from '../core/errors.ts';
import { playlistOf } from './playlist.ts';
import { guarded, ROOM_REFUSALS, type Route, SESSION_REFUSALS } from './route.ts';
import { madeId, shortId } from './schemas.ts';
import * as schema from './schemas-docket.ts';
import { checkView, docketEntry, importResult } from './wire-hearing.ts';

const session = z.object({ session: madeId });
const check = z.object({ check: madeId });
const KEPT_REFUSALS: readonly ErrorCode[] = ['room-busy', 'disk-full', 'disk-failed'];
const PLAN_REFUSALS: readonly ErrorCode[] = [
  'kind-unknown',
  'session-already-open',
  'session-cancelled',
  ...KEPT_REFUSALS,
];
const CHECK_REFUSALS: readonly ErrorCode[] = ['check-unknown', 'not-your-room'];

export const DOCKET_ROUTES: readonly Route[] = [
  guarded(
    {
      method: 'get',
      path: '/docket',
      summary: 'What is planned and held in one room, or in all rooms of one’s own; by default today',
      query: schema.docketQuery,
      answers: { 200: schema.docket },
      refusals: ROOM_REFUSALS,
    },
    ({ desk, query }, caller) => {
      const { room = null, from = null, to = null } = query;
      const found = desk.hearings.docket(caller, room, from, to);
      return { json: { ...found, entries: found.entries.map(docketEntry) } };
    },
  ),
  guarded(
    {
      method: 'post',
      path: '/docket',
      summary: 'Put an entry into the docket; the same press sent twice is one entry (201 at first, then 200)',
      body: schema.scheduleRequest,
      answers: { 200: schema.docketEntry, 201: schema.docketEntry },
      refusals: [...ROOM_REFUSALS, 'session-unknown', ...PLAN_REFUSALS],
    },
    async ({ desk, body }, caller) => {
      const { matter = '', fields = {}, continues = null, ...press } = body;
      const { made, isNew } = await desk.hearings.schedule(caller, { ...press, matter, fields, continues });
      return { status: isNew ? 201 : 200, json: docketEntry(made) };
    },
  ),
  guarded(
    {
      method: 'post',
      path: '/docket/import',
      summary: 'Take a docket from a CSV or ICS file: good rows go in, bad rows are listed with line and reason',
      body: schema.importRequest,
      bodyBytesMax: 4 * schema.IMPORT_CHARACTERS_MAX,
      answers: { 200: schema.importResult },
      refusals: [...ROOM_REFUSALS, 'not-your-role', ...KEPT_REFUSALS],
    },
    async ({ desk, body }, caller) => {
      const { room = null, kind = null, ...press } = body;
      return { json: importResult(await desk.hearings.importDocket(caller, { ...press, room, kind })) };
    },
  ),
  guarded(
    {
      method: 'get',
      path: '/docket/{session}',
      summary: 'An entry of the docket, whatever became of it',
      params: session,
      answers: { 200: schema.docketEntry },
      refusals: SESSION_REFUSALS,
    },
    ({ desk, params }, caller) => ({ json: docketEntry(desk.hearings.entry(caller, params.session)) }),
  ),
  guarded(
    {
      method: 'post',
      path: '/docket/{session}/amend',
      summary: 'Change an entry that was not opened',
      params: session,
      body: schema.amendRequest,
      answers: { 200: schema.docketEntry },
      refusals: [...SESSION_REFUSALS, 'room-unknown', ...PLAN_REFUSALS],
    },
    async ({ desk, params, body: { press, ...change } }, caller) => ({
      json: docketEntry(await desk.hearings.amend(caller, params.session, { press, ...given(change) })),
    }),
  ),
  guarded(
    {
      method: 'post',
      path: '/docket/{session}/cancel',
      summary: 'Cancel an entry that was not opened; it stays in the docket and says why',
      params: session,
      body: schema.cancelRequest,
      answers: { 200: schema.docketEntry },
      refusals: [...SESSION_REFUSALS, 'session-already-open', ...KEPT_REFUSALS],
    },
    async ({ desk, params, body }, caller) => ({
      json: docketEntry(await desk.hearings.cancel(caller, params.session, body.press, body.reason)),
    }),
  ),
  guarded(
    {
      method: 'post',
      path: '/rooms/{room}/checks',
      summary: 'Check the room: keep some seconds of every stream, look at them, leave them to be played back',
      params: z.object({ room: shortId }),
      body: schema.checkRequest,
      answers: { 200: schema.checkView, 201: schema.checkView },
      refusals: [
        ...[...ROOM_REFUSALS, 'session-unknown', 'session-already-open', 'session-cancelled', 'check-running'],
        ...['no-mandatory-stream', ...KEPT_REFUSALS],
      ] as ErrorCode[],
    },
    async ({ desk, params, body }, caller) => {
      const begun = await desk.hearings.beginCheck(caller, params.room, body.press, body.session ?? null);
      return { status: begun.isNew ? 201 : 200, json: checkView(begun.made) };
    },
  ),
  guarded(
    {
      method: 'get',
      path: '/checks/{check}',
      summary: 'A check and what it found',
      params: check,
      answers: { 200: schema.checkView },
      refusals: CHECK_REFUSALS,
    },
    ({ desk, params }, caller) => ({ json: checkView(desk.hearings.check(caller, params.check)) }),
  ),
  guarded(
    {
      method: 'get',
      path: '/checks/{check}/streams/{stream}/playlist.m3u8',
      summary: 'HLS playlist of what a check kept of one stream',
      params: check.extend({ stream: shortId }),
      answers: { 200: 'application/vnd.apple.mpegurl' },
      refusals: [...CHECK_REFUSALS, 'not-found'],
    },
    async ({ desk, params, response }, caller) => {
      const media = await desk.hearings.checkMedia(caller, params.check, params.stream);
      response.set({ 'Content-Type': 'application/vnd.apple.mpegurl', 'Cache-Control': 'no-store' });
      response.send(playlistOf(media));
      return null;
    },
  ),
  guarded(
    {
      method: 'post',
      path: '/checks/{check}/heard',
      summary: 'Say how it was to play back what a check kept',
      params: check,
      body: schema.heardRequest,
      answers: { 200: schema.checkView },
      refusals: [...CHECK_REFUSALS, 'check-running', ...KEPT_REFUSALS],
    },
    async ({ desk, params, body: { press, streams, note = '' } }, caller) => {
      const heard = streams.map(({ stream, good }) => ({ stream, isGood: good }));
      return { json: checkView(await desk.hearings.hear(caller, params.check, press, heard, note)) };
    },
  ),
];

/** Without what was left out. */
export function given<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as never;
}
