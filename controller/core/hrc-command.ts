/**
 * Commands of the centre to a site (`typ: hrc-cmd` on `dn/cmd/{id}`), and the answers on `up/rsp/{id}`: what they hold, how they are
 * read, and the checks before one is begun. A command has an id, by which it is done once, and an end, behind which it is not begun.
 */
import { sha256 } from './chain.ts';
import type { FieldFault } from './errors.ts';
import type { HrcCode, RouteName } from './hrc.ts';
import { ROUTE_NAMES } from './hrc.ts';
import { STREAM_ID_PATTERN } from './recording.ts';
import { ULID_PATTERN } from './ulid.ts';

type Fields = { readonly [name: string]: unknown };

const SECOND_MS = 1_000;
const STREAMS_MAX = 64;
export const SELECT_SEGS_MAX = 500;
const URLS_MAX = 500;
const PRIORITY_MAX = 9;
export const PAGE_MAX = 1_000;
const SHORT_TEXT = 200;
/** A command from further in the future was dated by a clock that is wrong, as ours may be. */
export const COMMAND_AHEAD_MS = 10 * 60_000;
/** Ids that a site remembers, with the last answer to each. */
export const COMMANDS_KEPT = 10_000;
/** Items of one answer. */
export const ITEMS_MAX = 500;

/** What every command says, whatever its type. Times are UTC milliseconds. */
export interface Envelope {
  readonly id: string;
  readonly site: string;
  readonly type: string;
  readonly issuedMs: number;
  readonly expiresMs: number;
  /** Who at the centre wants it, and why; for the audit trail. */
  readonly actor: string | null;
  readonly reason: string | null;
  /** The whole payload, for whoever carries out this type. */
  readonly body: Fields;
}

/** Which segments. By ids, or by everything else that is given, all of which must hold. Times are UTC milliseconds. */
export interface Select {
  readonly session: string | null;
  readonly streams: readonly string[] | null;
  readonly fromMs: number | null;
  readonly toMs: number | null;
  readonly segs: readonly string[] | null;
  readonly siteSeqFrom: number | null;
  readonly siteSeqTo: number | null;
}

export interface Deliver {
  readonly route: RouteName | 'auto';
  /** 0 to 9, higher first. */
  readonly priority: number;
  readonly maxBytes: number | null;
  /** Bytes a second, for all of it together; null is as fast as the line. */
  readonly rateBps: number | null;
  /** Bytes also of what has its receipt. */
  readonly again: boolean;
  readonly urls: readonly PutAddress[];
}

/** An address to which one file may be PUT, as the centre made it. */
export interface PutAddress {
  readonly seg: string;
  readonly url: string;
  readonly headers: { readonly [name: string]: string };
}

export interface Page {
  readonly after: string | null;
  readonly limit: number;
}

export const ANSWER_STATES = [
  'accepted',
  'executing',
  'partial',
  'successful',
  'failed',
  'rejected',
  'cancelled',
  'expired',
] as const;
export type AnswerState = (typeof ANSWER_STATES)[number];

export const ITEM_STATES = ['sent', 'have-receipt', 'missing', 'purged', 'lost', 'recording', 'error'] as const;
export type ItemState = (typeof ITEM_STATES)[number];

export interface AnswerItem {
  readonly seg: string;
  readonly st: ItemState | 'local';
  readonly [more: string]: unknown;
}

/** What an answer to a command says. */
export interface Saying {
  readonly status: AnswerState;
  readonly plan?: { readonly segs: number; readonly bytes: number };
  readonly done?: { readonly segs: number; readonly bytes: number };
  readonly items?: readonly AnswerItem[];
  readonly offer?: { readonly base: readonly string[]; readonly token: string; readonly exp: number };
  readonly next?: string | null;
  readonly err?: {
    readonly code: string;
    readonly msg?: string;
    readonly retryS?: number;
    readonly fields?: readonly FieldFault[];
  };
  /** What other types of commands add. */
  readonly more?: { readonly [name: string]: unknown };
}

/** What became of a command. `n` counts the answers to one command; the newest counts. `at` is UTC milliseconds. */
export type CommandAnswer = Omit<Saying, 'more'> & {
  readonly v: 1;
  readonly id: string;
  readonly n: number;
  readonly at: number;
};

/** Nothing follows such an answer. */
export function isFinal(status: AnswerState): boolean {
  return status !== 'accepted' && status !== 'executing';
}

/** The envelope of a payload whose signature was checked; null when it is none. `iat` and `exp` travel as UTC seconds. */
export function readEnvelope(payload: unknown): Envelope | null {
  const body = fieldsOf(payload);
  if (body === null || body['v'] !== 1) return null;
  const { id, site, type, iat, exp } = body;
  if (typeof id !== 'string' || !ULID_PATTERN.test(id) || !isText(site) || !isText(type)) return null;
  if (!isCount(iat) || !isCount(exp)) return null;
  return {
    ...{ id, site, type, body },
    issuedMs: iat * SECOND_MS,
    expiresMs: exp * SECOND_MS,
    actor: isText(body['actor']) ? body['actor'] : null,
    reason: isText(body['reason']) ? body['reason'] : null,
  };
}

/** Why a command is not begun; `repeat`: it was begun before, and its last answer is said again. */
export type Admission =
  | { readonly do: 'begin' }
  | { readonly do: 'repeat' }
  | {
      readonly do: 'refuse';
      readonly status: 'rejected' | 'expired';
      readonly code: HrcCode;
      readonly message: string;
    };

/**
 * The checks of a command whose signature holds, in their order: site, id, end. What was begun before is answered as it was, however
 * late it is asked for again; the same id with other content is refused. `known` is the hash of what came under this id, or null.
 */
export function admit(envelope: Envelope, hash: string, site: string, known: string | null, nowMs: number): Admission {
  const refuse = (code: HrcCode, message: string): Admission => ({
    do: 'refuse',
    status: code === 'HRC-EXP' ? 'expired' : 'rejected',
    code,
    message,
  });
  if (envelope.site !== site) return refuse('HRC-BAD', `it is for site ${envelope.site.slice(0, 32)}`);
  if (known !== null) {
    return known === hash ? { do: 'repeat' } : refuse('HRC-REPLAY', 'its id was used for another command');
  }
  if (envelope.expiresMs < nowMs) return refuse('HRC-EXP', `it was good until ${iso(envelope.expiresMs)}`);
  if (envelope.issuedMs > nowMs + COMMAND_AHEAD_MS)
    return refuse('HRC-EXP', `it was made at ${iso(envelope.issuedMs)}, which is still to come here`);
  return { do: 'begin' };
}

/** What a command is, so that the same one signed again (a new `iat` and `exp`) is known as the same. */
export function contentHash({ body }: Envelope): string {
  const { iat: _iat, exp: _exp, ...content } = body;
  return sha256(JSON.stringify(sorted(content)));
}

/** `select` of a payload: null when it selects nothing or cannot be read. */
export function readSelect(body: Fields): Select | null {
  const o = fieldsOf(body['select']);
  if (o === null) return null;
  const { session = null, streams = null, from = null, to = null, segs = null } = o;
  const { siteSeqFrom = null, siteSeqTo = null } = o;
  if (session !== null && !isText(session)) return null;
  if (streams !== null && !isListOf(streams, STREAMS_MAX, (one) => isText(one) && STREAM_ID_PATTERN.test(one)))
    return null;
  if (segs !== null && !isListOf(segs, SELECT_SEGS_MAX, (one) => isText(one) && ULID_PATTERN.test(one))) return null;
  for (const number of [from, to, siteSeqFrom, siteSeqTo]) if (number !== null && !isCount(number)) return null;
  const select: Select = {
    session,
    streams: streams as readonly string[] | null,
    fromMs: from as number | null,
    toMs: to as number | null,
    segs: segs as readonly string[] | null,
    siteSeqFrom: siteSeqFrom as number | null,
    siteSeqTo: siteSeqTo as number | null,
  };
  return Object.values(select).every((value) => value === null) ? null : select;
}

/** `deliver` of a payload, with what is meant when it says nothing; null when it cannot be read. */
export function readDeliver(body: Fields): Deliver | null {
  const o = body['deliver'] === undefined ? {} : fieldsOf(body['deliver']);
  if (o === null) return null;
  const { route = 'auto', priority = 5, maxBytes = null, rateBps = null, again = false, urls = [] } = o;
  const known = route === 'auto' ? 'auto' : ROUTE_NAMES.find((name) => name === route);
  if (known === undefined || !isCount(priority) || priority > PRIORITY_MAX || typeof again !== 'boolean') return null;
  if (maxBytes !== null && !isCount(maxBytes)) return null;
  if (rateBps !== null && (!isCount(rateBps) || rateBps < 1)) return null;
  const addresses = readAddresses(urls);
  return addresses === null ? null : { route: known, priority, maxBytes, rateBps, again, urls: addresses };
}

/** A list of addresses for PUT; null when one cannot be read. */
export function readAddresses(value: unknown): readonly PutAddress[] | null {
  if (!Array.isArray(value) || value.length > URLS_MAX) return null;
  const addresses: PutAddress[] = [];
  for (const one of value) {
    const o = fieldsOf(one);
    const headers = o?.['headers'] === undefined ? {} : fieldsOf(o['headers']);
    if (o === null || headers === null || !isText(o['seg']) || typeof o['url'] !== 'string') return null;
    if (!Object.values(headers).every((text) => typeof text === 'string')) return null;
    addresses.push({ seg: o['seg'], url: o['url'], headers: headers as { readonly [name: string]: string } });
  }
  return addresses;
}

/** `page` of a payload; null when it cannot be read. */
export function readPage(body: Fields, limitMax: number): Page | null {
  const o = body['page'] === undefined ? {} : fieldsOf(body['page']);
  if (o === null) return null;
  const { after = null, limit = limitMax } = o;
  if ((after !== null && !isText(after)) || !isCount(limit) || limit < 1 || limit > PAGE_MAX) return null;
  return { after, limit: Math.min(limit, limitMax) };
}

/** Whether the centre hears of progress now: at most every `everyMs`, or at each twentieth of the whole. */
export function isProgressDue(
  told: { readonly atMs: number; readonly segs: number },
  now: { readonly atMs: number; readonly segs: number },
  total: number,
  everyMs: number,
): boolean {
  if (now.segs === told.segs) return false;
  return now.atMs - told.atMs >= everyMs || (now.segs - told.segs) * 20 >= total;
}

/** The same content in the same order, however the sender wrote it. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  const o = fieldsOf(value);
  if (o === null) return value;
  return Object.fromEntries(
    Object.keys(o)
      .sort()
      .map((key) => [key, sorted(o[key])]),
  );
}

function iso(ms: number): string {
  return ms > 8.64e15 ? 'the end of time' : new Date(ms).toISOString();
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= SHORT_TEXT;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isListOf(value: unknown, max: number, is: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.length > 0 && value.length <= max && value.every(is);
}

function fieldsOf(value: unknown): Fields | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : null;
}
