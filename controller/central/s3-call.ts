/**
 * One question to an S3 store: the client with its limits, tries that are bounded, and what its answers mean in our words. The SDK's
 * own repeating is off, because it cannot repeat a body that is a stream; one place decides what is asked again.
 */
import { randomInt } from 'node:crypto';
import { Agent as PlainAgent } from 'node:http';
import { Agent as TlsAgent } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { S3Client } from '@aws-sdk/client-s3';
import { AppError, errnoOf, sentenceOf } from '../core/errors.ts';
import { backoffMs } from '../core/hrc.ts';
import { OTHER_BYTES } from '../core/hrc-routes.ts';
import { Refusal } from './refusal.ts';

/** A store that does not take a connection for so long is away. */
const CONNECT_TIMEOUT_MS = 5_000;
/** A connection on which nothing moves for so long is given up. */
const IDLE_TIMEOUT_MS = 30_000;
/** Connections to the store at a time. */
const CONNECTIONS_MAX = 64;
const TRIES_MAX = 3;
const AGAIN_FIRST_MS = 500;
const AGAIN_MAX_MS = 5_000;
const RANDOM_STEPS = 1_000_000;

const NOT_FOUND = 404;
const FORBIDDEN = 403;
const TOO_MANY_REQUESTS = 429;
const SERVER_FAULT = 500;
const NOT_IMPLEMENTED = 501;
/** Stores' words for a moment that passes, whatever the status. */
const PASSING = ['SlowDown', 'RequestTimeout', 'ConditionalRequestConflict', 'OperationAborted'];

export interface S3Access {
  /** Where the store is, such as `https://s3.example.org:9000`. */
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  /** `https://host/bucket/key` instead of `https://bucket.host/key`. */
  readonly pathStyle: boolean;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** PEM of the authorities that are trusted for the store; those of the system when absent. */
  readonly ca?: readonly string[];
}

export interface S3Timing {
  readonly connectTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly againFirstMs: number;
}

export const S3_TIMING: S3Timing = {
  connectTimeoutMs: CONNECT_TIMEOUT_MS,
  idleTimeoutMs: IDLE_TIMEOUT_MS,
  againFirstMs: AGAIN_FIRST_MS,
};

const nothing = () => undefined;
/** What the SDK has to say is in its errors; by itself it would write to the console. */
const SILENCE = { trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing };

/** A client that adds no checksum of its own choice: stores that are not AWS's refuse the ones it would choose. */
export function s3Client(access: S3Access, timing: S3Timing): S3Client {
  const { endpoint, region, pathStyle, accessKeyId, secretAccessKey, ca } = access;
  const connections = { keepAlive: true, maxSockets: CONNECTIONS_MAX };
  return new S3Client({
    endpoint,
    region,
    forcePathStyle: pathStyle,
    credentials: { accessKeyId, secretAccessKey },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: 1,
    logger: SILENCE,
    requestHandler: {
      connectionTimeout: timing.connectTimeoutMs,
      socketTimeout: timing.idleTimeoutMs,
      httpAgent: new PlainAgent(connections),
      httpsAgent: new TlsAgent({ ...connections, ...(ca === undefined ? {} : { ca: [...ca] }) }),
    },
  });
}

/** What a store said against a question: its status (null when there was no answer) and its word. */
export interface StoreFault {
  readonly status: number | null;
  readonly word: string;
}

export function storeFaultOf(error: unknown): StoreFault {
  const { name, $metadata, code } = error as {
    name?: unknown;
    $metadata?: { httpStatusCode?: number };
    code?: unknown;
  };
  const word = typeof code === 'string' ? code : typeof name === 'string' ? name : '';
  return { status: $metadata?.httpStatusCode ?? null, word };
}

export function isMissing({ status, word }: StoreFault): boolean {
  return status === NOT_FOUND && word !== 'NoSuchBucket';
}

export function isOtherBytes({ word }: StoreFault): boolean {
  return OTHER_BYTES.includes(word);
}

/** The store does not know what was asked of it, and would not the next time either. */
export function isUnknownThere({ status, word }: StoreFault): boolean {
  return status === NOT_IMPLEMENTED || word === 'NotImplemented';
}

function passes(fault: StoreFault): boolean {
  const { status, word } = fault;
  if (isUnknownThere(fault)) return false;
  return status === null || status === TOO_MANY_REQUESTS || status >= SERVER_FAULT || PASSING.includes(word);
}

/**
 * Asks until there is an answer, at most {@link TRIES_MAX} times. Rejects with the store's last error, at once with an error that
 * is not the store's, and as soon as `signal` is aborted.
 */
export async function askStore<T>(ask: () => Promise<T>, againFirstMs: number, signal: AbortSignal): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof AppError || error instanceof LocalFile || signal.aborted) throw error;
      if (tries >= TRIES_MAX || !passes(storeFaultOf(error))) throw error;
      const jitter = randomInt(RANDOM_STEPS) / RANDOM_STEPS;
      await sleep(backoffMs(tries, againFirstMs, AGAIN_MAX_MS, jitter), undefined, { signal });
    }
  }
}

/** Our own file could not be read; `cause` is the error of the disk. */
export class LocalFile extends Error {}

/** A question about a segment in the words of the port: a refusal for other bytes, `store-away` for everything the store says else. */
export async function inOurWords<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refusal || error instanceof AppError) throw error;
    if (error instanceof LocalFile) throw error.cause;
    const fault = storeFaultOf(error);
    if (isOtherBytes(fault)) throw new Refusal('HRC-FILEHASH', 'the store says that the bytes do not have their hash');
    throw new AppError('store-away', `the store says: ${saidBy(fault, error)}`);
  }
}

/** Why the store cannot be used at all, for whoever starts the centre. */
export function openingFault(error: unknown, { endpoint, bucket, region }: S3Access): AppError {
  const fault = storeFaultOf(error);
  const { status, word } = fault;
  const said = saidBy(fault, error);
  // Without its cause: the SDK's errors carry the whole request with them, signature included.
  const refused = (message: string) => new AppError('store-refused', message);
  if (word === 'NoSuchBucket') return refused(`there is no bucket ${bucket} at ${endpoint}`);
  if (word === 'RequestTimeTooSkewed')
    return refused(`the clock of this machine and that of ${endpoint} differ by more than a store tolerates`);
  if (word === 'InvalidAccessKeyId') return refused(`${endpoint} does not know the access key`);
  if (word === 'SignatureDoesNotMatch') return refused(`the secret key does not fit the access key at ${endpoint}`);
  if (status === FORBIDDEN) return refused(`${endpoint} does not let this key write to bucket ${bucket} (${said})`);
  if (
    word === 'PermanentRedirect' ||
    word === 'AuthorizationHeaderMalformed' ||
    word === 'IllegalLocationConstraintException'
  )
    return refused(`bucket ${bucket} is not in region ${region} of ${endpoint} (${said})`);
  if (status !== null && status < SERVER_FAULT) return refused(`${endpoint} refuses what the centre needs: ${said}`);
  return new AppError('store-away', `the store at ${endpoint} cannot be used: ${said}`);
}

function saidBy({ status, word }: StoreFault, error: unknown): string {
  const errno = errnoOf(error);
  const what = errno ?? (word === '' || word === 'Error' ? sentenceOf(error) : word);
  return status === null ? what : `${status} ${what}`;
}
