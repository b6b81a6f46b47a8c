/** The part of the contract about sessions as schemas (contract-session.ts). */
import { z } from 'zod';
import { type FieldValues, MARK_KINDS, NOTICE_ANSWERS } from '../core/session-facts.ts';
import { bytes, deviceKind, madeId, ms, name, pressId, shortId } from './schemas.ts';

/** What people type: bounded, trimmed. */
const note = z.string().trim().max(2_000);
const page = z.string().trim().max(20);
const reason = z.string().trim().min(1).max(500);
const matter = z.string().trim().max(200);
const agoMs = z.number().min(0).max(86_400_000).describe('milliseconds').optional();
/** Times that people plan. */
const plannedMs = z.int().min(0).max(8_000_000_000_000).describe('UTC milliseconds');

export const sessionKind = shortId;
export const openedState = z.enum(['opening', 'open', 'closing', 'closed', 'handed-over']);
export const sessionState = z.enum(['scheduled', 'checking', 'ready', 'cancelled', ...openedState.options]);
export const markKind = z.enum(MARK_KINDS as [(typeof MARK_KINDS)[number], ...(typeof MARK_KINDS)[number][]]);
const noticeAnswer = z.enum(NOTICE_ANSWERS as [(typeof NOTICE_ANSWERS)[number], ...(typeof NOTICE_ANSWERS)[number][]]);

export const namedPerson = name(
  'NamedPerson',
  z.strictObject({
    name: z.string().max(200),
    capacity: z.string().max(200).optional(),
    certificate: z.string().max(200).optional(),
  }),
);
/** The compiler would have people's absent entries `undefined`; they are absent. */
export const fieldValues: z.ZodType<FieldValues, FieldValues> = name(
  'FieldValues',
  z.record(z.string().max(64), z.union([z.string().max(8_000), z.array(namedPerson).max(100)])),
) as z.ZodType<FieldValues, FieldValues>;
export const plannedView = name('PlannedView', z.strictObject({ from: plannedMs, to: plannedMs.nullable() }));

export const gapView = name(
  'GapView',
  z.object({ stream: z.string(), from: ms, to: ms.nullable(), cause: z.string() }),
);
export const interruptionView = name(
  'InterruptionView',
  z.object({
    id: z.string().nullable(),
    from: ms,
    to: ms.nullable(),
    streams: z.array(z.string()),
    causes: z.array(z.string()),
    mandatory: z.boolean(),
    spokenAt: ms.nullable(),
    reason: z.string().nullable(),
    owed: z.array(z.enum(['spoken', 'typed'])),
  }),
);
export const markView = name(
  'MarkView',
  z.object({
    id: z.string(),
    kind: markKind,
    at: ms,
    by: z.string(),
    note: z.string(),
    page: z.string(),
    notes: z.array(z.object({ at: ms, by: z.string(), note: z.string(), page: z.string() })),
  }),
);
const acknowledged = z.object({ at: ms, display: z.string() }).nullable();
export const noticeView = name(
  'NoticeView',
  z.object({
    owed: z.boolean(),
    shown: acknowledged,
    spoken: acknowledged,
    told: z.object({ at: ms, by: z.string(), answer: noticeAnswer, note: z.string() }).nullable(),
  }),
);
export const sessionWarning = name(
  'SessionWarning',
  z.object({
    why: z.enum(['late-start', 'planned-end', 'silence', 'ceiling', 'next-booking', 'adjacent']),
    level: z.enum(['warning', 'alarm']),
    since: ms,
    alarmAt: ms.nullable(),
    other: z.string().nullable(),
  }),
);
export const deadlineView = name(
  'DeadlineView',
  z.object({
    dueAt: ms,
    clause: z.object({ zh: z.string(), en: z.string() }),
    force: z.enum(['binding', 'by-analogy']),
    soon: z.boolean(),
    overdue: z.boolean(),
    kept: z.boolean().nullable(),
    uncertain: z.boolean(),
  }),
);
export const keepView = name(
  'KeepView',
  z.object({
    until: ms.nullable(),
    because: z.enum(['period', 'file', 'file-not-known', 'hold', 'not-known']),
    name: z.object({ zh: z.string(), en: z.string() }).nullable(),
    clauses: z.array(z.object({ zh: z.string(), en: z.string(), force: z.enum(['binding', 'by-analogy']) })),
  }),
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
    kind: z.string(),
    matter: z.string(),
    fields: fieldValues,
    debts: z.array(z.string()),
    state: openedState,
    requested: z.enum(['record', 'stop']),
    confirmed: z.boolean(),
    openedAt: ms,
    confirmedAt: ms.nullable(),
    closedAt: ms.nullable(),
    openedBy: z.string(),
    closedBy: z.string().nullable(),
    planned: plannedView.nullable(),
    until: ms.nullable(),
    debtsAtClose: z.array(z.string()),
    continues: z.string().nullable(),
    continuedBy: z.string().nullable(),
    streams: z.array(z.object({ id: z.string(), name: z.string(), kind: deviceKind, mandatory: z.boolean() })),
    gaps: z.array(gapView),
    interruptions: z.array(interruptionView),
    notice: noticeView,
    marks: z.object({ count: z.number(), newest: z.array(markView) }),
    warnings: z.array(sessionWarning),
    deadline: deadlineView.nullable(),
    keep: keepView.nullable(),
    handOver: handOverView,
  }),
);

export const openRequest = name(
  'OpenRequest',
  z.strictObject({ press: pressId, kind: sessionKind, matter: matter.optional(), fields: fieldValues.optional() }),
);
export const pressRequest = name('PressRequest', z.strictObject({ press: pressId }));
export const adjournRequest = name(
  'AdjournRequest',
  z.strictObject({ press: pressId, planned: plannedView, reason: z.string().trim().max(500) }),
);
export const fillRequest = name(
  'FillRequest',
  z.strictObject({
    press: pressId,
    kind: sessionKind.optional(),
    matter: matter.optional(),
    fields: fieldValues.optional(),
  }),
);
export const markRequest = name(
  'MarkRequest',
  z.strictObject({ press: pressId, kind: markKind, agoMs, note: note.optional(), page: page.optional() }),
);
export const markNoteRequest = name('MarkNoteRequest', z.strictObject({ press: pressId, note, page: page.optional() }));
export const noticeMarkView = name(
  'NoticeMarkView',
  z.object({
    how: z.enum(['shown', 'spoken', 'told']),
    at: ms,
    by: z.string(),
    notice: z.string(),
    version: z.number(),
    textSha256: z.string(),
    answer: noticeAnswer.nullable(),
    note: z.string(),
  }),
);
export const markList = name('MarkList', z.object({ marks: z.array(markView), notices: z.array(noticeMarkView) }));
export const toldRequest = name(
  'ToldRequest',
  z.strictObject({ press: pressId, answer: noticeAnswer, note: note.optional(), agoMs }),
);
export const explainRequest = name(
  'ExplainRequest',
  z.strictObject({
    press: pressId,
    interruption: madeId,
    spoken: z.boolean().optional(),
    agoMs,
    reason: reason.optional(),
  }),
);
export const extendRequest = name(
  'ExtendRequest',
  z
    .strictObject({ press: pressId, until: plannedMs.optional(), byMs: z.int().min(60_000).max(86_400_000).optional() })
    .refine((value) => (value.until === undefined) !== (value.byMs === undefined), 'must have either until or byMs'),
);
export const sessionListQuery = z.object({
  room: shortId.optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export const sessionList = name('SessionList', z.object({ sessions: z.array(sessionView) }));
