/**
 * What the centre and its worker processes say to each other. A worker asks the registrar what a receiver asks; the centre tells each
 * worker its sites. JSON over the channel between parent and child, so secrets never stand in arguments or the environment.
 */
import { AppError, type ErrorCode, errnoOf, isErrorCode, sentenceOf } from '../core/errors.ts';
import type { HrcCode } from '../core/hrc.ts';
import { Refusal } from './refusal.ts';
import type { Delivery, Settlement } from './registrar.ts';

/** What a worker asks, by the name of the registry's method. */
export type Question =
  | { readonly ask: 'isWanted'; readonly site: string; readonly seg: string; readonly sha256: string }
  | { readonly ask: 'placeFor'; readonly site: string; readonly delivery: Delivery }
  | { readonly ask: 'settle'; readonly site: string; readonly settlement: Settlement };

export type FromWorker =
  | { readonly type: 'asks'; readonly number: number; readonly question: Question }
  /** It hears all of its sites: now, or again. */
  | { readonly type: 'listens' };

export type ToWorker =
  | { readonly type: 'sites'; readonly sites: readonly string[] }
  | { readonly type: 'answers'; readonly number: number; readonly answer: Answer }
  | { readonly type: 'ends' };

/** What a method resolved or rejected with. */
export type Answer = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly fault: Fault };

type Fault =
  | { readonly kind: 'refusal'; readonly code: HrcCode; readonly message: string; readonly retryS: number | null }
  | { readonly kind: 'trouble'; readonly code: string | null; readonly message: string };

export function faultOf(error: unknown): Fault {
  if (error instanceof Refusal) {
    const { code, message, retryS } = error;
    return { kind: 'refusal', code, message, retryS };
  }
  const code: ErrorCode | string | null = error instanceof AppError ? error.code : errnoOf(error);
  return { kind: 'trouble', code, message: sentenceOf(error) };
}

/** The error that a fault was made of, as far as anybody looks at it. */
export function errorOf(fault: Fault): Error {
  if (fault.kind === 'refusal') return new Refusal(fault.code, fault.message, fault.retryS);
  const { code, message } = fault;
  if (code !== null && isErrorCode(code)) return new AppError(code, message);
  return Object.assign(new Error(message), { code });
}
