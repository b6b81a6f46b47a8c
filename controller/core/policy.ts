/**
 * What the centre asks of one site (`typ: hrc-policy`, retained): how much of the line, how safely its receipts must say a segment
 * lies, and how long the site keeps its own copy. A policy only ever makes the site's own limits tighter, so that a wrong or stolen
 * one costs time and room and never a record; it says nothing about recording and cannot (invariant 8).
 */
import { DURABILITIES, type Durability, SITE_PATTERN, strongest } from './hrc.ts';

/** Fields that are null are left to the site. */
export interface Policy {
  readonly v: 1;
  readonly site: string;
  /** UTC seconds; a policy replaces an older one only. */
  readonly iat: number;
  readonly uplinkMbps: number | null;
  readonly sessionSharePercent: number | null;
  readonly minDurability: Durability | null;
  readonly keepDays: number | null;
}

/** What a site goes by. */
export interface Limits {
  /** Null is no limit. */
  readonly uplinkMbps: number | null;
  /** Share of the line while a session runs. */
  readonly sessionSharePercent: number;
  /** A receipt that says less releases nothing. */
  readonly minDurability: Durability;
  /** Days for which the site keeps its own copy at least; null is for ever. */
  readonly keepDays: number | null;
}

const MBPS_MAX = 100_000;
const DAYS_MAX = 36_500;

/** The policy in a payload whose signature was checked; null when it is none, or asks for what cannot be. */
export function readPolicy(payload: unknown): Policy | null {
  if (typeof payload !== 'object' || payload === null) return null;
  const {
    v,
    site,
    iat,
    uplinkMbps = null,
    sessionSharePercent = null,
    minDurability = null,
    keepDays = null,
  } = payload as { readonly [name in keyof Policy]?: unknown };
  if (v !== 1 || typeof site !== 'string' || !SITE_PATTERN.test(site) || !Number.isSafeInteger(iat)) return null;
  if (!isNullOr(uplinkMbps, 0.01, MBPS_MAX) || !isNullOr(sessionSharePercent, 1, 100)) return null;
  if (!isNullOr(keepDays, 0, DAYS_MAX)) return null;
  const durability = DURABILITIES.find((known) => known === minDurability) ?? null;
  if (durability !== minDurability) return null;
  return { v, site, iat: iat as number, uplinkMbps, sessionSharePercent, minDurability: durability, keepDays };
}

/** The limits of a site under a policy: of each the tighter one. */
export function tightened(own: Limits, policy: Policy | null): Limits {
  if (policy === null) return own;
  const { uplinkMbps, sessionSharePercent, minDurability, keepDays } = policy;
  const mbps = [own.uplinkMbps, uplinkMbps].filter((one) => one !== null);
  return {
    uplinkMbps: mbps.length === 0 ? null : Math.min(...mbps),
    sessionSharePercent: Math.min(own.sessionSharePercent, sessionSharePercent ?? 100),
    minDurability: strongest([own.minDurability, minDurability ?? 'engine']),
    keepDays: own.keepDays === null ? null : Math.max(own.keepDays, keepDays ?? 0),
  };
}

const BITS_PER_MEGABIT = 1_000_000;
const BITS_PER_BYTE = 8;

/** Bytes a second that may leave now; null is no limit. */
export function rateOf({ uplinkMbps, sessionSharePercent }: Limits, isSessionRunning: boolean): number | null {
  if (uplinkMbps === null) return null;
  const share = isSessionRunning ? sessionSharePercent / 100 : 1;
  return (uplinkMbps * share * BITS_PER_MEGABIT) / BITS_PER_BYTE;
}

/** Whether a policy is news beside the one that is kept: newer, and not the same again under a new date. */
export function isNews(policy: Policy, kept: Policy | null): boolean {
  if (kept === null) return true;
  const words = ({ iat: _iat, ...rest }: Policy): string => JSON.stringify(rest);
  return policy.iat > kept.iat && words(policy) !== words(kept);
}

function isNullOr(value: unknown, min: number, max: number): value is number | null {
  return value === null || (typeof value === 'number' && value >= min && value <= max);
}
