/**
 * Sends a site one order to its docket and waits for the answer, signed with the key of the reference centre on this machine: what a case
 * system does that has the key of its own centre.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import mqtt from 'mqtt';
import { AppError, sentenceOf } from '../core/errors.ts';
import { topicsOf } from '../core/hrc.ts';
import { signJws } from '../core/jws.ts';
import type { Clock } from '../core/time.ts';
import { ULID_RANDOM_BYTES, ulid } from '../core/ulid.ts';
import { openKeyFile } from '../ledger/key-file.ts';
import { receiptKeyFileOf } from './folders.ts';

const CONNECT_TIMEOUT_MS = 10_000;
const ANSWER_TIMEOUT_MS = 20_000;
const GOOD_FOR_S = 3_600;
const SECOND_MS = 1_000;

export interface OrderLetter {
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
  /** Folder of the reference centre, which holds its key. */
  readonly folder: string;
  readonly site: string;
  /** An id given before: the same order sent again. */
  readonly id?: string;
  readonly type: string;
  readonly docket: object;
  readonly clock: Clock;
}

/** What the site answered. */
export interface OrderAnswer {
  readonly id: string;
  readonly status: string;
  readonly [more: string]: unknown;
}

/** Rejects with `broker-away`, `centre-away` when nobody answers in time, or `not-found` when there is no such centre here. */
export async function sendOrder(letter: OrderLetter): Promise<OrderAnswer> {
  const { url, username, password, folder, site, type, docket, clock } = letter;
  const keyFile = receiptKeyFileOf(folder);
  if (!existsSync(keyFile)) throw new AppError('not-found', `there is no key of a centre at ${keyFile}`);
  const key = openKeyFile(keyFile);
  const nowMs = clock.now().wallMs;
  const id = letter.id ?? ulid(nowMs, randomBytes(ULID_RANDOM_BYTES));
  const iat = Math.floor(nowMs / SECOND_MS);
  const order = { v: 1, id, site, type, iat, exp: iat + GOOD_FOR_S, docket };
  const client = await mqtt
    .connectAsync(url, {
      clientId: `order-${id.slice(-12)}`,
      reconnectPeriod: 0,
      connectTimeout: CONNECT_TIMEOUT_MS,
      protocolVersion: 4,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
    })
    .catch((error: unknown) => {
      throw new AppError('broker-away', `the broker does not answer: ${sentenceOf(error)}`, { cause: error });
    });
  client.on('error', () => undefined);
  const over = new AbortController();
  try {
    const topics = topicsOf(site);
    const answered = new Promise<OrderAnswer>((resolve) => {
      client.on('message', (_topic, payload) => resolve(JSON.parse(payload.toString('utf8')) as OrderAnswer));
    });
    await client.subscribeAsync(topics.answer(id), { qos: 1 });
    const jws = signJws('hrc-cmd', key.publicKey.kid, order, key.privateKey);
    await client.publishAsync(topics.order(id), jws, { qos: 1, retain: false });
    const answer = await Promise.race([answered, delay(ANSWER_TIMEOUT_MS, null, { signal: over.signal })]);
    if (answer !== null) return answer;
    throw new AppError('centre-away', `site ${site} did not answer; order ${id} may be sent again as it is`);
  } finally {
    over.abort();
    await client.endAsync(true);
  }
}
