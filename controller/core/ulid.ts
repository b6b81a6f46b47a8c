/** Identifiers that sort by time and are never used twice: 48 bits of milliseconds and 80 random bits, in Crockford's base 32. */

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const TIME_CHARS = 10;
export const ULID_RANDOM_BYTES = 10;
export const ULID_PATTERN = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

/** A 26-character ULID from UTC milliseconds and {@link ULID_RANDOM_BYTES} random bytes. Throws on fewer bytes. */
export function ulid(wallMs: number, random: Uint8Array): string {
  if (random.length < ULID_RANDOM_BYTES) throw new Error(`ulid needs ${ULID_RANDOM_BYTES} random bytes`);
  let time = '';
  let rest = Math.max(0, Math.floor(wallMs));
  for (let i = 0; i < TIME_CHARS; i++) {
    time = ALPHABET.charAt(rest % 32) + time;
    rest = Math.floor(rest / 32);
  }
  let tail = '';
  let bits = 0;
  let value = 0;
  for (const byte of random.subarray(0, ULID_RANDOM_BYTES)) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      tail += ALPHABET.charAt((value >> bits) & 31);
      value &= (1 << bits) - 1;
    }
  }
  return time + tail;
}
