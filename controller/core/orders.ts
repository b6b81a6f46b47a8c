/**
 * Orders of the centre (or of a case system behind it) to a site's docket, as they come signed (`typ: hrc-cmd`) over MQTT: create,
 * amend or cancel an entry. An order has an id, by which it is done once, and an end, behind which it is not begun.
 */
import type { ErrorCode, FieldFault } from './errors.ts';
import type { SessionState } from './session.ts';
import type { FieldValues, NamedPerson, Planned, SessionKind } from './session-facts.ts';
import { ULID_PATTERN } from './ulid.ts';

/** What an order wants of the docket. `reference` is how the centre's own system calls the entry. */
export type DocketOrder =
  | {
      readonly type: 'docket.create';
      readonly reference: string | null;
      readonly room: string;
      readonly kind: SessionKind;
      readonly matter: string;
      readonly planned: Planned;
      readonly fields: FieldValues;
      readonly continues: string | null;
    }
  | {
      readonly type: 'docket.amend';
      readonly entry: OrderedEntry;
      readonly room?: string;
      readonly kind?: SessionKind;
      readonly matter?: string;
      readonly planned?: Planned;
      readonly fields?: FieldValues;
    }
  | { readonly type: 'docket.cancel'; readonly entry: OrderedEntry; readonly reason: string };

/** By its id here, or by the name that the centre gave it. */
export type OrderedEntry = { readonly session: string } | { readonly reference: string };

export interface Order {
  readonly id: string;
  readonly site: string;
  /** UTC milliseconds. */
  readonly issuedMs: number;
  readonly expiresMs: number;
  readonly order: DocketOrder;
}

/** What became of it. A replayed order has the outcome that it had. */
export interface OrderOutcome {
  readonly status: 'successful' | 'rejected' | 'expired';
  /** The entry of the docket as it is now, or null. */
  readonly entry: { readonly session: string; readonly state: SessionState } | null;
  /** Why it was not done; null when it was. */
  readonly fault: {
    readonly code: ErrorCode;
    readonly message: string;
    readonly fields: readonly FieldFault[];
  } | null;
}

/** Who carries orders out. Rejects only when nothing can be kept any more; the order comes again then. */
export interface Orders {
  take(order: Order): Promise<OrderOutcome>;
}

type Fields = { readonly [name: string]: unknown };
const SHORT_TEXT = 200;
const LONG_TEXT = 8_000;
const ENTRIES_MAX = 100;
const SECOND_MS = 1_000;

/** An order as its signed payload says (`iat` and `exp` in UTC seconds); null when it is none that is known here. */
export function readOrder(payload: unknown): Order | null {
  const said = fieldsOf(payload);
  const docket = fieldsOf(said?.['docket']);
  if (said === null || docket === null || said['v'] !== 1) return null;
  const { id, site, type, iat, exp } = said;
  if (typeof id !== 'string' || !ULID_PATTERN.test(id) || typeof site !== 'string') return null;
  if (!isTime(iat) || !isTime(exp)) return null;
  const order = typeof type === 'string' ? readDocketOrder(type, docket) : null;
  return order === null ? null : { id, site, issuedMs: iat * SECOND_MS, expiresMs: exp * SECOND_MS, order };
}

function readDocketOrder(type: string, docket: Fields): DocketOrder | null {
  const planned = docket['planned'] === undefined ? undefined : readPlanned(docket['planned']);
  const fields = docket['fields'] === undefined ? undefined : readValues(docket['fields']);
  if (planned === null || fields === null) return null;
  const [room, kind, matter] = [docket['room'], docket['kind'], docket['matter']];
  for (const text of [room, kind, matter]) if (text !== undefined && !isText(text)) return null;
  const named = { ...texts({ room, kind, matter }), ...(planned === undefined ? {} : { planned }) };
  if (type === 'docket.create') {
    const [reference = null, continues = null] = [docket['reference'], docket['continues']];
    if (reference !== null && !isText(reference)) return null;
    if (continues !== null && !isText(continues)) return null;
    if (named.room === undefined || named.kind === undefined || planned === undefined) return null;
    const { room: where, kind: what, matter: about = '' } = named;
    return { type, reference, room: where, kind: what, matter: about, planned, fields: fields ?? {}, continues };
  }
  const entry = readEntry(docket);
  if (entry === null) return null;
  if (type === 'docket.amend') return { type, entry, ...named, ...(fields === undefined ? {} : { fields }) };
  if (type !== 'docket.cancel') return null;
  const reason = docket['reason'] ?? '';
  return isText(reason) ? { type, entry, reason } : null;
}

function readEntry({ session, reference }: Fields): OrderedEntry | null {
  if (isText(session) && reference === undefined) return { session };
  return isText(reference) && session === undefined ? { reference } : null;
}

function readPlanned(value: unknown): Planned | null {
  const { from, to = null } = fieldsOf(value) ?? {};
  if (!isTime(from) || (to !== null && !isTime(to))) return null;
  return { fromMs: from, toMs: to };
}

function readValues(value: unknown): FieldValues | null {
  const entries = Object.entries(fieldsOf(value) ?? { '': null });
  if (entries.length > ENTRIES_MAX) return null;
  const values: { [field: string]: string | readonly NamedPerson[] } = {};
  for (const [field, one] of entries) {
    if (typeof one === 'string' && one.length <= LONG_TEXT) values[field] = one;
    else if (Array.isArray(one) && one.length <= ENTRIES_MAX && one.every(isPerson)) values[field] = one;
    else return null;
  }
  return values;
}

function isPerson(value: unknown): value is NamedPerson {
  const person = fieldsOf(value);
  if (person === null || !isText(person['name'])) return false;
  return ['capacity', 'certificate'].every((key) => person[key] === undefined || isText(person[key]));
}

function texts<T extends { readonly [name: string]: unknown }>(all: T): { [K in keyof T]?: string } {
  return Object.fromEntries(Object.entries(all).filter(([, text]) => text !== undefined)) as never;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= SHORT_TEXT;
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function fieldsOf(value: unknown): Fields | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : null;
}
