/** Reading a site's answer to a command (`up/rsp/{id}`) at the centre: what does not have the form is nothing, and nothing is unbounded. */

import { ANSWER_STATES, type AnswerItem, type CommandAnswer, ITEMS_MAX } from './hrc-command.ts';
import { fieldsOf } from './hrc-reading.ts';
import { ULID_PATTERN } from './ulid.ts';

const WORD_CHARS_MAX = 64;
const SENTENCE_CHARS_MAX = 500;
const FAULTS_MAX = 50;

type Fields = { readonly [name: string]: unknown };

/** An answer as the centre keeps it; `docket` is what an order to the docket adds. */
export type SiteAnswer = CommandAnswer & { readonly docket?: { readonly session: string; readonly state: string } };

/** An answer as it came, without what is not known here; null when it is none. What of it cannot be read is left out. */
export function readAnswer(value: unknown): SiteAnswer | null {
  const said = fieldsOf(value);
  if (said === null || said['v'] !== 1) return null;
  const { id, n, status, at } = said;
  const state = ANSWER_STATES.find((one) => one === status);
  if (typeof id !== 'string' || !ULID_PATTERN.test(id) || state === undefined) return null;
  if (!isCount(n) || n < 1 || !isCount(at)) return null;
  const plan = readAmount(said['plan']);
  const done = readAmount(said['done']);
  const items = readItems(said['items']);
  const err = readErr(said['err']);
  const docket = readDocket(said['docket']);
  const next = said['next'];
  return {
    ...{ v: 1, id, n, status: state, at },
    ...(plan === null ? {} : { plan }),
    ...(done === null ? {} : { done }),
    ...(items === null ? {} : { items }),
    ...(err === null ? {} : { err }),
    ...(docket === null ? {} : { docket }),
    ...(next === null || isWord(next) ? { next } : {}),
  };
}

function readAmount(value: unknown): { readonly segs: number; readonly bytes: number } | null {
  const { segs, bytes } = fieldsOf(value) ?? {};
  return isCount(segs) && isCount(bytes) ? { segs, bytes } : null;
}

/** Only what every item has, and what a catalogue says of a segment. */
function readItems(value: unknown): readonly AnswerItem[] | null {
  if (!Array.isArray(value)) return null;
  return value.slice(0, ITEMS_MAX).flatMap((one) => {
    const { seg, st, err, stream, t0, t1, size } = fieldsOf(one) ?? {};
    if (!isWord(seg) || !isWord(st)) return [];
    const item: Fields = {
      ...(isWord(err) ? { err } : {}),
      ...(isWord(stream) ? { stream } : {}),
      ...(isCount(t0) && isCount(t1) ? { t0, t1 } : {}),
      ...(isCount(size) ? { size } : {}),
    };
    return [{ seg, st: st as AnswerItem['st'], ...item }];
  });
}

function readErr(value: unknown): NonNullable<CommandAnswer['err']> | null {
  const { code, msg, retryS, fields } = fieldsOf(value) ?? {};
  if (!isWord(code)) return null;
  const faults = (Array.isArray(fields) ? fields : []).slice(0, FAULTS_MAX).flatMap((one) => {
    const { field, message } = fieldsOf(one) ?? {};
    return isWord(field) && typeof message === 'string'
      ? [{ field, message: message.slice(0, SENTENCE_CHARS_MAX) }]
      : [];
  });
  return {
    code,
    ...(typeof msg === 'string' ? { msg: msg.slice(0, SENTENCE_CHARS_MAX) } : {}),
    ...(isCount(retryS) ? { retryS } : {}),
    ...(faults.length > 0 ? { fields: faults } : {}),
  };
}

/** The entry of the docket that an order made or changed. */
function readDocket(value: unknown): { readonly session: string; readonly state: string } | null {
  const { session, state } = fieldsOf(value) ?? {};
  return isWord(session) && isWord(state) ? { session, state } : null;
}

function isWord(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= WORD_CHARS_MAX;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
