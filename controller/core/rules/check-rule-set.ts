/**
 * Makes a rule set of what stands in a file, or names every fault in it: the path in the file, what is wrong, what to do. Fields first,
 * then what must hold between them.
 */
import { type Checked, Reading, shown } from '../data-file.ts';
import type { FieldFault } from '../errors.ts';
import { CLAUSE_ID_PATTERN } from './cite.ts';
import { DUTIES, type Duty, isDuty } from './duties.ts';
import {
  type Archive,
  type Clause,
  type Field,
  type Hall,
  type HandOver,
  type HoldClass,
  type Kind,
  type Notice,
  namesOf,
  type Period,
  type RetentionClass,
  type RuleSet,
  type Words,
} from './rule-set.ts';

/** The first line of every rule-set file; the number grows when old files could no longer be read. */
export const RULE_SET_FORMAT = 'quancheng-rule-set/1';

const CLAUSE_ID = 'an article, or one with paragraph or item, like 15, 15.1, 62(1) or 11.2(3)';
const DAY_END_PATTERN = /^(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$/;
const PERIOD_MAX = 10_000;

/** The rule set in `raw` (what a YAML or JSON reader made of the file), or every fault. Numbers may be given as text. */
export function checkRuleSet(raw: unknown): Checked<RuleSet> {
  const faults: FieldFault[] = [];
  const set = readRuleSet(new Reading(raw, '', faults));
  if (typeof raw === 'object' && raw !== null) faults.push(...faultsBetween(set));
  return faults.length === 0 ? { ok: true, value: set } : { ok: false, faults };
}

// ── Fields ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

function readRuleSet(file: Reading): RuleSet {
  file.choice('format', [RULE_SET_FORMAT]);
  const set: RuleSet = {
    id: file.id('id'),
    version: file.count('version', 1, PERIOD_MAX),
    title: wordsIn(file, 'title'),
    short: wordsIn(file, 'short'),
    document: readDocument(file),
    note: file.has('note') ? wordsIn(file, 'note') : null,
    clauses: file.parts('clauses', 1, readClause),
    fields: file.parts('fields', 1, readField),
    kinds: file.parts('kinds', 1, readKind),
    notices: file.parts('notices', 1, readNotice),
    handOver: file.parts('handOver', 0, readHandOver),
    retention: file.parts('retention', 1, readRetention),
    holds: file.parts('holds', 0, readHold),
    hall: file.has('hall') ? readHall(file.part('hall')) : null,
    archive: file.has('archive') ? readArchive(file.part('archive')) : null,
  };
  file.end();
  return set;
}

function readDocument(file: Reading): RuleSet['document'] {
  const part = file.part('document');
  if (part === null) return { number: null, issuer: { zh: '', en: '' }, inForceFrom: '', inForceUntil: null };
  const document = {
    number: part.has('number') ? part.text('number') : null,
    issuer: wordsIn(part, 'issuer'),
    inForceFrom: part.date('inForceFrom'),
    inForceUntil: part.has('inForceUntil') ? part.date('inForceUntil') : null,
  };
  part.end();
  return document;
}

function readClause(part: Reading): Clause {
  const clause = {
    id: part.matching('id', CLAUSE_ID_PATTERN, CLAUSE_ID),
    force: part.choice('force', ['binding', 'by-analogy']),
    zh: part.text('zh'),
    en: part.text('en'),
    serves: part.texts('serves', 0).flatMap((name): Duty[] => {
      if (isDuty(name)) return [name];
      part.fault('serves', `is no duty of the product: write one of ${Object.keys(DUTIES).join(', ')}${shown(name)}`);
      return [];
    }),
  };
  part.end();
  return clause;
}

function readField(part: Reading): Field {
  const field = {
    id: part.id('id'),
    zh: part.text('zh'),
    en: part.text('en'),
    form: part.choice('form', ['text', 'note', 'people', 'officers', 'automatic']),
    clauses: part.texts('clauses', 0),
  };
  part.end();
  return field;
}

function readKind(part: Reading): Kind {
  const kind = {
    id: part.id('id'),
    zh: part.text('zh'),
    en: part.text('en'),
    also: part.texts('also', 0),
    recording: part.choice('recording', ['mandatory', 'optional']),
    clauses: part.texts('clauses', 1),
    required: part.texts('required', 0),
    offered: part.texts('offered', 0),
    notice: part.id('notice'),
    retention: part.id('retention'),
  };
  part.end();
  return kind;
}

function readNotice(part: Reading): Notice {
  const notice = {
    id: part.id('id'),
    version: part.count('version', 1, PERIOD_MAX),
    zh: part.text('zh'),
    en: part.text('en'),
    clauses: part.texts('clauses', 0),
  };
  part.end();
  return notice;
}

function readHandOver(part: Reading): HandOver {
  const handOver = {
    clause: part.text('clause'),
    period: readPeriod(part, 'period'),
    dayEndsAt: part.has('dayEndsAt')
      ? part.matching('dayEndsAt', DAY_END_PATTERN, 'a time of day from 00:00 to 24:00, in quotation marks')
      : '24:00',
  };
  part.end();
  return handOver;
}

function readRetention(part: Reading): RetentionClass {
  const retention = {
    id: part.id('id'),
    zh: part.text('zh'),
    en: part.text('en'),
    clauses: part.texts('clauses', 1),
    atLeast: part.has('atLeast') ? readPeriod(part, 'atLeast') : null,
    withFile: part.has('withFile') && part.flag('withFile'),
  };
  if (retention.atLeast === null && !retention.withFile) {
    part.fault('', 'must say how long: write atLeast, or withFile: true, or both');
  }
  if (retention.atLeast?.unit === 'working-days') {
    part.fault('atLeast', 'must be in hours, days, months or years: nothing is kept for working days');
  }
  part.end();
  return retention;
}

function readHold(part: Reading): HoldClass {
  const hold = { id: part.id('id'), zh: part.text('zh'), en: part.text('en'), clauses: part.texts('clauses', 1) };
  part.end();
  return hold;
}

function readHall(part: Reading | null): Hall | null {
  if (part === null) return null;
  const hall = {
    zh: part.text('zh'),
    en: part.text('en'),
    clauses: part.texts('clauses', 1),
    notice: part.id('notice'),
    retention: part.id('retention'),
  };
  part.end();
  return hall;
}

function readArchive(part: Reading | null): Archive | null {
  if (part === null) return null;
  const archive = { clause: part.text('clause'), period: readPeriod(part, 'period') };
  part.end();
  return archive;
}

/** `1 working-day`, `24 hours`, `2 years`. */
function readPeriod(part: Reading, key: string): Period {
  const text = part.text(key);
  const [, count, unit] = /^([1-9]\d{0,3}) (hour|working-day|day|month|year)s?$/.exec(text) ?? [];
  if (count !== undefined && unit !== undefined) return { count: Number(count), unit: `${unit}s` as Period['unit'] };
  if (text !== '') {
    part.fault(key, `must be a number and hours, working-days, days, months or years, like "24 hours"${shown(text)}`);
  }
  return { count: 1, unit: 'hours' };
}

function wordsIn(part: Reading, key: string): Words {
  const words = part.part(key);
  if (words === null) return { zh: '', en: '' };
  const both = { zh: words.text('zh'), en: words.text('en') };
  words.end();
  return both;
}

// ── Between fields ───────────────────────────────────────────────────────────────────────────────────────────────────────

const RULES: readonly ((set: RuleSet) => readonly FieldFault[])[] = [
  idsAreUnique,
  noticeVersionsAreUnique,
  kindsAreToldApart,
  clausesExist,
  fieldsExist,
  fieldsStandOnce,
  noticesExist,
  retentionExists,
  datesAreInOrder,
  mandatoryKindsAreRecordedByADuty,
];

function faultsBetween(set: RuleSet): FieldFault[] {
  return RULES.flatMap((rule) => rule(set));
}

function idsAreUnique(set: RuleSet): FieldFault[] {
  const lists = {
    clauses: set.clauses,
    fields: set.fields,
    kinds: set.kinds,
    retention: set.retention,
    holds: set.holds,
  };
  return Object.entries(lists).flatMap(([list, entries]) =>
    repeated(entries.map(({ id }) => id)).map(({ i, first, value }) => ({
      field: `${list}[${i}].id`,
      message: `is the id of ${list}[${first}] already: choose another${shown(value)}`,
    })),
  );
}

/** A word of a case system that names two kinds would put a matter under the wrong law. Equal ids are told of already. */
function kindsAreToldApart({ kinds }: RuleSet): FieldFault[] {
  return kinds.flatMap((kind, i) =>
    namesOf(kind).flatMap((name) => {
      const first = kinds.findIndex((one) => name !== '' && one.id !== kind.id && namesOf(one).includes(name));
      if (first < 0 || first > i) return [];
      return [{ field: `kinds[${i}]`, message: `has a name of kinds[${first}]: choose another${shown(name)}` }];
    }),
  );
}

function noticeVersionsAreUnique({ notices }: RuleSet): FieldFault[] {
  return repeated(notices.map(({ id, version }) => (id === '' ? '' : `${id} ${version}`))).map(({ i, first }) => ({
    field: `notices[${i}].version`,
    message: `is the version of notices[${first}] already: a changed text needs the next number, and the old one stays`,
  }));
}

/** Every clause that anything names. Nothing is said while one of the ids is at fault, because that one may be meant. */
function clausesExist(set: RuleSet): FieldFault[] {
  const all = (list: string, entries: readonly { readonly clauses: readonly string[] }[]): [string, string][] =>
    entries.flatMap(({ clauses }, i) => clauses.map((id): [string, string] => [`${list}[${i}].clauses`, id]));
  const named: [string, string][] = [
    ...all('fields', set.fields),
    ...all('kinds', set.kinds),
    ...all('notices', set.notices),
    ...all('retention', set.retention),
    ...all('holds', set.holds),
    ...(set.hall?.clauses ?? []).map((id): [string, string] => ['hall.clauses', id]),
    ...set.handOver.map(({ clause }, i): [string, string] => [`handOver[${i}].clause`, clause]),
    ...(set.archive === null ? [] : [['archive.clause', set.archive.clause] as [string, string]]),
  ];
  const known = new Set(set.clauses.map(({ id }) => id));
  if (known.has('')) return [];
  return named
    .filter(([, id]) => id !== '' && !known.has(id))
    .map(([field, id]) => ({ field, message: `is not in clauses: add it there, or correct it${shown(id)}` }));
}

function fieldsExist({ kinds, fields }: RuleSet): FieldFault[] {
  const known = new Set(fields.map(({ id }) => id));
  if (known.has('')) return [];
  return kinds.flatMap((kind, i) =>
    (['required', 'offered'] as const).flatMap((list) =>
      kind[list]
        .filter((id) => !known.has(id))
        .map((id) => ({
          field: `kinds[${i}].${list}`,
          message: `is not in fields: add it there, or correct it${shown(id)}`,
        })),
    ),
  );
}

function fieldsStandOnce({ kinds }: RuleSet): FieldFault[] {
  return kinds.flatMap((kind, i) =>
    kind.offered
      .filter((id) => kind.required.includes(id))
      .map((id) => ({ field: `kinds[${i}].offered`, message: `is required already: take it out here${shown(id)}` })),
  );
}

function noticesExist(set: RuleSet): FieldFault[] {
  return references(set, 'notice').flatMap(([field, id]) =>
    id === '' || set.notices.some((notice) => notice.id === id || notice.id === '')
      ? []
      : [{ field, message: `is not in notices: add it there, or correct it${shown(id)}` }],
  );
}

function retentionExists(set: RuleSet): FieldFault[] {
  return references(set, 'retention').flatMap(([field, id]) =>
    id === '' || set.retention.some((one) => one.id === id || one.id === '')
      ? []
      : [{ field, message: `is not in retention: add it there, or correct it${shown(id)}` }],
  );
}

function datesAreInOrder({ document }: RuleSet): FieldFault[] {
  const { inForceFrom, inForceUntil } = document;
  if (inForceUntil === null || inForceUntil === '' || inForceFrom <= inForceUntil) return [];
  return [{ field: 'document.inForceUntil', message: `must not lie before inForceFrom${shown(inForceUntil)}` }];
}

/** A set that makes recording mandatory and names no clause for it could not say why. */
function mandatoryKindsAreRecordedByADuty({ kinds, clauses }: RuleSet): FieldFault[] {
  const recording = new Set(clauses.filter(({ serves }) => serves.includes('recording')).map(({ id }) => id));
  const known = new Set(clauses.map(({ id }) => id));
  return kinds.flatMap((kind, i) =>
    kind.recording === 'optional' ||
    kind.clauses.length === 0 ||
    kind.clauses.some((id) => recording.has(id) || !known.has(id)) ||
    known.has('')
      ? []
      : [
          {
            field: `kinds[${i}].clauses`,
            message: 'must name a clause that serves recording, because recording is mandatory',
          },
        ],
  );
}

function references(set: RuleSet, what: 'notice' | 'retention'): [string, string][] {
  return [
    ...set.kinds.map((kind, i): [string, string] => [`kinds[${i}].${what}`, kind[what]]),
    ...(set.hall === null ? [] : [[`hall.${what}`, set.hall[what]] as [string, string]]),
  ];
}

/** Entries that stand in the list before; empty ones are faults of their own already. */
function repeated(values: readonly string[]): { i: number; first: number; value: string }[] {
  return values.flatMap((value, i) => {
    const first = values.indexOf(value);
    return value === '' || first === i ? [] : [{ i, first, value }];
  });
}
