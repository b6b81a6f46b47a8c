/** The part of the contract about what is to come as schemas (contract-docket.ts). */
import { z } from 'zod';
import { madeId, ms, name, pressId, shortId } from './schemas.ts';
import { fieldValues, plannedView, sessionKind, sessionState, sessionView, sessionWarning } from './schemas-session.ts';

const matter = z.string().trim().max(200);
/** A docket of a year of a busy office, as text. */
export const IMPORT_CHARACTERS_MAX = 1_000_000;

export const checkFindingView = name(
  'CheckFindingView',
  z.object({
    what: z.enum(['picture', 'sound', 'kept', 'disk', 'clock', 'recorder']),
    stream: z.string().nullable(),
    good: z.boolean().nullable(),
    detail: z.string(),
  }),
);
const heard = z.object({ stream: shortId, good: z.boolean() });
export const checkView = name(
  'CheckView',
  z.object({
    id: z.string(),
    room: z.string(),
    session: z.string().nullable(),
    by: z.string(),
    from: ms,
    to: ms,
    state: z.enum(['running', 'passed', 'warned', 'broken-off']),
    findings: z.array(checkFindingView),
    playlists: z.array(z.object({ stream: z.string(), name: z.string(), playlist: z.string() })),
    heard: z.object({ at: ms, by: z.string(), streams: z.array(heard), note: z.string() }).nullable(),
  }),
);
export const docketEntry = name(
  'DocketEntry',
  z.object({
    id: z.string(),
    room: z.string(),
    kind: z.string(),
    matter: z.string(),
    fields: fieldValues,
    debts: z.array(z.string()),
    state: sessionState,
    planned: plannedView.nullable(),
    openedAt: ms.nullable(),
    closedAt: ms.nullable(),
    source: z.enum(['panel', 'import', 'centre', 'adjourned', 'walk-in']),
    createdBy: z.string(),
    continues: z.string().nullable(),
    continuedBy: z.string().nullable(),
    cancelled: z.object({ at: ms, by: z.string(), reason: z.string() }).nullable(),
    check: checkView.nullable(),
    warnings: z.array(sessionWarning),
  }),
);
export const docket = name('Docket', z.object({ from: ms, to: ms, entries: z.array(docketEntry) }));
const queryMs = z.coerce.number().int().min(0).optional();
export const docketQuery = z.object({ room: shortId.optional(), from: queryMs, to: queryMs });

export const scheduleRequest = name(
  'ScheduleRequest',
  z.strictObject({
    press: pressId,
    room: shortId,
    kind: sessionKind,
    planned: plannedView,
    matter: matter.optional(),
    fields: fieldValues.optional(),
    continues: madeId.optional(),
  }),
);
export const amendRequest = name(
  'AmendRequest',
  z.strictObject({
    press: pressId,
    room: shortId.optional(),
    kind: sessionKind.optional(),
    matter: matter.optional(),
    planned: plannedView.optional(),
    fields: fieldValues.optional(),
  }),
);
export const cancelRequest = name(
  'CancelRequest',
  z.strictObject({ press: pressId, reason: z.string().trim().max(500) }),
);
export const adjournedView = name('AdjournedView', z.object({ session: sessionView, next: docketEntry }));

export const importRequest = name(
  'ImportRequest',
  z.strictObject({
    press: pressId,
    format: z.enum(['csv', 'ics']),
    text: z.string().max(IMPORT_CHARACTERS_MAX),
    room: shortId.optional(),
    kind: sessionKind.optional(),
  }),
);
export const importedRow = name('ImportedRow', z.object({ line: z.number(), session: z.string() }));
export const refusedRow = name(
  'RefusedRow',
  z.object({
    line: z.number(),
    row: z.string(),
    faults: z.array(z.object({ field: z.string(), message: z.string() })),
  }),
);
export const importResult = name(
  'ImportResult',
  z.object({
    created: z.array(importedRow),
    amended: z.array(importedRow),
    unchanged: z.array(importedRow),
    cancelled: z.array(importedRow),
    refused: z.array(refusedRow),
  }),
);

export const checkRequest = name('CheckRequest', z.strictObject({ press: pressId, session: madeId.optional() }));
export const heardRequest = name(
  'HeardRequest',
  z.strictObject({
    press: pressId,
    streams: z.array(heard).max(100),
    note: z.string().trim().max(2_000).optional(),
  }),
);
