/**
 * The centre's contract as schemas: what comes in is checked with them, and its API document is made from them. The compiler checks
 * in test/api/centre that they say the same as contract-centre.ts.
 */
import { OpenAPIRegistry } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import { SITE_PATTERN } from '../../core/hrc.ts';
import { STREAM_ID_PATTERN } from '../../core/recording.ts';
import { ULID_PATTERN } from '../../core/ulid.ts';
import { ms, pressId } from '../schemas.ts';

const NAME_CHARS_MAX = 40;
const REASON_CHARS_MAX = 200;
const STREAMS_MAX = 64;
const LIMIT_MAX = 200;
const SECRET_CHARS_MAX = 64;
/** No year that a clock could mean. */
const MS_MAX = 4_102_444_800_000;

export const centreRegistry = new OpenAPIRegistry();
const name = <T extends z.ZodType>(id: string, schema: T): T => centreRegistry.register(id, schema);

export const siteId = z.string().regex(SITE_PATTERN);
export const ulid = z.string().regex(ULID_PATTERN);
/** Sessions are named by their site. */
export const sessionId = z.string().regex(/^[0-9A-Za-z][0-9A-Za-z-]{0,63}$/);
export const streamId = z.string().regex(STREAM_ID_PATTERN);
const loginId = z.string().regex(/^[0-9a-f]{64}$/);
const moment = z.coerce.number().int().min(0).max(MS_MAX);
const limit = z.coerce.number().int().min(1).max(LIMIT_MAX).default(50);
const role = z.enum(['administrator', 'reader']);

export const site = z.object({ site: siteId });
export const sessionOfSite = site.extend({ session: sessionId });
export const segmentOfSite = site.extend({ seg: ulid });
export const streamOfSite = site.extend({ stream: streamId });
export const commandOnly = z.object({ command: ulid });
export const personOnly = z.object({ person: ulid });
export const loginOnly = z.object({ login: loginId });
export const listQuery = z.object({ limit });
export const commandQuery = z.object({ site: siteId.optional(), before: ulid.optional(), limit });
export const trailQuery = z.object({ limit, before: z.coerce.number().int().min(1).optional() });
export const rangeQuery = z.object({ from: moment, to: moment }).refine(({ from, to }) => from < to, {
  path: ['to'],
  message: 'must be later than from',
});
/** Of a session, or from and to. */
export const stretchQuery = z
  .object({ session: sessionId.optional(), from: moment.optional(), to: moment.optional() })
  .refine(({ session, from, to }) => (session === undefined) === (from !== undefined && to !== undefined), {
    path: ['session'],
    message: 'either session, or from and to',
  });

export const enterRequest = z.strictObject({
  name: z.string().min(1).max(NAME_CHARS_MAX),
  secret: z.string().min(1).max(SECRET_CHARS_MAX),
});
export const addPersonRequest = z.strictObject({
  name: z
    .string()
    .trim()
    .min(1)
    .max(NAME_CHARS_MAX)
    .regex(/^[^\p{C}]+$/u),
  role,
});
export const pressRequest = z.strictObject({ press: pressId });
export const commandRequest = z
  .strictObject({
    press: pressId,
    type: z.enum(['fetch', 'hold', 'release']),
    session: sessionId.nullable(),
    streams: z.array(streamId).min(1).max(STREAMS_MAX).nullable(),
    from: ms.int().min(0).max(MS_MAX).nullable(),
    to: ms.int().min(0).max(MS_MAX).nullable(),
    target: ulid.nullable(),
    reason: z.string().trim().min(1).max(REASON_CHARS_MAX).nullable(),
  })
  .superRefine((wish, context) => {
    const fault = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    if (wish.type === 'release') {
      if (wish.target === null) fault('target', 'the hold that is released');
      return;
    }
    if (wish.session === null && (wish.from === null || wish.to === null))
      fault('session', 'a session, or from and to');
    if (wish.from !== null && wish.to !== null && wish.from >= wish.to) fault('to', 'must be later than from');
  });

const count = z.number().int().min(0);
const amount = name('Amount', z.object({ segments: count, bytes: count }));
const text = z.string().nullable();
const time = ms.nullable();

export const centreView = name('CentreView', z.object({ name: z.string(), version: z.string() }));
const person = z.object({ id: z.string(), name: z.string(), role });
export const centreMe = name('CentreMe', z.object({ person }));

const siteRow = name(
  'SiteRow',
  z.object({
    site: z.string(),
    isOnline: z.boolean().nullable(),
    since: time,
    software: text,
    waiting: amount.extend({ oldest: time, at: ms }).nullable(),
    held: amount,
    alarms: z.array(
      z.object({ code: z.string(), level: z.enum(['warning', 'alarm']), room: text, stream: text, since: ms }),
    ),
    clock: text,
    hoursLeft: z.number().nullable(),
    recorderAnswers: z.boolean().nullable(),
    missing: z.array(z.object({ from: count, to: count })),
    conflicts: count,
    chainFaults: count,
    sessions: count,
    running: count,
    overdue: count,
    openCommands: count,
  }),
);
const siteSession = name(
  'SiteSession',
  z.object({
    site: z.string(),
    session: z.string(),
    state: z.string(),
    room: text,
    kind: text,
    openedAt: time,
    closedAt: time,
    due: z.object({ at: ms, clause: text }).nullable(),
    handedOverAt: time,
    isOverdue: z.boolean(),
    held: amount,
    expected: amount,
    gaps: count,
  }),
);
export const siteList = name('SiteList', z.object({ at: ms, sites: z.array(siteRow) }));
export const sitePage = name('SitePage', z.object({ at: ms, site: siteRow, sessions: z.array(siteSession) }));

const gap = z.object({ stream: z.string(), from: ms, to: ms, cause: z.string() });
const streamRow = z.object({
  stream: z.string(),
  hasPicture: z.boolean(),
  held: amount,
  expected: amount,
  stretches: z.array(z.object({ from: ms, to: ms, isHeld: z.boolean() })),
  gaps: z.array(gap),
});
const range = z.object({
  site: z.string(),
  from: ms,
  to: ms,
  isGrowing: z.boolean(),
  streams: z.array(streamRow),
  isCut: z.boolean(),
});
export const stretchView = name('StretchView', z.object({ at: ms, session: siteSession.nullable(), range }));

export const commandView = name(
  'CommandView',
  z.object({
    id: z.string(),
    site: z.string(),
    type: z.string(),
    session: text,
    streams: z.array(z.string()).nullable(),
    from: time,
    to: time,
    target: text,
    actor: text,
    reason: text,
    givenAt: ms,
    endsAt: ms,
    status: z.string(),
    answeredAt: time,
    endedAt: time,
    plan: amount.nullable(),
    done: amount.nullable(),
    items: z.record(z.string(), count),
    trouble: z.object({ code: z.string(), message: text }).nullable(),
  }),
);
export const commandList = name('CommandList', z.object({ at: ms, commands: z.array(commandView) }));

const loginRow = z.object({
  id: z.string(),
  address: z.string(),
  agent: z.string(),
  since: ms,
  lastUseAt: ms,
  isMine: z.boolean(),
});
export const centrePeople = name(
  'CentrePeople',
  z.object({
    at: ms,
    people: z.array(person.extend({ lockedForMs: z.number(), logins: z.array(loginRow) })),
  }),
);
export const centreSecret = name('CentreSecret', z.object({ secret: z.string() }));
export const centreTrail = name(
  'CentreTrail',
  z.object({
    lines: z.array(
      z.object({ seq: count, at: ms, who: text, did: z.string(), object: z.string(), site: text, source: text }),
    ),
  }),
);
