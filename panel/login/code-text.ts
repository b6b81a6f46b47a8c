/** A pairing code as people read it. Pure. */

const GROUP_DIGITS = 4;

/** `1234 5678 9012`, or as much of it as there is. */
export function groupedCode(digits: string): string {
  return (digits.match(new RegExp(`.{1,${GROUP_DIGITS}}`, 'g')) ?? []).join(' ');
}
