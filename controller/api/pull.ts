/**
 * Segments for the centre to fetch itself (route D of hrc/1): `GET /v1/seg/{seg}` with a token that it was given for exactly these
 * files. With ranges, and the hash as the ETag, so that a broken fetch goes on in the middle of the same file.
 */
import express, { type RequestHandler } from 'express';
import type { SegmentPull } from '../core/site-archive.ts';
import { ULID_PATTERN } from '../core/ulid.ts';

const NOT_FOUND = 404;
const BEARER = /^Bearer ([A-Za-z0-9_-]{20,100})$/;

/** A handler for `/v1/seg`. Whatever the token does not open is not there. */
export function segmentPull(pull: SegmentPull): RequestHandler {
  const router = express.Router({ caseSensitive: true, strict: true });
  router.get('/:seg', (request, response, next) => {
    const { seg } = request.params;
    const token = BEARER.exec(request.headers.authorization ?? '')?.[1] ?? '';
    const file = ULID_PATTERN.test(seg) ? pull.open(token, seg) : null;
    if (file === null) {
      response.status(NOT_FOUND).end();
      return;
    }
    response.set({ ETag: `"${file.sha256}"`, 'Cache-Control': 'no-store', 'Content-Type': 'video/mp4' });
    response.sendFile(file.path, { dotfiles: 'allow', lastModified: false, cacheControl: false }, (error) => {
      if (error) next(error);
      else if (isTheEnd(response.getHeader('Content-Range'), file.bytes, response.statusCode)) pull.served(seg);
    });
  });
  return router;
}

/** Whether the last byte of the file was among what was sent. */
function isTheEnd(range: unknown, bytes: number, status: number): boolean {
  if (status === 200) return true;
  return status === 206 && typeof range === 'string' && range.includes(`-${bytes - 1}/`);
}
