/** Why the centre does not do what a site asks, with the code the site reads. Everything else that is thrown is our own trouble. */
import type { HrcCode } from '../core/hrc.ts';

export class Refusal extends Error {
  readonly code: HrcCode;
  /** Seconds after which the site may ask again; null when the code's own time is right. */
  readonly retryS: number | null;

  constructor(code: HrcCode, message: string, retryS: number | null = null) {
    super(message);
    this.code = code;
    this.retryS = retryS;
  }
}
