/** The part of the contract about the rules of the site as schemas (contract-docket.ts). */
import { z } from 'zod';
import { DUTIES, type Duty } from '../core/rules/duties.ts';
import { MARK_KINDS, type MarkKind } from '../core/session-facts.ts';
import { name } from './schemas.ts';

export const wordsView = name('WordsView', z.object({ zh: z.string(), en: z.string() }));

export const clauseView = name(
  'ClauseView',
  z.object({ id: z.string(), force: z.enum(['binding', 'by-analogy']), zh: z.string(), en: z.string() }),
);

export const fieldView = name(
  'FieldView',
  z.object({
    id: z.string(),
    zh: z.string(),
    en: z.string(),
    form: z.enum(['automatic', 'text', 'note', 'people', 'officers']),
    required: z.boolean(),
    clauses: z.array(clauseView),
  }),
);

export const kindView = name(
  'KindView',
  z.object({
    id: z.string(),
    zh: z.string(),
    en: z.string(),
    recording: z.enum(['mandatory', 'optional']),
    clauses: z.array(clauseView),
    fields: z.array(fieldView),
    notice: z.object({ id: z.string(), version: z.int(), zh: z.string(), en: z.string(), sha256: z.string() }),
  }),
);

export const dutyView = name('DutyView', z.object({ zh: z.string(), en: z.string(), clauses: z.array(clauseView) }));

const DUTY_IDS = Object.keys(DUTIES) as [Duty, ...Duty[]];

export const rulesView = name(
  'RulesView',
  z.object({
    id: z.string(),
    version: z.int(),
    title: wordsView,
    short: wordsView,
    document: z.string().nullable(),
    note: wordsView.nullable(),
    kinds: z.array(kindView),
    marks: z.array(z.enum(MARK_KINDS as [MarkKind, ...MarkKind[]])),
    duties: z.record(z.enum(DUTY_IDS), dutyView),
  }),
);
