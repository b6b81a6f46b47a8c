/** Cuts the byte stream of one ffmpeg into its header and its fragments, whole ones only. */
import { type Box, boxAt, type FragmentInfo, type Header, Mp4Fault, readFragment, readHeader } from '../core/mp4.ts';

/** No camera sends a fragment of half a second this large; more means that the bytes are not what they should be. */
const UNIT_BYTES_MAX = 64 * 1024 * 1024;
/** A box may announce more than ever comes: beyond this, memory is taken as the bytes come, not as they are announced. */
const TRUSTED_BYTES_MAX = 2 * 1024 * 1024;
/** Holds what comes before the media of a fragment; a moof is one or two kilobytes. */
const SCRATCH_BYTES = 16 * 1024;
/** Boxes of one header or fragment: ftyp and moov, moof and mdat, and a few that nobody needs. */
const BOXES_MAX = 16;
const BOX_HEADER_BYTES = 8;
const LONG_BOX_HEADER_BYTES = 16;

export interface FragmentListener {
  /** The bytes are the listener's own. */
  header(bytes: Buffer, header: Header): void;
  /** The bytes are the listener's own. */
  fragment(bytes: Buffer, info: FragmentInfo): void;
}

/**
 * Feed it chunks in order. Throws Mp4Fault when the stream is not fragmented MP4; the run is then over.
 *
 * The memory of a fragment is taken once, in its final length, as soon as its media box says how long it is; chunks are copied
 * straight into it. Most of what a recorder does is this, and every further copy would be collected as garbage.
 */
export class FragmentReader {
  readonly #listener: FragmentListener;
  /** What came of the unit that is being read: the scratch, or from its mdat on the unit's own memory. */
  #bytes: Buffer = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
  #scratch: Buffer = this.#bytes;
  #filled = 0;
  /** How much of the unit must be there before the next look. */
  #wanted = BOX_HEADER_BYTES;
  /** Where the box that is looked at begins, and how many boxes came before it. */
  #boxStart = 0;
  #boxes = 0;
  #header: Header | null = null;

  constructor(listener: FragmentListener) {
    this.#listener = listener;
  }

  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      const taken = Math.min(chunk.length - at, this.#wanted - this.#filled);
      this.#makeRoom(this.#filled + taken);
      chunk.copy(this.#bytes, this.#filled, at, at + taken);
      this.#filled += taken;
      at += taken;
      while (this.#filled === this.#wanted) this.#look();
    }
  }

  /** As much as was wanted is there: wants more, or gives the unit away. */
  #look(): void {
    const box = boxAt(this.#bytes.subarray(0, this.#filled), this.#boxStart);
    if (box === null) {
      // A box needs 8 bytes to say its length, and 16 when that length is a long one.
      const headerBytes = this.#filled === this.#boxStart ? BOX_HEADER_BYTES : LONG_BOX_HEADER_BYTES;
      this.#wanted = this.#boxStart + headerBytes;
      return;
    }
    this.#check(box);
    if (box.end > this.#filled) {
      this.#wanted = box.end;
      if (box.type === 'mdat' && this.#header !== null) this.#settle(box.end);
      return;
    }
    // What ffmpeg writes when it ends (the random access index, mfra) belongs to no fragment.
    const isLast = box.type === (this.#header === null ? 'moov' : 'mdat') || box.type === 'mfra';
    this.#boxStart = box.end;
    this.#boxes += 1;
    this.#wanted = box.end + BOX_HEADER_BYTES;
    if (isLast) this.#emit();
  }

  #check(box: Box): void {
    if (box.end > UNIT_BYTES_MAX) throw new Mp4Fault(`a ${box.type} box of ${box.end - box.start} bytes`);
    if (this.#header !== null && box.start === 0 && box.type !== 'moof' && box.type !== 'mfra')
      throw new Mp4Fault(`a ${box.type} box where a fragment should begin`);
    if (this.#boxes >= BOXES_MAX) throw new Mp4Fault(`${BOXES_MAX} boxes and none of them the last of a unit`);
  }

  /** The length of the whole unit is known: from here on it has memory of its own. */
  #settle(length: number): void {
    const own = Buffer.allocUnsafeSlow(Math.min(length, Math.max(TRUSTED_BYTES_MAX, 2 * this.#filled)));
    this.#bytes.copy(own, 0, 0, this.#filled);
    this.#bytes = own;
  }

  #makeRoom(length: number): void {
    if (length <= this.#bytes.length) return;
    // Never more than is wanted, so that a unit's own memory ends up in its exact length; scratch may have more.
    const inScratch = this.#bytes === this.#scratch;
    const doubled = Math.max(length, 2 * this.#bytes.length);
    const larger = Buffer.allocUnsafeSlow(inScratch ? doubled : Math.min(doubled, this.#wanted));
    this.#bytes.copy(larger, 0, 0, this.#filled);
    this.#bytes = larger;
    if (inScratch) this.#scratch = larger;
  }

  #emit(): void {
    const unit = this.#bytes.subarray(0, this.#filled);
    const isOwn = this.#bytes !== this.#scratch;
    if (this.#scratch.length > TRUSTED_BYTES_MAX) this.#scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
    this.#bytes = this.#scratch;
    this.#filled = 0;
    this.#wanted = BOX_HEADER_BYTES;
    this.#boxStart = 0;
    this.#boxes = 0;
    if (this.#header === null) {
      this.#header = readHeader(unit);
      this.#listener.header(copyOf(unit), this.#header);
    } else if (boxAt(unit, 0)?.type === 'moof') {
      // An mdat without a byte in it was whole at the first look and still lies in the scratch.
      this.#listener.fragment(isOwn ? unit : copyOf(unit), readFragment(this.#header, unit));
    }
  }
}

function copyOf(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}
