/**
 * HLS playlists (RFC 8216) over the segments as they lie on disk. Each file carries its run's header at the front: the header of
 * the run's first file is the map (4.3.2.5), the rest of each file a byte range of it (4.3.2.2). Nothing is rewritten for playing.
 */
import type { StreamMedia } from '../core/desk.ts';

const MS = 1_000;
/** Byte ranges with fragmented MP4 need version 7 (RFC 8216, 7). */
const VERSION = 7;

/** The playlist of one stream of a session. It grows (EVENT) until nothing will be added any more (VOD). */
export function playlistOf({ isWhole, segments }: StreamMedia): string {
  const longestMs = segments.reduce((longest, one) => Math.max(longest, one.mediaToMs - one.mediaFromMs), MS);
  const lines = [
    '#EXTM3U',
    `#EXT-X-VERSION:${VERSION}`,
    `#EXT-X-TARGETDURATION:${Math.ceil(longestMs / MS)}`,
    '#EXT-X-MEDIA-SEQUENCE:0',
    `#EXT-X-PLAYLIST-TYPE:${isWhole ? 'VOD' : 'EVENT'}`,
  ];
  let run: string | null = null;
  for (const segment of segments) {
    const file = `/api/v1/segments/${segment.seg}/media.mp4`;
    if (segment.run !== run) {
      if (run !== null) lines.push('#EXT-X-DISCONTINUITY');
      lines.push(`#EXT-X-MAP:URI="${file}",BYTERANGE="${segment.headerBytes}@0"`);
      run = segment.run;
    }
    lines.push(
      `#EXT-X-PROGRAM-DATE-TIME:${new Date(segment.from.wallMs).toISOString()}`,
      `#EXTINF:${((segment.mediaToMs - segment.mediaFromMs) / MS).toFixed(3)},`,
      `#EXT-X-BYTERANGE:${segment.bytes - segment.headerBytes}@${segment.headerBytes}`,
      file,
    );
  }
  if (isWhole) lines.push('#EXT-X-ENDLIST');
  return `${lines.join('\n')}\n`;
}
