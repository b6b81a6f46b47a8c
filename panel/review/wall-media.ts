/**
 * From wall time to media time of one stream. The playlist joins what was recorded without a hole, the wall clock has holes where
 * nothing was recorded; `EXT-X-PROGRAM-DATE-TIME` of each fragment ties the two together (RFC 8216, 4.3.2.6). Pure.
 */

/** What is needed of a fragment; hls.js' own fragments fit. `start` and `duration` are seconds of media time. */
export interface DatedFragment {
  readonly start: number;
  readonly duration: number;
  readonly programDateTime: number | null;
}

/** A stretch of unbroken recording: wall time in UTC ms, media time in seconds. */
export interface Stretch {
  readonly wallFromMs: number;
  readonly wallToMs: number;
  readonly mediaFromS: number;
}

/** Two fragments that join more closely than this are one stretch: rounding of the playlist, not a gap. */
const JOIN_TOLERANCE_MS = 100;

/** Joins dated fragments, in playlist order, into stretches. Fragments without a date cannot be placed and are left out. */
export function stretchesOf(fragments: readonly DatedFragment[]): readonly Stretch[] {
  const stretches: Stretch[] = [];
  for (const fragment of fragments) {
    if (fragment.programDateTime === null) continue;
    const wallFromMs = fragment.programDateTime;
    const wallToMs = wallFromMs + fragment.duration * 1000;
    const last = stretches.at(-1);
    const offset = (stretch: Stretch) => stretch.mediaFromS * 1000 - stretch.wallFromMs;
    const here = { wallFromMs, wallToMs, mediaFromS: fragment.start };
    if (
      last !== undefined &&
      Math.abs(wallFromMs - last.wallToMs) <= JOIN_TOLERANCE_MS &&
      Math.abs(offset(here) - offset(last)) <= JOIN_TOLERANCE_MS
    ) {
      stretches[stretches.length - 1] = { ...last, wallToMs };
    } else stretches.push(here);
  }
  return stretches;
}

/** So near to the end of a stretch its last picture stands for the moment: playlists round, and a claim ends between two frames. */
const LAST_PICTURE_MS = 100;
/** Before the very end, where players have nothing left to show. */
const BEFORE_END_S = 0.04;

/** Where in the media (seconds) the wall time lies, or null when nothing was recorded then. */
export function mediaAt(stretches: readonly Stretch[], wallMs: number): number | null {
  const inside = stretches.find((one) => wallMs >= one.wallFromMs && wallMs < one.wallToMs);
  if (inside !== undefined) return inside.mediaFromS + (wallMs - inside.wallFromMs) / 1000;
  const ended = stretches.find((one) => wallMs >= one.wallToMs && wallMs - one.wallToMs <= LAST_PICTURE_MS);
  if (ended === undefined) return null;
  return Math.max(ended.mediaFromS, ended.mediaFromS + (ended.wallToMs - ended.wallFromMs) / 1000 - BEFORE_END_S);
}
