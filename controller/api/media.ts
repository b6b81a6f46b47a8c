/** Sends a segment's file, whole or a single byte range of it (RFC 9110, 14). Who may have it was decided before. */
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { Request, Response } from 'express';
import type { MediaFile } from '../core/desk.ts';
import { AppError, errnoOf } from '../core/errors.ts';

const PARTIAL = 206;
const NOT_MODIFIED = 304;
const RANGE_NOT_SATISFIABLE = 416;
const RANGE_PATTERN = /^bytes=(\d{0,15})-(\d{0,15})$/;

/** First and last byte, both included; `null` for the whole file, `unsatisfiable` when nothing of it is asked for. */
export function rangeOf(
  header: string | undefined,
  size: number,
): { readonly first: number; readonly last: number } | 'unsatisfiable' | null {
  const found = header === undefined ? null : RANGE_PATTERN.exec(header.trim());
  // A range that cannot be read is ignored (RFC 9110, 14.2), and so are several at once: nobody here sends them.
  if (found === null) return null;
  const [, from = '', to = ''] = found;
  if (from === '' && to === '') return null;
  if (from === '') {
    const length = Math.min(Number(to), size);
    return length === 0 ? 'unsatisfiable' : { first: size - length, last: size - 1 };
  }
  const first = Number(from);
  const last = to === '' ? size - 1 : Math.min(Number(to), size - 1);
  if (to !== '' && Number(to) < first) return null;
  return first >= size ? 'unsatisfiable' : { first, last };
}

/** Rejects with `segment-unknown` when the file is not there. */
export async function sendMedia(request: Request, response: Response, file: MediaFile): Promise<void> {
  const handle = await openFile(file);
  try {
    const range = answerHead(request, response, file);
    if (range === null) return;
    await pipeline(handle.createReadStream({ start: range.first, end: range.last, autoClose: false }), response);
  } catch (error) {
    // The player went away in the middle: nothing is wrong.
    if (errnoOf(error) !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  } finally {
    await handle.close();
  }
}

/** Status and headers; the bytes that are to follow, or null when the answer is whole without any. */
export function answerHead(
  request: Request,
  response: Response,
  file: Pick<MediaFile, 'bytes' | 'sha256'>,
): { readonly first: number; readonly last: number } | null {
  const etag = `"${file.sha256}"`;
  response.set({ 'Accept-Ranges': 'bytes', 'Cache-Control': 'private', 'Content-Type': 'video/mp4', ETag: etag });
  if (request.headers['if-none-match'] === etag) {
    response.status(NOT_MODIFIED).end();
    return null;
  }
  const ifRange = request.headers['if-range'];
  const isSame = ifRange === undefined || ifRange === etag;
  const range = isSame ? rangeOf(request.headers.range, file.bytes) : null;
  if (range === 'unsatisfiable') {
    response.status(RANGE_NOT_SATISFIABLE).set('Content-Range', `bytes */${file.bytes}`).end();
    return null;
  }
  const sent = range ?? { first: 0, last: file.bytes - 1 };
  if (range !== null) response.status(PARTIAL).set('Content-Range', `bytes ${sent.first}-${sent.last}/${file.bytes}`);
  response.set('Content-Length', String(sent.last - sent.first + 1));
  if (request.method !== 'HEAD') return sent;
  response.end();
  return null;
}

async function openFile(file: MediaFile) {
  try {
    return await open(file.path, 'r');
  } catch (error) {
    const why = errnoOf(error) ?? 'unknown error';
    throw new AppError('segment-unknown', `the file of segment ${file.seg} cannot be opened (${why})`, {
      cause: error,
    });
  }
}
