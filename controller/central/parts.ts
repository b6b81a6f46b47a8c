/**
 * Files that are arriving: opened and filled in any order. What is not complete lies in a folder of its own, is bounded per site,
 * and expires; at a start it is thrown away, because the site still has it.
 */
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '../core/chain.ts';
import type { Init } from '../core/hrc.ts';
import { Coverage } from './coverage.ts';
import { Refusal } from './refusal.ts';

export interface PartLimits {
  /** Arriving files of one site, and the bytes they will have. */
  readonly filesPerSite: number;
  readonly bytesPerSite: number;
  readonly fileBytesMax: number;
  readonly chunkBytesMax: number;
  /** A file that got nothing for this long is given up. */
  readonly expiryMs: number;
}

export const PART_LIMITS: PartLimits = {
  filesPerSite: 8,
  bytesPerSite: 2 * 1024 * 1024 * 1024,
  fileBytesMax: 1024 * 1024 * 1024,
  chunkBytesMax: 512 * 1024,
  expiryMs: 30 * 60_000,
};

interface Part {
  readonly site: string;
  readonly fileId: string;
  readonly init: Init;
  /** The opening as it came: the same id with other words is refused. */
  readonly initText: string;
  readonly path: string;
  readonly file: FileHandle;
  readonly coverage: Coverage;
  touchedMs: number;
}

export class Parts {
  readonly #folder: string;
  readonly #limits: PartLimits;
  readonly #parts = new Map<string, Part>();

  /** `folder` is this object's alone. */
  constructor(folder: string, limits: PartLimits) {
    this.#folder = folder;
    this.#limits = limits;
  }

  async open(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
    await mkdir(this.#folder, { recursive: true, mode: 0o750 });
  }

  async close(): Promise<void> {
    for (const part of [...this.#parts.values()]) await this.#drop(part);
  }

  /** Opens a transfer; the same opening again is fine. Throws {@link Refusal}, or a disk error. */
  async begin(site: string, fileId: string, init: Init, initText: string, nowMs: number): Promise<void> {
    await this.expire(nowMs);
    const known = this.#parts.get(`${site}/${fileId}`);
    if (known !== undefined) {
      if (known.initText !== initText) throw new Refusal('HRC-META', 'the same id was opened with other words');
      known.touchedMs = nowMs;
      return;
    }
    const { seg } = init.user_data;
    const mine = [...this.#parts.values()].filter((part) => part.site === site);
    // A new attempt for a segment takes the place of the one before it.
    for (const part of mine) if (part.init.user_data.seg === seg) await this.#drop(part);
    const others = mine.filter((part) => part.init.user_data.seg !== seg);
    const bytes = others.reduce((sum, part) => sum + part.init.size, 0);
    const { filesPerSite, bytesPerSite, fileBytesMax } = this.#limits;
    if (init.size > fileBytesMax) throw new Refusal('HRC-META', `a file of ${init.size} bytes is too large`);
    if (others.length >= filesPerSite || bytes + init.size > bytesPerSite)
      throw new Refusal('HRC-QUOTA', 'too much of this site is arriving already');
    const path = join(this.#folder, `${site}_${fileId}`);
    const file = await open(path, 'w+', 0o640);
    const coverage = new Coverage();
    this.#parts.set(`${site}/${fileId}`, { site, fileId, init, initText, path, file, coverage, touchedMs: nowMs });
  }

  /** Writes one chunk after checking its hash. Throws {@link Refusal}, or a disk error. */
  async chunk(
    site: string,
    fileId: string,
    offset: number,
    hash: string,
    bytes: Uint8Array,
    nowMs: number,
  ): Promise<void> {
    const part = this.#parts.get(`${site}/${fileId}`);
    // The end of the file will be answered with HRC-INCOMPLETE; an answer to each stray chunk would be a flood.
    if (part === undefined) return;
    if (bytes.length === 0 || bytes.length > this.#limits.chunkBytesMax)
      throw new Refusal('HRC-META', `a chunk of ${bytes.length} bytes is not taken`);
    if (offset + bytes.length > part.init.size) throw new Refusal('HRC-META', 'a chunk reaches beyond the end');
    if (sha256(bytes) !== hash) throw new Refusal('HRC-CHUNK', `the chunk at ${offset} does not have its hash`);
    let done = 0;
    while (done < bytes.length)
      done += (await part.file.write(bytes, done, bytes.length - done, offset + done)).bytesWritten;
    if (!part.coverage.add(offset, offset + bytes.length)) {
      await this.#drop(part);
      throw new Refusal('HRC-QUOTA', 'the file comes in too many scattered pieces');
    }
    part.touchedMs = nowMs;
  }

  /** The file of a transfer that is complete by count, and its opening. Throws {@link Refusal} otherwise. */
  complete(site: string, fileId: string, size: number, hash: string): { readonly path: string; readonly init: Init } {
    const part = this.#parts.get(`${site}/${fileId}`);
    if (part === undefined) throw new Refusal('HRC-INCOMPLETE', 'this transfer was not opened');
    if (part.init.size !== size || part.init.checksum !== hash)
      throw new Refusal('HRC-META', 'the end says another size or hash than the opening');
    if (!part.coverage.isWhole(size)) throw new Refusal('HRC-INCOMPLETE', 'chunks are missing');
    return part;
  }

  /** Forgets a transfer and what arrived of it; nothing when there is none, or when its file was taken away. */
  async drop(site: string, fileId: string): Promise<void> {
    const part = this.#parts.get(`${site}/${fileId}`);
    if (part !== undefined) await this.#drop(part);
  }

  /** Gives up what got nothing for long. */
  async expire(nowMs: number): Promise<void> {
    for (const part of [...this.#parts.values()]) {
      if (nowMs - part.touchedMs > this.#limits.expiryMs) await this.#drop(part);
    }
  }

  /** Arriving files of a site. */
  count(site: string): number {
    return [...this.#parts.values()].filter((part) => part.site === site).length;
  }

  async #drop(part: Part): Promise<void> {
    this.#parts.delete(`${part.site}/${part.fileId}`);
    await part.file.close();
    await rm(part.path, { force: true });
  }
}
