/** Routes about sessions: opening, closing, and everything that is added to one meanwhile. */
import { z } from 'zod';
import type { ErrorCode } from '../core/errors.ts';
import { guarded, ROOM_REFUSALS, type Route, SESSION_REFUSALS } from './route.ts';
import { given } from './routes-docket.ts';
import { madeId, nothing, pressId, shortId } from './schemas.ts';
import { adjournedView } from './schemas-docket.ts';
import * as schema from './schemas-session.ts';
import { docketEntry, markView, sessionView } from './wire-hearing.ts';

const room = z.object({ room: shortId });
const session = z.object({ session: madeId });
const KEPT_REFUSALS: readonly ErrorCode[] = ['room-busy', 'disk-full', 'disk-failed'];
const OPEN_REFUSALS: readonly ErrorCode[] = ['session-already-open', 'no-mandatory-stream', ...KEPT_REFUSALS];
const ADD_REFUSALS: readonly ErrorCode[] = [...SESSION_REFUSALS, 'session-not-open', 'session-over', ...KEPT_REFUSALS];

export const SESSION_ROUTES: readonly Route[] = [
  guarded(
    {
      method: 'post',
      path: '/rooms/{room}/sessions',
      summary: 'Open a walk-in; the same press sent twice is one session (201 at first, then 200)',
      params: room,
      body: schema.openRequest,
      answers: { 200: schema.sessionView, 201: schema.sessionView },
      refusals: [...ROOM_REFUSALS, ...OPEN_REFUSALS],
    },
    async ({ desk, params, body }, caller) => {
      const { matter = '', fields = {}, ...press } = body;
      const opened = await desk.open(caller, params.room, { ...press, matter, fields });
      return { status: opened.isNew ? 201 : 200, json: sessionView(opened.session) };
    },
  ),
  guarded(
    {
      method: 'post',
      path: '/sessions/{session}/open',
      summary: 'Open an entry of the docket; the same press sent twice is one session (201 at first, then 200)',
      params: session,
      body: schema.pressRequest,
      answers: { 200: schema.sessionView, 201: schema.sessionView },
      refusals: [...SESSION_REFUSALS, 'session-cancelled', ...OPEN_REFUSALS],
    },
    async ({ desk, params, body }, caller) => {
      const { made, isNew } = await desk.hearings.openPlanned(caller, params.session, body.press);
      return { status: isNew ? 201 : 200, json: sessionView(made) };
    },
  ),
  guarded(
    {
      method: 'get',
      path: '/sessions',
      summary: 'Opened sessions of one room or of all rooms of one’s own, newest first',
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
      summary: 'An opened session',
      params: session,
      answers: { 200: schema.sessionView },
      refusals: [...SESSION_REFUSALS, 'session-not-open'],
    },
    ({ desk, params }, caller) => ({ json: sessionView(desk.session(caller, params.session)) }),
  ),
  guarded(
    {
      method: 'post',
      path: '/sessions/{session}/close',
      summary: 'Close a session; closing what is closing or closed changes nothing',
      params: session,
      body: nothing,
      answers: { 200: schema.sessionView },
      refusals: [...SESSION_REFUSALS, 'session-not-open', ...KEPT_REFUSALS],
    },
    async ({ desk, params }, caller) => ({ json: sessionView(await desk.close(caller, params.session)) }),
  ),
  guarded(
    {
      method: 'post',
      path: '/sessions/{session}/adjourn',
      summary: 'Close a session and put its continuation into the docket',
      params: session,
      body: schema.adjournRequest,
      answers: { 200: adjournedView },
      refusals: ADD_REFUSALS,
    },
    async ({ desk, params, body }, caller) => {
      const adjourned = await desk.hearings.adjourn(caller, params.session, body);
      return { json: { session: sessionView(adjourned.session), next: docketEntry(adjourned.next) } };
    },
  ),
  guarded(
    {
      method: 'post',
      path: '/sessions/{session}/extend',
      summary: 'Say how long it goes on',
      params: session,
      body: schema.extendRequest,
      answers: { 200: schema.sessionView },
      refusals: ADD_REFUSALS,
    },
    async ({ desk, params, body }, caller) => {
      const untilMs = body.until ?? desk.now() + (body.byMs ?? 0);
      return { json: sessionView(await desk.hearings.extend(caller, params.session, body.press, untilMs)) };
    },
  ),
  guarded(
    {
      method: 'post',
      path: '/sessions/{session}/fields',
      summary: 'Fill in what was not known at the start',
      params: session,
      body: schema.fillRequest,
      answers: { 200: schema.sessionView },
      refusals: [...ADD_REFUSALS, 'kind-unknown'],
    },
    async ({ desk, params, body: { press, ...change } }, caller) => ({
      json: sessionView(await desk.hearings.fill(caller, params.session, { press, ...given(change) })),
    }),
  ),
  guarded(
    {
      method: 'get',
      path: '/sessions/{session}/marks',
      summary: 'All marks of a session, and how its parties were told, oldest first',
      params: session,
      answers: { 200: schema.markList },
      refusals: [...SESSION_REFUSALS, 'session-not-open'],
    },
    ({ desk, params }, caller) => {
      const { marks, notices } = desk.hearings.marks(caller, params.session);
      return { json: { marks: marks.map(markView), notices } };
    },
  ),
  guarded(
    {
      method: 'post',
      path: '/sessions/{session}/marks',
      summary: 'Make a mark, dated by its first press; the same press sent twice is one mark (201 at first, then 200)',
      params: session,
      body: schema.markRequest,
      answers: { 200: schema.markView, 201: schema.markView },
      refusals: ADD_REFUSALS,
    },
    async ({ desk, params, body: { press, kind, agoMs = 0, note = '', page = '' } }, caller) => {
      const mark = { press, kind, agoMs, note, page };
      const { made, isNew } = await desk.hearings.mark(caller, params.session, mark);
      return { status: isNew ? 201 : 200, json: markView(made) };
    },
  ),
  guarded(
    {
      method: 'post',
      path: '/sessions/{session}/marks/{mark}/notes',
      summary: 'Add a note to a mark',
      params: session.extend({ mark: pressId }),
      body: schema.markNoteRequest,
      answers: { 200: schema.markView },
      refusals: [...ADD_REFUSALS, 'mark-unknown'],
    },
    async ({ desk, params, body: { press, note, page = '' } }, caller) => ({
      json: markView(await desk.hearings.noteMark(caller, params.session, params.mark, { press, note, page })),
    }),
  ),
  guarded(
    {
      method: 'post',
      path: '/sessions/{session}/told',
      summary: 'The parties were told that they are recorded, and how they answered',
      params: session,
      body: schema.toldRequest,
      answers: { 200: schema.sessionView },
      refusals: ADD_REFUSALS,
    },
    async ({ desk, params, body: { press, answer, note = '', agoMs = 0 } }, caller) => ({
      json: sessionView(await desk.hearings.tell(caller, params.session, { press, answer, note, agoMs })),
    }),
  ),
  guarded(
    {
      method: 'post',
      path: '/sessions/{session}/explanations',
      summary: 'Explain an interruption: that the reason is being spoken, its typed form, or both',
      params: session,
      body: schema.explainRequest,
      answers: { 200: schema.sessionView },
      refusals: [...ADD_REFUSALS, 'interruption-unknown'],
    },
    async ({ desk, params, body }, caller) => {
      const { press, interruption, spoken: isSpoken = false, agoMs = 0, reason = null } = body;
      const said = { press, interruption, isSpoken, agoMs, reason };
      return { json: sessionView(await desk.hearings.explain(caller, params.session, said)) };
    },
  ),
];
