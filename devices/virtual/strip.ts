// The machine-readable number strip along the top edge of every picture: 32 black or white cells that survive encoding,
// so that a decoded picture can be matched with the number in its SEI.

/** Cells from left to right: 1 0, sixteen bits of the loop frame index (high bit first), twelve check bits, 0 1. */
export const STRIP_CELLS = 32;
const INDEX_BITS = 16;
const CHECK_BITS = 12;
const WHITE = 255;

/** Height in pixels for a picture of the given height; at least one macroblock, so that the encoder keeps it sharp. */
export function stripHeight(pictureHeight: number): number {
  return Math.max(16, Math.ceil(pictureHeight / 45 / 2) * 2);
}

/** The cells as gray values (0 or 255), one byte a cell. */
export function paintStrip(index: number): Uint8Array {
  const word = (index << CHECK_BITS) | checkOf(index);
  const cells = new Uint8Array(STRIP_CELLS);
  cells[0] = WHITE;
  for (let bit = 0; bit < INDEX_BITS + CHECK_BITS; bit++) {
    cells[1 + 1 + bit] = (word >>> (INDEX_BITS + CHECK_BITS - 1 - bit)) & 1 ? WHITE : 0;
  }
  cells[STRIP_CELLS - 1] = WHITE;
  return cells;
}

/**
 * Reads the strip from 32 gray values, one a cell (its mean or its centre).
 * @returns the loop frame index, or undefined when the edges or the check bits are wrong.
 */
export function readStrip(cells: Uint8Array): number | undefined {
  if (cells.length !== STRIP_CELLS) return undefined;
  const bit = (at: number) => ((cells[at] ?? 0) >= 128 ? 1 : 0);
  if (bit(0) !== 1 || bit(1) !== 0 || bit(STRIP_CELLS - 2) !== 0 || bit(STRIP_CELLS - 1) !== 1) return undefined;
  let word = 0;
  for (let at = 0; at < INDEX_BITS + CHECK_BITS; at++) word = (word << 1) | bit(2 + at);
  const index = word >>> CHECK_BITS;
  return (word & ((1 << CHECK_BITS) - 1)) === checkOf(index) ? index : undefined;
}

/** Low twelve bits of CRC-16/CCITT over the two bytes of the index. */
function checkOf(index: number): number {
  let crc = 0xffff;
  for (const byte of [index >>> 8, index & 0xff]) {
    crc ^= byte << 8;
    for (let step = 0; step < 8; step++) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
  }
  return crc & 0xfff;
}
