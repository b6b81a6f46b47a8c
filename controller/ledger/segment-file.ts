/**
 * The file of one segment: header, a box that says what it is, then whole fragments. Written once, hashed as the bytes pass,
 * and readable after a crash up to its last whole fragment.
 */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { SegmentFact } from '../core/facts.ts';
import { boxAt, type Header, Mp4Fault, readFragment, readHeader, readUuidBox, uuidBox } from '../core/mp4.ts';
import { syncDirectory } from './durable.ts';
import { segmentPath } from './layout.ts';

/** Marks our box among those of others (ISO/IEC 14496-12, 4.2). */
const IDENTITY_BOX = Buffer.from('b7c5f6b0c1a94f0e9d1e71756e636831', 'hex');
/** Identity boxes and headers are small; whatever claims to be larger is not one of ours. */
const BOX_BYTES_MAX = 64 * 1024 * 1024;
/** So many zeros in a row are no media; and so many when nothing follows them. */
const ZEROS = Buffer.alloc(512);
const ZEROS_AT_END = 16;
const SCAN_BYTES = 256 * 1024;

/** What a segment knows of itself before its first fragment: enough to take it in after a crash. */
export type SegmentIdentity = Pick<
  SegmentFact,
  | 'seg'
  | 'stream'
  | 'run'
  | 'sequence'
  | 'from'
  | 'mediaFromMs'
  | 'media'
  | 'clock'
  | 'claims'
  | 'startsWithKeyframe'
  | 'gapBefore'
  | 'repeatsMs'
>;

/** A segment on its way to the disk: one file, or its copies on two disks. What each act promises stands at {@link SegmentFile}. */
export interface SegmentWriter {
  readonly headerBytes: number;
  write(bytes: Buffer): Promise<void>;
  sync(): Promise<void>;
  setBack(): Promise<void>;
  finish(): Promise<{ readonly bytes: number; readonly sha256: string }>;
  abandon(): Promise<void>;
}

/** Where new segments go. */
export interface SegmentPlace {
  /** Begins `media/<stream>/<run>/<sequence>.mp4`, which must not exist yet, with its header and its identity. */
  begin(identity: SegmentIdentity, header: Buffer): Promise<SegmentWriter>;
}

export class SegmentFile implements SegmentWriter {
  readonly path: string;
  readonly headerBytes: number;
  readonly #file: FileHandle;
  #hash: Hash = createHash('sha256');
  #bytes = 0;
  /** Where the last good sync left it; the hash is a copy taken there. */
  #synced: { readonly bytes: number; readonly hash: Hash } = { bytes: 0, hash: createHash('sha256') };
  #namesAreDurable = false;
  readonly #mayWrite: () => void;

  private constructor(path: string, file: FileHandle, headerBytes: number, mayWrite: () => void) {
    this.path = path;
    this.#file = file;
    this.headerBytes = headerBytes;
    this.#mayWrite = mayWrite;
  }

  /** Begins `media/<stream>/<run>/<sequence>.mp4`, which must not exist yet. `mayWrite` throws while media must not be written. */
  static async create(
    mediaFolder: string,
    identity: SegmentIdentity,
    header: Buffer,
    mayWrite: () => void = () => undefined,
  ): Promise<SegmentFile> {
    const path = join(mediaFolder, segmentPath(identity.stream, identity.run, identity.sequence));
    await mkdir(dirname(path), { recursive: true, mode: 0o750 });
    const segment = new SegmentFile(path, await open(path, 'wx', 0o640), header.length, mayWrite);
    try {
      await segment.write(Buffer.concat([header, uuidBox(IDENTITY_BOX, { v: 1, ...identity })]));
    } catch (error) {
      await segment.#file.close();
      throw error;
    }
    return segment;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** How much of it the last good sync answered for. */
  get syncedBytes(): number {
    return this.#synced.bytes;
  }

  /** Appends bytes. When the disk refuses, nothing counts as written and {@link setBack} can be tried. */
  async write(bytes: Buffer): Promise<void> {
    this.#mayWrite();
    let done = 0;
    while (done < bytes.length) {
      const { bytesWritten } = await this.#file.write(bytes, done, bytes.length - done, this.#bytes + done);
      done += bytesWritten;
    }
    this.#hash.update(bytes);
    this.#bytes += bytes.length;
  }

  /** Returns when everything written so far, and the file's name, would outlive a power cut. */
  async sync(): Promise<void> {
    await this.#file.datasync();
    if (!this.#namesAreDurable) {
      const run = dirname(this.path);
      const stream = dirname(run);
      await Promise.all([syncDirectory(run), syncDirectory(stream), syncDirectory(dirname(stream))]);
      this.#namesAreDurable = true;
    }
    this.#synced = { bytes: this.#bytes, hash: this.#hash.copy() };
  }

  /** After a failed write or sync: cuts the file back to its last good sync. */
  async setBack(): Promise<void> {
    this.#bytes = this.#synced.bytes;
    this.#hash = this.#synced.hash.copy();
    await this.#file.truncate(this.#bytes);
  }

  /** Syncs the file and its directory and lets go of it. */
  async finish(): Promise<{ readonly bytes: number; readonly sha256: string }> {
    await this.#file.sync();
    await syncDirectory(dirname(this.path));
    await this.#file.close();
    return { bytes: this.#bytes, sha256: this.#hash.copy().digest('hex') };
  }

  /** Lets go of the file without a word; start-up recovery takes in what is on disk. */
  async abandon(): Promise<void> {
    await this.#file.close();
  }
}

/** What a segment file holds, read from its boxes. */
export interface SegmentContents {
  readonly identity: SegmentIdentity;
  readonly headerBytes: number;
  /** End of the last whole fragment. */
  readonly wholeBytes: number;
  readonly fileBytes: number;
  readonly mediaFromMs: number;
  readonly mediaToMs: number;
  readonly videoFrames: number;
  readonly audioFrames: number;
  readonly fragments: number;
  /** It ends where it does because the bytes that follow were never written: a power cut left their place and zeros in it. */
  readonly isHollow: boolean;
}

/** Walks a segment file up to its last whole fragment. Throws Mp4Fault when it is not one of ours. */
export async function readSegmentFile(path: string): Promise<SegmentContents> {
  const file = await open(path, 'r');
  try {
    const fileBytes = (await file.stat()).size;
    let at = 0;
    let header: Header | null = null;
    let headerParts: Buffer[] = [];
    let headerBytes = 0;
    let identity: SegmentIdentity | null = null;
    let moof: Buffer | null = null;
    let wholeBytes = 0;
    let fragments = 0;
    let isHollow = false;
    let videoFrames = 0;
    let audioFrames = 0;
    let mediaFromMs: number | null = null;
    let mediaToMs = 0;
    try {
      for (;;) {
        const head = await readAt(file, at, 16);
        const box = boxAt(head, 0);
        if (box === null || at + box.end > fileBytes) break;
        const wanted = box.type !== 'mdat';
        if (wanted && box.end > BOX_BYTES_MAX) throw new Mp4Fault(`a ${box.type} box of ${box.end} bytes`);
        const bytes = wanted ? await readAt(file, at, box.end) : null;
        at += box.end;
        if (box.type === 'mdat') {
          if (moof === null || header === null) throw new Mp4Fault('media before its fragment header');
          if (await hasZeros(file, at - box.end + box.headerBytes, at)) {
            isHollow = true;
            break;
          }
          const info = readFragment(header, moof);
          // Sound without a picture lies in the file and covers no time.
          if (info.leadSamples > 0) {
            mediaFromMs ??= info.startMs;
            mediaToMs = info.endMs;
          }
          videoFrames += info.videoFrames;
          audioFrames += info.audioFrames;
          fragments += 1;
          wholeBytes = at;
          moof = null;
        } else if (bytes !== null && box.type === 'moof') {
          moof = bytes;
        } else if (bytes !== null && box.type === 'uuid') {
          identity ??= readUuidBox(IDENTITY_BOX, bytes, { ...box, start: 0 }) as SegmentIdentity | null;
        } else if (bytes !== null && header === null) {
          headerParts.push(bytes);
          if (box.type === 'moov') {
            header = readHeader(Buffer.concat(headerParts));
            headerParts = [];
            headerBytes = at;
          }
        }
      }
    } catch (error) {
      // Behind the last whole fragment a power cut may leave anything, often zeros: what was whole before it still counts.
      if (!(error instanceof Mp4Fault) || fragments === 0) throw error;
    }
    if (header === null) throw new Mp4Fault('no whole header');
    if (identity === null) throw new Mp4Fault('it does not say which segment it is');
    return {
      identity,
      headerBytes,
      wholeBytes,
      fileBytes,
      mediaFromMs: mediaFromMs ?? identity.mediaFromMs,
      mediaToMs: mediaFromMs === null ? identity.mediaFromMs : mediaToMs,
      videoFrames,
      audioFrames,
      fragments,
      isHollow,
    };
  } finally {
    await file.close();
  }
}

/**
 * True when a stretch of `bytes [from, to)` was never written. Coded picture and sound hold no long run of zeros: H.264 and H.265
 * break one up after two (emulation prevention), and what AAC fills up with is at most a few hundred bytes long and does not end a
 * frame. A power cut leaves whole blocks of them, or the rest of one at the end.
 */
async function hasZeros(file: FileHandle, from: number, to: number): Promise<boolean> {
  const end = await readAt(file, Math.max(from, to - ZEROS_AT_END), Math.min(ZEROS_AT_END, to - from));
  if (end.length > 0 && end.every((byte) => byte === 0)) return true;
  // Chunks overlap, so that a run across their border is seen.
  for (let at = from; at < to; at += SCAN_BYTES) {
    const chunk = await readAt(file, at, Math.min(SCAN_BYTES + ZEROS.length, to - at));
    if (chunk.includes(ZEROS)) return true;
  }
  return false;
}

/** Copies what stands in a file from `fromBytes` on to a new file. */
export async function saveTail(path: string, fromBytes: number, to: string): Promise<void> {
  const target = await open(to, 'wx', 0o640);
  try {
    for await (const chunk of createReadStream(path, { start: fromBytes })) await target.writeFile(chunk as Buffer);
    await target.sync();
  } finally {
    await target.close();
  }
}

async function readAt(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  const { bytesRead } = await file.read(bytes, 0, length, at);
  return bytes.subarray(0, bytesRead);
}

/** SHA-256 of a file in hex, read as a stream. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
