/**
 * A playlist in parts that one media source can take. A browser refuses a header with other tracks than the one before (a
 * microphone that failed in the middle of a hearing), so each stretch of equal headers is played as a playlist of its own. Pure.
 */

export interface PlaylistPart {
  /** Wall time of its first segment, UTC ms. */
  readonly fromWallMs: number;
  /** A whole playlist. */
  readonly text: string;
}

const MAP = /^#EXT-X-MAP:.*BYTERANGE="(\d+)@/;
const DATE = '#EXT-X-PROGRAM-DATE-TIME:';
const DISCONTINUITY = '#EXT-X-DISCONTINUITY';
const END = '#EXT-X-ENDLIST';

/**
 * Cuts where the header's length changes: another length is another header, and one cut too many costs only a moment of
 * buffering. A playlist without segments has no parts.
 */
export function partsOf(playlist: string): readonly PlaylistPart[] {
  const lines = playlist.split('\n').filter((line) => line !== '');
  const first = lines.findIndex((line) => MAP.test(line));
  if (first < 0) return [];
  const isWhole = lines.includes(END);
  const bodies: { readonly header: string; readonly lines: string[] }[] = [];
  for (const line of lines.slice(first)) {
    if (line === DISCONTINUITY || line === END) continue;
    const header = MAP.exec(line)?.[1];
    const last = bodies.at(-1);
    if (last === undefined || (header !== undefined && header !== last.header)) {
      bodies.push({ header: header ?? '', lines: [line] });
    } else last.lines.push(...(header === undefined ? [line] : [DISCONTINUITY, line]));
  }
  return bodies.map((body, index) => {
    const date = body.lines.find((line) => line.startsWith(DATE))?.slice(DATE.length) ?? '';
    const end = isWhole || index < bodies.length - 1 ? [END] : [];
    return {
      fromWallMs: Date.parse(date),
      text: `${[...lines.slice(0, first), ...body.lines, ...end].join('\n')}\n`,
    };
  });
}

/** The number of the part to play at a wall time: the last that has begun, or the first. */
export function partAt(parts: readonly PlaylistPart[], wallMs: number): number {
  return Math.max(
    0,
    parts.findLastIndex((part) => part.fromWallMs <= wallMs),
  );
}
