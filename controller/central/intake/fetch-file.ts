/**
 * One file by HTTP from a site, with ranges: a broken connection goes on where it ended, as long as it is the same file. Nothing is
 * followed elsewhere, and no byte beyond the size that was sealed is written.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { sentenceOf } from '../../core/errors.ts';
import type { Content } from '../object-store.ts';
import { Refusal } from '../refusal.ts';

const WHOLE = 200;
const PART = 206;
const SERVER_FAULT = 500;
/** Breaks in a row without a byte more. */
const BREAKS_MAX = 4;
const AGAIN_MS = 500;

export interface FileSource extends Content {
  readonly url: URL;
  readonly token: string;
  /** PEM of the authorities that vouch for sites; those of the system when absent. */
  readonly ca?: readonly string[];
  /** A connection on which nothing moves for so long is given up. */
  readonly idleMs: number;
}

/** Writes the file to `path`. Rejects with Refusal `HRC-NOROUTE` when it cannot be had, or with an error of the disk. */
export async function fetchFile(source: FileSource, path: string, signal: AbortSignal): Promise<void> {
  const file = await open(path, 'w', 0o640);
  try {
    let have = 0;
    for (let breaks = 0; have < source.size; ) {
      const before = have;
      try {
        have = await fetchFrom(source, file, have, signal);
        if (have < source.size) throw new Broken('the answer ended too early');
      } catch (error) {
        if (!(error instanceof Broken) || signal.aborted) throw error;
        have = error.have ?? have;
        breaks = have > before ? 0 : breaks + 1;
        if (breaks >= BREAKS_MAX) throw new Refusal('HRC-NOROUTE', `the site cannot be reached: ${error.message}`);
        await sleep(AGAIN_MS, undefined, { signal });
      }
    }
  } finally {
    await file.close();
  }
}

/** The connection did not last; `have` bytes are written. */
class Broken extends Error {
  readonly have: number | null;

  constructor(message: string, have: number | null = null) {
    super(message);
    this.have = have;
  }
}

/** One GET from byte `from` on; answers how many bytes of the file are written then. */
async function fetchFrom(source: FileSource, file: FileHandle, from: number, signal: AbortSignal): Promise<number> {
  const { size, sha256 } = source;
  const response = await ask(source, from, signal);
  const { statusCode = 0, headers } = response;
  try {
    if (statusCode >= SERVER_FAULT) throw new Broken(`it answers ${statusCode}`);
    if (statusCode !== WHOLE && statusCode !== PART)
      throw new Refusal('HRC-NOROUTE', `the site does not give the file it offered (${statusCode})`);
    if (headers.etag !== `"${sha256}"`)
      throw new Refusal('HRC-FILEHASH', 'the site offers another file than it sealed');
    // Without If-Range being heeded the whole file comes again.
    let have = statusCode === WHOLE ? 0 : from;
    if (statusCode === PART && !headers['content-range']?.startsWith(`bytes ${from}-`))
      throw new Refusal('HRC-NOROUTE', 'the site answers another range than was asked for');
    const pieces = response[Symbol.asyncIterator]();
    for (;;) {
      const { done, value } = await pieces.next().catch((error: unknown) => {
        throw new Broken(sentenceOf(error), have);
      });
      if (done === true) break;
      const bytes = value as Buffer;
      if (have + bytes.length > size) throw new Refusal('HRC-FILEHASH', 'the site sends more than it sealed');
      for (let written = 0; written < bytes.length; )
        written += (await file.write(bytes, written, bytes.length - written, have + written)).bytesWritten;
      have += bytes.length;
    }
    return have;
  } finally {
    response.destroy();
  }
}

function ask(
  { url, token, ca, idleMs, sha256 }: FileSource,
  from: number,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const headers = {
    authorization: `Bearer ${token}`,
    ...(from === 0 ? {} : { range: `bytes=${from}-`, 'if-range': `"${sha256}"` }),
  };
  const call = { headers, timeout: idleMs, agent: false, signal, ...(ca === undefined ? {} : { ca: [...ca] }) };
  return new Promise((resolve, reject) => {
    const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, call, resolve);
    request.once('timeout', () => request.destroy(new Error('nothing moves any more')));
    request.on('error', (error) => reject(new Broken(error.message)));
    request.end();
  });
}
