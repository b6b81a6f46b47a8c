/** What an error of a route means for the segment it carried. */
import { AppError, sentenceOf } from '../../core/errors.ts';
import type { RouteName } from '../../core/hrc.ts';
import type { Log } from '../../core/ports.ts';
import { Refused } from '../line.ts';
import type { Outcome } from '../reaction.ts';
import { LocalFault, Unfit } from './chunks.ts';
import { RouteFailed } from './route.ts';

/** Nothing is given up over an error that nobody foresaw: it is logged, and the segment tried again. */
export function endingOf(error: unknown, route: RouteName, log: Log): Outcome {
  if (error instanceof LocalFault) return { kind: 'damaged', message: error.message };
  if (error instanceof Unfit) return { kind: 'unfit', message: error.message };
  if (error instanceof RouteFailed) return { kind: 'route-failed', route, message: error.message };
  if (error instanceof Refused) return { kind: 'turned-away', message: error.message };
  if (error instanceof AppError && error.code === 'broker-away') return { kind: 'lost' };
  log.error({ error: sentenceOf(error) }, 'a delivery failed in a way nobody foresaw');
  return { kind: 'unreceipted' };
}
