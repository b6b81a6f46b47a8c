/** How a refusal, or trouble of our own, is said on the wire: EMQX's form of a result with our code beside it. */
import { AppError, errnoOf, sentenceOf } from '../core/errors.ts';
import type { HrcCode } from '../core/hrc.ts';
import type { Log } from '../core/ports.ts';
import { Refusal } from './refusal.ts';

const REFUSED = 0x80;
const FULL = ['ENOSPC', 'EDQUOT', 'SQLITE_FULL'];
const QUOTA_RETRY_S = 30;

/** A code, and after how many seconds the site may try again when that is said. */
export interface Verdict {
  readonly code: HrcCode;
  readonly message: string;
  readonly retryS: number | null;
}

/** What is answered for a thrown thing; logs it. What is no refusal is trouble of ours, and an alarm. */
export function verdictOf(error: unknown, about: { readonly site: string; readonly topic: string }, log: Log): Verdict {
  if (error instanceof Refusal) {
    log.warn({ ...about, code: error.code }, `refused: ${error.message}`);
    const retryS = error.code === 'HRC-QUOTA' || error.code === 'HRC-BUSY' ? QUOTA_RETRY_S : null;
    return { code: error.code, message: error.message, retryS: error.retryS ?? retryS };
  }
  const full = FULL.includes(errnoOf(error) ?? '');
  const alarm = error instanceof AppError ? error.code : full ? 'disk-full' : 'disk-failed';
  log.error({ alarm, ...about }, `not stored: ${sentenceOf(error)}`);
  return { code: 'HRC-STORE', message: 'the centre cannot store just now', retryS: null };
}

/** The message on `dn/ftr` about a step of a transfer, an announcement or a birth; null is success. */
export function resultOf(topic: string, verdict: Verdict | null): string {
  return JSON.stringify({
    vsn: '0.1',
    topic,
    reason_code: verdict === null ? 0 : REFUSED,
    reason_description: verdict === null ? 'success' : verdict.code,
    ...(verdict === null ? {} : { code: verdict.code }),
    ...(verdict?.retryS == null ? {} : { retryS: verdict.retryS }),
  });
}
