/**
 * Playing what the centre holds: HLS playlists (RFC 8216) over segments as they lie in the store, and their bytes by range. A manifest does
 * not say how long the header of a segment is, so a segment is served once whole and once without its header; nothing is rewritten.
 */
import { pipeline } from 'node:stream/promises';
import type { Request, Response } from 'express';
import type { CentreMediaFile, HeldSegment } from '../../core/centre-desk.ts';
import { errnoOf } from '../../core/errors.ts';
import { answerHead } from '../media.ts';

const MS = 1_000;
/** A map with a byte range needs version 6, fragmented MP4 version 7 (RFC 8216, 7). */
const VERSION = 7;
/** A segment without its header. */
export const BODY_FILE = 'body.m4s';

/**
 * The playlist of what is here of one stream just now; what is not here is a hole between the dates of its parts. It never grows, because
 * what comes later may belong into its middle: a page that wants more asks anew.
 */
export function centrePlaylist(site: string, segments: readonly HeldSegment[]): string {
  const longestMs = segments.reduce((longest, { from, to }) => Math.max(longest, to - from), MS);
  const lines = [
    '#EXTM3U',
    `#EXT-X-VERSION:${VERSION}`,
    `#EXT-X-TARGETDURATION:${Math.ceil(longestMs / MS)}`,
    '#EXT-X-MEDIA-SEQUENCE:0',
    '#EXT-X-PLAYLIST-TYPE:VOD',
  ];
  segments.forEach(({ seg, from, to, headerBytes }, i) => {
    const folder = `/api/v1/sites/${site}/segments/${seg}`;
    if (headerBytes !== null) {
      if (i > 0) lines.push('#EXT-X-DISCONTINUITY');
      lines.push(`#EXT-X-MAP:URI="${folder}/media.mp4",BYTERANGE="${headerBytes}@0"`);
    }
    lines.push(
      `#EXT-X-PROGRAM-DATE-TIME:${new Date(from).toISOString()}`,
      `#EXTINF:${((to - from) / MS).toFixed(3)},`,
      `${folder}/${BODY_FILE}`,
    );
  });
  lines.push('#EXT-X-ENDLIST');
  return `${lines.join('\n')}\n`;
}

/** Sends a segment from its byte `skip` on, whole or a range of that. Who may have it was decided before. */
export async function sendCentreMedia(
  request: Request,
  response: Response,
  file: CentreMediaFile,
  skip: number,
): Promise<void> {
  const sent = { bytes: file.bytes - skip, sha256: skip === 0 ? file.sha256 : `${file.sha256}-${skip}` };
  const range = answerHead(request, response, sent);
  if (range === null) return;
  try {
    await pipeline(await file.read(skip + range.first, skip + range.last + 1), response);
  } catch (error) {
    // The player went away in the middle: nothing is wrong.
    if (errnoOf(error) !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  }
}
