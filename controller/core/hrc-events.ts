/**
 * Events: what a site tells its centre beside segments, projected out of both journals. Only opaque ids, codes and times: never a name,
 * a matter or a text that a person wrote. A list of them is signed (`typ: hrc-event`) and answered, because a broker's
 * acknowledgement proves nothing; the centre knows by `after` that none is missing in between.
 */
import type { Entry } from './chain.ts';
import type { Deadline } from './deadline.ts';
import type { RecorderFact, SiteFact } from './facts.ts';
import { SITE_PATTERN } from './hrc.ts';
import type { SessionFact } from './session-facts.ts';
import type { Instant } from './time.ts';

export const EVENT_JOURNALS = ['site', 'recorder'] as const;
export type EventJournal = (typeof EVENT_JOURNALS)[number];

/** Events of one list, and bytes of its JSON: signed it is still a JWS of allowed length. */
export const EVENTS_MAX = 50;
export const EVENTS_BYTES_MAX = 11_000;
/** Longer lists inside one event are cut: sixty-four streams of one session are more than any room has. */
const LIST_MAX = 64;
const TEXT_MAX = 128;
/** 9999-12-31 in UTC milliseconds. */
const MS_MAX = 253_402_300_799_999;

type Guard<T> = (value: unknown) => value is T;
type Fields = { readonly [name: string]: unknown };

const text = (value: unknown): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= TEXT_MAX;
const ms = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= MS_MAX;
const yes = (value: unknown): value is boolean => typeof value === 'boolean';
const level = (value: unknown): value is 'warning' | 'alarm' => value === 'warning' || value === 'alarm';
const orNull =
  <T>(is: Guard<T>): Guard<T | null> =>
  (value): value is T | null =>
    value === null || is(value);
const listOf =
  <T>(is: Guard<T>): Guard<readonly T[]> =>
  (value): value is readonly T[] =>
    Array.isArray(value) && value.length <= LIST_MAX && value.every(is);
const shaped =
  <F extends Form>(form: F): Guard<Shape<F>> =>
  (value): value is Shape<F> =>
    typeof value === 'object' &&
    value !== null &&
    Object.entries(form).every(([name, is]) => is((value as Fields)[name]));

type Form = { readonly [field: string]: Guard<unknown> };
type Shape<F extends Form> = { readonly [K in keyof F]: F[K] extends Guard<infer T> ? T : never };

/** A stretch that is missing: ids of gaps are those of the site's ledger. `cause` is a code of its error catalogue. */
const missing = { gap: text, stream: text, from: ms, to: ms, cause: text };

/**
 * Every type of event with its fields. All are always there; null is "not said" or "unchanged". Times are UTC milliseconds, `due` names
 * the clause that binds (core/deadline.ts).
 */
export const EVENT_FORMS = {
  'session-scheduled': {
    ...{ session: text, room: text, kind: text, plannedFrom: ms },
    ...{ plannedTo: orNull(ms), continues: orNull(text) },
  },
  'session-amended': {
    ...{ session: text, room: orNull(text), kind: orNull(text) },
    ...{ plannedFrom: orNull(ms), plannedTo: orNull(ms) },
  },
  'session-cancelled': { session: text },
  'session-opened': {
    ...{ session: text, room: text, kind: text, rules: orNull(text), opened: ms, from: ms },
    streams: listOf(shaped({ stream: text, mandatory: yes })),
  },
  'session-confirmed': { session: text },
  'session-filled': { session: text, kind: text },
  'session-extended': { session: text, until: ms },
  'session-closing': {
    ...{ session: text, closed: ms, to: ms },
    due: orNull(shaped({ ms, clause: text, force: text, basis: text })),
    adjourned: orNull(shaped({ session: text, plannedFrom: ms, plannedTo: orNull(ms) })),
  },
  'session-closed': { session: text, missing: listOf(shaped(missing)) },
  'session-handed-over': { session: text },
  gap: { ...missing, claims: listOf(text) },
  'interruption-explained': { session: text, gaps: listOf(text), spoken: yes, typed: yes },
  held: { hold: text },
  released: { hold: text },
  purged: { seg: text, stream: text, keepDays: ms },
  'segment-lost': { seg: text, stream: text },
  'alarm-begun': { alarm: text, code: text, level, room: orNull(text), stream: orNull(text) },
  'alarm-ended': { alarm: text },
} as const satisfies { readonly [type: string]: Form };

export type EventType = keyof typeof EVENT_FORMS;
export type EventBody = { [T in EventType]: { readonly type: T } & Shape<(typeof EVENT_FORMS)[T]> }[EventType];
export type BodyOf<T extends EventType> = Extract<EventBody, { readonly type: T }>;

/** An event in its list: `seq` is the number of its journal's entry, `at` when that was written (UTC milliseconds). */
export type HrcEvent = EventBody & { readonly seq: number; readonly at: number };

/** What is signed. `after`: number of the last event before these in the same journal, 0 for none. */
export interface EventList {
  readonly v: 1;
  readonly site: string;
  readonly journal: EventJournal;
  readonly after: number;
  readonly items: readonly HrcEvent[];
}

/** How far the centre knows each journal. */
export type EventHeads = { readonly [journal in EventJournal]: number };

/** Where the site's sender reads events. Synchronous: SQLite on the same machine. */
export interface EventSource {
  /** Events behind entry `after`, in their order; at most `limit`. */
  events(journal: EventJournal, after: number, limit: number): readonly HrcEvent[];
  /** Called after each new event. */
  onEvent(listener: () => void): void;
}

/** The event that an entry of a journal is; null for everything that is not told. Pure. */
export function eventOf({ seq, at, fact }: Entry<RecorderFact> | Entry<SiteFact>): HrcEvent | null {
  const body = bodyOf(seq, fact);
  return body === null ? null : { seq, at: wall(at), ...body };
}

/** The deadline of a session as it travels. */
export function dueOf(deadline: Deadline | null): BodyOf<'session-closing'>['due'] {
  if (deadline === null) return null;
  const { dueMs, clause, basis } = deadline;
  return { ms: Math.round(dueMs), clause: clause.id, force: clause.force, basis };
}

function bodyOf(seq: number, fact: RecorderFact | SiteFact): EventBody | null {
  switch (fact.type) {
    case 'gap': {
      const { type, stream, from, to, cause, claims } = fact;
      const stretch = { stream, from: wall(from), to: wall(to), cause: cause.code };
      return { type, gap: `recorder-${seq}`, ...stretch, claims: claims.slice(0, LIST_MAX) };
    }
    case 'held':
    case 'released':
      return { type: fact.type, hold: fact.hold };
    case 'purged':
      return { type: fact.type, seg: fact.seg, stream: fact.stream, keepDays: Math.round(fact.keepDays) };
    case 'segment-lost':
      return { type: fact.type, seg: fact.seg, stream: fact.stream };
    case 'alarm-begun': {
      const { type, alarm, code, level, room, stream } = fact;
      return { type, alarm, code, level, room, stream };
    }
    case 'alarm-ended':
      return { type: fact.type, alarm: fact.alarm };
    default:
      return sessionBody(seq, fact as SessionFact);
  }
}

function sessionBody(seq: number, fact: SessionFact): EventBody | null {
  switch (fact.type) {
    case 'session-scheduled': {
      const { type, session, room, kind, planned, continues = null } = fact;
      return { type, session, room, kind, ...plan(planned), continues };
    }
    case 'session-amended': {
      const { type, session, room = null, kind = null, planned } = fact;
      if (room === null && kind === null && planned === undefined) return null;
      return { type, session, room, kind, ...(planned === undefined ? NO_PLAN : plan(planned)) };
    }
    case 'session-opened': {
      const { type, session, room, kind, rules, openedAt, from } = fact;
      const streams = fact.streams.slice(0, LIST_MAX).map(({ stream, mandatory }) => ({ stream, mandatory }));
      return { type, session, room, kind, rules: rules?.id ?? null, opened: wall(openedAt), from: wall(from), streams };
    }
    case 'session-filled':
      return fact.kind === undefined ? null : { type: fact.type, session: fact.session, kind: fact.kind };
    case 'session-extended':
      return { type: fact.type, session: fact.session, until: Math.round(fact.untilMs) };
    case 'session-closing': {
      const { type, session, closedAt, to, adjourned } = fact;
      const on = adjourned === undefined ? null : { session: adjourned.session, ...plan(adjourned.planned) };
      return { type, session, closed: wall(closedAt), to: wall(to), due: null, adjourned: on };
    }
    case 'session-closed': {
      const absent = (fact.absent ?? []).slice(0, LIST_MAX);
      const missing = absent.map(({ stream, from, to, cause }) => {
        return { gap: `site-${seq}-${stream}`, stream, from: wall(from), to: wall(to), cause: cause.code };
      });
      return { type: fact.type, session: fact.session, missing };
    }
    case 'session-cancelled':
    case 'session-confirmed':
    case 'session-handed-over':
      return { type: fact.type, session: fact.session };
    case 'interruption-explained': {
      const { type, session, gaps, spokenAt, reason } = fact;
      return { type, session, gaps: gaps.slice(0, LIST_MAX), spoken: spokenAt !== null, typed: reason !== null };
    }
    default:
      return null;
  }
}

/** `last`: number of the last event as it was signed, known here or not; `after` when there is none. */
export interface ReadList {
  readonly list: EventList;
  readonly last: number;
  readonly passedOver: number;
}

/**
 * The list in a payload whose signature was checked; null when it is none. Events of types that are not known here, or that do not fit
 * theirs, are passed over and counted: a newer site may tell more, and what was signed is kept whole anyway.
 */
export function readEventList(payload: unknown): ReadList | null {
  const { v, site, journal, after, items } = fieldsOf(payload) ?? {};
  const known = EVENT_JOURNALS.find((one) => one === journal);
  if (v !== 1 || typeof site !== 'string' || !SITE_PATTERN.test(site) || known === undefined || !ms(after)) return null;
  if (!Array.isArray(items) || items.length > EVENTS_MAX) return null;
  let last = after;
  const read: HrcEvent[] = [];
  for (const item of items) {
    const fields = fieldsOf(item);
    if (fields === null || !ms(fields['seq']) || fields['seq'] <= last || !ms(fields['at'])) return null;
    last = fields['seq'];
    const event = readEvent(fields, last, fields['at']);
    if (event !== null) read.push(event);
  }
  return { list: { v: 1, site, journal: known, after, items: read }, last, passedOver: items.length - read.length };
}

/** The centre's answer, or null when it is none. */
export function readEventHeads(answer: unknown): EventHeads | null {
  const { site, recorder } = fieldsOf(fieldsOf(answer)?.['upTo']) ?? {};
  return ms(site) && ms(recorder) ? { site, recorder } : null;
}

function readEvent(fields: Fields, seq: number, at: number): HrcEvent | null {
  const { type } = fields;
  if (typeof type !== 'string' || !Object.hasOwn(EVENT_FORMS, type)) return null;
  const body: { [field: string]: unknown } = { type, seq, at };
  for (const [field, is] of Object.entries<Guard<unknown>>(EVENT_FORMS[type as EventType])) {
    const value = fields[field] ?? null;
    if (!is(value)) return null;
    body[field] = value;
  }
  return body as unknown as HrcEvent;
}

const NO_PLAN = { plannedFrom: null, plannedTo: null };

function plan({ fromMs, toMs }: { readonly fromMs: number; readonly toMs: number | null }) {
  return { plannedFrom: Math.round(fromMs), plannedTo: toMs === null ? null : Math.round(toMs) };
}

function wall({ wallMs }: Instant): number {
  return Math.round(wallMs);
}

function fieldsOf(value: unknown): Fields | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : null;
}
