/** The header at the front of a held segment (ftyp and moov), which a player needs by itself and whose length no manifest says. */
import { AppError } from '../../core/errors.ts';
import { readManifest } from '../../core/hrc-reading.ts';
import { payloadOf } from '../../core/jws.ts';
import { boxAt, Mp4Fault } from '../../core/mp4.ts';

/** A header of ours has about a thousand bytes. */
const LOOK_BYTES = 64 * 1024;

type Read = (from: number, to: number) => Promise<AsyncIterable<Uint8Array>>;

/** Length of everything up to the end of `moov`. Rejects with `segment-unknown` when there is none near the front. */
export async function headerLength(read: Read, size: number): Promise<number> {
  const parts: Uint8Array[] = [];
  for await (const part of await read(0, Math.min(size, LOOK_BYTES))) parts.push(part);
  const front = Buffer.concat(parts);
  try {
    for (let box = boxAt(front, 0); box !== null; box = boxAt(front, box.end)) {
      if (box.type === 'moov' && box.end <= front.length) return box.end;
      if (box.type === 'moof') break;
    }
  } catch (error) {
    if (!(error instanceof Mp4Fault)) throw error;
  }
  throw new AppError('segment-unknown', 'the segment has no header that a player could use');
}

/** The unbroken recording a segment belongs to, or null when its manifest does not say. */
export function runOf(jws: string): string | null {
  return readManifest(payloadOf(jws))?.run ?? null;
}

export function hasPicture(jws: string): boolean {
  return readManifest(payloadOf(jws))?.media.type.startsWith('video/') === true;
}
