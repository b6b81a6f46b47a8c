/** From an error to what is answered: kind to HTTP status in one place, and never a stack, a path or a cause. */
import { AppError, CATALOGUE, type ErrorKind } from '../core/errors.ts';
import type { ErrorBody } from './contract.ts';

const STATUS: { readonly [kind in ErrorKind]: number } = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  busy: 429,
  internal: 500,
  unavailable: 503,
};

/** HTTP status and body of an error. */
export function failureOf(error: unknown): { readonly status: number; readonly body: ErrorBody } {
  const known = errorOf(error);
  return { status: STATUS[known.kind], body: { error: wireError(known) } };
}

/** The error as the panel sees it. */
export function wireError(known: AppError): ErrorBody['error'] {
  return {
    code: known.code,
    // What nobody foresaw may hold anything: it goes to the log, not to the panel.
    message: known.code === 'internal' ? 'something went wrong here' : known.message,
    hint: known.hint,
    kind: known.kind,
    ...(known.fields.length === 0 ? {} : { fields: known.fields }),
    ...(known.retryAfterMs === null ? {} : { retryAfterMs: known.retryAfterMs }),
  };
}

/** Any thrown thing as an AppError; faults of the request as the body parser or the router report them are the sender's. */
export function errorOf(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const status = (error as { status?: unknown } | null)?.status;
  if (typeof status === 'number' && status >= 400 && status < 500) {
    const what = (error as { type?: unknown }).type;
    const message =
      what === 'entity.too.large'
        ? 'the body is too large'
        : what === 'entity.parse.failed'
          ? 'the body is not JSON'
          : 'the request cannot be read';
    return new AppError(status === 404 ? 'not-found' : 'bad-request', message, { cause: error });
  }
  return new AppError('internal', 'unforeseen', { cause: error });
}

/** The catalogue's hint for a code. */
export function hintOf(code: keyof typeof CATALOGUE): string {
  return CATALOGUE[code].hint;
}
