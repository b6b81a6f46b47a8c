/** Cuts the byte stream of one ffmpeg into its header and its fragments, whole ones only. */
import { boxAt, type FragmentInfo, type Header, Mp4Fault, readFragment, readHeader } from '../core/mp4.ts';

/** No camera sends a fragment of half a second this large; more means that the bytes are not what they should be. */
const FRAGMENT_BYTES_MAX = 64 * 1024 * 1024;
/** Boxes of one header or fragment: ftyp and moov, moof and mdat, and a few that nobody needs. */
const BOXES_MAX = 16;

export interface FragmentListener {
  header(bytes: Buffer, header: Header): void;
  fragment(bytes: Buffer, info: FragmentInfo): void;
}

/** Feed it chunks in order. Throws Mp4Fault when the stream is not fragmented MP4; the run is then over. */
export class FragmentReader {
  readonly #listener: FragmentListener;
  #parts: Buffer[] = [];
  #length = 0;
  /** Bytes needed before the next look is worth the trouble. */
  #wanted = 8;
  #header: Header | null = null;

  constructor(listener: FragmentListener) {
    this.#listener = listener;
  }

  push(chunk: Buffer): void {
    this.#parts.push(chunk);
    this.#length += chunk.length;
    if (this.#length < this.#wanted) return;
    let bytes = this.#parts.length === 1 ? chunk : Buffer.concat(this.#parts, this.#length);
    for (;;) {
      const end = this.#unitEnd(bytes);
      if (end === null) break;
      this.#emit(bytes.subarray(0, end));
      bytes = bytes.subarray(end);
    }
    this.#parts = bytes.length === 0 ? [] : [bytes];
    this.#length = bytes.length;
  }

  /** Where the first whole unit (header up to moov, or moof with its mdat) ends; null while it is not all there. */
  #unitEnd(bytes: Buffer): number | null {
    const last = this.#header === null ? 'moov' : 'mdat';
    let at = 0;
    for (let count = 0; count < BOXES_MAX; count++) {
      const box = boxAt(bytes, at);
      if (box === null) {
        // A box needs 8 bytes to say its length, and 16 when that length is a long one.
        this.#wanted = bytes.length < at + 8 ? at + 8 : at + 16;
        return null;
      }
      if (box.end > FRAGMENT_BYTES_MAX) throw new Mp4Fault(`a ${box.type} box of ${box.end - box.start} bytes`);
      if (box.end > bytes.length) {
        this.#wanted = box.end;
        return null;
      }
      at = box.end;
      if (box.type === last) return at;
      // What ffmpeg writes when it ends (the random access index) belongs to no fragment.
      if (box.type === 'mfra') return at;
    }
    throw new Mp4Fault(`${BOXES_MAX} boxes and no ${last} among them`);
  }

  #emit(unit: Buffer): void {
    if (this.#header === null) {
      this.#header = readHeader(unit);
      // A copy, because the header is kept for the whole run and must not hold a large chunk in memory.
      this.#listener.header(Buffer.from(unit), this.#header);
      return;
    }
    const first = boxAt(unit, 0);
    if (first?.type === 'moof') this.#listener.fragment(Buffer.from(unit), readFragment(this.#header, unit));
    else if (first?.type !== 'mfra')
      throw new Mp4Fault(`a ${first?.type ?? 'broken'} box where a fragment should begin`);
  }
}
