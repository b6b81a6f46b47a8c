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
export const bytes = z.number().min(0);
/** Ids of rooms, streams and people as the configuration gives them. */
export const shortId = z.string().regex(STREAM_ID_PATTERN);
/** Ids that the product makes: sessions and segments. */
export const madeId = z.string().regex(/^[0-9A-Za-z][0-9A-Za-z-]{0,63}$/);
export const pressId = z.string().regex(/^[0-9A-Za-z_-]{8,64}$/);

export const deviceKind = z.enum(['camera', 'microphone']);
export const role = z.enum(['clerk', 'presider', 'custodian', 'approver', 'auditor', 'technician', 'administrator']);
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
    kind: deviceKind,
    mandatory: z.boolean(),
    state: z.enum(['off', 'connecting', 'armed', 'starting', 'recording', 'lost', 'refused']),
    since: ms,
    trouble: trouble.nullable(),
    hasVideo: z.boolean(),
    hasAudio: z.boolean(),
  }),
);
/** Bodies of requests that say everything by their address. */
export const nothing = z.strictObject({}).optional();

export const wording = z.object({ zh: z.string(), en: z.string() });
export const nextMatter = z.object({ at: ms, kind: wording });
export const signView = name(
  'SignView',
  z.object({
    room: roomName,
    at: ms,
    state: z.enum(['idle', 'next', 'starting', 'notice', 'recording', 'fault']),
    since: ms.nullable(),
    notice: wording.nullable(),
    next: nextMatter.nullable(),
  }),
);
export const siteView = name(
  'SiteView',
  z.object({ name: z.string(), nameEn: z.string(), demo: z.boolean(), version: z.string() }),
);
