/**
 * The contract as schemas: what comes in is checked with them, and the API document is made from them. The compiler checks in
 * test/api/contract.test.ts that they say the same as contract.ts.
 */
import { extendZodWithOpenApi, OpenAPIRegistry } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import { STREAM_ID_PATTERN } from '../core/recording.ts';

extendZodWithOpenApi(z);

export const registry = new OpenAPIRegistry();

/** Registers a schema under its name in the API document. */
export const name = <T extends z.ZodType>(id: string, schema: T): T => registry.register(id, schema);

export const ms = z.number().describe('UTC milliseconds');
const bytes = z.number().min(0);
/** Ids of rooms, streams and people as the configuration gives them. */
export const shortId = z.string().regex(STREAM_ID_PATTERN);
/** Ids that the product makes: sessions and segments. */
export const madeId = z.string().regex(/^[0-9A-Za-z][0-9A-Za-z-]{0,63}$/);
export const pressId = z.string().regex(/^[0-9A-Za-z_-]{8,64}$/);

const kind = z.enum(['camera', 'microphone']);
export const role = z.enum(['clerk', 'presider', 'custodian', 'approver', 'auditor', 'technician', 'administrator']);
export const sessionKind = z.enum(['hearing', 'interview', 'inquiry', 'reconsideration']);
const errorKind = z.enum([
  'invalid',
  'unauthenticated',
  'forbidden',
  'not-found',
  'conflict',
  'busy',
  'unavailable',
  'internal',
]);

export const trouble = name('Trouble', z.object({ code: z.string(), message: z.string(), hint: z.string() }));
export const errorBody = name(
  'ErrorBody',
  z.object({
    error: trouble.extend({
      kind: errorKind,
      fields: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
      retryAfterMs: z.number().optional(),
    }),
  }),
);

export const personChoice = name('PersonChoice', z.object({ id: z.string(), name: z.string(), role }));
export const roomName = name('RoomName', z.object({ id: z.string(), name: z.string(), nameEn: z.string() }));
export const streamView = name(
  'StreamView',
  z.object({
    id: z.string(),
    name: z.string(),
    kind,
    mandatory: z.boolean(),
    state: z.enum(['off', 'connecting', 'armed', 'starting', 'recording', 'lost', 'refused']),
    since: ms,
    trouble: trouble.nullable(),
    hasVideo: z.boolean(),
    hasAudio: z.boolean(),
  }),
);
export const gapView = name(
  'GapView',
  z.object({ stream: z.string(), from: ms, to: ms.nullable(), cause: z.string() }),
);
export const handOverView = name(
  'HandOverView',
  z.object({ done: z.number(), total: z.number(), bytesDone: bytes, bytesTotal: bytes }),
);
export const sessionView = name(
  'SessionView',
  z.object({
    id: z.string(),
    room: z.string(),
    kind: sessionKind,
    matter: z.string(),
    state: z.enum(['opening', 'open', 'closing', 'closed', 'handed-over']),
    requested: z.enum(['record', 'stop']),
    confirmed: z.boolean(),
    openedAt: ms,
    confirmedAt: ms.nullable(),
    closedAt: ms.nullable(),
    openedBy: z.string(),
    closedBy: z.string().nullable(),
    streams: z.array(z.object({ id: z.string(), name: z.string(), kind, mandatory: z.boolean() })),
    gaps: z.array(gapView),
    handOver: handOverView,
  }),
);
export const roomView = name(
  'RoomView',
  z.object({
    room: roomName,
    at: ms,
    revision: z.number(),
    readiness: z.enum(['asleep', 'arming', 'ready', 'partly-ready']),
    streams: z.array(streamView),
    session: sessionView.nullable(),
    may: z.object({ open: z.boolean(), close: z.boolean() }),
    recorder: z.enum(['connected', 'away']),
    centre: z.object({
      state: z.enum(['connected', 'away', 'not-configured']),
      waitingSegments: z.number(),
      waitingBytes: bytes,
    }),
    disk: z.object({ freeBytes: bytes, hoursLeft: z.number().nullable() }),
    alarms: z.array(trouble.extend({ since: ms, level: z.enum(['warning', 'alarm']), stream: z.string().nullable() })),
  }),
);

export const openRequest = name(
  'OpenRequest',
  z.strictObject({ press: pressId, kind: sessionKind, matter: z.string().trim().max(200).optional() }),
);
/** Bodies of requests that say everything by their address. */
export const nothing = z.strictObject({}).optional();

export const sessionListQuery = z.object({
  room: shortId.optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export const sessionList = name('SessionList', z.object({ sessions: z.array(sessionView) }));

export const reviewSegment = name(
  'ReviewSegment',
  z.object({ id: z.string(), from: ms, to: ms, bytes, sha256: z.string(), receiptedAt: ms.nullable() }),
);
export const reviewStream = name(
  'ReviewStream',
  z.object({
    id: z.string(),
    name: z.string(),
    kind,
    playlist: z.string(),
    segments: z.array(reviewSegment),
    gaps: z.array(gapView),
  }),
);
export const reviewView = name(
  'ReviewView',
  z.object({ session: sessionView, from: ms, to: ms, streams: z.array(reviewStream) }),
);

export const signView = name(
  'SignView',
  z.object({
    room: roomName,
    at: ms,
    state: z.enum(['idle', 'starting', 'recording', 'fault']),
    since: ms.nullable(),
    notice: z.object({ zh: z.string(), en: z.string() }),
  }),
);
export const siteView = name(
  'SiteView',
  z.object({ name: z.string(), nameEn: z.string(), demo: z.boolean(), version: z.string() }),
);
