/** A rate as a token bucket, counted in bytes: what is spent beyond it has to be waited for. Pure; time comes from outside. */

/** The bucket holds what may pass in this time at once. */
const BURST_MS = 250;

/** `tokens` may be negative: spent ahead, and waited for. */
export interface Bucket {
  readonly tokens: number;
  readonly atMs: number;
}

export const EMPTY_BUCKET: Bucket = { tokens: 0, atMs: 0 };

/**
 * Takes `bytes` out at `nowMs` (monotonic) when `bytesPerS` pass in a second; null is no limit. Answers the bucket after it and how
 * many milliseconds to wait before the bytes may leave.
 */
export function spend(
  bucket: Bucket,
  bytes: number,
  bytesPerS: number | null,
  nowMs: number,
): { readonly bucket: Bucket; readonly waitMs: number } {
  if (bytesPerS === null) return { bucket: { tokens: 0, atMs: nowMs }, waitMs: 0 };
  const perMs = Math.max(1, bytesPerS) / 1_000;
  const grown = bucket.tokens + Math.max(0, nowMs - bucket.atMs) * perMs;
  const tokens = Math.min(grown, BURST_MS * perMs) - bytes;
  return { bucket: { tokens, atMs: nowMs }, waitMs: tokens >= 0 ? 0 : Math.ceil(-tokens / perMs) };
}
