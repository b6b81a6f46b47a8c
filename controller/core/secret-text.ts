/**
 * Secrets as people read and type them. A secret of a person has 125 random bits, so it says by itself who somebody is and need
 * not be slow to check; a pairing code has twelve digits, because it is typed on a screen without keyboard within minutes.
 */

/** Crockford's base 32: no letter looks like a digit. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
export const SECRET_CHARS = 25;
const GROUP_CHARS = 5;
export const CODE_DIGITS = 12;
const CODE_GROUP_DIGITS = 4;

/** `XXXXX-XXXXX-XXXXX-XXXXX-XXXXX` from {@link SECRET_CHARS} random bytes, of which five bits each are used. */
export function secretText(random: Uint8Array): string {
  if (random.length < SECRET_CHARS) throw new Error(`a secret needs ${SECRET_CHARS} random bytes`);
  const chars = [...random.subarray(0, SECRET_CHARS)].map((byte) => ALPHABET.charAt(byte & 31)).join('');
  return grouped(chars, GROUP_CHARS, '-');
}

/** A secret as it is hashed, however it was typed, or null when it cannot be one. */
export function secretOf(typed: string): string | null {
  const chars = typed.toUpperCase().replace(/[\s-]/g, '').replace(/O/g, '0').replace(/[IL]/g, '1');
  return chars.length === SECRET_CHARS && [...chars].every((char) => ALPHABET.includes(char)) ? chars : null;
}

/** A pairing code as it is typed, without what was put between the digits, or null when it cannot be one. */
export function codeOf(typed: string): string | null {
  const digits = typed.replace(/[\s-]/g, '');
  return new RegExp(`^\\d{${CODE_DIGITS}}$`).test(digits) ? digits : null;
}

/** `1234 5678 9012`. */
export function codeText(digits: string): string {
  return grouped(digits, CODE_GROUP_DIGITS, ' ');
}

function grouped(text: string, size: number, mark: string): string {
  return (text.match(new RegExp(`.{1,${size}}`, 'g')) ?? []).join(mark);
}
