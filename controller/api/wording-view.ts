/** A wording as a wall shows it: the words, and nothing of where they come from. */
import type { Wording } from '../core/sign-face.ts';
import type { Wording as WordingView } from './contract-display.ts';

export function wordingView(wording: Wording | null): WordingView | null {
  return wording === null ? null : { zh: wording.zh, en: wording.en };
}
