/** Which way the bytes of a segment go: the centre's order of preference, less what cannot be used here or failed lately. */
import { backoffMs, ROUTE_NAMES, type RouteName } from './hrc.ts';

/** Object stores' words for bytes that are not those whose checksum was said. */
export const OTHER_BYTES = ['BadDigest', 'InvalidDigest', 'XAmzContentChecksumMismatch', 'XAmzContentSHA256Mismatch'];

const COOL_FIRST_MS = 30_000;
const COOL_MAX_MS = 15 * 60_000;

/** How a route did lately. */
export interface RouteRecord {
  /** Failures of the route itself (not of a segment) since it last carried a file. */
  readonly failures: number;
  /** Monotonic ms before which it is not tried again. */
  readonly restUntilMs: number;
}

export const NEW_RECORD: RouteRecord = { failures: 0, restUntilMs: 0 };

export interface RouteStanding {
  readonly name: RouteName;
  /** Why it cannot be used at all now, as a sentence; null when it can. */
  readonly trouble: string | null;
  readonly record: RouteRecord;
}

export type RouteChoice =
  | { readonly route: RouteName }
  /** All that could be used rest; the first of them until then (monotonic ms). */
  | { readonly route: null; readonly restUntilMs: number }
  /** None at all, and why, as a sentence. */
  | { readonly route: null; readonly restUntilMs: null; readonly why: string };

/**
 * The first of `preferred` that is usable and does not rest. `wished` (of a command) goes before them, if the centre takes it.
 * Names nobody knows are passed over: a centre may be newer than its sites.
 */
export function chooseRoute(
  preferred: readonly string[],
  own: readonly RouteStanding[],
  nowMs: number,
  wished: RouteName | 'auto' = 'auto',
): RouteChoice {
  const taken = ROUTE_NAMES.filter((name) => preferred.includes(name)).sort(
    (a, b) => preferred.indexOf(a) - preferred.indexOf(b),
  );
  const order = wished !== 'auto' && taken.includes(wished) ? [wished, ...taken.filter((r) => r !== wished)] : taken;
  let restUntilMs: number | null = null;
  const why: string[] = [];
  for (const name of order) {
    const standing = own.find((one) => one.name === name);
    if (standing === undefined || standing.trouble !== null) {
      why.push(`${name}: ${standing?.trouble ?? 'this site does not send by it'}`);
      continue;
    }
    const until = standing.record.restUntilMs;
    if (until <= nowMs) return { route: name };
    restUntilMs = restUntilMs === null ? until : Math.min(restUntilMs, until);
  }
  if (restUntilMs !== null) return { route: null, restUntilMs };
  const offered = preferred.length === 0 ? 'none' : preferred.join(', ').slice(0, 60);
  return {
    route: null,
    restUntilMs: null,
    why: why.length > 0 ? why.join('; ') : `the centre takes routes ${offered}`,
  };
}

/** The record after the route failed at `nowMs`. `random` in [0, 1) spreads many sites. */
export function afterFailure(record: RouteRecord, nowMs: number, random: number): RouteRecord {
  const failures = record.failures + 1;
  const restMs = backoffMs(failures, COOL_FIRST_MS, COOL_MAX_MS, 1 - random / 4);
  return { failures, restUntilMs: nowMs + restMs };
}
