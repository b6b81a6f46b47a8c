/** The three steps of changing a PIN, and what is said when the controller refuses the new one. Pure. */
export type PinStep = 'old' | 'new' | 'again';

type WeakKey = `weak.${'length' | 'row' | 'repeated' | 'mirrored' | 'date' | 'common' | 'old'}`;

/** The reason that the controller gives for a weak PIN, as a sentence's key. An unknown reason is said in general words. */
export function weakKey(reason: string | undefined): WeakKey {
  switch (reason) {
    case 'length':
    case 'row':
    case 'repeated':
    case 'mirrored':
    case 'date':
      return `weak.${reason}`;
    case 'the old one':
      return 'weak.old';
    default:
      return 'weak.common';
  }
}

/** The question of a step. */
export const STEP_WORDS = { old: 'me.old', new: 'me.new', again: 'me.again' } as const satisfies Readonly<
  Record<PinStep, string>
>;
